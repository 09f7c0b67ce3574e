/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/fake/fake_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_DEFAULT 1500

struct pf_fake *pf_fake_new(void)
{
	struct pf_fake *f = calloc(1, sizeof(*f));

	if (f)
		f->next_ifindex = 2;
	return f;
}

void pf_fake_free(struct pf_fake *f)
{
	if (!f)
		return;
	for (unsigned int i = 0; i < f->pfs; i++) {
		free(f->pf[i].is.vf);
		free(f->pf[i].held);
	}
	free(f->pf);
	free(f);
}

struct pf_fake_pf *pf_fake_find(const struct pf_fake *f, const char *address)
{
	for (unsigned int i = 0; i < f->pfs; i++)
		if (strcmp(f->pf[i].is.address, address) == 0)
			return &f->pf[i];
	return NULL;
}

/* As VFs of an 82576 have theirs: the routing id of the PF, plus 128, plus 2 for each. */
static void vf_address(const struct pf_fake_pf *p, unsigned int vf, char out[PF_ADDRESS])
{
	unsigned int domain, bus, device, function, id;

	if (!p->profile->vf_driver ||
	    sscanf(p->is.address, "%4x:%2x:%2x.%1x", &domain, &bus, &device, &function) != 4) {
		out[0] = '\0';
		return;
	}
	id = (bus << 8 | device << 3 | function) + 128 + 2 * vf;
	snprintf(out, PF_ADDRESS, "%04x:%02x:%02x.%x", domain & 0xffff, id >> 8 & 0xff,
		 id >> 3 & 0x1f, id & 7);
}

void pf_fake_forget(struct pf_fake_pf *p)
{
	for (unsigned int i = 0; i < p->is.totalvfs; i++) {
		struct pf_vf *vf = &p->is.vf[i];

		memset(vf, 0, sizeof(*vf));
		p->profile->make(vf);
		vf->known = p->profile->told;
		if (p->profile->vf_driver)
			vf->known |= PF_ATTR_BIT(PF_VF_DRIVER);
		vf_address(p, i, vf->address);
		p->held[i] = false;
	}
}

static void fill(struct pf_fake *f, struct pf_fake_pf *p, const char *address)
{
	struct pf_state *s = &p->is;

	snprintf(s->address, sizeof(s->address), "%s", address);
	snprintf(s->ifname, sizeof(s->ifname), "fake%u", f->pfs % 1000);
	snprintf(s->driver, sizeof(s->driver), "%s", p->profile->driver);
	if (p->profile->has_modes)
		snprintf(s->serial, sizeof(s->serial), "FAKE%04u", f->pfs);
	s->ifindex = f->next_ifindex++;
	s->vendor = p->profile->vendor;
	s->device = p->profile->device;
	s->port = f->pfs;
	s->totalvfs = p->profile->totalvfs;
	s->mtu = MTU_DEFAULT;
	s->mtu_max = p->profile->mtu_max;
	s->eswitch = p->profile->has_modes ? PF_ESWITCH_LEGACY : PF_ESWITCH_NONE;
	s->autoprobe = p->profile->vf_driver != NULL;
	s->up = true;
	pf_fake_forget(p);
}

int pf_fake_add(struct pf_fake *f, const char *address, const char *profile)
{
	struct pf_fake_pf *grown, p = {.profile = pf_fake_profile_of(profile)};

	if (!p.profile || !address[0] || strlen(address) >= PF_ADDRESS)
		return -EINVAL;
	if (pf_fake_find(f, address))
		return -EEXIST;
	grown = realloc(f->pf, (f->pfs + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	f->pf = grown;
	p.is.vf = calloc(p.profile->totalvfs, sizeof(*p.is.vf));
	p.held = calloc(p.profile->totalvfs, sizeof(*p.held));
	if (!p.is.vf || !p.held) {
		free(p.is.vf);
		free(p.held);
		return -ENOMEM;
	}
	fill(f, &p, address);
	f->pf[f->pfs++] = p;
	return 0;
}

static int fake_read(void *ctx, const char *address, struct pf_state *s, struct err *e)
{
	const struct pf_fake_pf *p = pf_fake_find(ctx, address);

	if (!p)
		return err_set(e, -ENODEV, "there is no PF %s", address);
	if (pf_state_copy(s, &p->is) != 0)
		return err_set(e, -ENOMEM, "out of memory");
	return 0;
}

static int fake_step(void *ctx, const char *address, const struct pf_step *s, struct err *e)
{
	struct pf_fake *f = ctx;
	struct pf_fake_pf *p = pf_fake_find(f, address);
	bool fail = f->fail_in && --f->fail_in == 0;
	bool lie = f->lie_in && --f->lie_in == 0;
	char text[128];

	f->steps++;
	if (!p)
		return err_set(e, -ENODEV, "there is no PF %s", address);
	if (fail)
		return err_set(e, f->fail_with, "%s: driver %s said: %s; try again",
			       pf_step_text(s, text, sizeof(text)), p->profile->driver,
			       strerror(-f->fail_with));
	return lie ? 0 : pf_fake_do(p, s, e);
}

static json_t *fake_list(void *ctx, struct err *e)
{
	const struct pf_fake *f = ctx;
	json_t *list = json_array();

	for (unsigned int i = 0; list && i < f->pfs; i++)
		if (json_array_append_new(list, json_string(f->pf[i].is.address)) != 0) {
			json_decref(list);
			list = NULL;
		}
	if (!list)
		err_set(e, -ENOMEM, "out of memory");
	return list;
}

struct pf_backend pf_fake_backend(struct pf_fake *f)
{
	return (struct pf_backend){
		.read = fake_read, .step = fake_step, .list = fake_list, .ctx = f};
}

void pf_fake_fail(struct pf_fake *f, unsigned int n, int error)
{
	f->fail_in = n;
	f->fail_with = error > 0 ? -error : error;
}

void pf_fake_lie(struct pf_fake *f, unsigned int n)
{
	f->lie_in = n;
}

void pf_fake_hold(struct pf_fake *f, const char *address, unsigned int vf, bool held)
{
	struct pf_fake_pf *p = pf_fake_find(f, address);

	if (p && vf < p->is.totalvfs)
		p->held[vf] = held;
}

void pf_fake_meddle(struct pf_fake *f, const char *address, unsigned int vf, enum pf_attr attr,
		    const struct pf_vf *value)
{
	struct pf_fake_pf *p = pf_fake_find(f, address);
	uint32_t known;

	if (!p || vf >= p->is.totalvfs)
		return;
	known = p->is.vf[vf].known;
	if (known & PF_ATTR_BIT(attr))
		pf_vf_take(&p->is.vf[vf], value, attr);
}

void pf_fake_reload(struct pf_fake *f, const char *address)
{
	struct pf_fake_pf *p = pf_fake_find(f, address);

	if (!p)
		return;
	pf_fake_forget(p);
	p->is.numvfs = 0;
	p->is.mtu = MTU_DEFAULT;
	p->is.ifindex = f->next_ifindex++;
	if (p->profile->has_modes)
		p->is.eswitch = PF_ESWITCH_LEGACY;
}

unsigned int pf_fake_steps(const struct pf_fake *f)
{
	return f->steps;
}

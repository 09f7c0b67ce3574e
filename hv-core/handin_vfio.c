/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/handin_vfio.h"

#include "base/pci/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int group_of(const char *address, unsigned int *group, struct err *e)
{
	return pci_host_check("/sys", address, group, e);
}

const struct hv_handin_vfio hv_handin_vfio = {group_of, hv_vfio_open, hv_pf_take};

void hv_handin_nic_close(struct hv_nic_fds *fds)
{
	int *const all[] = {&fds->container, &fds->group, &fds->device};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

/* What those before it have: the guest's container, and its group where that is open already. */
struct shared {
	int container; /* -1: none yet */
	unsigned int group[HV_NICS_MAX];
};

/* It comes with a container of its own, which the guest needs only once. */
static int take_one(struct hv_nic_fds *fds, unsigned int i, struct hv_nic_config *nic,
		    struct shared *s, const struct hv_handin_guest *guest,
		    const struct hv_handin_vfio *vfio, struct err *e)
{
	struct hv_pf_taken t;
	int rc = vfio->take(guest->name, guest->mem_bytes, nic, HV_PF_TAKE_MS, &t, e);

	if (rc)
		return rc;
	memcpy(nic->address, t.address, sizeof(t.address));
	nic->epoch = t.epoch;
	s->group[i] = t.group;
	fds[i].group = t.fds.group;
	if (s->container >= 0) {
		close(t.fds.container);
		return 0;
	}
	fds[i].container = s->container = t.fds.container;
	return 0;
}

static int open_one(struct hv_nic_fds *fds, unsigned int i, const char *address, struct shared *s,
		    const struct hv_handin_vfio *vfio, struct err *e)
{
	struct hv_vfio_fds got = {s->container, -1, -1};
	int rc = vfio->group(address, &s->group[i], e);

	for (unsigned int k = 0; !rc && k < i && got.group < 0; k++)
		if (fds[k].group >= 0 && s->group[k] == s->group[i])
			got.group = fcntl(fds[k].group, F_DUPFD_CLOEXEC, 0);
	if (!rc)
		rc = vfio->open(address, &got, e);
	if (rc) {
		if (got.group >= 0)
			close(got.group);
		return rc;
	}
	/* The first brings it into the machine. */
	fds[i].container = s->container < 0 ? got.container : -1;
	fds[i].group = got.group;
	fds[i].device = got.device;
	s->container = got.container;
	return 0;
}

int hv_handin_direct(struct hv_nic_fds *fds, struct hv_nic_config *nic, unsigned int n,
		     const struct hv_handin_guest *guest, const struct hv_handin_vfio *vfio,
		     struct err *e)
{
	struct shared s = {.container = -1};

	for (unsigned int i = 0; i < n; i++)
		fds[i].container = fds[i].group = fds[i].device = -1;
	for (unsigned int i = 0; i < n; i++) {
		struct err own = {0};
		char at[64];

		if (nic[i].model != HV_NIC_DIRECT)
			continue;
		bool vf = nic[i].vf[0];
		int rc = vf ? take_one(fds, i, &nic[i], &s, guest, vfio, &own)
			    : open_one(fds, i, nic[i].address, &s, vfio, &own);
		if (rc == 0)
			continue;
		for (unsigned int k = 0; k < i; k++)
			hv_handin_nic_close(&fds[k]);
		snprintf(at, sizeof(at), "/nics/%u/%s", i, vf ? "vf" : "address");
		return err_at(e, rc, at, "%s", own.text);
	}
	return 0;
}

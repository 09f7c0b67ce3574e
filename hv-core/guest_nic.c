/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's network cards: three ways to be one, behind one small table. */
#include "hv-core/guest_impl.h"

#include "base/log.h"
#include "hv-core/e1000/e1000.h"
#include "hv-core/sandbox/sandbox.h"
#include "hv-core/vfio/vfio.h"
#include "hv-core/virtio/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SWITCH_WAIT_MS 1000

int card_dial(void *arg)
{
	struct card *c = arg;
	const struct guest_ops *ops = &c->guest->ops;

	return ops->dial(ops->arg, c->config.name);
}

int card_thread(void *arg, struct err *e)
{
	return hv_sandbox_thread(HV_SANDBOX_CARD, e);
}

/* The guest let go of it: the record goes with the device. */
static void drop(struct card *c)
{
	struct card **at = &c->guest->cards;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	free(c);
}

static void synthetic_ejected(void *arg)
{
	struct card *c = arg;
	struct hv_vm *vm = &c->guest->vm;

	hv_vm_park(vm);
	hv_net_remove(c->impl);
	hv_vm_run(vm);
	drop(c);
}

static int synthetic_create(struct card *c, struct hv_nic_fds *fds, struct err *e)
{
	struct hv_net_options o = {
		.id = c->config.name,
		.path = c->config.socket,
		.fd = fds->socket,
		.mode = c->config.serve ? HV_VU_SERVE : HV_VU_CONNECT,
		.dial = card_dial,
		.dial_arg = c,
		.queue_pairs = c->config.queues,
		.queue_size = 1024,
		.packed = c->config.packed,
		.csum = c->config.csum,
		.tso = c->config.tso,
		.mtu = (uint16_t)c->config.mtu,
		.ejected = synthetic_ejected,
		.arg = c,
	};

	memcpy(o.mac, c->config.mac, sizeof(o.mac));
	fds->socket = -1;
	return hv_net_create(&c->guest->vm, c->guest->pci, &o, (struct hv_net **)&c->impl, e);
}

/* A driver that finds the switch there is offered just what that can do. One that comes later must
 * do with what was agreed on. A card for a guest that runs is added from within the loop, which
 * cannot be waited in: there the loop connects while the guest still looks at what is new. */
static int synthetic_start(struct card *c, struct err *e)
{
	struct err late = {0};

	if (c->guest->started)
		return 0;
	if (hv_net_wait(c->impl, SWITCH_WAIT_MS, &late))
		log_warn("%s: no switch at %s yet; the guest starts with the link down", c->id,
			 c->config.socket);
	return 0;
}

static void synthetic_give(struct card *c, int fd)
{
	hv_net_give(c->impl, fd);
}

static int synthetic_unplug(struct card *c, struct err *e)
{
	return hv_net_unplug_request(c->impl, e);
}

static void synthetic_show(const struct card *c, json_t *to)
{
	struct hv_net_info s;

	hv_net_info(c->impl, &s);
	json_object_set_new(to, "link", json_string(s.connected ? "up" : "down"));
	json_object_set_new(to, "driver", json_boolean(s.running));
	json_object_set_new(to, "queues", json_integer(s.pairs));
	json_object_set_new(to, "switch_lost", json_integer((json_int_t)s.lost));
}

static void emulated_ejected(void *arg)
{
	struct card *c = arg;
	struct hv_vm *vm = &c->guest->vm;

	hv_vm_park(vm);
	hv_e1000_remove(c->impl);
	hv_vm_run(vm);
	drop(c);
}

static int emulated_create(struct card *c, struct hv_nic_fds *fds, struct err *e)
{
	struct hv_e1000_options o = {
		.name = c->id,
		.slot = -1,
		.link = {.path = c->config.socket,
			 .fd = fds->socket,
			 .mode = c->config.serve ? HV_VU_SERVE : HV_VU_CONNECT,
			 .dial = card_dial,
			 .dial_arg = c,
			 .offloads =
				 (c->config.csum ? HV_LINK_CSUM : 0) |
				 (c->config.tso ? HV_LINK_CSUM | HV_LINK_TSO4 | HV_LINK_TSO6 : 0)},
		.ejected = emulated_ejected,
		.self = c,
	};

	memcpy(o.mac, c->config.mac, sizeof(o.mac));
	fds->socket = -1;
	c->impl = hv_e1000_new(&c->guest->vm, c->guest->pci, &o, e);
	return c->impl ? 0 : e->code;
}

static int emulated_start(struct card *c, struct err *e)
{
	return hv_e1000_start(c->impl, card_thread, NULL, e);
}

static void emulated_give(struct card *c, int fd)
{
	hv_e1000_give(c->impl, fd);
}

static int emulated_unplug(struct card *c, struct err *e)
{
	return hv_pci_unplug_request(hv_e1000_fn(c->impl), e);
}

static void emulated_show(const struct card *c, json_t *to)
{
	json_object_set_new(to, "link", json_string(hv_e1000_connected(c->impl) ? "up" : "down"));
}

static void direct_gone(void *arg, const char *id)
{
	struct card *c = arg;
	const struct guest_ops *ops = &c->guest->ops;

	ops->gone(ops->arg, c->config.name);
	drop(c);
}

static int direct_create(struct card *c, struct hv_nic_fds *fds, struct err *e)
{
	struct hv_vfio_options o = {
		.id = c->id,
		.address = c->config.address,
		.fds = {fds->container, fds->group, fds->device},
		.slot = -1,
		.gone = direct_gone,
		.arg = c,
	};

	fds->container = fds->group = fds->device = -1;
	return hv_vfio_create(&c->guest->vm, c->guest->pci, &o, (struct hv_vfio **)&c->impl, e);
}

static int direct_start(struct card *c, struct err *e)
{
	return 0;
}

static int direct_unplug(struct card *c, struct err *e)
{
	hv_vfio_unplug(c->impl);
	return 0;
}

static void direct_show(const struct card *c, json_t *to)
{
	json_object_set_new(to, "address", json_string(c->config.address));
	if (!c->config.vf[0])
		return;
	json_object_set_new(to, "vf", json_string(c->config.vf));
	json_object_set_new(to, "epoch", json_integer((json_int_t)c->config.epoch));
}

static const struct card_model synthetic = {"synthetic",      synthetic_create, synthetic_start,
					    synthetic_unplug, synthetic_show,	synthetic_give};
static const struct card_model emulated = {"emulated",	    emulated_create, emulated_start,
					   emulated_unplug, emulated_show,   emulated_give};
static const struct card_model direct = {"direct",	direct_create, direct_start,
					 direct_unplug, direct_show,   NULL};
const struct card_model *const hv_cards[] = {
	[HV_NIC_SYNTHETIC] = &synthetic, [HV_NIC_EMULATED] = &emulated, [HV_NIC_DIRECT] = &direct};

static struct card **find(struct guest *g, const char *name)
{
	struct card **at = &g->cards;

	while (*at && strcmp((*at)->config.name, name))
		at = &(*at)->next;
	return at;
}

void guest_dialed(struct guest *g, const char *nic, int fd)
{
	struct card *c = *find(g, nic);

	if (c && c->model->give)
		c->model->give(c, fd);
	else if (fd >= 0)
		close(fd);
}

static void close_fds(const struct hv_nic_fds *fds)
{
	const int all[] = {fds->socket, fds->container, fds->group, fds->device};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= 0)
			close(all[i]);
}

int card_add(struct guest *g, const struct hv_nic_config *config, const struct hv_nic_fds *given,
	     struct err *e)
{
	struct hv_nic_fds fds = *given;
	struct card **at = find(g, config->name);
	struct card *c = *at ? NULL : calloc(1, sizeof(*c));
	int rc;

	if (!c) {
		rc = *at ? err_set(e, -EEXIST, "the guest has a card '%s' already", config->name)
			 : err_set(e, -ENOMEM, "out of memory");
		goto close_fds;
	}
	c->guest = g;
	c->config = *config;
	c->model = hv_cards[config->model];
	snprintf(c->id, sizeof(c->id), "nic:%s", config->name);
	rc = c->model->create(c, &fds, e);
	if (rc) {
		free(c);
		goto close_fds;
	}
	*at = c;
	return 0;

close_fds:
	close_fds(&fds);
	return rc;
}

int cards_start(struct guest *g, struct err *e)
{
	for (struct card *c = g->cards; c; c = c->next) {
		int rc = c->model->start(c, e);

		if (rc)
			return rc;
	}
	return 0;
}

void cards_free(struct guest *g)
{
	while (g->cards) {
		struct card *c = g->cards;

		g->cards = c->next;
		free(c);
	}
}

int guest_nic_add(struct guest *g, const struct hv_nic_config *nic, const struct hv_nic_fds *fds,
		  struct err *e)
{
	hv_vm_park(&g->vm);
	int rc = card_add(g, nic, fds, e);
	if (!rc) {
		struct card *c = *find(g, nic->name);

		rc = c->model->start(c, e);
	}
	hv_vm_run(&g->vm);
	return rc;
}

int guest_nic_del(struct guest *g, const char *name, struct err *e)
{
	struct card *c = *find(g, name);

	if (!c)
		return err_set(e, -ENOENT, "the guest has no card '%s'", name);
	int rc = c->model->unplug(c, e);
	c->leaving = c->leaving || !rc;
	return rc;
}

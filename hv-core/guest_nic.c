// SPDX-License-Identifier: BSD-3-Clause
/* The guest's network cards: three ways to be one, behind one small table. */
#include "hv-core/guest_impl.h"

#include "hv-core/e1000/e1000.h"
#include "hv-core/vfio/vfio.h"
#include "hv-core/virtio/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int synthetic_create(struct card *c, struct hv_nic_fds *fds, struct err *e)
{
	const struct hv_net_options o = {
		.id = c->id,
		.mac = {c->config.mac[0], c->config.mac[1], c->config.mac[2], c->config.mac[3],
			c->config.mac[4], c->config.mac[5]},
		.path = c->config.socket,
		.fd = fds->socket,
		.mode = c->config.serve ? HV_VU_SERVE : HV_VU_CONNECT,
		.pairs = c->config.queues,
		.packed = c->config.packed,
		.csum = c->config.csum,
		.tso = c->config.tso,
		.mtu = (uint16_t)c->config.mtu,
		.gone = card_gone,
		.arg = c,
	};

	fds->socket = -1;
	return hv_net_create(&c->guest->vm, c->guest->pci, &o, (struct hv_net **)&c->impl, e);
}

static int synthetic_unplug(struct card *c, struct err *e)
{
	return hv_net_unplug(c->impl, e);
}

static void synthetic_show(const struct card *c, json_t *to)
{
	struct hv_net_state s;

	hv_net_state(c->impl, &s);
	json_object_set_new(to, "link", json_string(s.connected ? "up" : "down"));
	json_object_set_new(to, "started", json_boolean(s.running));
}

static int emulated_create(struct card *c, struct hv_nic_fds *fds, struct err *e)
{
	const struct hv_e1000_options o = {
		.id = c->id,
		.mac = {c->config.mac[0], c->config.mac[1], c->config.mac[2], c->config.mac[3],
			c->config.mac[4], c->config.mac[5]},
		.path = c->config.socket,
		.fd = fds->socket,
		.mode = c->config.serve ? HV_VU_SERVE : HV_VU_CONNECT,
		.gone = card_gone,
		.arg = c,
	};

	fds->socket = -1;
	return hv_e1000_create(&c->guest->vm, c->guest->pci, &o, (struct hv_e1000 **)&c->impl, e);
}

static int emulated_unplug(struct card *c, struct err *e)
{
	return hv_e1000_unplug(c->impl, e);
}

static void emulated_show(const struct card *c, json_t *to)
{
	struct hv_e1000_state s;

	hv_e1000_state(c->impl, &s);
	json_object_set_new(to, "link", json_string(s.connected ? "up" : "down"));
	json_object_set_new(to, "rx_frames", json_integer((json_int_t)s.rx_frames));
	json_object_set_new(to, "tx_frames", json_integer((json_int_t)s.tx_frames));
}

static int direct_create(struct card *c, struct hv_nic_fds *fds, struct err *e)
{
	struct hv_vfio_options o = {
		.id = c->id,
		.address = c->config.address,
		.fds = {fds->container, fds->group, fds->device},
		.slot = -1,
		.gone = card_gone,
		.arg = c,
	};

	fds->container = fds->group = fds->device = -1;
	return hv_vfio_create(&c->guest->vm, c->guest->pci, &o, (struct hv_vfio **)&c->impl, e);
}

static int direct_unplug(struct card *c, struct err *e)
{
	hv_vfio_unplug(c->impl);
	return 0;
}

static void direct_show(const struct card *c, json_t *to)
{
	json_object_set_new(to, "address", json_string(c->config.address));
}

static const struct card_model synthetic = {"synthetic", synthetic_create, synthetic_unplug,
					    synthetic_show};
static const struct card_model emulated = {"emulated", emulated_create, emulated_unplug,
					   emulated_show};
static const struct card_model direct = {"direct", direct_create, direct_unplug, direct_show};
const struct card_model *const hv_cards[] = {
	[HV_NIC_SYNTHETIC] = &synthetic, [HV_NIC_EMULATED] = &emulated, [HV_NIC_DIRECT] = &direct};

static struct card **find(struct guest *g, const char *name)
{
	struct card **at = &g->cards;

	while (*at && strcmp((*at)->config.name, name))
		at = &(*at)->next;
	return at;
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

void card_gone(void *card, const char *id)
{
	struct card *c = card;
	struct card **at = find(c->guest, c->config.name);

	*at = c->next;
	free(c);
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

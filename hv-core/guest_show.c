/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/guest_impl.h"

#include "hv-core/machine/vcpu.h"
#include "hv-core/virtio/blk.h"

#include <stdio.h>

static json_t *show_card(const struct card *c)
{
	json_t *j = json_pack("{s:s, s:s}", "name", c->config.name, "model", c->model->name);
	char mac[18];

	if (!j)
		return NULL;
	if (c->config.socket[0])
		json_object_set_new(j, "socket", json_string(c->config.socket));
	if (c->config.model != HV_NIC_DIRECT) {
		const uint8_t *m = c->config.mac;

		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3],
			 m[4], m[5]);
		json_object_set_new(j, "mac", json_string(mac));
	}
	if (c->leaving)
		json_object_set_new(j, "leaving", json_true());
	c->model->show(c, j);
	return j;
}

static json_t *show_disk(const struct hv_disk_config *c, const struct hv_blk *b, bool stats)
{
	json_t *j = json_pack("{s:s, s:s, s:I, s:b}", "name", c->name, "path", c->path, "bytes",
			      (json_int_t)hv_blk_bytes(b), "readonly", c->readonly);
	struct hv_blk_stats s;

	if (!j || !stats)
		return j;
	hv_blk_stats(b, &s);
	json_object_update_new(
		j, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "reads", (json_int_t)s.reads,
			     "writes", (json_int_t)s.writes, "flushes", (json_int_t)s.flushes,
			     "read_bytes", (json_int_t)s.read_bytes, "written_bytes",
			     (json_int_t)s.written_bytes, "errors", (json_int_t)s.errors));
	return j;
}

static json_t *show_vcpu(const struct hv_vm *vm, unsigned int n)
{
	json_t *exits = json_object();
	struct hv_vcpu_stats s;

	hv_vcpu_stats(vm, n, &s);
	for (unsigned int i = 0; i < HV_EXIT_N; i++)
		json_object_set_new(exits, hv_exit_names[i], json_integer((json_int_t)s.exits[i]));
	return json_pack("{s:I, s:o}", "cpu_ns", (json_int_t)s.cpu_ns, "exits", exits);
}

json_t *guest_show(struct guest *g, bool stats)
{
	json_t *nics = json_array(), *disks = json_array();

	for (const struct card *c = g->cards; c; c = c->next)
		json_array_append_new(nics, show_card(c));
	for (unsigned int i = 0; i < g->config->disks; i++)
		json_array_append_new(disks, show_disk(&g->config->disk[i], g->disk[i].blk, stats));
	json_t *j = json_pack("{s:b, s:o, s:o}", "paused", g->paused, "nics", nics, "disks", disks);
	if (!j || !stats)
		return j;
	json_t *vcpus = json_array();
	for (unsigned int i = 0; i < g->vm.cpus; i++)
		json_array_append_new(vcpus, show_vcpu(&g->vm, i));
	json_object_set_new(j, "vcpus", vcpus);
	json_object_set_new(j, "console_lost", json_integer((json_int_t)guest_tty_lost(g->tty)));
	return j;
}

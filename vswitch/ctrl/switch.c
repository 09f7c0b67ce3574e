/* SPDX-License-Identifier: BSD-3-Clause */
/* switch.* methods, and the table of all methods. */
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/chimney_tap.h"
#include "vswitch/ctrl/ctrl.h"
#include "vswitch/ctrl/fill.h"
#include "vswitch/ctrl/mtu.h"

#include "api/schema.h"
#include "base/clock.h"

#include <rte_mempool.h>
#include <rte_version.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long pages = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%*s %ld", &pages) != 1)
		pages = -1;
	fclose(f);
	return pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE);
}

static json_t *worker_json(const struct worker *w)
{
	uint64_t busy = pkt_read(w->busy_cycles), idle = pkt_read(w->idle_cycles);
	json_t *out = json_pack(
		"{s:i,s:i,s:I,s:I,s:I,s:I}", "id", w->ctx.id, "core", (int)w->core, "polls",
		(json_int_t)pkt_read(w->polls), "sleeps", (json_int_t)pkt_read(w->sleeps),
		"rx_packets", (json_int_t)pkt_read(w->rx_packets), "busy_cycles", (json_int_t)busy);

	if (busy + idle)
		json_object_set_new(out, "busy_ratio",
				    json_real((double)busy / (double)(busy + idle)));
	return out;
}

json_t *switch_show(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	int64_t resident = resident_bytes();
	json_t *workers = json_array(), *out;

	for (uint16_t i = 0; i < c->n_workers; i++)
		json_array_append_new(workers, worker_json(&c->workers[i]));
	out = json_pack("{s:i,s:s,s:s,s:i,s:I,s:s,s:i,s:b,s:i,s:i,s:o}", "api", API_VERSION,
			"version", FLUE_VERSION, "dpdk", rte_version(), "pid", (int)getpid(),
			"uptime_s", (json_int_t)((clock_now_ns() - c->started_ns) / 1000000000),
			"poll", c->poll_always ? "always" : "adaptive", "mtu", ctrl_site_mtu(c),
			"hugepages", c->hugepages, "mbufs", (int)c->data_pool->size, "mbufs_free",
			(int)rte_mempool_avail_count(c->data_pool), "workers", workers);
	if (resident >= 0)
		json_object_set_new(out, "resident_bytes", json_integer(resident));
	return out;
}

json_t *switch_set(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	json_t *conf = fill_merged("switch", c->switch_conf, params), *old = c->switch_conf;
	struct ctrl_mtus_before before;
	bool was = c->poll_always;

	if (!conf) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	ctrl_mtu_before(c, &before);
	c->switch_conf = conf;
	c->poll_always = strcmp(json_get_str(conf, "poll", "adaptive"), "always") == 0;
	if (ctrl_mtu_change(c, &before, e) != 0)
		goto restore_conf;
	if (ctrl_publish(c, e) != 0)
		goto restore_mtus;
	json_decref(old);
	return json_object();

restore_mtus:
	ctrl_mtu_undo(c, &before);
restore_conf:
	c->switch_conf = old;
	c->poll_always = was;
	json_decref(conf);
	return NULL;
}

const struct rpc_handler ctrl_handlers[] = {
	{"switch.show", switch_show},
	{"switch.set", switch_set},
	{"bridge.add", bridge_add},
	{"bridge.set", bridge_set},
	{"bridge.del", bridge_del},
	{"bridge.show", bridge_show},
	{"port.add", port_add},
	{"port.set", port_set},
	{"port.del", port_del},
	{"port.show", port_show},
	{"fdb.add", fdb_add},
	{"fdb.del", fdb_del},
	{"fdb.show", fdb_show},
	{"fdb.flush", fdb_flush},
	{"vlan.add", vlan_add},
	{"vlan.del", vlan_del},
	{"vlan.show", vlan_show},
	{"mtu.show", mtu_show},
	{"mtu.check", mtu_check},
	{"pipeline.show", pipeline_show},
	{"config.show", config_show},
	{"config.apply", config_apply},
	{"trace.start", trace_start},
	{"trace.read", trace_read},
	{"trace.stop", trace_stop},
	{"flow.hold", flow_hold_by_hand},
	{"flow.release", flow_release_by_hand},
	{"chimney.upload", chimney_upload_rpc},
	{"tap.read", tap_read},
	{NULL, NULL},
};

const struct rpc_later ctrl_later[] = {
	{"chimney.show", chimney_show},
	{"flow.show", chimney_show_flows},
	{"tap.start", tap_start},
	{"tap.stop", tap_stop},
	{NULL, NULL},
};

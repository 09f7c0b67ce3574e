/* SPDX-License-Identifier: BSD-3-Clause */
/* port.show and pipeline.show: what the workers counted. */
#include "vswitch/ctrl/ctrl.h"
#include "vswitch/ctrl/fill.h"

#include "jumbo/mtu.h"

#include <rte_cycles.h>
#include <string.h>

static json_t *drops(const struct pkt_counters *sum)
{
	json_t *out = json_object();

	for (int r = 1; r < PKT_DROP_MAX; r++) {
		json_t *drop;

		if (sum->drop[r] == 0)
			continue;
		drop = json_pack("{s:I,s:s}", "count", (json_int_t)sum->drop[r], "help",
				 pkt_drop_help(r));
		if (r == PKT_DROP_MTU_IN)
			json_object_update_new(drop, json_pack("{s:i,s:i}", "last_size",
							       (int)sum->mtu_in_size, "last_limit",
							       (int)sum->mtu_in_limit));
		if (r == PKT_DROP_MTU_OUT)
			json_object_update_new(drop, json_pack("{s:i,s:i}", "last_size",
							       (int)sum->mtu_out_size, "last_limit",
							       (int)sum->mtu_out_limit));
		json_object_set_new(out, pkt_drop_name(r), drop);
	}
	return out;
}

/* Sizes and reasons that occurred. */
static json_t *merges(const struct pkt_merge_counts *sum)
{
	json_t *sizes = json_object(), *ended = json_object();

	for (int i = 0; i < PKT_MERGE_SIZE_MAX; i++)
		if (sum->frames[i])
			json_object_set_new(sizes, pkt_merge_size_name(i),
					    json_integer((json_int_t)sum->frames[i]));
	for (int i = 0; i < PKT_MERGE_END_MAX; i++)
		if (sum->ended[i])
			json_object_set_new(ended, pkt_merge_end_name(i),
					    json_pack("{s:I,s:s}", "count",
						      (json_int_t)sum->ended[i], "help",
						      pkt_merge_end_help(i)));
	return json_pack("{s:I,s:o,s:o}", "looked", (json_int_t)sum->looked, "frames", sizes,
			 "ended", ended);
}

static void add_merges(struct pkt_merge_counts *sum, const struct pkt_merge_counts *w)
{
	sum->looked += pkt_read(w->looked);
	for (int i = 0; i < PKT_MERGE_SIZE_MAX; i++)
		sum->frames[i] += pkt_read(w->frames[i]);
	for (int i = 0; i < PKT_MERGE_END_MAX; i++)
		sum->ended[i] += pkt_read(w->ended[i]);
}

static json_t *stats(const struct ctrl *c, uint16_t id)
{
	struct pkt_counters sum = {0};
	json_t *out = json_object();

	for (uint16_t i = 0; i < c->n_workers; i++) {
		const struct pkt_counters *w = &c->workers[i].ctx.counters[id];

#define X(name, help) sum.name += pkt_read(w->name);
		PKT_COUNTS(X)
#undef X
		for (int r = 1; r < PKT_DROP_MAX; r++)
			sum.drop[r] += pkt_read(w->drop[r]);
		add_merges(&sum.merge, &w->merge);
		if (pkt_read(w->mtu_in_limit)) {
			sum.mtu_in_size = pkt_read(w->mtu_in_size);
			sum.mtu_in_limit = pkt_read(w->mtu_in_limit);
		}
		if (pkt_read(w->mtu_out_limit)) {
			sum.mtu_out_size = pkt_read(w->mtu_out_size);
			sum.mtu_out_limit = pkt_read(w->mtu_out_limit);
		}
	}
#define X(name, help) json_object_set_new(out, #name, json_integer((json_int_t)sum.name));
	PKT_COUNTS(X)
#undef X
	json_object_set_new(out, "drops", drops(&sum));
	if (sum.merge.looked)
		json_object_set_new(out, "merge", merges(&sum.merge));
	return out;
}

static json_t *offloads(uint32_t caps)
{
	static const char *const names[] = {"csum", "tso4", "tso6", "uso", "ecn"};
	json_t *out = json_array();

	for (unsigned int i = 0; i < RTE_DIM(names); i++)
		if (caps & 1u << i)
			json_array_append_new(out, json_string(names[i]));
	return out;
}

static void add_mtus(json_t *out, uint16_t planned, struct ctrl_port *p)
{
	struct port_mtu has = {0};

	p->port.ops->mtu(&p->port, &has);
	json_object_set_new(out, "mtu", json_integer(mtu_in_force(planned, (uint16_t)has.guest)));
	json_object_set_new(out, "mtu_planned", json_integer(planned));
	if (has.actual)
		json_object_set_new(out, "mtu_actual", json_integer(has.actual));
}

static json_t *show_one(const struct ctrl *c, struct ctrl_port *p, bool with_stats)
{
	json_t *out = fill_defaults("port", p->conf);
	bool up = atomic_load(&p->port.up);

	add_mtus(out, ctrl_port_mtu(c, p), p);
	json_object_set_new(out, "id", json_integer(p->port.id));
	json_object_set_new(out, "state", json_string(up ? "up" : "waiting"));
	json_object_set_new(out, "offloads", offloads(atomic_load(&p->port.tx_caps)));
	p->port.ops->show(&p->port, out);
	if (with_stats)
		json_object_set_new(out, "stats", stats(c, p->port.id));
	return out;
}

json_t *port_show(void *ctx, const json_t *params, struct err *e)
{
	const char *name = json_get_str(params, "name", NULL);
	bool with_stats = json_get_bool(params, "stats", false);
	struct ctrl *c = ctx;
	json_t *list = json_array();

	if (name && !ctrl_port_get(c, name, e)) {
		json_decref(list);
		return NULL;
	}
	for (int i = 0; i < FWD_PORTS_MAX; i++) {
		struct ctrl_port *p = &c->ports[i];

		if (p->used && (!name || strcmp(name, p->port.name) == 0))
			json_array_append_new(list, show_one(c, p, with_stats));
	}
	return list;
}

json_t *pipeline_show(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	json_t *workers = json_array();

	for (uint16_t i = 0; i < c->n_workers; i++) {
		json_t *stages = json_array();

		for (int s = 0; s < PIPE_STAGES; s++) {
			const struct pkt_stage *st = &c->workers[i].pipe.stages[s];
			uint64_t packets = pkt_read(st->packets), cycles = pkt_read(st->cycles);
			json_t *out = json_pack("{s:s,s:s,s:I,s:I,s:I}", "name", st->def->name,
						"help", st->def->help, "calls",
						(json_int_t)pkt_read(st->calls), "packets",
						(json_int_t)packets, "cycles", (json_int_t)cycles);

			if (packets)
				json_object_set_new(out, "cycles_per_packet",
						    json_real((double)cycles / (double)packets));
			json_array_append_new(stages, out);
		}
		json_array_append_new(workers,
				      json_pack("{s:i,s:i,s:o}", "id", i, "core",
						(int)c->workers[i].core, "stages", stages));
	}
	return json_pack("{s:o,s:I}", "workers", workers, "tsc_hz", (json_int_t)rte_get_tsc_hz());
}

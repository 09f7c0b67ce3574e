/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario host: TCP between two hosts through the system. docs/bench-host.md */
#include "bench/chimney.h"
#include "bench/ends.h"
#include "bench/load/tcp.h"

#include <stdlib.h>

static const struct scenario_param params[] = {
	{"mtu", "1500", "576..9600", "of both hosts and the system, bytes"},
	{"tso", "on", "on|off", "hosts send large segments, and leave checksums to the device"},
	{"gro", "on", "on|off", "hosts join what they receive into large segments"},
	{"connections", "1", "1..64", "TCP connections"},
	{"both", "off", "on|off", "both hosts send at the same time"},
	{"cc", "cubic", ENDS_CC, "congestion control"},
	CHIMNEY_PARAMS("none|a|b|both"),
	{NULL, NULL, NULL, NULL},
};

struct host {
	struct tcp *tcp;
	struct chimney chimney;
};

static int host_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	ends_wire(w, (unsigned int)cell_number(cell, "mtu"), cell_on(cell, "tso"),
		  cell_on(cell, "gro"));
	return chimney_wire(cell, w, e);
}

static int host_open(struct subject *s, struct err *e)
{
	struct ends ends;
	struct tcp_spec spec = {
		.name = s->rig->id,
		.both_ways = cell_on(s->cell, "both"),
		.connections = (unsigned int)cell_number(s->cell, "connections"),
		.cc = cell_text(s->cell, "cc"),
	};
	struct host *h = calloc(1, sizeof(*h));
	int ret;

	if (!h)
		return err_set(e, -ENOMEM, "out of memory");
	ret = ends_open(s, spec.cc, &ends, e);
	if (ret)
		goto free_host;
	chimney_open(s, spec.connections, &h->chimney);
	spec.a = (struct tcp_end){ends.a_netns, ends.a_address, ends.a_cpus,
				  chimney_of_a(&h->chimney)};
	spec.b = (struct tcp_end){ends.b_netns, ends.b_address, ends.b_cpus,
				  chimney_of_b(&h->chimney)};
	ret = tcp_start(&spec, &h->tcp, e);
	if (ret)
		goto free_host;
	s->state = h;
	return 0;

free_host:
	free(h);
	return ret;
}

static void add_values(struct sample *sample, const struct window *w, const struct tcp_result *r)
{
	double seconds = r->seen.seconds;

	sample_add(sample, "throughput", "bit/s", false, r->goodput);
	ends_add_cpu(sample, w, &r->seen, r->goodput / 8 * seconds);
	sample_inform(sample, "retransmits", "segments/s", (double)r->retransmits / seconds);
	sample_inform(sample, "fairness", "", r->fairness);
	ends_inform_cpu(sample, w, &r->seen, r->a_cpu + r->b_cpu);
}

static int host_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct window w = ends_window(s);
	struct host *h = s->state;
	struct tcp_result r;
	int ret = chimney_begin(s, &h->chimney, &w, e);

	if (!ret)
		ret = tcp_run(h->tcp, &w, &r, e);
	if (ret)
		return ret;
	if (r.why[0])
		sample_spoil(sample, "%s", r.why);
	else
		add_values(sample, &w, &r);
	if (r.raw)
		sample->raw = json_pack("{s:O}", "ends", r.raw);
	tcp_result_clear(&r);
	return chimney_end(s, &h->chimney, sample, e);
}

static void host_close(struct subject *s)
{
	struct host *h = s->state;

	tcp_stop(h->tcp);
	free(h);
}

static int host_freeze(struct subject *s, bool freeze, struct err *e)
{
	struct host *h = s->state;

	return tcp_freeze(h->tcp, freeze, e);
}

const struct scenario scenario_host = {
	.name = "host",
	.what = "TCP between two hosts",
	.params = params,
	.systems = "flue linux-bridge ovs-dpdk",
	.ceiling = "veth",
	.ceiling_unless = "chimney",
	.wire = host_wire,
	.open = host_open,
	.sample = host_sample,
	.close = host_close,
	.freeze = host_freeze,
};

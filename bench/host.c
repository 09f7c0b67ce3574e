/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario host: TCP between two hosts through the system. docs/bench-host.md */
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
	{NULL, NULL, NULL, NULL},
};

static int host_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	ends_wire(w, (unsigned int)cell_number(cell, "mtu"), cell_on(cell, "tso"),
		  cell_on(cell, "gro"));
	return 0;
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
	struct tcp *tcp;
	int ret = ends_open(s, spec.cc, &ends, e);

	if (ret)
		return ret;
	spec.a = (struct tcp_end){ends.a_netns, ends.a_address, ends.a_cpus};
	spec.b = (struct tcp_end){ends.b_netns, ends.b_address, ends.b_cpus};
	ret = tcp_start(&spec, &tcp, e);
	if (!ret)
		s->state = tcp;
	return ret;
}

static int host_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct window w = ends_window(s);
	struct tcp_result r;
	int ret = tcp_run(s->state, &w, &r, e);

	if (ret)
		return ret;
	if (r.why[0]) {
		sample_spoil(sample, "%s", r.why);
	} else {
		double seconds = r.seen.seconds;

		sample_add(sample, "throughput", "bit/s", false, r.goodput);
		sample_add(sample, "cpu_per_gbyte", "s/GB", true, r.cpu_per_gbyte);
		sample_inform(sample, "retransmits", "segments/s", (double)r.retransmits / seconds);
		sample_inform(sample, "fairness", "", r.fairness);
		sample_inform(sample, "cpu_machine", "cores", r.seen.machine_cpu / seconds);
		sample_inform(sample, "cpu_ends", "cores", (r.a_cpu + r.b_cpu) / seconds);
		if (w.system_cpu_ns)
			sample_inform(sample, "cpu_system", "cores", r.seen.system_cpu / seconds);
	}
	if (r.raw)
		sample->raw = json_pack("{s:O}", "ends", r.raw);
	tcp_result_clear(&r);
	return 0;
}

static void host_close(struct subject *s)
{
	tcp_stop(s->state);
}

static int host_freeze(struct subject *s, bool freeze, struct err *e)
{
	return tcp_freeze(s->state, freeze, e);
}

const struct scenario scenario_host = {
	.name = "host",
	.what = "TCP between two hosts",
	.params = params,
	.systems = "flue linux-bridge ovs-dpdk",
	.ceiling = "veth",
	.wire = host_wire,
	.open = host_open,
	.sample = host_sample,
	.close = host_close,
	.freeze = host_freeze,
};

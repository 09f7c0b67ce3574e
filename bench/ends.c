/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/ends.h"

#include "bench/machine/facts.h"
#include "bench/machine/netns.h"
#include "bench/machine/proc.h"

#include <stdio.h>
#include <string.h>

#define WINDOW_SECONDS 1.5
/* TCP has found its speed by then: the round trip is well below a millisecond. */
#define WARMUP_SECONDS 0.3

void ends_wire(struct wiring *w, unsigned int mtu, bool tso, bool gro)
{
	*w = (struct wiring){.n_ports = 2, .mtu = mtu, .adaptive = true};
	for (size_t i = 0; i < 2; i++)
		w->ports[i] = (struct wire_port){
			.kind = PORT_HOST, .mtu = mtu, .tso = tso, .gro = gro, .queues = 1};
}

void ends_split(uint64_t load_cpus, uint64_t worker_cpus, bool has_worker, uint64_t *a, uint64_t *b)
{
	uint64_t all = has_worker ? load_cpus : load_cpus | worker_cpus, lower = 0;
	int half = __builtin_popcountll(all) / 2;

	*a = *b = all;
	if (!half)
		return;
	for (uint64_t rest = all; half--; rest &= rest - 1)
		lower |= rest & -rest;
	*a = lower;
	*b = all & ~lower;
}

/* "10.0.0.1/24" less its prefix length. */
static void bare(const char *address, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)strcspn(address, "/"), address);
}

/* Offloads; and the congestion control, as a property of the route to the other end: a namespace
 * may not choose its default one, and a target's sockets are not ours. */
static int open_end(const struct wire_port *port, const char *peer, const char *cc, struct err *e)
{
	const char *const route[] = {"ip",	   "route",   "replace", peer, "dev",
				     port->ifname, "congctl", cc,	 NULL};
	struct err why = {0};
	int ret = netns_offloads(port->netns, port->ifname, port->tso, port->gro, e);

	if (ret)
		return ret;
	ret = proc_run(route, port->netns, NULL, &why);
	return ret ? err_set(e, ret,
			     "no congestion control '%s': %s; sysctl "
			     "net.ipv4.tcp_available_congestion_control lists what this kernel has",
			     cc, why.text)
		   : 0;
}

int ends_open(const struct subject *s, const char *cc, struct ends *ends, struct err *e)
{
	const struct wiring *w = &s->rig->wiring;
	int ret;

	ends->a_netns = w->ports[0].netns;
	ends->b_netns = w->ports[1].netns;
	bare(w->ports[0].address, ends->a_address, sizeof(ends->a_address));
	bare(w->ports[1].address, ends->b_address, sizeof(ends->b_address));
	ends_split(s->load_cpus, w->worker_cpus, s->rig->n_procs > 0, &ends->a_cpus, &ends->b_cpus);
	ret = open_end(&w->ports[0], ends->b_address, cc, e);
	return ret ? ret : open_end(&w->ports[1], ends->a_address, cc, e);
}

static uint64_t system_cpu_ns(void *arg)
{
	return rig_cpu_ns(arg);
}

static uint64_t system_busy_ns(void *arg)
{
	static double hz;
	struct rig *rig = arg;

	if (hz <= 0)
		hz = fact_tsc_hz();
	return hz > 0 ? (uint64_t)((double)rig->system->busy_cycles(rig) / hz * 1e9) : 0;
}

double ends_cpu_busy(const struct window *w, const struct window_seen *seen)
{
	double busy = seen->system_busy;

	if (!w->system_cpu_ns)
		return seen->machine_cpu;
	/* Cycles also pass while a worker is kept from running. */
	if (busy > seen->system_cpu)
		busy = seen->system_cpu;
	return busy > 0 ? seen->machine_cpu - seen->system_cpu + busy : -1;
}

void ends_add_cpu(struct sample *sample, const struct window *w, const struct window_seen *seen,
		  double bytes)
{
	double busy = ends_cpu_busy(w, seen);

	sample_add(sample, "cpu_per_gbyte", "s/GB", true, seen->machine_cpu / (bytes / 1e9));
	if (busy >= 0)
		sample_add(sample, "cpu_busy_per_gbyte", "s/GB", true, busy / (bytes / 1e9));
}

void ends_inform_cpu(struct sample *sample, const struct window *w, const struct window_seen *seen,
		     double load_cpu)
{
	sample_inform(sample, "cpu_machine", "cores", seen->machine_cpu / seen->seconds);
	sample_inform(sample, "cpu_ends", "cores", load_cpu / seen->seconds);
	if (w->system_cpu_ns)
		sample_inform(sample, "cpu_system", "cores", seen->system_cpu / seen->seconds);
	if (seen->system_busy > 0)
		sample_inform(sample, "cpu_system_busy", "cores",
			      seen->system_busy / seen->seconds);
}

double ends_seconds(const struct run_limits *limits)
{
	return limits->seconds > 0 ? limits->seconds : WINDOW_SECONDS;
}

struct window ends_window(const struct subject *s)
{
	return (struct window){
		.warmup_seconds = WARMUP_SECONDS,
		.seconds = ends_seconds(s->limits),
		.system_cpu_ns = s->rig->n_procs ? system_cpu_ns : NULL,
		.system_busy_ns =
			s->rig->n_procs && s->rig->system->busy_cycles ? system_busy_ns : NULL,
		.arg = s->rig,
		.interrupted = s->interrupted,
	};
}

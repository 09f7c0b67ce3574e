/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idle: what a switch costs while nothing is sent, in processor time and memory, and how much later
 * than usual the first packet after a pause is.
 */
#include "bench/echo.h"
#include "bench/machine/file.h"
#include "bench/machine/netns.h"
#include "bench/machine/proc.h"
#include "bench/scenario.h"
#include "bench/stat/boot.h"
#include "bench/traffic/traffic.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	WARM_TRIES = 50,
	PROBES = 21,
	PAUSE_MS = 20, /* at least; 40 more at most */
	GUEST_MS = 30000,
};

struct idle {
	struct traffic *traffic; /* guests that are there and silent */
	int echo;		 /* between the first two hosts; -1: guests */
	uint16_t number;
};

static const struct scenario_param params[] = {
	{"kind", "host", "host|vhost", "what the ports are: namespaces of this host, or guests"},
	{"mtu", "1500,9000", "1280..9600", "bytes of a packet"},
	{"ports", "2,4,8", "2..8", "how many"},
	{0}};

static int wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	bool host = strcmp(cell_text(cell, "kind"), "host") == 0;
	unsigned int mtu = (unsigned int)cell_number(cell, "mtu");

	*w = (struct wiring){
		.n_ports = (size_t)cell_number(cell, "ports"), .mtu = mtu, .adaptive = true};
	if (w->n_ports > WIRE_PORTS)
		return err_set(e, -EINVAL, "ports: %d at most", WIRE_PORTS);
	for (size_t i = 0; i < w->n_ports; i++)
		w->ports[i] = (struct wire_port){.kind = host ? PORT_HOST : PORT_VHOST,
						 .mtu = mtu,
						 .tso = host,
						 .gro = host,
						 .queues = 1};
	return 0;
}

/* IPv6 sends by itself now and then, which is not rest. */
static int be_silent(void *arg)
{
	int rc = file_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");

	return rc == -ENOENT ? 0 : rc;
}

static int open_hosts(const struct wiring *w, struct idle *idle, struct err *e)
{
	char to[64];

	for (size_t i = 0; i < w->n_ports; i++) {
		int rc = netns_do(w->ports[i].netns, be_silent, NULL, e);
		if (rc)
			return err_set(e, rc, "IPv6 cannot be turned off in %s: %s",
				       w->ports[i].netns, strerror(-rc));
	}
	snprintf(to, sizeof(to), "%s", w->ports[1].address);
	to[strcspn(to, "/")] = '\0';
	idle->echo = echo_open(w->ports[0].netns, to, e);
	if (idle->echo < 0)
		return idle->echo;
	for (int i = 0; i < WARM_TRIES; i++)
		if (echo_once(idle->echo, ++idle->number))
			return 0;
	return err_set(e, -ETIMEDOUT, "%s does not answer %s", to, w->ports[0].address);
}

static int open_guests(struct subject *s, struct idle *idle, struct err *e)
{
	const struct wiring *w = &s->rig->wiring;
	char name[40];
	struct traffic_spec spec = {.n_ports = w->n_ports,
				    .cpus = s->load_cpus,
				    .huge_pages = w->huge_pages,
				    .mtu = w->mtu};

	snprintf(name, sizeof(name), "%s.guests", s->rig->id);
	spec.name = name;
	for (size_t i = 0; i < w->n_ports; i++)
		spec.ports[i] = (struct traffic_port){.socket = w->ports[i].socket,
						      .server = w->ports[i].guest_serves,
						      .queues = w->ports[i].queues};
	int rc = traffic_start(&spec, &idle->traffic, e);
	return rc ? rc : traffic_ready(idle->traffic, GUEST_MS, e);
}

static void close_idle(struct subject *s)
{
	struct idle *idle = s->state;

	if (!idle)
		return;
	traffic_stop(idle->traffic);
	if (idle->echo >= 0)
		close(idle->echo);
	free(idle);
	s->state = NULL;
}

static int open_idle(struct subject *s, struct err *e)
{
	struct idle *idle = calloc(1, sizeof(*idle));

	if (!idle)
		return err_set(e, -ENOMEM, "no memory");
	idle->echo = -1;
	s->state = idle;
	int rc = s->rig->wiring.ports[0].kind == PORT_HOST ? open_hosts(&s->rig->wiring, idle, e)
							   : open_guests(s, idle, e);
	if (rc)
		close_idle(s);
	return rc;
}

static void pause_ms(unsigned int ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* Median of the answers' times in ns, each asked for after a pause, or at once; 0: too few came. */
static double median_echo(struct idle *idle, bool paused)
{
	double ns[PROBES];
	size_t n = 0;

	for (unsigned int i = 0; i < PROBES; i++) {
		if (paused)
			pause_ms(PAUSE_MS + i * 29 % 41);
		uint64_t took = echo_once(idle->echo, ++idle->number);
		if (took)
			ns[n++] = (double)took;
	}
	return n > PROBES / 2 ? stat_median(ns, n) : 0;
}

static double window(const struct run_limits *limits)
{
	return limits->seconds > 0 ? limits->seconds : 2;
}

static int sample(struct subject *s, struct sample *out, struct err *e)
{
	struct idle *idle = s->state;
	double busy = 0, first = 0;

	s->say(s, "at rest");
	/* What came before must have ended: a frame on its way, a turn of the engine's. */
	pause_ms(300);
	uint64_t cpu = rig_cpu_ns(s->rig), began = clock_now_ns();
	pause_ms((unsigned int)(window(s->limits) * 1000));
	double used = (double)(rig_cpu_ns(s->rig) - cpu) / (double)(clock_now_ns() - began);
	/* What is a part of the kernel has no processes whose time and memory could be told. */
	if (s->rig->n_procs) {
		for (size_t i = 0; i < s->rig->n_procs; i++) {
			int rc = proc_alive(s->rig->procs[i], e);
			if (rc)
				return rc;
		}
		sample_add(out, "cpu_percent", "%", true, used * 100);
		sample_add(out, "rss_bytes", "bytes", true, (double)rig_rss_bytes(s->rig));
	}
	if (idle->echo >= 0) {
		s->say(s, "the first packet after a pause");
		busy = median_echo(idle, false);
		first = median_echo(idle, true);
	}
	if (busy > 0 && first > 0) {
		sample_inform(out, "echo", "us", busy / 1e3);
		sample_inform(out, "first_packet_later", "us", (first - busy) / 1e3);
	} else if (idle->echo >= 0) {
		sample_spoil(out, "most echo requests were not answered");
	}
	return 0;
}

const struct scenario scenario_idle = {
	.name = "idle",
	.what = "processor time and memory at rest, and how late the first packet after a pause is",
	.params = params,
	.systems = "flue testpmd ovs-dpdk linux-bridge",
	.wire = wire,
	.open = open_idle,
	.sample = sample,
	.close = close_idle,
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/guests.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
	READY_MS = 30000,
	ETHERNET = 18,	     /* header and FCS */
	TEACH_AGAIN_S = 100, /* well below the ageing time of any switch (300 s, 802.1D) */
	/* Later than this and not for lack of speed: somebody else had the generator's processor,
	 * for longer than the rings bridge. */
	LATE_NS = 10000000,
};

static const double busy_limit = 0.9; /* from here on lateness is the generator's own */

unsigned int guests_frame_bytes(const struct cell *cell)
{
	const char *size = cell_text(cell, "size");

	if (!strcmp(size, "imix"))
		return TRAFFIC_IMIX;
	return !strcmp(size, "64k") ? TRAFFIC_UNIT : (unsigned int)cell_number(cell, "size");
}

double guests_mean_bytes(unsigned int frame_bytes, unsigned int mtu)
{
	if (frame_bytes == TRAFFIC_IMIX)
		return (7 * 64 + 4 * 594 + 1518) / 12.0;
	if (frame_bytes == TRAFFIC_UNIT) {
		unsigned int mss = mtu - 52;

		return 54 + (65535 - 128 - 54) / mss * mss + 4;
	}
	return frame_bytes;
}

/* How the cell's guests hold frames. Scenarios without these parameters have the defaults. */
static void forms(const struct cell *cell, struct traffic_spec *spec)
{
	const char *buffers = cell_text(cell, "buffers"), *rings = cell_text(cell, "rings");

	if (!strcmp(buffers, "one"))
		spec->buffers = TRAFFIC_ONE;
	else if (!strcmp(buffers, "2k"))
		spec->buffers = TRAFFIC_2K;
	if (!strcmp(rings, "vector"))
		spec->rings = TRAFFIC_VECTOR;
	else if (!strcmp(rings, "packed"))
		spec->rings = TRAFFIC_PACKED;
}

/* Scenarios without the parameter have virtio-user. */
static bool are_kvm(const struct cell *cell)
{
	return !strcmp(cell_text(cell, "guests"), "kvm");
}

int guests_wire(const struct cell *cell, size_t n_ports, bool guest_serves, struct wiring *w,
		struct err *e)
{
	unsigned int bytes = guests_frame_bytes(cell);
	struct traffic_spec spec = {0};
	unsigned int mtu = 1500;

	if (bytes != TRAFFIC_UNIT && bytes > mtu + ETHERNET)
		mtu = bytes - ETHERNET;
	if (!strcmp(cell_text(cell, "rings"), "vector") &&
	    (strcmp(cell_text(cell, "buffers"), "one") != 0 || bytes == TRAFFIC_UNIT))
		return err_set(
			e, -EINVAL,
			"rings vector takes frames in one buffer and no units: give it buffers "
			"one, and a size other than 64k");
	forms(cell, &spec);
	if (are_kvm(cell) && kvm_guests_can(bytes, spec.buffers, spec.rings, e))
		return e->code;
	if (n_ports > WIRE_PORTS)
		return err_set(e, -EINVAL, "at most %d ports", WIRE_PORTS);
	w->n_ports = n_ports;
	w->mtu = mtu;
	w->fdb = (unsigned int)(cell_number(cell, "flows") * (double)n_ports);
	for (size_t i = 0; i < n_ports; i++)
		w->ports[i] = (struct wire_port){
			.kind = PORT_VHOST,
			.guest_serves = guest_serves,
			.mtu = mtu,
			.tso = bytes == TRAFFIC_UNIT,
			.queues = 1,
		};
	return 0;
}

struct traffic_trial guests_pairs(const struct subject *s)
{
	return (struct traffic_trial){
		.pattern = TRAFFIC_PAIRS,
		.frame_bytes = guests_frame_bytes(s->cell),
		.flows = (uint32_t)cell_number(s->cell, "flows"),
		.both_ways = cell_on(s->cell, "both"),
		.seconds = 1,
		.settle_seconds = 0.2,
		.content = strcmp(s->rig->system->name, "mirror") != 0,
	};
}

int guests_open(struct subject *s, struct guests *g, struct err *e)
{
	const struct wiring *w = &s->rig->wiring;
	struct traffic_spec spec = {
		.n_ports = w->n_ports,
		.cpus = s->load_cpus,
		.huge_pages = w->huge_pages,
		.tso = w->ports[0].tso,
		.mtu = w->mtu,
	};
	int ret;

	g->subject = s;
	forms(s->cell, &spec);
	snprintf(g->name, sizeof(g->name), "%s.load", s->rig->id);
	spec.name = g->name;
	if (are_kvm(s->cell)) {
		g->kvm = (struct kvm_guests){.wiring = w,
					     .name = g->name,
					     .cpus = s->load_cpus,
					     .buffers = spec.buffers,
					     .packed = spec.rings == TRAFFIC_PACKED};
		return kvm_guests_ready(e);
	}
	for (size_t i = 0; i < w->n_ports; i++)
		spec.ports[i] = (struct traffic_port){
			.socket = w->ports[i].socket,
			.server = w->ports[i].guest_serves,
			.queues = w->ports[i].queues,
		};
	s->say(s, "starting the load");
	ret = traffic_start(&spec, &g->traffic, e);
	if (ret != 0)
		return ret;
	ret = traffic_ready(g->traffic, READY_MS, e);
	if (ret != 0) {
		traffic_stop(g->traffic);
		g->traffic = NULL;
	}
	return ret;
}

void guests_close(struct guests *g)
{
	traffic_stop(g->traffic);
	json_decref(g->trials);
	*g = (struct guests){0};
}

int guests_teach(struct guests *g, struct err *e)
{
	uint64_t now = clock_now_ns();
	int ret;

	/* Virtual machines are started anew for each trial, and meet before they begin. */
	if (!g->traffic)
		return 0;
	if (g->taught_ns && now - g->taught_ns < TEACH_AGAIN_S * UINT64_C(1000000000))
		return 0;
	g->subject->say(g->subject, "teaching %u addresses", g->base.flows);
	ret = traffic_teach(g->traffic, &g->base, e);
	g->taught_ns = ret == 0 ? clock_now_ns() : 0;
	return ret;
}

static unsigned int copies(const struct guests *g, const struct traffic_trial *trial)
{
	return trial->pattern == TRAFFIC_BROADCAST
		       ? (unsigned int)g->subject->rig->wiring.n_ports - 1
		       : 1;
}

uint64_t guests_lost(const struct guests *g, const struct traffic_trial *trial,
		     const struct traffic_result *r)
{
	uint64_t wanted = r->offered * copies(g, trial);
	uint64_t got = r->received - r->duplicated;
	uint64_t lost = got < wanted ? wanted - got : 0;

	/* A generator that is behind did not offer this load; what it did not offer in time is
	 * missing as if it were lost. */
	if (trial->pps > 0 && r->late_ns > LATE_NS && r->busy > busy_limit)
		lost += (uint64_t)((double)r->late_ns / 1e9 * trial->pps);
	return lost;
}

/* Did what was sent all arrive or get counted as dropped? */
static bool balanced(struct guests *g, const struct traffic_trial *trial,
		     const struct traffic_result *r, const struct system_counters *before,
		     const struct system_counters *after, json_t *out)
{
	uint64_t dropped, expected = r->sent * copies(g, trial), got = r->received + r->stray;

	if (!before->known || !after->known)
		return true;
	dropped = after->dropped - before->dropped;
	json_object_set_new(out, "dropped", json_integer((json_int_t)dropped));
	/* A unit may have been cut, and its pieces dropped one by one. What is not known yet goes
	 * to more ports than one, which is what a trial of learning is about. */
	if (trial->frame_bytes == TRAFFIC_UNIT || trial->pattern == TRAFFIC_LEARN ||
	    got + dropped == expected)
		return true;
	snprintf(g->why, sizeof(g->why),
		 "the counters do not balance: %lu sent, %lu received, %lu dropped", expected, got,
		 dropped);
	return false;
}

static json_t *describe(const struct guests *g, const struct traffic_trial *trial,
			const struct traffic_result *r)
{
	/* Under overload the load is what the rings took. */
	double load =
		trial->pps > 0 || r->seconds <= 0 ? trial->pps : (double)r->offered / r->seconds;

	return json_pack("{s:f,s:f,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:I,s:I}", "load", load,
			 "seconds", r->seconds, "offered", (json_int_t)r->offered, "sent",
			 (json_int_t)r->sent, "refused", (json_int_t)r->refused, "received",
			 (json_int_t)r->received, "stray", (json_int_t)r->stray, "duplicated",
			 (json_int_t)r->duplicated, "reordered", (json_int_t)r->reordered,
			 "corrupt", (json_int_t)r->corrupt, "busy", r->busy, "late_ns",
			 (json_int_t)r->late_ns, "gap_ns", (json_int_t)r->gap_ns);
}

/* What speaks against counting it; g->why. */
static bool valid(struct guests *g, const struct traffic_trial *trial,
		  const struct traffic_result *r, const struct watch_seen *seen)
{
	if (!watch_ok(seen, &g->subject->limits->watch, g->why, sizeof(g->why)))
		return false;
	if (r->corrupt) {
		snprintf(g->why, sizeof(g->why), "%lu frames came back damaged", r->corrupt);
		return false;
	}
	/* Whoever accepts that others use all processors accepts that, too. */
	if (r->late_ns > LATE_NS && r->busy <= busy_limit &&
	    g->subject->limits->watch.foreign < 1) {
		snprintf(g->why, sizeof(g->why), "the generator did not run for %lu ms",
			 r->late_ns / 1000000);
		return false;
	}
	return true;
}

static int try_once(struct guests *g, const struct traffic_trial *trial, struct traffic_result *r,
		    bool *good, struct err *e)
{
	struct rig *rig = g->subject->rig;
	struct system_counters before = {0}, after = {0};
	struct watch_seen seen;
	struct watch watch;
	json_t *out;
	int ret;

	*r = (struct traffic_result){0};
	ret = rig_counters(rig, &before, e);
	if (ret != 0)
		return ret;
	watch_begin(&watch);
	ret = g->traffic ? traffic_run(g->traffic, trial, r, e)
			 : kvm_guests_run(&g->kvm, trial, r, e);
	watch_end(&watch, &seen);
	if (ret != 0)
		return ret;
	ret = rig_counters(rig, &after, e);
	if (ret != 0) {
		traffic_result_clear(r);
		return ret;
	}
	out = describe(g, trial, r);
	g->frame_cycles = 0;
	if (before.known && after.known && after.busy_cycles > before.busy_cycles &&
	    after.rx > before.rx) {
		g->frame_cycles = (double)(after.busy_cycles - before.busy_cycles) /
				  (double)(after.rx - before.rx);
		json_object_set_new(out, "busy_cycles", json_real(g->frame_cycles));
	}
	/* What was lost is only known when everything is accounted for. */
	*good = balanced(g, trial, r, &before, &after, out);
	/* A disturbance is the likelier cause, so it has the last word. */
	*good = valid(g, trial, r, &seen) && *good;
	json_object_set_new(out, "valid", json_boolean(*good));
	if (!*good)
		json_object_set_new(out, "why", json_string(g->why));
	if (!g->trials)
		g->trials = json_array();
	json_array_append_new(g->trials, out);
	return 0;
}

int guests_trial(struct guests *g, const struct traffic_trial *trial, struct traffic_result *r,
		 struct err *e)
{
	unsigned int left = g->subject->limits->retries;

	for (;;) {
		bool good = false;
		int ret = try_once(g, trial, r, &good, e);

		if (ret != 0 || good)
			return ret;
		traffic_result_clear(r);
		if (g->subject->interrupted()) {
			snprintf(g->why, sizeof(g->why), "interrupted");
			return GUESTS_TRIAL_INVALID;
		}
		if (left-- == 0)
			return GUESTS_TRIAL_INVALID;
	}
}

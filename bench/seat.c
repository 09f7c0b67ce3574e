/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/seat.h"

#include "base/clock.h"
#include "bench/machine/netns.h"
#include "bench/machine/proc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(struct subject *subject, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct subject *subject, const char *fmt, ...)
{
	struct seat *seat = (struct seat *)subject;
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	progress_detail(&seat->session->progress, "%s", text);
}

/* What the scenario left open: places in the file system, namespaces, addresses, processors. */
static void complete(struct wiring *w, const struct session *session, const struct entry *entry)
{
	for (size_t i = 0; i < w->n_ports; i++) {
		struct wire_port *p = &w->ports[i];

		if (p->kind == PORT_VHOST && !p->socket[0])
			snprintf(p->socket, sizeof(p->socket), "%s/%s.%zu.sock", bench_dir(),
				 entry->file_name, i);
		if (p->kind == PORT_HOST) {
			if (!p->netns[0])
				snprintf(p->netns, sizeof(p->netns), "%s-%u", entry->file_name,
					 (unsigned int)i % WIRE_PORTS);
			if (!p->ifname[0])
				snprintf(p->ifname, sizeof(p->ifname), "eth0");
			if (!p->address[0])
				snprintf(p->address, sizeof(p->address), "10.0.0.%zu/24", i + 1);
		}
	}
	w->worker_cpus = session->worker_cpus;
	w->control_cpus = session->load_cpus;
	w->huge_pages = session->huge_pages;
}

static void remove_hosts(const struct wiring *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (w->ports[i].kind == PORT_HOST)
			netns_del(w->ports[i].netns);
}

static int make_hosts(const struct wiring *w, struct err *e)
{
	for (size_t i = 0; i < w->n_ports; i++) {
		int ret = w->ports[i].kind == PORT_HOST ? netns_add(w->ports[i].netns, e) : 0;

		if (ret) {
			remove_hosts(w, i);
			return ret;
		}
	}
	return 0;
}

static int freeze(struct seat *seat, bool frozen, struct err *e)
{
	const struct scenario *scenario = seat->subject.cell->scenario;
	int ret = 0;

	if (seat->subject.rig)
		ret = frozen ? rig_freeze(seat->subject.rig, e) : rig_thaw(seat->subject.rig, e);
	if (!ret && scenario->freeze)
		ret = scenario->freeze(&seat->subject, frozen, e);
	return ret;
}

static int start_rig(struct seat *seat, const struct cell *cell, struct err *e)
{
	struct wiring w = {0};
	int ret;

	if (cell->scenario->rigless)
		return 0;
	ret = cell->scenario->wire(cell, &w, e);
	if (ret)
		return ret;
	complete(&w, seat->session, seat->entry);
	ret = make_hosts(&w, e);
	if (ret)
		return ret;
	ret = rig_start(seat->entry->system, seat->entry->file_name, &w, &seat->subject.rig, e);
	if (ret)
		remove_hosts(&w, w.n_ports);
	return ret;
}

static void stop_rig(struct seat *seat)
{
	struct rig *rig = seat->subject.rig;
	struct wiring w;

	if (!rig)
		return;
	w = rig->wiring;
	rig_stop(rig);
	remove_hosts(&w, w.n_ports);
	seat->subject.rig = NULL;
}

int seat_open(struct seat *seat, struct session *session, const struct cell *cell,
	      const struct entry *entry, struct err *e)
{
	int ret;

	*seat = (struct seat){
		.cell = {cell->scenario, json_deep_copy(cell->params)},
		.subject = {.cell = &seat->cell,
			    .name = entry->name,
			    .limits = &session->options->limits,
			    .load_cpus = session->load_cpus,
			    .say = say,
			    .interrupted = session_interrupted},
		.session = session,
		.entry = entry,
	};
	ret = cells_change(cell->scenario, entry->written, seat->cell.params, e);
	if (ret == 0)
		ret = start_rig(seat, &seat->cell, e);
	if (ret)
		goto forget;
	ret = cell->scenario->open(&seat->subject, e);
	if (ret)
		goto stop;
	ret = freeze(seat, true, e);
	if (ret)
		goto close;
	seat->open = true;
	return 0;

close:
	cell->scenario->close(&seat->subject);
stop:
	stop_rig(seat);
forget:
	json_decref(seat->cell.params);
	return ret;
}

void seat_close(struct seat *seat)
{
	struct err ignored = {0};

	if (!seat->open)
		return;
	freeze(seat, false, &ignored);
	seat->subject.cell->scenario->close(&seat->subject);
	stop_rig(seat);
	json_decref(seat->cell.params);
	seat->open = false;
}

/* "raw" of the run: each try with all it was made of. Takes the sample's data over. */
static void keep(struct seat *seat, size_t round, struct sample *sample,
		 const struct watch_seen *seen)
{
	json_t *out =
		json_pack("{s:s,s:O,s:i,s:b,s:{s:f,s:f,s:f,s:f}}", "system", seat->entry->name,
			  "params", seat->subject.cell->params, "round", (int)round, "valid",
			  sample->valid, "watch", "seconds", seen->seconds, "steal", seen->steal,
			  "foreign", seen->foreign, "ours", seen->ours);

	if (!sample->valid)
		json_object_set_new(out, "why", json_string(sample->why));
	if (sample->raw)
		json_object_set(out, "data", sample->raw);
	json_array_append_new(json_object_get(seat->session->run, "raw"), out);
}

/* Cycles a stage so far, where the system can tell; kept with the sample. */
static void add_stages(struct seat *seat, struct sample *sample)
{
	struct rig *rig = seat->subject.rig;
	json_t *told = rig && rig->system->stages ? rig->system->stages(rig) : NULL;
	json_t *stages = json_object_get(told, "stages");

	if (stages) {
		if (!sample->raw)
			sample->raw = json_object();
		json_object_set(sample->raw, "stages", stages);
	}
	json_decref(told);
}

static int try_once(struct seat *seat, size_t round, struct sample *sample, struct err *e)
{
	const struct scenario *scenario = seat->subject.cell->scenario;
	struct watch watch;
	struct watch_seen seen;
	int ret;

	*sample = (struct sample){.valid = true};
	watch_begin(&watch);
	ret = scenario->sample(&seat->subject, sample, e);
	watch_end(&watch, &seen);
	if (!ret) {
		char why[sizeof(sample->why)];

		if (sample->valid && !scenario->watches &&
		    !watch_ok(&seen, &seat->session->options->limits.watch, why, sizeof(why)))
			sample_spoil(sample, "%s", why);
		add_stages(seat, sample);
		keep(seat, round, sample, &seen);
	}
	json_decref(sample->raw);
	sample->raw = NULL;
	return ret;
}

int seat_sample(struct seat *seat, size_t round, struct sample *sample, struct err *e)
{
	/* A scenario that watches for itself has repeated what it could. */
	unsigned int retries =
		seat->subject.cell->scenario->watches ? 0 : seat->session->options->limits.retries;
	int ret = freeze(seat, false, e), again;

	if (ret)
		return ret;
	for (unsigned int try = 0;; try++) {
		ret = try_once(seat, round, sample, e);
		if (ret || sample->valid || try == retries || session_interrupted())
			break;
		progress_note(&seat->session->progress, "%s: disturbed (%s), again",
			      seat->entry->name, sample->why);
	}
	again = freeze(seat, true, e);
	return ret ? ret : again;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of samples. All systems of a cell are up at the same time, frozen but for the one whose
 * turn it is, so that what the machine does in a second hits all alike. In every other round they
 * go in the opposite order (A B B A), which takes out a drift. A round gives one pair for each
 * comparison; rounds go on until the intervals are narrow enough, the time is up, or there were
 * enough.
 */
#include "base/clock.h"
#include "bench/seat.h"

#include <stdlib.h>
#include <string.h>

/* The load's ceiling is measured this often: it does not depend on the system. */
#define CEILING_ROUNDS 3

struct rounds {
	struct session *session;
	const struct cell *cell;
	size_t cell_index;
	struct seat seats[RESULTS_SYSTEMS];
	size_t n;
	struct results results;
};

static void refuse(struct rounds *r, const struct entry *entry, const struct err *e)
{
	struct session *s = r->session;

	progress_note(&s->progress, "%s: %s", entry->name, e->text);
	json_array_append_new(json_object_get(s->run, "refused"),
			      json_pack("{s:s,s:O,s:s}", "system", entry->name, "params",
					r->cell->params, "why", e->text));
}

static void open_all(struct rounds *r, const char *title)
{
	struct session *s = r->session;

	for (size_t i = 0; i < s->n_entries && !session_interrupted(); i++) {
		struct err e = {0};

		progress_step(&s->progress, "%s  starting %s", title, s->entries[i].name);
		if (seat_open(&r->seats[r->n], s, r->cell, &s->entries[i], &e)) {
			refuse(r, &s->entries[i], &e);
			continue;
		}
		r->results.system[r->n].name = s->entries[i].name;
		r->results.system[r->n].ceiling = s->entries[i].ceiling;
		r->n++;
	}
	r->results.n_systems = r->n;
	r->results.cell = r->cell;
}

/* A system that cannot go on leaves: what it has given stays. */
static void leave(struct rounds *r, size_t i, const struct err *e)
{
	refuse(r, r->seats[i].entry, e);
	seat_close(&r->seats[i]);
}

static void one_round(struct rounds *r, size_t round, const char *title)
{
	struct session *s = r->session;

	r->results.rounds = round + 1;
	for (size_t k = 0; k < r->n && !session_interrupted(); k++) {
		size_t i = round % 2 ? r->n - 1 - k : k;
		struct seat *seat = &r->seats[i];
		struct sample sample;
		struct err e = {0};

		if (!seat->open || (seat->entry->ceiling && round >= CEILING_ROUNDS))
			continue;
		progress_step(&s->progress, "%s  round %zu  %s", title, round + 1,
			      seat->entry->name);
		if (seat_sample(seat, round, &sample, &e)) {
			leave(r, i, &e);
			continue;
		}
		/* What Ctrl-C cut short is no result, and no fault of the machine's either. */
		if (!sample.valid && session_interrupted())
			continue;
		results_add(&r->results, i, round, &sample);
		if (!sample.valid)
			progress_note(&s->progress, "%s: round %zu does not count: %s",
				      seat->entry->name, round + 1, sample.why);
	}
}

/* Without a budget: should every round that is allowed be needed, as long as those before. */
static void foretell(struct session *s, size_t cell, uint64_t round_ns, size_t rounds_left)
{
	size_t cells_left = s->options->cells.n - cell - 1;

	s->progress.end_ns =
		clock_now_ns() + round_ns * (rounds_left + cells_left * s->options->max_rounds);
}

static bool anybody(const struct rounds *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->seats[i].open && !r->seats[i].entry->ceiling)
			return true;
	return false;
}

void rounds_run(struct session *s, size_t cell, uint64_t until_ns)
{
	const struct run_options *o = s->options;
	struct rounds *r = calloc(1, sizeof(*r));
	uint64_t first_ns;
	char title[160];

	if (!r)
		abort();
	r->session = s;
	r->cell = &o->cells.cell[cell];
	cells_title(&o->cells, cell, false, title, sizeof(title));
	if (!title[0])
		snprintf(title, sizeof(title), "%s", o->scenario->name);
	open_all(r, title);
	first_ns = clock_now_ns();
	for (size_t round = 0; round < o->max_rounds && anybody(r) && !session_interrupted();
	     round++) {
		if (round >= o->min_rounds) {
			if (results_settled(&r->results, o->confidence))
				break;
			if (until_ns && clock_now_ns() >= until_ns)
				break;
		}
		one_round(r, round, title);
		if (!until_ns)
			foretell(s, cell, (clock_now_ns() - first_ns) / (round + 1),
				 o->max_rounds - round - 1);
	}
	for (size_t i = 0; i < r->n; i++)
		seat_close(&r->seats[i]);
	results_report(&r->results, cell + 1, s->run);
	results_clear(&r->results);
	if (session_interrupted())
		s->partial = true;
	free(r);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of the trials. Each goal goes through phases: the trials of the first are short and its
 * width is large; in the last they are what the goal asks for. Goals move together, phase by phase,
 * and each sees all trials, so a bound found for one is often one for the next.
 *
 * A trial is wanted at one of four places:
 *   the bounds of the phase before, to be shown again with longer trials;
 *   further down, or up, in growing steps, while one bound is missing;
 *   where the loss at the upper bound says that the system's capacity is: a switch that is offered
 *     too much mostly passes on what it can, so what came through is a very good guess;
 *   in the (geometric) middle, when such guesses do not help.
 */
#include "bench/stat/search.h"

#include "bench/stat/classify.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
	PHASES_MAX = 10,
	MISSES_MAX = 2,
	STEPS_MAX = 12, /* doublings of a step: by then it is any distance */
};

static const double within = 0.98; /* steps of so much of a width end inside of it */
static const double widest = 0.25; /* of a width in an early phase */

static uint32_t phases(const struct search *s, size_t goal)
{
	double ratio = s->spec.goals[goal].final_seconds / s->spec.initial_seconds;

	if (ratio <= 1)
		return 1;
	return (uint32_t)fmin(PHASES_MAX, 1 + ceil(log2(ratio) - 1e-9));
}

static struct search_target target(const struct search *s, size_t goal, uint32_t phase)
{
	const struct search_goal *g = &s->spec.goals[goal];
	uint32_t last = phases(s, goal) - 1;
	struct search_target t = {g->loss_ratio, g->exceed_ratio, g->final_seconds, g->sum_seconds,
				  g->width};

	if (phase < last) {
		t.seconds = s->spec.initial_seconds *
			    pow(g->final_seconds / s->spec.initial_seconds, (double)phase / last);
		t.sum_seconds = t.seconds;
		t.width = fmax(g->width, fmin(widest, ldexp(g->width, (int)(last - phase))));
	}
	return t;
}

static bool enough(const struct search *s, const struct search_target *t,
		   const struct load_bounds *b)
{
	if (b->lower_known && b->lower >= s->spec.max_load * (1 - s->grain))
		return true;
	if (b->upper_known && b->upper <= s->spec.min_load * (1 + s->grain))
		return true;
	return b->lower_known && b->upper_known && b->upper - b->lower <= b->upper * t->width;
}

/* By which factor the n-th step of looking further moves. */
static double stride(const struct search_target *t, uint32_t n)
{
	return pow(1 - within * t->width, ldexp(1, (int)(n < STEPS_MAX ? n : STEPS_MAX)));
}

/* The load at which the goal's loss would be met if what came through at `load` is all that ever
 * does; a little less, so that the trial there is good. */
static double guess(const struct search *s, const struct search_target *t, double load)
{
	double received = load * (1 - load_loss(s, load));

	return received / (1 - t->loss_ratio) * (1 - t->width / 2);
}

static double further_down(struct search *s, struct search_state *state,
			   const struct search_target *t, double upper)
{
	if (state->hint_lower > 0 && state->hint_lower < upper &&
	    !load_same(s, state->hint_lower, upper))
		return state->hint_lower;
	return fmin(upper * stride(t, state->downs++), guess(s, t, upper));
}

static double further_up(struct search *s, struct search_state *state,
			 const struct search_target *t, double lower)
{
	double load = lower / stride(t, state->ups);

	if (state->hint_upper > load || load_same(s, state->hint_upper, load))
		return state->hint_upper;
	state->ups++;
	return load;
}

static double between(struct search *s, struct search_state *state, const struct search_target *t,
		      const struct load_bounds *b)
{
	double ratio = b->upper / b->lower, load = guess(s, t, b->upper);
	double step = stride(t, 0);

	if (state->ratio > 0 && log(ratio) > log(state->ratio) / 2)
		state->misses++;
	state->ratio = 0;
	if (state->misses >= MISSES_MAX || load < b->lower * step || ratio * step * step < 1)
		return sqrt(b->lower * b->upper);
	state->ratio = ratio;
	/* The guess is the lower bound, as good as: what is wanted is an upper one beside it. */
	if (load * step < b->lower)
		return b->lower / step;
	return fmin(load, b->upper * step);
}

/* A load that was tried already serves when it is near, and undecided. */
static double snap(const struct search *s, const struct search_target *t, double load)
{
	double nearest = load, distance = t->width / 4;

	for (uint32_t i = 0; i < s->n_trials; i++) {
		double off = fabs(s->trials[i].load / load - 1);

		if (off < distance && load_classify(s, t, s->trials[i].load) == LOAD_UNDECIDED) {
			distance = off;
			nearest = s->trials[i].load;
		}
	}
	return nearest;
}

static double want(struct search *s, size_t goal, const struct search_target *t,
		   const struct load_bounds *b)
{
	struct search_state *state = &s->states[goal];
	double load;

	if (b->lower_known && b->upper_known)
		load = between(s, state, t, b);
	else if (b->upper_known)
		load = further_down(s, state, t, b->upper);
	else if (b->lower_known)
		load = further_up(s, state, t, b->lower);
	else if (state->hint_lower > 0)
		load = state->hint_lower;
	else if (state->hint_upper > 0)
		load = state->hint_upper;
	else
		load = s->spec.start_load > 0 ? s->spec.start_load : s->spec.max_load;
	load = snap(s, t, fmin(fmax(load, s->spec.min_load), s->spec.max_load));
	return fmin(fmax(load, s->spec.min_load), s->spec.max_load);
}

/* The goal is done with its phase. */
static void advance(struct search_state *state, const struct load_bounds *b)
{
	*state = (struct search_state){
		.phase = state->phase + 1,
		.hint_lower = b->lower_known ? b->lower : 0,
		.hint_upper = b->upper_known ? b->upper : 0,
	};
}

/* The goal that is furthest behind; n_goals when each is done. */
static size_t behind(const struct search *s)
{
	size_t goal = s->spec.n_goals;

	for (size_t g = 0; g < s->spec.n_goals; g++)
		if (s->states[g].phase < phases(s, g) &&
		    (goal == s->spec.n_goals || s->states[g].phase < s->states[goal].phase))
			goal = g;
	return goal;
}

/* Decides on the next trial. */
static void plan(struct search *s)
{
	size_t goal;

	while ((goal = behind(s)) < s->spec.n_goals) {
		struct search_target t = target(s, goal, s->states[goal].phase);
		struct load_bounds b = load_bounds(s, &t);

		if (enough(s, &t, &b)) {
			advance(&s->states[goal], &b);
			continue;
		}
		s->goal = goal;
		s->load = want(s, goal, &t, &b);
		s->seconds = t.seconds;
		return;
	}
	s->over = true;
}

static bool goal_ok(const struct search_goal *g)
{
	return g->loss_ratio >= 0 && g->loss_ratio < 1 && g->exceed_ratio >= 0 &&
	       g->exceed_ratio < 1 && g->final_seconds > 0 && isfinite(g->final_seconds) &&
	       g->sum_seconds >= 0 && isfinite(g->sum_seconds) && g->width > 0 && g->width < 1;
}

int search_init(struct search *s, const struct search_spec *spec)
{
	memset(s, 0, sizeof(*s));
	if (spec->n_goals < 1 || spec->n_goals > SEARCH_GOALS || spec->max_trials > SEARCH_TRIALS ||
	    !(spec->min_load > 0 && spec->min_load <= spec->max_load) ||
	    !isfinite(spec->max_load) || !(spec->start_load >= 0 && isfinite(spec->start_load)) ||
	    !(spec->initial_seconds > 0 && isfinite(spec->initial_seconds)))
		return -EINVAL;
	s->spec = *spec;
	s->grain = 1;
	for (size_t g = 0; g < spec->n_goals; g++) {
		if (!goal_ok(&spec->goals[g]))
			return -EINVAL;
		s->grain = fmin(s->grain, spec->goals[g].width / 8);
	}
	if (!s->spec.max_trials)
		s->spec.max_trials = SEARCH_TRIALS;
	plan(s);
	return 0;
}

bool search_next(const struct search *s, double *load, double *seconds)
{
	if (s->over || s->n_trials >= s->spec.max_trials)
		return false;
	*load = s->load;
	*seconds = s->seconds;
	return true;
}

void search_result(struct search *s, const struct search_trial *trial)
{
	struct search_target t;

	if (s->over || s->n_trials >= s->spec.max_trials)
		return;
	s->trials[s->n_trials++] = *trial;
	t = target(s, s->goal, s->states[s->goal].phase);
	/* A load that is begun is ended. */
	if (load_same(s, trial->load, s->load) && load_classify(s, &t, s->load) == LOAD_UNDECIDED)
		return;
	plan(s);
}

struct search_found search_found(const struct search *s, size_t goal)
{
	struct search_found found = {false, false, 0, 0, 0, false};
	struct search_target t;
	struct load_bounds b;

	if (goal >= s->spec.n_goals)
		return found;
	t = target(s, goal, phases(s, goal) - 1);
	b = load_bounds(s, &t);
	found.lower_known = b.lower_known;
	found.upper_known = b.upper_known;
	found.lower = b.lower;
	found.upper = b.upper;
	found.throughput = b.lower_known ? load_throughput(s, &t, b.lower) : 0;
	found.reached = b.lower_known && enough(s, &t, &b);
	return found;
}

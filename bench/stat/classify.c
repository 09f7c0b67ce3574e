/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/stat/classify.h"

#include <math.h>
#include <string.h>

static const double shorter = 0.99; /* of the asked duration: a trial that is not short of it */

static double loss_of(const struct search_trial *t)
{
	return (double)t->lost / (double)t->offered;
}

bool load_same(const struct search *s, double a, double b)
{
	return fabs(a - b) <= s->grain * fmax(a, b);
}

enum load_class load_classify(const struct search *s, const struct search_target *t, double load)
{
	double full_low = 0, full_high = 0, short_low = 0, short_high = 0;
	double balance, high, whole, allowed;

	for (uint32_t i = 0; i < s->n_trials; i++) {
		const struct search_trial *trial = &s->trials[i];
		bool is_high, full = trial->seconds >= t->seconds * shorter;

		if (!load_same(s, trial->load, load) || !trial->offered)
			continue; /* a trial with nothing offered says nothing */
		is_high = loss_of(trial) > t->loss_ratio;
		if (full)
			*(is_high ? &full_high : &full_low) += trial->seconds;
		else
			*(is_high ? &short_high : &short_low) += trial->seconds;
	}
	/* Short trials cannot prove a load good. Bad ones count, less those that the good ones
	 * beside them excuse. */
	balance = short_low * t->exceed_ratio / (1 - t->exceed_ratio);
	high = full_high + fmax(0, short_high - balance);
	whole = fmax(full_low + high, t->sum_seconds * shorter);
	allowed = whole * t->exceed_ratio;
	/* Good, were all seconds that are missing bad; or bad, were they all good. */
	if (full_low > 0 && whole - full_low <= allowed + 1e-9 * whole)
		return LOAD_LOWER;
	return high > allowed + 1e-9 * whole ? LOAD_UPPER : LOAD_UNDECIDED;
}

struct load_bounds load_bounds(const struct search *s, const struct search_target *t)
{
	struct load_bounds b = {false, false, 0, 0};
	enum load_class class[SEARCH_TRIALS];

	for (uint32_t i = 0; i < s->n_trials; i++) {
		class[i] = load_classify(s, t, s->trials[i].load);
		if (class[i] == LOAD_UPPER && (!b.upper_known || s->trials[i].load < b.upper)) {
			b.upper_known = true;
			b.upper = s->trials[i].load;
		}
	}
	for (uint32_t i = 0; i < s->n_trials; i++) {
		double load = s->trials[i].load;

		if (class[i] != LOAD_LOWER || (b.upper_known && load >= b.upper))
			continue;
		if (!b.lower_known || load > b.lower) {
			b.lower_known = true;
			b.lower = load;
		}
	}
	return b;
}

double load_loss(const struct search *s, double load)
{
	double offered = 0, lost = 0;

	for (uint32_t i = 0; i < s->n_trials; i++) {
		if (!load_same(s, s->trials[i].load, load))
			continue;
		offered += (double)s->trials[i].offered;
		lost += (double)s->trials[i].lost;
	}
	return offered > 0 ? lost / offered : 0;
}

double load_throughput(const struct search *s, const struct search_target *t, double load)
{
	double whole = 0, remaining, quantile = 0;
	bool used[SEARCH_TRIALS];

	for (uint32_t i = 0; i < s->n_trials; i++) {
		const struct search_trial *trial = &s->trials[i];

		used[i] = !load_same(s, trial->load, load) || !trial->offered ||
			  trial->seconds < t->seconds * shorter;
		whole += used[i] ? 0 : trial->seconds;
	}
	/* From the best trial on, until the rest may exceed. */
	remaining = fmax(whole, t->sum_seconds * shorter) * (1 - t->exceed_ratio) * (1 - 1e-9);
	while (remaining > 0) {
		const struct search_trial *best = NULL;

		for (uint32_t i = 0; i < s->n_trials; i++)
			if (!used[i] && (!best || loss_of(&s->trials[i]) < loss_of(best)))
				best = &s->trials[i];
		if (!best)
			return 0; /* too few seconds: not a bound */
		used[best - s->trials] = true;
		quantile = loss_of(best);
		remaining -= best->seconds;
	}
	return load * (1 - quantile);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/guests.h"

#include <stdio.h>

/* A sample is a search of a few seconds; many samples make a result. So trials are short, and how
 * sure a figure is comes from the samples, not from the single search. */
static const double trial_seconds = 0.4, first_seconds = 0.2, width = 0.02, exceed = 0.5;

enum { TRIALS_MAX = 40, LEAST_PPS = 1000 };

int guests_overload(struct guests *g, double seconds, double *pps, struct err *e)
{
	struct traffic_trial trial = g->base;
	struct traffic_result r;
	int ret;

	trial.pps = 0;
	trial.seconds = seconds;
	ret = guests_trial(g, &trial, &r, e);
	if (ret != 0)
		return ret;
	*pps = r.seconds > 0 ? (double)(r.received - r.duplicated) / r.seconds : 0;
	g->overload_pps = *pps;
	return 0;
}

static int spec_of(const struct guests *g, const double *loss_ratios, size_t n,
		   struct search_spec *spec, struct err *e)
{
	double final =
		g->subject->limits->seconds > 0 ? g->subject->limits->seconds : trial_seconds;

	*spec = (struct search_spec){
		/* Twice what came through at best: more than that is refused, or not offered. */
		.max_load = 2 * g->overload_pps,
		.min_load = LEAST_PPS,
		.start_load = g->start_load > 0 ? g->start_load : 0.8 * g->overload_pps,
		.initial_seconds = final < first_seconds ? final : first_seconds,
		.n_goals = n,
		.max_trials = TRIALS_MAX,
	};
	if (spec->max_load <= spec->min_load)
		return err_set(e, -EIO, "next to nothing comes through: %.0f frames a second",
			       g->overload_pps);
	for (size_t i = 0; i < n; i++)
		spec->goals[i] = (struct search_goal){
			.loss_ratio = loss_ratios[i],
			.exceed_ratio = exceed,
			.final_seconds = final,
			.sum_seconds = 2 * final,
			.width = width,
		};
	return 0;
}

int guests_search(struct guests *g, const double *loss_ratios, size_t n, struct search_found *found,
		  struct err *e)
{
	struct subject *s = g->subject;
	struct search_spec spec;
	struct search search;
	double load, seconds, ignored;
	int ret = 0;

	if (g->overload_pps <= 0)
		ret = guests_overload(g, trial_seconds, &ignored, e);
	if (ret == 0)
		ret = spec_of(g, loss_ratios, n, &spec, e);
	if (ret != 0)
		return ret;
	if (search_init(&search, &spec) != 0)
		return err_set(e, -EINVAL, "no search from %.0f to %.0f frames a second",
			       spec.min_load, spec.max_load);
	while (search_next(&search, &load, &seconds)) {
		struct traffic_trial trial = g->base;
		struct traffic_result r;
		unsigned int ports;

		trial.pps = load;
		trial.seconds = seconds;
		ret = guests_trial(g, &trial, &r, e);
		if (ret != 0)
			return ret;
		ports = trial.pattern == TRAFFIC_BROADCAST
				? (unsigned int)s->rig->wiring.n_ports - 1
				: 1;
		search_result(&search, &(struct search_trial){load, seconds, r.offered * ports,
							      guests_lost(g, &trial, &r)});
		found[0] = search_found(&search, 0);
		s->say(s, "%.3f to %.3f Mpps, trial %u", found[0].lower / 1e6,
		       found[0].upper_known ? found[0].upper / 1e6 : spec.max_load / 1e6,
		       search.n_trials);
		if (s->interrupted()) {
			snprintf(g->why, sizeof(g->why), "interrupted");
			return GUESTS_TRIAL_INVALID;
		}
	}
	for (size_t i = 0; i < n; i++)
		found[i] = search_found(&search, i);
	if (n && found[0].lower_known)
		g->start_load = found[0].lower;
	return 0;
}

json_t *guests_data(struct guests *g, const double *loss_ratios, size_t n,
		    const struct search_found *found)
{
	json_t *out = json_object(), *goals = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *goal = json_pack("{s:f,s:b}", "loss_ratio", loss_ratios[i], "reached",
					 found[i].reached);

		if (found[i].lower_known) {
			json_object_set_new(goal, "lower", json_real(found[i].lower));
			json_object_set_new(goal, "throughput", json_real(found[i].throughput));
		}
		if (found[i].upper_known)
			json_object_set_new(goal, "upper", json_real(found[i].upper));
		json_array_append_new(goals, goal);
	}
	json_object_set_new(out, "trials", g->trials ? g->trials : json_array());
	g->trials = NULL;
	if (n)
		json_object_set_new(out, "goals", goals);
	else
		json_decref(goals);
	return out;
}

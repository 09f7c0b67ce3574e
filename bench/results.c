/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/results.h"

#include "bench/stat/boot.h"

#include <math.h>
#include <string.h>

/* What is this near to the load's own limit says nothing of the system. */
#define BOUND_SHARE 0.95

static struct series *series_of(struct results_system *s, const struct sample_value *v)
{
	struct series *series;

	for (size_t i = 0; i < s->n_series; i++)
		if (!strcmp(s->series[i].metric, v->metric))
			return &s->series[i];
	if (s->n_series == RESULTS_SERIES)
		return NULL;
	series = &s->series[s->n_series++];
	memset(series, 0, sizeof(*series));
	strncpy(series->metric, v->metric, sizeof(series->metric) - 1);
	strncpy(series->unit, v->unit, sizeof(series->unit) - 1);
	series->lower_better = v->lower_better;
	series->informal = v->informal;
	return series;
}

static void note_invalid(struct results_system *s, const char *why)
{
	size_t i;
	json_t *known;

	s->invalid++;
	if (!s->invalid_why)
		s->invalid_why = json_array();
	json_array_foreach (s->invalid_why, i, known) {
		if (!strcmp(json_string_value(known), why))
			return;
	}
	json_array_append_new(s->invalid_why, json_string(why));
}

void results_add(struct results *r, size_t system, size_t round, const struct sample *sample)
{
	struct results_system *s = &r->system[system];

	if (!sample->valid) {
		note_invalid(s, sample->why);
		return;
	}
	for (size_t i = 0; i < sample->n; i++) {
		struct series *series = series_of(s, &sample->values[i]);

		if (series && round < RESULTS_ROUNDS) {
			series->have[round] = true;
			series->value[round] = sample->values[i].value;
		}
	}
}

void results_clear(struct results *r)
{
	for (size_t i = 0; i < r->n_systems; i++)
		json_decref(r->system[i].invalid_why);
	memset(r, 0, sizeof(*r));
}

static size_t collect(const struct series *s, size_t rounds, double *values)
{
	size_t n = 0;

	for (size_t i = 0; i < rounds && i < RESULTS_ROUNDS; i++)
		if (s->have[i])
			values[n++] = s->value[i];
	return n;
}

/* The rounds in which both were measured: what was disturbed for one is not compared. */
static size_t collect_pairs(const struct series *a, const struct series *b, size_t rounds,
			    double *va, double *vb)
{
	size_t n = 0;

	for (size_t i = 0; i < rounds && i < RESULTS_ROUNDS; i++) {
		if (a->have[i] && b->have[i]) {
			va[n] = a->value[i];
			vb[n++] = b->value[i];
		}
	}
	return n;
}

static const struct series *find(const struct results_system *s, const char *metric)
{
	for (size_t i = 0; i < s->n_series; i++)
		if (!strcmp(s->series[i].metric, metric))
			return &s->series[i];
	return NULL;
}

/* The median and its interval. What cannot be below 0 and is skewed to the right, as times and
 * rates are, gets it on a logarithmic scale: no interval reaches where no value can be. */
static struct interval median_of(const double *values, size_t n, uint64_t seed)
{
	double logs[RESULTS_ROUNDS] = {0};
	struct interval i;

	for (size_t k = 0; k < n; k++) {
		if (!(values[k] > 0))
			return boot_median(values, n, 0.95, seed);
		logs[k] = log(values[k]);
	}
	i = boot_median(logs, n, 0.95, seed);
	i.mid = stat_median(values, n);
	i.lo = exp(i.lo);
	i.hi = exp(i.hi);
	return i;
}

static bool ceiling_of(const struct results *r, const struct series *series, double *ceiling)
{
	double values[RESULTS_ROUNDS] = {0};

	const char *floor = r->cell->scenario->floor_metric;

	if (series->informal ||
	    (series->lower_better && (!floor || strcmp(floor, series->metric) != 0)))
		return false;
	for (size_t i = 0; i < r->n_systems; i++) {
		const struct series *top =
			r->system[i].ceiling ? find(&r->system[i], series->metric) : NULL;
		size_t n = top ? collect(top, r->rounds, values) : 0;

		if (n) {
			*ceiling = stat_median(values, n);
			return true;
		}
	}
	return false;
}

static bool is_bound(const struct results *r, const struct results_system *s,
		     const struct series *series)
{
	double values[RESULTS_ROUNDS] = {0}, ceiling;
	size_t n = collect(series, r->rounds, values);

	if (!n || s->ceiling || !ceiling_of(r, series, &ceiling))
		return false;
	if (series->lower_better)
		return stat_median(values, n) <= ceiling / BOUND_SHARE;
	return stat_median(values, n) >= BOUND_SHARE * ceiling;
}

bool results_settled(const struct results *r, double within)
{
	double a[RESULTS_ROUNDS] = {0}, b[RESULTS_ROUNDS] = {0};
	bool any = false;

	for (size_t i = 0; i < r->n_systems; i++) {
		const struct results_system *s = &r->system[i];

		for (size_t k = 0; k < s->n_series && !s->ceiling; k++) {
			const struct series *series = &s->series[k];
			const struct series *first = find(&r->system[0], series->metric);
			struct interval known;

			if (series->informal)
				continue;
			any = true;
			known = median_of(a, collect(series, r->rounds, a), i + 1);
			if (!boot_settled(&known, within))
				return false;
			if (!i || !first)
				continue;
			known = boot_ratio(a, b, collect_pairs(first, series, r->rounds, a, b),
					   0.95, i + 1);
			if (!boot_settled(&known, within))
				return false;
		}
	}
	return any;
}

static json_t *range(double lo, double hi)
{
	return json_pack("[f,f]", lo, hi);
}

static void report_series(const struct results *r, const struct results_system *s,
			  const struct series *series, uint64_t seed, json_t *into)
{
	double values[RESULTS_ROUNDS] = {0}, ceiling;
	size_t n = collect(series, r->rounds, values);
	struct interval known = median_of(values, n, seed);
	struct bands bands = stat_bands(values, n);
	json_t *trials = json_array(), *out;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(trials, json_real(values[i]));
	out = json_pack("{s:s,s:O,s:s,s:s,s:b,s:b,s:o,s:i}", "system", s->name, "params",
			r->cell->params, "metric", series->metric, "unit", series->unit,
			"lower_better", series->lower_better, "informal", series->informal,
			"trials", trials, "invalid", (int)s->invalid);
	if (n)
		json_object_set_new(out, "median", json_real(known.mid));
	if (known.known && !series->informal)
		json_object_set_new(out, "ci95", range(known.lo, known.hi));
	if (s->invalid)
		json_object_set(out, "invalid_why", s->invalid_why);
	if (s->ceiling)
		json_object_set_new(out, "is_ceiling", json_true());
	else if (ceiling_of(r, series, &ceiling))
		json_object_set_new(out, "ceiling", json_real(ceiling));
	if (is_bound(r, s, series))
		json_object_set_new(out, "bound", json_string("generator"));
	if (bands.two)
		json_object_set_new(out, "bands", range(bands.low, bands.high));
	json_array_append_new(into, out);
}

static void report_ratio(const struct results *r, const struct results_system *b,
			 const struct series *of_a, const struct series *of_b, uint64_t seed,
			 json_t *into)
{
	const struct results_system *a = &r->system[0];
	double va[RESULTS_ROUNDS] = {0}, vb[RESULTS_ROUNDS] = {0};
	size_t n = collect_pairs(of_a, of_b, r->rounds, va, vb);
	struct interval ratio = boot_ratio(va, vb, n, 0.95, seed);
	struct interval sure = boot_ratio(va, vb, n, VERDICT_LEVEL_PERCENT / 100.0, seed);
	enum verdict verdict = boot_verdict(&sure, of_a->lower_better);
	bool a_bound = is_bound(r, a, of_a), b_bound = is_bound(r, b, of_b);
	json_t *out;

	/* What is 0, or was not measured together, has no ratio. */
	if (!n || ratio.mid <= 0)
		return;
	/* Two systems that both wait for the load were not compared with each other. */
	if (a_bound && b_bound)
		verdict = VERDICT_CANNOT_TELL;
	out = json_pack("{s:s,s:s,s:O,s:s,s:b,s:f,s:i,s:s}", "a", a->name, "b", b->name, "params",
			r->cell->params, "metric", of_a->metric, "lower_better", of_a->lower_better,
			"ratio", ratio.mid, "pairs", (int)n, "verdict", verdict_name(verdict));
	if (ratio.known)
		json_object_set_new(out, "ci95", range(ratio.lo, ratio.hi));
	if (a_bound || b_bound) {
		json_t *bound = json_array();

		if (a_bound)
			json_array_append_new(bound, json_string("a"));
		if (b_bound)
			json_array_append_new(bound, json_string("b"));
		json_object_set_new(out, "bound", bound);
	}
	json_array_append_new(into, out);
}

void results_report(const struct results *r, uint64_t seed, json_t *run)
{
	json_t *results = json_object_get(run, "results");
	json_t *comparisons = json_object_get(run, "comparisons");

	for (size_t i = 0; i < r->n_systems; i++) {
		const struct results_system *s = &r->system[i];

		for (size_t k = 0; k < s->n_series; k++) {
			const struct series *first = find(&r->system[0], s->series[k].metric);

			report_series(r, s, &s->series[k], seed, results);
			if (i && first && !s->ceiling && !first->informal)
				report_ratio(r, s, first, &s->series[k], seed, comparisons);
		}
		/* Nothing but disturbed samples is a result too. */
		if (!s->n_series && s->invalid)
			json_array_append_new(results, json_pack("{s:s,s:O,s:i,s:O}", "system",
								 s->name, "params", r->cell->params,
								 "invalid", (int)s->invalid,
								 "invalid_why", s->invalid_why));
	}
}

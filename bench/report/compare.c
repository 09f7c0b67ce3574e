/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/compare.h"
#include "bench/report/unpaired.h"

#include "base/json.h"
#include "bench/stat/boot.h"

#include <stdbool.h>
#include <string.h>

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	return !strcmp(json_get_str(a, key, ""), json_get_str(b, key, ""));
}

static const json_t *match(const json_t *list, const json_t *wanted)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);

		if (same_text(r, wanted, "system") && same_text(r, wanted, "metric") &&
		    same_text(r, wanted, "unit") &&
		    json_equal(json_object_get(r, "params"), json_object_get(wanted, "params")))
			return r;
	}
	return NULL;
}

/* The load's own limit is not compared, nor is what has no values. */
static bool counts(const json_t *result)
{
	return json_object_get(result, "metric") && json_object_get(result, "median") &&
	       json_array_size(json_object_get(result, "trials")) &&
	       !json_get_bool(result, "is_ceiling", false);
}

/* The trials, the first of them when there are more than can be ranked. */
static size_t trials(const json_t *result, double *values)
{
	const json_t *list = json_object_get(result, "trials");
	size_t n = 0;

	while (n < json_array_size(list) && n < UNPAIRED_MAX) {
		values[n] = json_number_value(json_array_get(list, n));
		n++;
	}
	return n;
}

static json_t *side(const json_t *result)
{
	static const char *const keys[] = {"median", "ci95", "bound"};
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(result, keys[i]))
			json_object_set(out, keys[i], json_object_get(result, keys[i]));
	return out;
}

static enum verdict verdict_of(const double *after, size_t n, const double *before, size_t m,
			       bool lower_better)
{
	struct unpaired u = unpaired_ratio(after, n, before, m, VERDICT_LEVEL_PERCENT / 100.0);

	if (!u.known || (u.lo <= 1 && u.hi >= 1))
		return VERDICT_CANNOT_TELL;
	return (u.lo > 1) != lower_better ? VERDICT_FASTER : VERDICT_SLOWER;
}

static json_t *compare_results(const json_t *before, const json_t *after)
{
	static const char *const names[] = {"cannot tell", "faster", "slower"};
	double a[UNPAIRED_MAX], b[UNPAIRED_MAX];
	size_t n = trials(after, a), m = trials(before, b);
	bool lower_better = json_get_bool(after, "lower_better", false);
	bool bound_before = json_object_get(before, "bound") != NULL;
	bool bound_after = json_object_get(after, "bound") != NULL;
	struct unpaired u = unpaired_ratio(a, n, b, m, 0.95);
	enum verdict v = verdict_of(a, n, b, m, lower_better);
	json_t *out;

	if (bound_before && bound_after)
		v = VERDICT_CANNOT_TELL;
	out = json_pack("{s:s,s:O,s:s,s:s,s:b,s:b,s:o,s:o,s:s}", "system",
			json_get_str(after, "system", ""), "params",
			json_object_get(after, "params"), "metric",
			json_get_str(after, "metric", ""), "unit", json_get_str(after, "unit", ""),
			"lower_better", lower_better, "informal",
			json_get_bool(after, "informal", false), "before", side(before), "after",
			side(after), "verdict", names[v]);
	if (u.ratio_known)
		json_object_set_new(out, "ratio", json_real(u.ratio));
	if (u.known)
		json_object_set_new(out, "ci95", json_pack("[f,f]", u.lo, u.hi));
	if (bound_before || bound_after) {
		json_t *bound = json_array();

		if (bound_before)
			json_array_append_new(bound, json_string("before"));
		if (bound_after)
			json_array_append_new(bound, json_string("after"));
		json_object_set_new(out, "bound", bound);
	}
	return out;
}

static void only(json_t *into, const json_t *result)
{
	json_array_append_new(into, json_pack("{s:s,s:O,s:s}", "system",
					      json_get_str(result, "system", ""), "params",
					      json_object_get(result, "params"), "metric",
					      json_get_str(result, "metric", "")));
}

json_t *compare_runs(const json_t *before, const json_t *after, struct err *e)
{
	const json_t *old = json_object_get(before, "results");
	const json_t *new = json_object_get(after, "results");
	json_t *comparisons, *only_before, *only_after, *out;

	if (!same_text(before, after, "scenario")) {
		err_set(e, -EINVAL,
			"the runs are of different scenarios, %s and %s; compare runs of the same",
			json_get_str(before, "scenario", ""), json_get_str(after, "scenario", ""));
		return NULL;
	}
	comparisons = json_array();
	only_before = json_array();
	only_after = json_array();
	for (size_t i = 0; i < json_array_size(new); i++) {
		const json_t *r = json_array_get(new, i), *was = match(old, r);

		if (!counts(r))
			continue;
		if (was && counts(was))
			json_array_append_new(comparisons, compare_results(was, r));
		else
			only(only_after, r);
	}
	for (size_t i = 0; i < json_array_size(old); i++) {
		const json_t *r = json_array_get(old, i), *is = match(new, r);

		if (counts(r) && !(is && counts(is)))
			only(only_before, r);
	}
	out = json_pack("{s:s,s:s,s:{s:s},s:{s:s},s:o,s:o,s:o}", "schema", "flue-bench-compare/1",
			"scenario", json_get_str(after, "scenario", ""), "before", "started",
			json_get_str(before, "started", ""), "after", "started",
			json_get_str(after, "started", ""), "comparisons", comparisons,
			"only_before", only_before, "only_after", only_after);
	if (!out) {
		err_set(e, -ENOMEM, "no memory to compare");
	} else if (!json_array_size(comparisons)) {
		json_decref(out);
		out = NULL;
		err_set(e, -EINVAL,
			"the runs have nothing in common: no system was measured in both with the "
			"same parameters");
	}
	return out;
}

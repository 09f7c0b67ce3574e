/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/chart.h"

#include "base/json.h"

#include <math.h>

const char *chart_colour(const struct view_scenario *s, size_t system)
{
	static const char *const classes[VIEW_COLOURS] = {"s0", "s1", "s2", "s3",
							  "s4", "s5", "s6", "s7"};

	return classes[s->view->systems[system].colour];
}

const json_t *chart_data(const struct view_scenario *s, const struct view_raw *r, size_t cell,
			 const char *list)
{
	const json_t *data;

	if (r->cell != cell || r->run != s->latest[cell])
		return NULL;
	data = json_object_get(json_object_get(r->raw, "data"), list);
	return json_array_size(data) ? data : NULL;
}

bool chart_range(const json_t *obj, const char *key, double *lo, double *hi)
{
	const json_t *range = json_object_get(obj, key);

	if (json_array_size(range) != 2)
		return false;
	*lo = json_number_value(json_array_get(range, 0));
	*hi = json_number_value(json_array_get(range, 1));
	return true;
}

double chart_number(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/view.h"
#include "bench/report/label.h"

#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Systems that are compared often keep their colour from page to page. */
static const char *const known_systems[] = {"flue", "testpmd", "ovs-dpdk", "linux-bridge",
					    "testpmd-mac"};
enum { N_KNOWN = sizeof(known_systems) / sizeof(known_systems[0]) };

/* Room for one more item; false: no memory. */
static bool grow(void **items, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return true;
	more = realloc(*items, (n ? 2 * n : 1) * size);
	if (!more)
		return false;
	*items = more;
	return true;
}

static unsigned int free_colour(const struct view *v)
{
	for (unsigned int colour = N_KNOWN; colour < VIEW_COLOURS; colour++) {
		bool used = false;

		for (size_t i = 0; i < v->n_systems; i++)
			used |= v->systems[i].colour == colour;
		if (!used)
			return colour;
	}
	return (unsigned int)v->n_systems % VIEW_COLOURS;
}

size_t view_system(const struct view *v, const char *name)
{
	for (size_t i = 0; i < v->n_systems; i++)
		if (!strcmp(v->systems[i].name, name))
			return i;
	return SIZE_MAX;
}

static size_t take_system(struct view *v, const char *name)
{
	size_t i = view_system(v, name);

	if (i != SIZE_MAX || !grow((void **)&v->systems, v->n_systems, sizeof(*v->systems)))
		return i;
	v->systems[v->n_systems].name = name;
	v->systems[v->n_systems].colour = free_colour(v);
	for (unsigned int k = 0; k < N_KNOWN; k++)
		if (!strcmp(known_systems[k], name))
			v->systems[v->n_systems].colour = k;
	return v->n_systems++;
}

size_t view_cell(const struct view_scenario *s, const json_t *params)
{
	for (size_t i = 0; i < s->n_cells; i++)
		if (json_equal(s->cells[i], params))
			return i;
	return SIZE_MAX;
}

static size_t take_cell(struct view_scenario *s, const json_t *params)
{
	size_t i = view_cell(s, params);

	if (i != SIZE_MAX || !grow((void **)&s->cells, s->n_cells, sizeof(*s->cells)))
		return i;
	s->cells[s->n_cells] = params;
	return s->n_cells++;
}

size_t view_metric(const struct view_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->n_metrics; i++)
		if (!strcmp(s->metrics[i].name, name))
			return i;
	return SIZE_MAX;
}

/* SIZE_MAX with *ok still true: a result without a metric, of which nothing but invalid samples is
 * known. */
static size_t take_metric(struct view_scenario *s, const json_t *result, bool *ok)
{
	const char *name = json_get_str(result, "metric", NULL);
	size_t i = name ? view_metric(s, name) : SIZE_MAX;

	if (!name || i != SIZE_MAX)
		return i;
	if (!grow((void **)&s->metrics, s->n_metrics, sizeof(*s->metrics))) {
		*ok = false;
		return i;
	}
	s->metrics[s->n_metrics] = (struct view_metric){
		.name = name,
		.unit = json_get_str(result, "unit", ""),
		.lower_better = json_get_bool(result, "lower_better", false),
		.informal = json_get_bool(result, "informal", false),
	};
	return s->n_metrics++;
}

static struct view_scenario *take_scenario(struct view *v, const char *name)
{
	for (size_t i = 0; i < v->n_scenarios; i++)
		if (!strcmp(v->scenarios[i].name, name))
			return &v->scenarios[i];
	if (!grow((void **)&v->scenarios, v->n_scenarios, sizeof(*v->scenarios)))
		return NULL;
	v->scenarios[v->n_scenarios] = (struct view_scenario){.view = v, .name = name};
	return &v->scenarios[v->n_scenarios++];
}

static bool take_result(struct view *v, struct view_scenario *s, size_t run, const json_t *result)
{
	bool ok = true;
	struct view_entry e = {
		.run = run,
		.system = take_system(v, json_get_str(result, "system", "")),
		.cell = take_cell(s, json_object_get(result, "params")),
		.metric = take_metric(s, result, &ok),
		.ceiling = json_get_bool(result, "is_ceiling", false),
		.result = result,
	};

	if (!ok || e.system == SIZE_MAX || e.cell == SIZE_MAX ||
	    !grow((void **)&s->entries, s->n_entries, sizeof(e)))
		return false;
	s->entries[s->n_entries++] = e;
	return true;
}

static bool take_raw(struct view *v, struct view_scenario *s, size_t run, const json_t *raw)
{
	struct view_raw r = {
		.run = run,
		.system = take_system(v, json_get_str(raw, "system", "")),
		.cell = take_cell(s, json_object_get(raw, "params")),
		.raw = raw,
	};

	if (r.system == SIZE_MAX || r.cell == SIZE_MAX ||
	    !grow((void **)&s->raw, s->n_raw, sizeof(r)))
		return false;
	s->raw[s->n_raw++] = r;
	return true;
}

static bool take_run(struct view *v, size_t run)
{
	const json_t *r = v->runs[run];
	struct view_scenario *s = take_scenario(v, json_get_str(r, "scenario", ""));
	json_t *item;
	size_t i;

	if (!s)
		return false;
	s->n_runs++;
	json_array_foreach (json_object_get(r, "results"), i, item)
		if (!take_result(v, s, run, item))
			return false;
	json_array_foreach (json_object_get(r, "raw"), i, item)
		if (!take_raw(v, s, run, item))
			return false;
	return true;
}

/* Formal metrics before informal ones; the order is kept otherwise. */
static bool finish_scenario(struct view_scenario *s)
{
	s->latest = calloc(s->n_cells + 1, sizeof(*s->latest));
	s->labels = calloc(s->n_cells + 1, sizeof(*s->labels));
	if (!s->latest || !s->labels)
		return false;
	for (size_t i = 0; i < s->n_entries; i++)
		if (s->entries[i].run > s->latest[s->entries[i].cell])
			s->latest[s->entries[i].cell] = s->entries[i].run;
	for (size_t i = 0; i < s->n_raw; i++)
		if (s->raw[i].run > s->latest[s->raw[i].cell])
			s->latest[s->raw[i].cell] = s->raw[i].run;
	for (size_t i = 0; i < s->n_cells; i++) {
		s->labels[i] = label_cell(s->cells, s->n_cells, i);
		if (!s->labels[i])
			return false;
	}
	s->common = label_common(s->cells, s->n_cells);
	return s->common != NULL;
}

static int by_started(const void *a, const void *b)
{
	const json_t *const *ra = a, *const *rb = b;

	return strcmp(json_get_str(*ra, "started", ""), json_get_str(*rb, "started", ""));
}

struct view *view_new(json_t *const *runs, size_t n)
{
	struct view *v = calloc(1, sizeof(*v));
	bool ok = true;

	if (!v)
		return NULL;
	v->runs = calloc(n + 1, sizeof(const json_t *));
	ok = v->runs != NULL;
	for (size_t i = 0; i < n && ok; i++)
		v->runs[v->n_runs++] = runs[i];
	if (ok)
		qsort(v->runs, n, sizeof(const json_t *), by_started);
	for (size_t i = 0; i < n && ok; i++)
		ok = take_run(v, i);
	for (size_t i = 0; i < v->n_scenarios && ok; i++)
		ok = finish_scenario(&v->scenarios[i]);
	if (!ok) {
		view_free(v);
		return NULL;
	}
	return v;
}

void view_free(struct view *v)
{
	for (size_t i = 0; i < v->n_scenarios; i++) {
		struct view_scenario *s = &v->scenarios[i];

		for (size_t k = 0; k < s->n_cells && s->labels; k++)
			free(s->labels[k]);
		free(s->labels);
		free(s->common);
		free(s->latest);
		free(s->cells);
		free(s->metrics);
		free(s->entries);
		free(s->raw);
	}
	free(v->scenarios);
	free(v->systems);
	free(v->runs);
	free(v);
}

const json_t *view_result(const struct view_scenario *s, size_t run, size_t system, size_t cell,
			  size_t metric)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct view_entry *e = &s->entries[i];

		if (e->run == run && e->system == system && e->cell == cell && e->metric == metric)
			return e->result;
	}
	return NULL;
}

size_t view_history(const struct view_scenario *s, size_t cell, size_t metric)
{
	size_t n = 0;

	for (size_t run = 0; run < s->view->n_runs; run++) {
		bool has = false;

		for (size_t i = 0; i < s->n_entries && !has; i++)
			has = s->entries[i].run == run && s->entries[i].cell == cell &&
			      s->entries[i].metric == metric && !s->entries[i].ceiling &&
			      json_object_get(s->entries[i].result, "median");
		n += has;
	}
	return n;
}

const char *view_cell_name(const struct view_scenario *s, size_t cell)
{
	if (s->labels[cell][0])
		return s->labels[cell];
	return s->common[0] ? s->common : s->name;
}

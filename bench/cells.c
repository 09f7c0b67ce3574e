/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/cells.h"

#include "bench/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scenario_param *param_find(const struct scenario *s, const char *name,
					       struct err *e)
{
	char all[256] = "";
	size_t used = 0;

	for (const struct scenario_param *p = s->params; p->name; p++) {
		if (!strcmp(p->name, name))
			return p;
		if (used < sizeof(all))
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
						 used ? ", " : "", p->name);
	}
	err_set(e, -EINVAL, "%s has no parameter '%s'; there are: %s", s->name, name, all);
	return NULL;
}

/* Multiplies the cells by the values of one parameter. */
static int multiply(struct cells *cells, const struct scenario *s, const struct scenario_param *p,
		    const char *list, struct err *e)
{
	char *copy = strdup(list), *rest = copy, *word;
	size_t before = cells->n, made = 0;
	int ret = 0;

	if (!copy)
		return err_set(e, -ENOMEM, "out of memory");
	if (!*list)
		ret = err_set(e, -EINVAL, "%s: no value", p->name);
	while (!ret && (word = strsep(&rest, ","))) {
		if (!number_allowed(word, p->values)) {
			ret = err_set(e, -EINVAL, "%s %s: must be %s", p->name, word, p->values);
			break;
		}
		if ((made + 1) * before > CELLS_MAX) {
			ret = err_set(e, -EINVAL, "more than %d combinations of values", CELLS_MAX);
			break;
		}
		for (size_t i = 0; i < before; i++) {
			struct cell *c = &cells->cell[made * before + i];

			/* The cells that are there take the first value, copies of them the others.
			 */
			if (made) {
				c->scenario = s;
				c->params = json_deep_copy(cells->cell[i].params);
				cells->n++;
			}
			json_object_set_new(c->params, p->name, json_string(word));
		}
		made++;
	}
	free(copy);
	return ret;
}

int cells_make(const struct scenario *scenario, char **words, size_t n_words, struct cells *cells,
	       struct err *e)
{
	cells->n = 1;
	cells->cell[0] = (struct cell){scenario, json_object()};
	for (size_t i = 0; i < n_words; i += 2) {
		if (!param_find(scenario, words[i], e))
			goto free_cells;
		if (i + 1 == n_words) {
			err_set(e, -EINVAL, "%s: its value is missing", words[i]);
			goto free_cells;
		}
		for (size_t k = 0; k < i; k += 2) {
			if (!strcmp(words[k], words[i])) {
				err_set(e, -EINVAL,
					"%s is given twice; a list has commas: %s %s,%s", words[i],
					words[i], words[k + 1], words[i + 1]);
				goto free_cells;
			}
		}
	}
	for (const struct scenario_param *p = scenario->params; p->name; p++) {
		const char *list = p->def;

		for (size_t i = 0; i < n_words; i += 2)
			if (!strcmp(words[i], p->name))
				list = words[i + 1];
		if (multiply(cells, scenario, p, list, e))
			goto free_cells;
	}
	return 0;

free_cells:
	cells_free(cells);
	return -EINVAL;
}

void cells_free(struct cells *cells)
{
	for (size_t i = 0; i < cells->n; i++)
		json_decref(cells->cell[i].params);
	cells->n = 0;
}

size_t cells_name_length(const char *system)
{
	return strcspn(system, ":");
}

int cells_change(const struct scenario *scenario, const char *system, json_t *params, struct err *e)
{
	char *copy = strdup(system), *rest = copy, *word;
	int ret = copy ? 0 : err_set(e, -ENOMEM, "out of memory");

	if (copy)
		strsep(&rest, ":");
	while (ret == 0 && (word = strsep(&rest, ":"))) {
		char *value = strchr(word, '=');
		const struct scenario_param *p;

		if (!value) {
			ret = err_set(e, -EINVAL,
				      "%s: after a system's name stand KEY=VALUE, as "
				      "flue:flows=1",
				      system);
			break;
		}
		*value++ = '\0';
		p = param_find(scenario, word, e);
		if (!p)
			ret = -EINVAL;
		else if (!number_allowed(value, p->values))
			ret = err_set(e, -EINVAL, "%s %s: must be %s", word, value, p->values);
		else if (params)
			json_object_set_new(params, word, json_string(value));
	}
	free(copy);
	return ret;
}

static bool differs(const struct cells *cells, const char *name)
{
	for (size_t i = 1; i < cells->n; i++)
		if (strcmp(cell_text(&cells->cell[0], name), cell_text(&cells->cell[i], name)))
			return true;
	return false;
}

bool cells_at_default(const struct cells *cells, const char *name)
{
	const struct scenario_param *p = cells->n ? cells->cell[0].scenario->params : NULL;

	while (p && p->name && strcmp(p->name, name))
		p++;
	if (!p || !p->name)
		return false;
	for (size_t i = 0; i < cells->n; i++)
		if (strcmp(cell_text(&cells->cell[i], name), p->def))
			return false;
	return true;
}

void cells_title(const struct cells *cells, size_t i, bool whole, char *text, size_t size)
{
	size_t used = 0;

	text[0] = 0;
	for (const struct scenario_param *p = cells->cell[i].scenario->params; p->name; p++) {
		if ((whole || differs(cells, p->name)) && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s %s",
						 used ? " " : "", p->name,
						 cell_text(&cells->cell[i], p->name));
	}
}

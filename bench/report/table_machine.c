/* SPDX-License-Identifier: BSD-3-Clause */
/* On what it was measured. A fingerprint is an object of any depth; its leaves become rows. */
#include "bench/report/out.h"
#include "bench/report/table.h"
#include "bench/report/units.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static const json_t *machine_of(const struct view *v, size_t run)
{
	return json_object_get(v->runs[run], "machine");
}

/* Adds the leaves' paths ("hugepages_2m.total") that are not there yet, with the way to each. */
static void add_leaves(const json_t *obj, const char *prefix, json_t *way, json_t *leaves)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)obj, key, value) {
		json_t *deeper = json_copy(way);
		char *path = NULL;

		json_array_append_new(deeper, json_string(key));
		if (asprintf(&path, "%s%s%s", prefix, prefix[0] ? " · " : "", key) >= 0) {
			if (json_object_size(value) && json_array_size(deeper) < 8)
				add_leaves(value, path, deeper, leaves);
			else if (!json_object_get(leaves, path))
				json_object_set(leaves, path, deeper);
			free(path);
		}
		json_decref(deeper);
	}
}

static const json_t *follow(const json_t *obj, const json_t *way)
{
	for (size_t i = 0; i < json_array_size(way); i++)
		obj = json_object_get(obj, json_string_value(json_array_get(way, i)));
	return obj;
}

static void write_value(FILE *f, const char *path, const json_t *v)
{
	size_t n = strlen(path);
	char text[64], *dumped;

	if (!v) {
		out_text(f, "–");
	} else if (json_is_string(v)) {
		out_text(f, json_string_value(v));
	} else if (json_is_boolean(v)) {
		out_text(f, json_is_true(v) ? "yes" : "no");
	} else if (json_is_number(v) && n > 3 && !strcmp(path + n - 3, "_hz")) {
		unit_value(text, sizeof(text), json_number_value(v), "Hz");
		out_text(f, text);
	} else if (json_is_number(v) && n > 6 && !strcmp(path + n - 6, "_bytes")) {
		unit_value(text, sizeof(text), json_number_value(v), "bytes");
		out_text(f, text);
	} else if (json_is_real(v)) {
		out_textf(f, "%.6g", json_real_value(v));
	} else {
		dumped = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		out_text(f, dumped ? dumped : "");
		free(dumped);
	}
}

/* What differs from run to run on one and the same machine is shown, but not marked. */
static bool passing(const char *path)
{
	static const char *const parts[] = {"hugepages_2m", "steal", "load",
					    "clock ",	    "flue ", "tsc_hz"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(path, parts[i]))
			return true;
	return false;
}

static bool same_in_all(const struct view *v, const json_t *way)
{
	const json_t *first = follow(machine_of(v, 0), way);

	for (size_t run = 1; run < v->n_runs; run++) {
		const json_t *value = follow(machine_of(v, run), way);

		if (value != first && !(value && first && json_equal(value, first)))
			return false;
	}
	return true;
}

/* What makes figures of the runs hard to compare, where nobody can miss it. */
static void write_differences(FILE *f, const struct view *v, const json_t *leaves)
{
	const char *path;
	json_t *way;
	size_t n = 0;

	json_object_foreach ((json_t *)leaves, path, way) {
		if (passing(path) || same_in_all(v, way))
			continue;
		if (!n++)
			fputs("<p class=\"flag\"><b>The runs were not made on the same kind of "
			      "machine.</b> Different: ",
			      f);
		else
			fputs(", ", f);
		out_text(f, path);
	}
	if (n)
		fputs(".</p>\n", f);
}

static void write_row(FILE *f, const struct view *v, const char *path, const json_t *way)
{
	bool same = same_in_all(v, way);

	fprintf(f, "<tr%s>", same || passing(path) ? "" : " class=\"differs\"");
	fputs("<th scope=\"row\">", f);
	out_text(f, path);
	fputs("</th>", f);
	for (size_t run = 0; run < (same ? 1 : v->n_runs); run++) {
		if (same)
			fprintf(f, "<td colspan=\"%zu\">", v->n_runs);
		else
			fputs("<td>", f);
		write_value(f, path, follow(machine_of(v, run), way));
		fputs("</td>", f);
	}
	fputs("</tr>\n", f);
}

/* All leaves of all runs' fingerprints, with the way to each; a new reference. */
static json_t *leaves_of(const struct view *v)
{
	json_t *leaves = json_object(), *root = json_array();

	for (size_t run = 0; run < v->n_runs; run++)
		add_leaves(machine_of(v, run), "", root, leaves);
	json_decref(root);
	return leaves;
}

void table_differences(FILE *f, const struct view *v)
{
	json_t *leaves = leaves_of(v);

	write_differences(f, v, leaves);
	json_decref(leaves);
}

void table_machine(FILE *f, const struct view *v)
{
	json_t *leaves = leaves_of(v), *way;
	const char *path;

	fputs("<details class=\"machine\"><summary>The machine", f);
	if (v->n_runs > 1)
		fputs("s; what differs between the runs is marked", f);
	fputs("</summary><div class=\"scroll\"><table>\n", f);
	if (v->n_runs > 1) {
		fputs("<thead><tr><td></td>", f);
		for (size_t run = 0; run < v->n_runs; run++) {
			fputs("<th scope=\"col\">", f);
			out_textf(f, "%s, %.16s", json_get_str(v->runs[run], "scenario", ""),
				  json_get_str(v->runs[run], "started", ""));
			fputs("</th>", f);
		}
		fputs("</tr></thead>\n", f);
	}
	fputs("<tbody>\n", f);
	json_object_foreach (leaves, path, way)
		write_row(f, v, path, way);
	fputs("</tbody></table></div></details>\n", f);
	json_decref(leaves);
}

void table_systems(FILE *f, const struct view *v)
{
	json_t *seen = json_object();
	const char *line;
	json_t *unused;

	for (size_t run = 0; run < v->n_runs; run++) {
		const json_t *list = json_object_get(v->runs[run], "systems");

		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *item = json_array_get(list, i);
			const char *version = json_get_str(item, "version", "");
			bool ceiling = json_get_bool(item, "ceiling", false);
			char *text = NULL;

			if (asprintf(&text, "%s%s%s%s", json_get_str(item, "name", ""),
				     version[0] ? ": " : "", version,
				     ceiling ? " (shows the generator's own limit)" : "") < 0)
				continue;
			json_object_set_new(seen, text, json_true());
			free(text);
		}
	}
	if (json_object_size(seen)) {
		fputs("<ul class=\"systems\">", f);
		json_object_foreach (seen, line, unused)
			out_element(f, "li", line);
		fputs("</ul>\n", f);
	}
	json_decref(seen);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/command.h"
#include "bench/scenario.h"

#include <stdio.h>
#include <string.h>

static json_t *list_params(const struct scenario *s)
{
	json_t *list = json_array();

	for (const struct scenario_param *p = s->params; p->name; p++)
		json_array_append_new(list,
				      json_pack("{s:s,s:s,s:s,s:s}", "name", p->name, "default",
						p->def, "values", p->values, "help", p->help));
	return list;
}

static json_t *list_systems(void)
{
	json_t *list = json_array();

	for (size_t i = 0; bench_systems[i]; i++) {
		const struct bench_system *s = bench_systems[i];
		char version[160] = "";
		struct err e = {0};
		json_t *out = json_pack("{s:s,s:s}", "name", s->name, "what", s->what);

		if (s->version && s->version(version, sizeof(version), &e))
			json_object_set_new(out, "missing", json_string(e.text));
		else
			json_object_set_new(out, "version", json_string(version));
		json_array_append_new(list, out);
	}
	return list;
}

static json_t *list_all(void)
{
	json_t *scenarios = json_array();

	for (size_t i = 0; bench_scenarios[i]; i++) {
		const struct scenario *s = bench_scenarios[i];

		json_array_append_new(scenarios, json_pack("{s:s,s:s,s:s,s:o}", "name", s->name,
							   "what", s->what, "systems", s->systems,
							   "params", list_params(s)));
	}
	return json_pack("{s:o,s:o}", "scenarios", scenarios, "systems", list_systems());
}

static void print(const json_t *all)
{
	size_t i, k;
	json_t *s, *p;

	json_array_foreach (json_object_get(all, "scenarios"), i, s) {
		printf("%s%s: %s\n  systems: %s\n", i ? "\n" : "",
		       json_string_value(json_object_get(s, "name")),
		       json_string_value(json_object_get(s, "what")),
		       json_string_value(json_object_get(s, "systems")));
		json_array_foreach (json_object_get(s, "params"), k, p) {
			printf("  %-12s %s (%s; %s)\n",
			       json_string_value(json_object_get(p, "name")),
			       json_string_value(json_object_get(p, "help")),
			       json_string_value(json_object_get(p, "values")),
			       json_string_value(json_object_get(p, "default")));
		}
	}
	puts("\nsystems");
	json_array_foreach (json_object_get(all, "systems"), i, s) {
		const char *version = json_string_value(json_object_get(s, "version"));

		printf("  %-12s %s (%s)\n", json_string_value(json_object_get(s, "name")),
		       json_string_value(json_object_get(s, "what")),
		       version ? version : json_string_value(json_object_get(s, "missing")));
	}
}

int cmd_list(int argc, char **argv)
{
	bool json = argc == 2 && (!strcmp(argv[1], "-j") || !strcmp(argv[1], "--json"));
	json_t *all;

	if (argc > 1 && !json) {
		fprintf(stderr, "flue-bench: list takes no word but -j\n");
		return BENCH_USAGE;
	}
	all = list_all();
	if (json) {
		json_dumpf(all, stdout, 0);
		putchar('\n');
	} else {
		print(all);
	}
	json_decref(all);
	return BENCH_OK;
}

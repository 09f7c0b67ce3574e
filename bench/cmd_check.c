/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/command.h"

#include "bench/machine/machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int cmd_check(int argc, char **argv)
{
	bool json = argc == 2 && (!strcmp(argv[1], "-j") || !strcmp(argv[1], "--json"));
	int status = BENCH_OK;
	json_t *all, *one;
	size_t i;

	if (argc > 1 && !json) {
		fprintf(stderr, "flue-bench: check takes no word but -j\n");
		return BENCH_USAGE;
	}
	all = machine_check();
	json_array_foreach (all, i, one) {
		bool ok = json_is_true(json_object_get(one, "ok"));

		if (!ok)
			status = BENCH_UNLIKE;
		if (json)
			continue;
		printf("%-4s %-18s %s\n", ok ? "ok" : "BAD", text_of(one, "name"),
		       text_of(one, "found"));
		if (!ok)
			printf("     %-18s %s\n     %-18s %s\n", "", text_of(one, "why"), "",
			       text_of(one, "cure"));
	}
	if (json) {
		json_dumpf(all, stdout, 0);
		putchar('\n');
	}
	json_decref(all);
	return status;
}

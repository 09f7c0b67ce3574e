/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests: prints what this room makes of run files.
 *	print_tool page FILE...		the HTML page
 *	print_tool text FILE		the tables for a terminal
 *	print_tool compare FILE FILE	two runs, as text; `diff`: as JSON
 */
#include "bench/report/compare.h"
#include "bench/report/render.h"
#include "bench/report/report.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static json_t *load(const char *path)
{
	json_error_t fault;
	json_t *run = json_load_file(path, 0, &fault);

	if (!run) {
		fprintf(stderr, "%s:%d: %s\n", path, fault.line, fault.text);
		exit(1);
	}
	return run;
}

static int compare(const json_t *before, const json_t *after, bool json, struct err *e)
{
	json_t *c = compare_runs(before, after, e);

	if (!c)
		return e->code;
	if (json)
		json_dumpf(c, stdout, JSON_INDENT(1));
	else
		compare_text(c, stdout);
	json_decref(c);
	return 0;
}

int main(int argc, char **argv)
{
	enum { MOST = 32 };
	json_t *runs[MOST];
	struct err e = {0};
	const char *what = argc > 1 ? argv[1] : "";
	int n = 0, rc = 0;

	if (argc < 3 || argc > 2 + MOST) {
		fprintf(stderr, "usage: print_tool page|text|compare|diff FILE...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		runs[n++] = load(argv[i]);
	if (!strcmp(what, "page"))
		rc = report_write(runs, (size_t)n, stdout, &e);
	else if (!strcmp(what, "text"))
		report_text(runs[0], stdout);
	else if (n == 2)
		rc = compare(runs[0], runs[1], !strcmp(what, "diff"), &e);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
	while (n)
		json_decref(runs[--n]);
	return rc ? 1 : 0;
}

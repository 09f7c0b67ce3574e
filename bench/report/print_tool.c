/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests: prints what this room makes of run files.
 *	print_tool page FILE...	    the HTML page
 */
#include "bench/report/report.h"

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

int main(int argc, char **argv)
{
	enum { MOST = 32 };
	json_t *runs[MOST];
	struct err e = {0};
	int n = 0, rc;

	if (argc < 3 || argc > 2 + MOST || strcmp(argv[1], "page") != 0) {
		fprintf(stderr, "usage: print_tool page FILE...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		runs[n++] = load(argv[i]);
	rc = report_write(runs, (size_t)n, stdout, &e);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
	while (n)
		json_decref(runs[--n]);
	return rc ? 1 : 0;
}

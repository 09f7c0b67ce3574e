/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/command.h"
#include "bench/runfile.h"

#include "bench/machine/machine.h"
#include "bench/report/compare.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	const char *files[2];
	int n_files;
	bool force, json;
};

static int parse(int argc, char **argv, struct request *r)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--force"))
			r->force = true;
		else if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--json"))
			r->json = true;
		else if (argv[i][0] != '-' && r->n_files < 2)
			r->files[r->n_files++] = argv[i];
		else
			return -EINVAL;
	}
	return r->n_files == 2 ? 0 : -EINVAL;
}

static int compare(const json_t *a, const json_t *b, const struct request *r)
{
	char *unlike =
		machine_differs(json_object_get(a, "machine"), json_object_get(b, "machine"));
	struct err e = {0};
	json_t *result;
	int status = BENCH_OK;

	if (unlike) {
		fprintf(stderr, "flue-bench: not the same kind of machine: %s%s\n", unlike,
			r->force ? "" : "; --force compares all the same");
		free(unlike);
		if (!r->force)
			return BENCH_UNLIKE;
	}
	result = compare_runs(a, b, &e);
	if (!result) {
		fprintf(stderr, "flue-bench: %s\n", e.text);
		return BENCH_FAILED;
	}
	if (r->json) {
		json_dumpf(result, stdout, JSON_REAL_PRECISION(9));
		putchar('\n');
	} else {
		compare_text(result, stdout);
	}
	json_decref(result);
	return status;
}

int cmd_compare(int argc, char **argv)
{
	struct request r = {0};
	json_t *runs[2] = {NULL, NULL};
	int status = BENCH_OK;

	if (parse(argc, argv, &r)) {
		fprintf(stderr, "flue-bench: compare FILE FILE [--force] [-j]\n");
		return BENCH_USAGE;
	}
	for (int i = 0; i < 2 && !status; i++) {
		struct err e = {0};

		if (runfile_read(r.files[i], &runs[i], &e)) {
			fprintf(stderr, "flue-bench: %s\n", e.text);
			status = BENCH_FILE;
		}
	}
	if (!status)
		status = compare(runs[0], runs[1], &r);
	json_decref(runs[0]);
	json_decref(runs[1]);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/command.h"
#include "bench/runfile.h"

#include "bench/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_page(json_t *const *runs, size_t n, const char *path)
{
	struct err e = {0};
	FILE *out = !strcmp(path, "-") ? stdout : fopen(path, "we");
	int ret;

	if (!out) {
		fprintf(stderr, "flue-bench: %s: %s\n", path, strerror(errno));
		return BENCH_FILE;
	}
	ret = report_write(runs, n, out, &e);
	if ((out == stdout ? fflush(out) : fclose(out)) && !ret)
		ret = err_set(&e, -errno, "%s: %s", path, strerror(errno));
	if (!ret)
		return BENCH_OK;
	if (out != stdout)
		remove(path);
	fprintf(stderr, "flue-bench: %s\n", e.text);
	return BENCH_FILE;
}

int cmd_report(int argc, char **argv)
{
	json_t **runs = calloc((size_t)argc, sizeof(*runs));
	const char *path = NULL;
	int status = BENCH_OK;
	size_t n = 0;

	if (!runs)
		return BENCH_FAILED;
	for (int i = 1; i < argc && !status; i++) {
		struct err e = {0};

		if (!strcmp(argv[i], "-o") && i + 1 < argc) {
			path = argv[++i];
		} else if (argv[i][0] == '-' && argv[i][1]) {
			fprintf(stderr, "flue-bench: report FILE... -o PAGE; what is %s?\n",
				argv[i]);
			status = BENCH_USAGE;
		} else if (runfile_read(argv[i], &runs[n], &e)) {
			fprintf(stderr, "flue-bench: %s\n", e.text);
			status = BENCH_FILE;
		} else {
			n++;
		}
	}
	if (!status && (!n || !path)) {
		fprintf(stderr, "flue-bench: report FILE... -o PAGE (- for standard output)\n");
		status = BENCH_USAGE;
	}
	if (!status)
		status = write_page(runs, n, path);
	while (n)
		json_decref(runs[--n]);
	free(runs);
	return status;
}

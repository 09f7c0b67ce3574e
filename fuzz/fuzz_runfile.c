/* SPDX-License-Identifier: BSD-3-Clause */
/* A run file, and what is made of one: the page, the tables, a comparison with itself. Whatever the
 * file says, no control character comes out. */
#include "bench/report/compare.h"
#include "bench/report/render.h"
#include "bench/report/report.h"
#include "bench/runfile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_output(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *run = NULL, *comparison;
	struct err e = {0};
	char *text = NULL;
	size_t written;
	FILE *f;

	if (runfile_parse(data, size, "f", &run, &e) != 0) {
		if (run || !e.code || strncmp(e.text, "f: ", 3) != 0)
			abort();
		return 0;
	}
	f = open_memstream(&text, &written);
	if (!f || report_write(&run, 1, f, &e) != 0)
		abort();
	report_text(run, f);
	comparison = compare_runs(run, run, &e);
	if (comparison)
		compare_text(comparison, f);
	if (fclose(f) != 0)
		abort();
	check_output(text, written);
	free(text);
	json_decref(comparison);
	json_decref(run);
	return 0;
}

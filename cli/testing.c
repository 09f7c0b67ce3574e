/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/testing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct said testing_run(const char *line)
{
	char *copy = strdup(line), *rest = copy, *argv[64];
	size_t out_size, err_size;
	struct said s;
	FILE *out = open_memstream(&s.out, &out_size);
	FILE *err = open_memstream(&s.err, &err_size);
	int argc = 0;

	assert(copy && out && err);
	while ((argv[argc] = strsep(&rest, " "))) {
		argc++;
		assert(argc < 64);
	}
	s.code = cli_run(argc, argv, out, err);
	fclose(out);
	fclose(err);
	free(copy);
	return s;
}

void testing_free(struct said *s)
{
	free(s->out);
	free(s->err);
}

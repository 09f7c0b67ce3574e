/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/under.h"

#include "bench/machine/proc.h"

static int add(struct under *u, size_t *n, const char *word, struct err *e)
{
	if (*n + 1 == UNDER_WORDS)
		return err_set(e, -E2BIG, "a load has more than %d words", UNDER_WORDS - 1);
	u->argv[(*n)++] = word;
	u->argv[*n] = NULL;
	return 0;
}

int under_chimney(struct under *u, const char *socket, const char *const *argv, struct err *e)
{
	const char *const before[] = {
		bench_program("flue"), "chimney", "run", "socket", socket, "--"};
	size_t n = 0;
	/* flue looks in PATH only, and daemons are not always in it. */
	int ret = proc_find(argv[0], u->program, sizeof(u->program), e);

	for (size_t i = 0; socket && !ret && i < sizeof(before) / sizeof(*before); i++)
		ret = add(u, &n, before[i], e);
	if (!ret)
		ret = add(u, &n, u->program, e);
	for (size_t i = 1; !ret && argv[i]; i++)
		ret = add(u, &n, argv[i], e);
	return ret;
}

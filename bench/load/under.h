/* SPDX-License-Identifier: BSD-3-Clause */
/* A load's program under `flue chimney run`, which offers its TCP connections to flued; the program
 * itself is the same. Main thread of flue-bench. */
#ifndef BENCH_LOAD_UNDER_H
#define BENCH_LOAD_UNDER_H

#include "base/err.h"

enum { UNDER_WORDS = 32 };

struct under {
	const char *argv[UNDER_WORDS]; /* ends with NULL; for proc_spec */
	char program[4096];
};

/* socket: where flued takes connections; NULL: argv alone. The words are the caller's and must
 * live on. -ENOENT: there is no such program, and the package that has it. -E2BIG. */
int under_chimney(struct under *u, const char *socket, const char *const *argv, struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The words after `flue-bench run`. Main thread. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "bench/session.h"

struct run_request {
	struct run_options options;
	uint64_t load_cpus, worker_cpus; /* 0: choose */
	char *lists[2];			 /* what options.systems points into */
};

/* words: SCENARIO [KEY VALUE]… and options in any order; argv is kept for the file. 0, or -EINVAL
 * naming the word that is wrong. What it made is the caller's: options_free(). */
int options_parse(int n_words, char **words, struct run_request *request, struct err *e);
void options_free(struct run_request *request);

/* What the options are, for help. */
extern const char options_help[];

#endif

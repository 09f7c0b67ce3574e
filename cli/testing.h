/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: runs a command line and keeps what it says. */
#ifndef CLI_TESTING_H
#define CLI_TESTING_H

#include "cli/cli.h"

struct said {
	int code; /* enum cli_exit */
	char *out, *err;
};

/* Runs "flue port show -j"; words are split at single blanks, so two give an empty word. */
struct said testing_run(const char *line);
void testing_free(struct said *s);

#endif

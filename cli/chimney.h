/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_CHIMNEY_H
#define CLI_CHIMNEY_H

#include "cli/cli.h"

/* Becomes the program; returns only when that fails. */
int chimney_run(struct cli *c, int argc, char **argv);

#endif

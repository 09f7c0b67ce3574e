/* SPDX-License-Identifier: BSD-3-Clause */
/* What two guests try with each other. Main thread. */
#ifndef PAIR_CASES_H
#define PAIR_CASES_H

#include "tests/pair/pair.h"

/* Runs the case of this name. 0; negative errno with p->err. */
int case_run(struct pair *p, const char *name, const volatile sig_atomic_t *stop);

#endif

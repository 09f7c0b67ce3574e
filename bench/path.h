/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a path carry what its interface sends? Main thread. */
#ifndef BENCH_PATH_H
#define BENCH_PATH_H

#include "base/err.h"
#include "jumbo/probe/probe.h"

#include <stddef.h>

/*
 * Probes the path from a namespace to an address with packets of the interface's MTU, both ways.
 * 0: it carries them. -EHOSTUNREACH: no answer at all; -EMSGSIZE: it carries less, with both sizes
 * and the cure. Takes up to ten seconds when something is wrong.
 */
int path_check(const char *netns, const char *address, struct err *e);

/* What a probe's result means for a transfer. Pure. */
int path_judge(const char *address, const struct probe_result *r, struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What `chimney.show` of flued says. Pure; any thread. */
#ifndef BENCH_SYSTEM_FLUE_CHIMNEY_H
#define BENCH_SYSTEM_FLUE_CHIMNEY_H

#include "bench/system/system.h"

/* Counts as connections those that are with the switch, not those on their way there or back. What
 * is missing in `shown` counts as nothing. */
void flue_chimney_read(const json_t *shown, struct system_chimney *c);

#endif

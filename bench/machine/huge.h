/* SPDX-License-Identifier: BSD-3-Clause */
/* Huge pages of 2 MB. Main thread; reserving needs root. */
#ifndef BENCH_MACHINE_HUGE_H
#define BENCH_MACHINE_HUGE_H

#include <stdbool.h>

/* false: this machine has none of that size. */
bool huge_pages(unsigned int *total, unsigned int *free_pages);

/* Sees to it that `wanted` are free, as far as there is memory; returns how many were added. */
unsigned int huge_reserve(unsigned int wanted);

/* Takes so many away again. What others reserved meanwhile stays. */
void huge_give_back(unsigned int added);

#endif

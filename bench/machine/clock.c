/* SPDX-License-Identifier: BSD-3-Clause */
/* What the clock itself costs. */
#include "base/clock.h"

#include "bench/machine/facts.h"

#include <stdlib.h>

enum { READS = 20000, BATCHES = 7 };

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct clock_facts fact_clock(void)
{
	struct clock_facts f = {0};
	uint32_t *steps = malloc(READS * sizeof(*steps));
	volatile uint64_t sink;

	if (!steps)
		return f;
	/* The fastest batch: the others were interrupted. */
	for (int b = 0; b < BATCHES; b++) {
		uint64_t then = clock_now_ns();
		for (int i = 0; i < READS; i++)
			sink = clock_now_ns();
		double each = (double)(clock_now_ns() - then) / READS;
		if (!b || each < f.cost_ns)
			f.cost_ns = each;
	}
	(void)sink;
	for (int i = 0; i < READS; i++) {
		uint64_t then = clock_now_ns();
		steps[i] = (uint32_t)(clock_now_ns() - then);
		if (steps[i] && (f.resolution_ns == 0 || steps[i] < f.resolution_ns))
			f.resolution_ns = steps[i];
	}
	qsort(steps, READS, sizeof(*steps), by_value);
	f.bias_ns = steps[READS / 2];
	free(steps);
	return f;
}

double fact_tsc_hz(void)
{
#if defined(__x86_64__)
	uint64_t began = clock_now_ns(), now;
	uint64_t tsc = __builtin_ia32_rdtsc();

	do
		now = clock_now_ns();
	while (now - began < 20000000);
	return (double)(__builtin_ia32_rdtsc() - tsc) / (double)(now - began) * 1e9;
#else
	return 0;
#endif
}

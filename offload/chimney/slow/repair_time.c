/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * repair_time [MOVES]: how long a connection with empty queues is out of the kernel at least: take,
 * close and restore at once, in microseconds.
 */
#include "offload/chimney/slow/test_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WARM_UP = 50 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int moves = argc > 1 ? atoi(argv[1]) : 5000;
	double *took = calloc((size_t)(moves > 0 ? moves : 1), sizeof(*took));
	static struct net net;
	struct pair p;

	if (moves <= 0 || !took) {
		fprintf(stderr, "usage: repair_time [MOVES]\n");
		return 2;
	}
	net_open(&net);
	pair_open(&p, &net, PAIR_V4);
	for (int i = -WARM_UP; i < moves; i++) {
		double start = now_us();

		pair_move(&p, 0);
		if (i >= 0)
			took[i] = now_us() - start;
		net_pump(&net);
	}
	qsort(took, (size_t)moves, sizeof(*took), by_value);
	printf("take, close, restore: p50 %.1f us, p99 %.1f us, of %d\n", took[moves / 2],
	       took[(size_t)moves * 99 / 100], moves);
	pair_close(&p);
	net_close(&net);
	free(took);
	return 0;
}

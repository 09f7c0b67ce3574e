/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two engines and a bad way between them, many times over: what one side writes the other reads,
 * whatever is lost, doubled or late, however often either end leaves its engine and comes back, and
 * all ends as it should. A seed that fails is printed; "chim_pair_test SEED [SEEDS]" runs it, and
 * so many from there on.
 */
#include "tests/chim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t first_seed = 1, seeds = 1500;

static void property(void **state)
{
	static struct world w;
	uint64_t moves = 0, aborts = 0, failed = 0, packets = 0;

	for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
		const char *why = world_run(&w, seed);

		if (why) {
			print_error("seed %lu: %s\n", seed, why);
			failed++;
		}
		moves += w.moves;
		aborts += w.aborted;
		packets += w.packets;
	}
	print_message("%lu connections, %lu aborted, %lu moves, %lu packets\n", seeds, aborts,
		      moves, packets);
	assert_int_equal(failed, 0);
	/* The chances are such that all of it was tried. */
	if (seeds >= 1000) {
		assert_true(moves > seeds / 4);
		assert_true(aborts > seeds / 100 && aborts < seeds);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(property)};

	if (argc > 1) {
		first_seed = strtoull(argv[1], NULL, 0);
		seeds = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

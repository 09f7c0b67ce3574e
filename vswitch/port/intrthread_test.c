/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls on DPDK's interrupt thread: there, one after another, and behind what happened before. */
#define ALLOW_EXPERIMENTAL_API /* handles of interrupts */

#include "vswitch/port/intrthread.h"

#include "packet/test_eal.h"

#include <pthread.h>
#include <rte_interrupts.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { SOURCES = 20, ROUNDS = 200 };

struct seen {
	pthread_t thread;
	unsigned int calls;
};

static void look(void *arg)
{
	struct seen *seen = arg;

	seen->thread = pthread_self();
	seen->calls++;
}

static void runs_there_and_waits(void **state)
{
	struct seen seen = {0};

	for (unsigned int i = 1; i <= ROUNDS; i++) {
		intrthread_run(look, &seen);
		assert_int_equal(seen.calls, i);
	}
	assert_false(pthread_equal(seen.thread, pthread_self()));
}

/* A driver's: something to read, and how often it was told of it. */
struct source {
	struct rte_intr_handle *handle;
	unsigned int told;
};

static void on_source(void *arg)
{
	struct source *s = arg;
	uint64_t count;

	assert_int_equal(read(rte_intr_fd_get(s->handle), &count, sizeof(count)), sizeof(count));
	/* Time for whoever does not wait. */
	usleep(100);
	s->told++;
}

/* Where the list of sources changes as well, a round is given up and all begins anew. */
static void settles(void **state)
{
	static struct source sources[SOURCES];
	const uint64_t one = 1;

	for (int i = 0; i < SOURCES; i++) {
		struct rte_intr_handle *h = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);

		assert_non_null(h);
		assert_int_equal(rte_intr_fd_set(h, eventfd(0, EFD_NONBLOCK)), 0);
		assert_int_equal(rte_intr_type_set(h, RTE_INTR_HANDLE_EXT), 0);
		sources[i].handle = h;
	}
	for (unsigned int round = 1; round <= ROUNDS; round++) {
		for (int i = 0; i < SOURCES; i++) {
			struct rte_intr_handle *h = sources[i].handle;

			if (round == 1 || i % 2 == 0)
				assert_int_equal(
					rte_intr_callback_register(h, on_source, &sources[i]), 0);
			assert_int_equal(write(rte_intr_fd_get(h), &one, sizeof(one)), sizeof(one));
		}
		intrthread_settle();
		for (int i = 0; i < SOURCES; i++) {
			assert_int_equal(sources[i].told, round);
			if (i % 2 == 0)
				assert_int_equal(rte_intr_callback_unregister(
							 sources[i].handle, on_source, &sources[i]),
						 1);
		}
	}
	for (int i = 0; i < SOURCES; i++) {
		if (i % 2)
			assert_int_equal(rte_intr_callback_unregister_sync(sources[i].handle,
									   on_source, &sources[i]),
					 1);
		close(rte_intr_fd_get(sources[i].handle));
		rte_intr_instance_free(sources[i].handle);
	}
}

static int setup(void **state)
{
	struct err e;

	test_eal_init();
	return intrthread_start(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_there_and_waits),
		cmocka_unit_test(settles),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

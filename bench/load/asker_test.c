/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests and answers over a pair of sockets, and what is counted of them. */
#include "bench/load/asker.h"

#include "base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MS = 1000000, BYTES = 64 };

struct pair {
	int fds[2];
	struct asker a, b;
	pthread_t server;
};

static void *serve(void *arg)
{
	struct pair *p = arg;

	return (void *)(intptr_t)asker_answer(p->fds[1], BYTES);
}

static int set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	if (!p || socketpair(AF_UNIX, SOCK_STREAM, 0, p->fds) ||
	    pthread_create(&p->server, NULL, serve, p))
		return -1;
	p->a = (struct asker){.fd = p->fds[0], .bytes = BYTES};
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;
	void *status;

	shutdown(p->fds[0], SHUT_RDWR);
	pthread_join(p->server, &status);
	close(p->fds[0]);
	close(p->fds[1]);
	free(p);
	/* The end of a connection is no error of the server's. */
	return (int)(intptr_t)status;
}

static void requests_are_answered_until_the_end(void **state)
{
	struct pair *p = *state;

	p->a.begin_ns = clock_now_ns();
	p->a.end_ns = p->a.begin_ns + 50 * MS;
	p->a.slice_ns = 10 * MS;
	asker_run(&p->a);
	assert_int_equal(p->a.error, 0);
	assert_true(p->a.requests > 0);
	assert_int_equal(p->a.latency.total, p->a.requests);
	assert_true(clock_now_ns() >= p->a.end_ns);
}

static void the_other_end_closes(void **state)
{
	struct pair *p = *state;

	p->a.end_ns = UINT64_MAX;
	shutdown(p->fds[1], SHUT_RDWR);
	asker_run(&p->a);
	assert_int_not_equal(p->a.error, 0);
}

static void only_the_window_counts(void **state)
{
	struct asker *a = &((struct pair *)*state)->a;

	a->begin_ns = 100 * MS;
	a->end_ns = 200 * MS;
	a->slice_ns = 50 * MS;
	asker_note(a, 100 * MS - 1, 7);
	asker_note(a, 200 * MS, 7);
	assert_int_equal(a->requests, 0);
	asker_note(a, 100 * MS, 5);
	asker_note(a, 149 * MS, 3);
	asker_note(a, 150 * MS, 4);
	assert_int_equal(a->requests, 3);
	assert_int_equal(a->latency.max, 5);
	assert_int_equal(a->worst_ns[0], 5);
	assert_int_equal(a->worst_ns[1], 4);
	assert_int_equal(a->worst_ns[2], 0);
}

static void the_worse_of_two_is_kept(void **state)
{
	struct pair *p = *state;
	static uint64_t worst_ns[ASKER_SLICES];
	static struct hist latency;

	p->a = p->b = (struct asker){.end_ns = 200 * MS, .slice_ns = 100 * MS};
	asker_note(&p->a, 50 * MS, 9);
	asker_note(&p->a, 150 * MS, 1);
	asker_note(&p->b, 60 * MS, 2);
	asker_note(&p->b, 160 * MS, 8);
	asker_add(&p->a, &latency, worst_ns);
	asker_add(&p->b, &latency, worst_ns);
	assert_int_equal(latency.total, 4);
	assert_int_equal(worst_ns[0], 9);
	assert_int_equal(worst_ns[1], 8);
}

static void more_slices_than_there_is_room_for(void **state)
{
	struct pair *p = *state;
	struct asker *a = &p->a;

	a->end_ns = 1000000 * (uint64_t)MS;
	a->slice_ns = MS;
	asker_note(a, (uint64_t)ASKER_SLICES * MS, 3);
	assert_int_equal(a->requests, 1);
	assert_int_equal(p->b.fd, 0); /* what lies behind it */
	a->slice_ns = 0;
	asker_note(a, 1, 3);
	assert_int_equal(a->requests, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_are_answered_until_the_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_other_end_closes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_the_window_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_worse_of_two_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_slices_than_there_is_room_for, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

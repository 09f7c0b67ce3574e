/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker without queues, and what it polls: when it sleeps, what wakes it, which time it tells.
 */
#include "pipelines/worker.h"

#include "base/clock.h"
#include "packet/test_eal.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <rte_malloc.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MS = 1000000 };

static struct {
	struct worker *w;
	struct worker_shared shared;
	struct worker_run run;
	struct fwd_config fwd;
	pthread_t thread;
	int fd; /* what the poller sleeps on */
	_Atomic uint64_t due_ns, ran_ns, last_ns;
	_Atomic uint32_t polls, sleeps, wakes, work;
	_Atomic bool backwards, far;
	_Atomic bool want_late, late, slept; /* work that comes while it arms */
	uint64_t sleeps_then;
} s;

static uint32_t poll(void *ctx, struct pipe *pipe, uint64_t now_ns)
{
	uint64_t due = atomic_load(&s.due_ns), real = clock_now_ns(), count;

	assert_ptr_equal(ctx, &s);
	assert_ptr_equal(pipe, &s.w->pipe);
	if (now_ns < atomic_load(&s.last_ns))
		atomic_store(&s.backwards, true);
	/* It was read before the clock here, by however long this thread was kept from running. */
	if (now_ns > real + MS)
		atomic_store(&s.far, true);
	atomic_store(&s.last_ns, now_ns);
	atomic_fetch_add(&s.polls, 1);
	if (atomic_load(&s.late)) {
		atomic_store(&s.slept, pkt_read(s.w->sleeps) != s.sleeps_then);
		atomic_store(&s.late, false);
		return 1;
	}
	if (read(s.fd, &count, sizeof(count)) == sizeof(count))
		return atomic_fetch_add(&s.work, 1) + 1;
	if (due != 0 && now_ns >= due) {
		atomic_store(&s.due_ns, 0);
		atomic_store(&s.ran_ns, real);
		return 1;
	}
	return 0;
}

static int sleep_on(void *ctx, int *fds, int max, uint64_t *until_ns)
{
	uint64_t due = atomic_load(&s.due_ns);

	atomic_fetch_add(&s.sleeps, 1);
	if (atomic_exchange(&s.want_late, false)) {
		s.sleeps_then = pkt_read(s.w->sleeps);
		atomic_store(&s.late, true);
	}
	fds[0] = s.fd;
	if (due)
		*until_ns = RTE_MIN(*until_ns, due);
	return 1;
}

static void wake(void *ctx)
{
	atomic_fetch_add(&s.wakes, 1);
}

static void *run(void *arg)
{
	worker_main(&s.run);
	return NULL;
}

static int setup(void **state)
{
	const struct worker_poller p = {.poll = poll, .sleep = sleep_on, .wake = wake, .ctx = &s};

	memset(&s, 0, sizeof(s));
	s.w = rte_zmalloc(NULL, sizeof(*s.w), RTE_CACHE_LINE_SIZE);
	s.shared.qsbr = rte_zmalloc(NULL, rte_rcu_qsbr_get_memsize(1), RTE_CACHE_LINE_SIZE);
	if (!s.w || !s.shared.qsbr || rte_rcu_qsbr_init(s.shared.qsbr, 1) != 0)
		return -1;
	atomic_store(&s.shared.fwd, &s.fwd);
	s.run = (struct worker_run){.worker = s.w, .shared = &s.shared};
	s.fd = eventfd(0, EFD_NONBLOCK);
	s.w->wake_fd = eventfd(0, EFD_NONBLOCK);
	pipe_init(&s.w->pipe, &s.w->ctx);
	assert_int_equal(worker_add_poller(s.w, &p), 0);
	return pthread_create(&s.thread, NULL, run, NULL);
}

static int teardown(void **state)
{
	atomic_store(&s.shared.stop, true);
	worker_wake(s.w);
	pthread_join(s.thread, NULL);
	close(s.fd);
	close(s.w->wake_fd);
	rte_free(s.w);
	rte_free(s.shared.qsbr);
	return 0;
}

/* Until it has gone to sleep once more. */
static void wait_asleep(void)
{
	uint32_t n = atomic_load(&s.sleeps);

	while (atomic_load(&s.sleeps) == n)
		usleep(100);
}

static void wakes_when_it_is_due(void **state)
{
	uint64_t least_late = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t due;

		wait_asleep();
		due = clock_now_ns() + 20 * MS;
		atomic_store(&s.due_ns, due);
		worker_wake(s.w); /* it had been told nothing of that */
		while (atomic_load(&s.due_ns) != 0)
			usleep(100);
		/* By the clock, give or take what its own notion of time is off. */
		assert_true(atomic_load(&s.ran_ns) + MS > due);
		least_late = RTE_MIN(least_late, atomic_load(&s.ran_ns) + MS - due);
	}
	/* Without it, it sleeps for 100 ms. */
	assert_true(least_late < 60 * MS);
	assert_false(atomic_load(&s.backwards));
	assert_false(atomic_load(&s.far));
	assert_true(atomic_load(&s.wakes) > 0);
}

static void wakes_for_a_descriptor(void **state)
{
	const uint64_t one = 1;

	for (uint32_t i = 1; i <= 5; i++) {
		wait_asleep();
		assert_int_equal(write(s.fd, &one, sizeof(one)), sizeof(one));
		while (atomic_load(&s.work) < i)
			usleep(100);
	}
	assert_int_equal(pkt_read(s.w->rx_packets), 0);
	assert_true(pkt_read(s.w->busy_cycles) > 0);
}

/* It neither waits for a descriptor nor for a time: it has been told that there is work. */
static void does_not_sleep_with_work(void **state)
{
	uint32_t polls = atomic_load(&s.polls);

	wait_asleep();
	atomic_store(&s.due_ns, 1);
	worker_wake(s.w);
	while (atomic_load(&s.due_ns) != 0 || atomic_load(&s.polls) == polls)
		usleep(100);
}

/* Who brings it saw the worker awake, and did not wake it. */
static void sees_what_comes_as_it_lies_down(void **state)
{
	for (int i = 0; i < 5; i++) {
		atomic_store(&s.want_late, true);
		while (atomic_load(&s.want_late) || atomic_load(&s.late))
			usleep(100);
		assert_false(atomic_load(&s.slept));
	}
}

static void takes_so_many(void **state)
{
	const struct worker_poller p = {.poll = poll};
	struct worker *w = rte_zmalloc(NULL, sizeof(*w), RTE_CACHE_LINE_SIZE);

	for (int i = 0; i < WORKER_POLLERS_MAX; i++)
		assert_int_equal(worker_add_poller(w, &p), 0);
	assert_int_equal(worker_add_poller(w, &p), -ENOSPC);
	rte_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wakes_when_it_is_due, setup, teardown),
		cmocka_unit_test_setup_teardown(wakes_for_a_descriptor, setup, teardown),
		cmocka_unit_test_setup_teardown(does_not_sleep_with_work, setup, teardown),
		cmocka_unit_test_setup_teardown(sees_what_comes_as_it_lies_down, setup, teardown),
		cmocka_unit_test(takes_so_many),
	};

	test_eal_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

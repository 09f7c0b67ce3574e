/* SPDX-License-Identifier: BSD-3-Clause */
/* What the application sees: when it is woken, and what it is told. */
#include "offload/chimney/fast/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct wire w;

static int setup(void **state)
{
	wire_init(&w, 0xfffffe00, 0xffffff00);
	return 0;
}

static int teardown(void **state)
{
	wire_end(&w);
	return 0;
}

static void wakes_who_waits_to_read(void **state)
{
	wire_lines(&w, "< . 0:100 ack 0\n"
		       "wakes 0\n"
		       "wants in\n"
		       "<< . 100:200 ack 0\n"
		       "<< . 200:300 ack 0\n"
		       "wakes 0\n"
		       "run\n"
		       "wakes 1\n"
		       "run\n"
		       "wakes 0\n"
		       "< . 400:500 ack 0\n"
		       "wakes 0\n"
		       "< . 300:400 ack 0\n"
		       "wakes 1\n"
		       "skip");
}

static void wakes_who_waits_to_write(void **state)
{
	w.state.cwnd = 100;
	wire_lines(&w, "write 65536\n"
		       "skip\n"
		       "wants out\n"
		       "# a third of the ring must be free\n"
		       "< . 0 ack 21000\n"
		       "wakes 0\n"
		       "< . 0 ack 22000\n"
		       "wakes 1\n"
		       "skip");
}

static void little_unsent_wakes(void **state)
{
	w.state.notsent_lowat = 2000;
	w.state.cwnd = 2;
	wire_lines(&w, "write 6000\n"
		       "skip\n"
		       "wants out\n"
		       "< . 0 ack 1000\n"
		       "skip\n"
		       "unsent 2000\n"
		       "wakes 0\n"
		       "< . 0 ack 2000\n"
		       "skip\n"
		       "wakes 1");
}

static void wakes_for_ends(void **state)
{
	wire_lines(&w, "< F. 0 ack 0\n"
		       "wakes 1\n"
		       "skip\n"
		       "< R. 1 ack 0\n"
		       "wakes 1\n"
		       "closed 32");
}

static void info_is_told_now_and_then(void **state)
{
	uint32_t seq;

	wire_lines(&w, "+300\nwrite 100\nskip");
	seq = w.shm->info.seq;
	assert_int_equal(seq, 2);
	assert_int_equal(w.shm->info.rtt_us, 100000);
	assert_int_equal(w.shm->info.state, 1);
	assert_int_equal(w.shm->info.mss, 1000);
	wire_lines(&w, "+100\n< . 0 ack 100\nskip");
	assert_int_equal(w.shm->info.seq, seq);
	wire_lines(&w, "+200\n< . 0:10 ack 100\nskip");
	assert_int_equal(w.shm->info.seq, seq + 2);
	assert_int_equal(w.shm->info.bytes_acked, 100);
	assert_int_equal(w.shm->info.bytes_received, 10);
	chim_engine_freeze(w.e, w.c, w.now);
	assert_int_equal(w.shm->info.seq, seq + 4);
}

static void idle_connections_cost_nothing(void **state)
{
	wire_lines(&w, "write 100\nskip\n< . 0 ack 100\nrun");
	assert_int_equal(chim_engine_run(w.e, w.now), 0);
	assert_true(chim_engine_next(w.e) == UINT64_MAX);
	assert_int_equal(chim_engine_run(w.e, w.now + 3600 * NS_PER_S), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static const struct CMUnitTest tests[] = {
	T(wakes_who_waits_to_read), T(wakes_who_waits_to_write),  T(little_unsent_wakes),
	T(wakes_for_ends),	    T(info_is_told_now_and_then), T(idle_connections_cost_nothing),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

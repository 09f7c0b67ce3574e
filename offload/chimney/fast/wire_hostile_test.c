/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared memory that is written by somebody who means harm. */
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

/* What the application must not do resets the connection, and is counted. */
static void lie(void)
{
	chim_engine_rung(w.e, w.c, w.now);
	chim_engine_run(w.e, w.now);
	assert_int_equal(w.closed, EPROTO);
	assert_int_equal(chim_engine_stats(w.e)->hostile, 1);
	assert_int_equal(w.sent[w.n_sent - 1].seg.flags, CHIM_RST | CHIM_ACK);
	assert_int_equal(w.shm->error, EPROTO);
	assert_true(w.shm->flued_flags & CHIM_FLUED_ERROR);
}

static void head_too_far(void **state)
{
	wire_begin(&w);
	w.shm->snd_head = WIRE_RING + 1;
	lie();
}

static void head_back(void **state)
{
	wire_lines(&w, "write 100\nskip");
	w.shm->snd_head = 99;
	lie();
}

static void head_wraps(void **state)
{
	wire_begin(&w);
	w.shm->snd_head = UINT64_MAX;
	lie();
}

static void tail_too_far(void **state)
{
	wire_lines(&w, "< . 0:100 ack 0\nskip");
	w.shm->rcv_tail = 101;
	lie();
}

static void tail_back(void **state)
{
	wire_lines(&w, "< . 0:100 ack 0\nread 100\nskip");
	w.shm->rcv_tail = 99;
	lie();
}

static void tail_into_a_hole(void **state)
{
	wire_lines(&w, "< . 100:200 ack 0\nskip");
	w.shm->rcv_tail = 50;
	lie();
}

static void what_it_should_not_write_is_not_read(void **state)
{
	wire_lines(&w, "write 100\nskip");
	w.shm->snd_size = 1;
	w.shm->rcv_size = 7;
	w.shm->snd_off = w.shm->rcv_off = UINT64_MAX;
	w.shm->rcv_head = 77;
	w.shm->snd_tail = 99;
	w.shm->flued_flags = ~0u;
	w.shm->info.seq = 77;
	wire_lines(&w, "+500\n"
		       "< . 0:1000 ack 100\n"
		       "in 1000\n"
		       "freed 100\n"
		       "skip");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static const struct CMUnitTest tests[] = {
	T(head_too_far),
	T(head_back),
	T(head_wraps),
	T(tail_too_far),
	T(tail_back),
	T(tail_into_a_hole),
	T(what_it_should_not_write_is_not_read),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

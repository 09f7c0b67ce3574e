/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection that changes hands: what would stay without an answer, and whose clock goes on. */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void asks_once_more_when_nothing_was_answered(void **state)
{
	wire_play("conf snd_len 2500 unsent 0\n"
		  "+10\n"
		  "none\n"
		  "freeze\n"
		  "> P. 1500:2500 ack 0\n"
		  "+5000\n"
		  "none");
}

/* Without SACK only the first tells something. */
static void asks_for_the_first_without_sack(void **state)
{
	wire_play("conf sack 0 snd_len 2500 unsent 0\n"
		  "+10\n"
		  "freeze\n"
		  "> . 0:1000 ack 0");
}

static void asks_when_it_takes_too_long(void **state)
{
	wire_play("write 3000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 1000\n"
		  "+90\n"
		  "none\n"
		  "# two round trips have not passed\n"
		  "freeze\n"
		  "none");
	wire_play("write 1000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 1000\n"
		  "+5000\n"
		  "# it was idle, and sends again only now\n"
		  "write 1000\n"
		  "> P. 1000:2000 ack 0\n"
		  "freeze\n"
		  "none");
	wire_play("conf srtt 50000 rttvar 50000\n"
		  "write 1000\n"
		  "write 1000\n"
		  "skip\n"
		  "+50\n"
		  "< . 0 ack 1000\n"
		  "+110\n"
		  "none\n"
		  "freeze\n"
		  "> P. 1000:2000 ack 0");
}

static void asks_when_something_is_missing(void **state)
{
	wire_play("write 3000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 1000 sack 2000-3000\n"
		  "freeze\n"
		  "> P. 2000:3000 ack 0");
}

static void has_nothing_to_ask_for(void **state)
{
	wire_play("conf snd_len 1000 unsent 0\n"
		  "< . 0 ack 1000\n"
		  "+1000\n"
		  "freeze\n"
		  "none");
	wire_play("conf snd_len 1000 unsent 0\n"
		  "close -\n"
		  "> F. 1000 ack 0\n"
		  "freeze\n"
		  "none");
}

/* What was sent once more is no measure of a round trip, should it stay after all. */
static void stays_after_all(void **state)
{
	wire_play("conf snd_len 1000 unsent 0\n"
		  "+10\n"
		  "freeze\n"
		  "> P. 0:1000 ack 0\n"
		  "thaw\n"
		  "+1\n"
		  "< . 0 ack 1000\n"
		  "rto 300\n"
		  "write 1000\n"
		  "> P. 1000:2000 ack 0");
}

/* The kernel's last segment was stamped 30 ms ahead, for that is when it was to leave. */
static void goes_on_from_what_the_peer_saw(void **state)
{
	wire_play("conf ts 1\n"
		  "write 2000\n"
		  "> . 0:1000 ack 0 ts 0 0\n"
		  "> P. 1000:2000 ack 0 ts 0 0\n"
		  "# dropped as old (RFC 7323 5.3)\n"
		  "+2\n"
		  "< . 0 ack 0 ts 2 30\n"
		  "> . 0:1000 ack 0 ts 30 2\n"
		  "> P. 1000:2000 ack 0 ts 30 2\n"
		  "ca loss\n"
		  "cwnd 10000\n"
		  "+8\n"
		  "< . 0 ack 2000 ts 10 30\n"
		  "ca open\n"
		  "write 1\n"
		  "> P. 2000:2001 ack 0 ts 38 10");
}

/* Those that are not answered so are of the kernel, which knew the time. */
static void of_the_kernels_nothing_is_sent_again(void **state)
{
	wire_play("conf ts 1 snd_len 1000 unsent 0\n"
		  "< . 0 ack 0 ts 0 30\n"
		  "> . 1000 ack 0 ts 30 0\n"
		  "none\n"
		  "rto 300\n"
		  "< . 0 ack 1000 ts 0 30\n"
		  "none");
}

static void does_not_believe_all(void **state)
{
	wire_play("conf ts 1\n"
		  "write 1000\n"
		  "> P. 0:1000 ack 0 ts 0 0\n"
		  "< . 0 ack 0 ts 0 10001\n"
		  "none\n"
		  "# an acknowledgment of what was not sent\n"
		  "< . 0 ack 1001 ts 0 30\n"
		  "> . 1000 ack 0 ts 0 0\n"
		  "none");
}

static void the_kernel_goes_on_from_there(void **state)
{
	static struct wire w;
	struct chim_tcp_state s;

	wire_init(&w, 1, 1);
	wire_lines(&w, "conf ts 1 snd_len 1000 unsent 0\n"
		       "< . 0 ack 0 ts 0 30\n"
		       "> . 1000 ack 0 ts 30 0\n"
		       "< . 0 ack 1000 ts 0 30\n"
		       "freeze");
	assert_int_equal(chim_engine_dump(w.e, w.c, &s), 0);
	assert_int_equal(s.ts_offset, w.state.ts_offset + 30);
	assert_int_equal(chim_engine_stats(w.e)->ts_behind, 1);
	wire_end(&w);
}

static void frozen_it_stands_still(void **state)
{
	static struct wire w;

	wire_init(&w, 0xfffffe00, 0xffffff00);
	wire_lines(&w, "write 1000\n"
		       "<< . 0:500 ack 0\n"
		       "in 0\n"
		       "skip");
	chim_engine_freeze(w.e, w.c, w.now);
	wire_lines(&w, "in 500\n"
		       "> . 1000 ack 500\n"
		       "> P. 0:1000 ack 500");
	assert_true(w.shm->flued_flags & CHIM_FLUED_FROZEN);
	wire_lines(&w, "< . 500:1000 ack 1000\n"
		       "in 500\n"
		       "freed 0\n"
		       "write 1000\n"
		       "+10000\n"
		       "none\n"
		       "open");
	chim_engine_thaw(w.e, w.c, w.now);
	wire_lines(&w, "run\n"
		       "wakes 1\n"
		       "# what fell due meanwhile\n"
		       "+1\n"
		       "> P. 1000:2000\n"
		       "skip\n"
		       "< . 500:1000 ack 2000\n"
		       "in 1000\n"
		       "freed 2000\n"
		       "skip");
	assert_false(w.shm->flued_flags & CHIM_FLUED_FROZEN);
	wire_end(&w);
}

/* What it announced the kernel would have to have room for, and the next ring for that. */
static void announces_no_more_than_it_began_with(void **state)
{
	wire_play("conf quick 1 wscale 7 rcv_size 4194304 rcv_wnd 2097152\n"
		  "< P. 0:1280 ack 0\n"
		  "> . 0 ack 1280 win 16374\n"
		  "read 1280\n"
		  "< P. 1280:2560 ack 0\n"
		  "> . 0 ack 2560 win 16374\n"
		  "read 1280\n"
		  "skip");
	wire_play("conf quick 1 wscale 7 rcv_size 4194304\n"
		  "< P. 0:1280 ack 0\n"
		  "> . 0 ack 1280 win 8182\n"
		  "read 1280\n"
		  "skip");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_once_more_when_nothing_was_answered),
		cmocka_unit_test(asks_for_the_first_without_sack),
		cmocka_unit_test(asks_when_it_takes_too_long),
		cmocka_unit_test(asks_when_something_is_missing),
		cmocka_unit_test(has_nothing_to_ask_for),
		cmocka_unit_test(stays_after_all),
		cmocka_unit_test(goes_on_from_what_the_peer_saw),
		cmocka_unit_test(of_the_kernels_nothing_is_sent_again),
		cmocka_unit_test(does_not_believe_all),
		cmocka_unit_test(the_kernel_goes_on_from_there),
		cmocka_unit_test(frozen_it_stands_still),
		cmocka_unit_test(announces_no_more_than_it_began_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

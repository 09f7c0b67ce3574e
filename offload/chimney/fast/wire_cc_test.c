/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 6582 (NewReno, of peers without SACK), RFC 3168 6.1.2 (ECN's answer), RFC 5681 and 2861
 * (windows).
 */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void newreno_fast_retransmit(void **state)
{
	wire_play("conf sack 0\n"
		  "write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0\n"
		  "< . 0 ack 0\n"
		  "none\n"
		  "< . 0 ack 0\n"
		  "> . 0:1000\n"
		  "ca recovery\n"
		  "+100\n"
		  "< . 0 ack 10000\n"
		  "ca open\n"
		  "cwnd 5000");
}

static void newreno_partial_acks(void **state)
{
	wire_play("conf sack 0\n"
		  "write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0\n"
		  "< . 0 ack 0\n"
		  "< . 0 ack 0\n"
		  "> . 0:1000\n"
		  "< . 0 ack 0\n"
		  "< . 0 ack 0\n"
		  "< . 0 ack 0\n"
		  "+100\n"
		  "< . 0 ack 4000\n"
		  "> . 4000:5000\n"
		  "ca recovery\n"
		  "+100\n"
		  "< . 0 ack 10000\n"
		  "ca open\n"
		  "none");
}

static void window_updates_are_no_duplicates(void **state)
{
	wire_play("conf sack 0\n"
		  "write 10000\n"
		  "skip\n"
		  "< . 0 ack 0 win 60001\n"
		  "< . 0 ack 0 win 60002\n"
		  "< . 0 ack 0 win 60003\n"
		  "< . 0:10 ack 0 win 60003\n"
		  "< . 10:20 ack 0 win 60003\n"
		  "< . 20:30 ack 0 win 60003\n"
		  "ca open\n"
		  "retrans 0");
}

static void no_second_fast_retransmit_in_a_window(void **state)
{
	/* RFC 6582 3.2 step 2: duplicates of what was sent again are not news. */
	wire_play("conf sack 0\n"
		  "write 3000\n"
		  "skip\n"
		  "+302\n"
		  "> . 0:1000\n"
		  "< . 0 ack 3000\n"
		  "ca open\n"
		  "write 1000\n"
		  "skip\n"
		  "< . 0 ack 3000\n"
		  "< . 0 ack 3000\n"
		  "< . 0 ack 3000\n"
		  "none\n"
		  "ca disorder");
}

static void marks_reduce_once_a_round(void **state)
{
	wire_play("conf ecn 1\n"
		  "write 20000\n"
		  "skip\n"
		  "+100\n"
		  "< E. 0 ack 1000\n"
		  "ca cwr\n"
		  "cwnd< 9000\n"
		  "< E. 0 ack 6000\n"
		  "> W. 10000:11000\n"
		  "cwnd 5000\n"
		  "< E. 0 ack 7000\n"
		  "> . 11000:12000\n"
		  "cwnd 5000\n"
		  "retrans 0");
}

static void losses_are_answered_to_ecn_as_well(void **state)
{
	wire_play("conf ecn 1\n"
		  "write 12000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-10000\n"
		  "> . 0:1000 notect\n"
		  "> W. 10000:11000 ect\n"
		  "> P. 11000:12000");
}

static void unused_window_does_not_grow(void **state)
{
	wire_play("write 1000\n"
		  "skip\n"
		  "< . 0 ack 1000\n"
		  "write 1000\n"
		  "skip\n"
		  "< . 0 ack 2000\n"
		  "cwnd 10000");
}

static void used_window_grows(void **state)
{
	wire_play("conf ssthresh 10\n"
		  "write 40000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 10000\n"
		  "# congestion avoidance: one segment a round\n"
		  "cwnd 11000\n"
		  "skip");
}

static void idle_window_decays(void **state)
{
	wire_play("conf cwnd 40 tso 1\n"
		  "write 10\n"
		  "skip\n"
		  "< . 0 ack 10\n"
		  "+2000\n"
		  "write 30000\n"
		  "> . 10:10010\n"
		  "none\n"
		  "cwnd 10000");
}

static void newreno_deflates(void **state)
{
	wire_play("conf sack 0\n"
		  "write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0\n"
		  "< . 0 ack 0\n"
		  "< . 0 ack 0\n"
		  "> . 0:1000\n"
		  "pipe 7000\n"
		  "< . 0 ack 0\n"
		  "pipe 6000\n"
		  "+100\n"
		  "# 4000 were acknowledged, for 3000 of which duplicates had come\n"
		  "< . 0 ack 4000\n"
		  "> . 4000:5000\n"
		  "pipe 5000");
}

static void timeouts_are_answered_to_ecn_as_well(void **state)
{
	wire_play("conf ecn 1 sack 0\n"
		  "write 1000\n"
		  "skip\n"
		  "+302\n"
		  "> P. 0:1000 notect\n"
		  "< . 0 ack 1000\n"
		  "write 1000\n"
		  "> PW. 1000:2000 ect");
}

static void window_used_once_does_not_grow_later(void **state)
{
	wire_play("write 10500\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 10000\n"
		  "> P. 10000:10500\n"
		  "< . 0 ack 10500\n"
		  "cwnd 20500\n"
		  "write 500\n"
		  "skip\n"
		  "< . 0 ack 11000\n"
		  "cwnd 20500");
}

static void a_burst_of_acks_counts_as_used(void **state)
{
	wire_play(
		"write 30000\n"
		"skip\n"
		"+20\n"
		"# half is acknowledged and the loss is seen before anything could be sent for it\n"
		"<< . 0 ack 5000 win 60000\n"
		"<< . 0 ack 5000 win 60000 sack 6000-7000\n"
		"<< . 0 ack 5000 win 60000 sack 6000-8000\n"
		"<< . 0 ack 5000 win 60000 sack 6000-9000\n"
		"run\n"
		"ca recovery\n"
		"> . 5000:6000\n"
		"skip\n"
		"pipe 5000\n"
		"cwnd 5000\n"
		"+20\n"
		"<< . 0 ack 10000 win 60000\n"
		"<< . 0 ack 15000 win 60000\n"
		"run\n"
		"skip\n"
		"ca open\n"
		"pipe 5000\n"
		"cwnd 5000");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_burst_of_acks_counts_as_used),
	cmocka_unit_test(newreno_fast_retransmit),
	cmocka_unit_test(newreno_partial_acks),
	cmocka_unit_test(newreno_deflates),
	cmocka_unit_test(window_updates_are_no_duplicates),
	cmocka_unit_test(no_second_fast_retransmit_in_a_window),
	cmocka_unit_test(marks_reduce_once_a_round),
	cmocka_unit_test(losses_are_answered_to_ecn_as_well),
	cmocka_unit_test(timeouts_are_answered_to_ecn_as_well),
	cmocka_unit_test(unused_window_does_not_grow),
	cmocka_unit_test(used_window_grows),
	cmocka_unit_test(window_used_once_does_not_grow_later),
	cmocka_unit_test(idle_window_decays),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

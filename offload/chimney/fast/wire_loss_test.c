/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Losses found by time: RFC 8985 (RACK) on the scoreboard of RFC 2018 and 6675, with PRR's window
 * (RFC 6937). Round-trip times are 100 ms.
 */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static void three_behind_are_enough(void **state)
{
	wire_play("write 5000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-2000\n"
		  "ca disorder\n"
		  "< . 0 ack 0 sack 1000-3000\n"
		  "none\n"
		  "< . 0 ack 0 sack 1000-4000\n"
		  "> . 0:1000\n"
		  "ca recovery\n"
		  "pipe 2000\n"
		  "+100\n"
		  "< . 0 ack 5000\n"
		  "ca open\n"
		  "retrans 1\n"
		  "pipe 0");
}

static void time_finds_what_few_duplicates_do_not(void **state)
{
	/* A quarter of the least round-trip time: RACK's first reordering window. */
	wire_play("write 2000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-2000\n"
		  "+24\n"
		  "none\n"
		  "+2\n"
		  "> . 0:1000\n"
		  "ca recovery");
}

static void reordering_is_no_loss(void **state)
{
	wire_play("write 2000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-2000\n"
		  "+20\n"
		  "< . 0 ack 2000\n"
		  "+100\n"
		  "none\n"
		  "ca open\n"
		  "# from now on three behind are not enough\n"
		  "write 5000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 2000 sack 3000-7000\n"
		  "none\n"
		  "+20\n"
		  "none\n"
		  "+8\n"
		  "> . 2000:3000");
}

static void new_data_goes_for_each_that_left(void **state)
{
	/* RFC 3042, which RFC 8985's pipe contains. */
	wire_play("conf cwnd 3\n"
		  "write 5000\n"
		  "> . 0:1000\n"
		  "> . 1000:2000\n"
		  "> . 2000:3000\n"
		  "none\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-2000\n"
		  "> . 3000:4000\n"
		  "none\n"
		  "< . 0 ack 0 sack 1000-3000\n"
		  "> P. 4000:5000");
}

static void window_comes_down_by_prr(void **state)
{
	wire_play("write 20000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-4000\n"
		  "> . 0:1000\n"
		  "none\n"
		  "+10\n"
		  "< . 0 ack 0 sack 1000-5000\n"
		  "+1\n"
		  "> . 10000:11000\n"
		  "< . 0 ack 0 sack 1000-6000\n"
		  "< . 0 ack 0 sack 1000-7000\n"
		  "none\n"
		  "pipe 5000\n"
		  "# it has arrived at ssthresh: one for one\n"
		  "< . 0 ack 0 sack 1000-8000\n"
		  "> . 11000:12000\n"
		  "< . 0 ack 0 sack 1000-9000\n"
		  "> . 12000:13000\n"
		  "+90\n"
		  "< . 0 ack 10000\n"
		  "ca open\n"
		  "cwnd 5000\n"
		  "> . 13000:14000\n"
		  "> . 14000:15000");
}

static void all_holes_are_filled(void **state)
{
	wire_play("write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 1000 sack 2000-3000,4000-5000,6000-8000\n"
		  "> . 1000:2000\n"
		  "< . 0 ack 1000 sack 2000-3000,4000-5000,6000-10000\n"
		  "> . 3000:4000\n"
		  "+100\n"
		  "< . 0 ack 3000 sack 4000-5000,6000-10000\n"
		  "> . 5000:6000\n"
		  "+100\n"
		  "< . 0 ack 10000\n"
		  "ca open\n"
		  "none");
}

static void lost_retransmission_is_found(void **state)
{
	wire_play("write 12000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-4000\n"
		  "> . 0:1000\n"
		  "+10\n"
		  "< . 0 ack 0 sack 1000-10000\n"
		  "> . 10000:11000\n"
		  "> P. 11000:12000\n"
		  "# what was sent after it is there, it is not\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-12000\n"
		  "> . 0:1000\n"
		  "retrans 2");
}

static void duplicates_widen_the_window(void **state)
{
	/* RFC 8985 6.2: each round with a needless retransmission waits a quarter RTT longer. */
	wire_play("conf cwnd 20\n"
		  "write 2000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-2000\n"
		  "+27\n"
		  "> . 0:1000\n"
		  "< . 0 ack 2000\n"
		  "< . 0 ack 2000 sack 0-1000\n"
		  "write 2000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 2000 sack 3000-4000\n"
		  "+45\n"
		  "none\n"
		  "+10\n"
		  "> . 2000:3000");
}

static void blocks_that_cannot_be_are_ignored(void **state)
{
	wire_play("write 5000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 1000 sack 4000-9000,3000-2000,500-2000\n"
		  "pipe 4000\n"
		  "< . 0 ack 1000 sack 2000-2000,1000000-2000000\n"
		  "pipe 4000\n"
		  "ca open");
}

static void blocks_of_one_ack_are_no_reordering(void **state)
{
	/* The latest comes first in the list, and acknowledgments between were lost. */
	wire_play("write 9000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 7000-9000,4000-5000,1000-3000\n"
		  "> . 0:1000\n"
		  "> . 3000:4000\n"
		  "> . 5000:6000\n"
		  "> . 6000:7000");
}

static void part_of_a_unit_is_lost(void **state)
{
	wire_play("conf tso 1 cwnd 20\n"
		  "write 20000\n"
		  "> P. 0:20000\n"
		  "+100\n"
		  "< . 0 ack 3000 sack 5000-20000\n"
		  "> . 3000:5000 segsz 1000\n"
		  "+100\n"
		  "< . 0 ack 20000\n"
		  "retrans 1\n"
		  "ca open");
}

static void retransmissions_are_not_ect(void **state)
{
	wire_play("conf ecn 1\n"
		  "write 4000\n"
		  "> . 0:1000 ect\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-4000\n"
		  "> . 0:1000 notect");
}

static void duplicates_of_one_round_count_once(void **state)
{
	wire_play("conf cwnd 20\n"
		  "write 4000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-2000,3000-4000\n"
		  "+27\n"
		  "> . 0:1000\n"
		  "+3\n"
		  "< . 0 ack 4000\n"
		  "write 1000\n"
		  "skip\n"
		  "# two reports, one round\n"
		  "< . 0 ack 4000 sack 0-500\n"
		  "< . 0 ack 4000 sack 500-1000\n"
		  "+100\n"
		  "< . 0 ack 5000\n"
		  "write 2000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 5000 sack 6000-7000\n"
		  "+45\n"
		  "none\n"
		  "+8\n"
		  "> . 5000:6000");
}

static void lost_ones_wait_for_buffers(void **state)
{
	wire_play("write 5000\n"
		  "skip\n"
		  "+100\n"
		  "nobufs 1\n"
		  "< . 0 ack 0 sack 1000-5000\n"
		  "none\n"
		  "pipe 0\n"
		  "run\n"
		  "> . 0:1000\n"
		  "pipe 1000\n"
		  "retrans 1");
}

static void wider_window_is_forgotten(void **state)
{
	static struct wire w;

	wire_init(&w, 0xfffff000, 1);
	wire_lines(&w, "write 4000\n"
		       "skip\n"
		       "+100\n"
		       "< . 0 ack 0 sack 1000-4000\n"
		       "skip\n"
		       "+100\n"
		       "< . 0 ack 4000 sack 0-1000\n");
	assert_int_equal(w.c->reo_mult, 2);
	/* After sixteen recoveries without duplicates. */
	for (int i = 0; i < TCP_REORDERING_MAX; i++) {
		char line[128];
		int at = 4000 + 4000 * i;

		assert_int_equal(w.c->reo_mult, 2);
		w.c->cc.cwnd = 10000;
		wire_lines(&w, "write 4000\nskip\n+100");
		snprintf(line, sizeof(line), "< . 0 ack %d sack %d-%d\n+60\nca recovery\nskip", at,
			 at + 1000, at + 4000);
		wire_lines(&w, line);
		snprintf(line, sizeof(line), "+100\n< . 0 ack %d\nca open\nskip", at + 4000);
		wire_lines(&w, line);
	}
	assert_int_equal(w.c->reo_mult, 1);
	wire_end(&w);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(three_behind_are_enough),
	cmocka_unit_test(time_finds_what_few_duplicates_do_not),
	cmocka_unit_test(reordering_is_no_loss),
	cmocka_unit_test(new_data_goes_for_each_that_left),
	cmocka_unit_test(window_comes_down_by_prr),
	cmocka_unit_test(all_holes_are_filled),
	cmocka_unit_test(lost_retransmission_is_found),
	cmocka_unit_test(duplicates_widen_the_window),
	cmocka_unit_test(blocks_that_cannot_be_are_ignored),
	cmocka_unit_test(blocks_of_one_ack_are_no_reordering),
	cmocka_unit_test(part_of_a_unit_is_lost),
	cmocka_unit_test(retransmissions_are_not_ect),
	cmocka_unit_test(duplicates_of_one_round_count_once),
	cmocka_unit_test(lost_ones_wait_for_buffers),
	cmocka_unit_test(wider_window_is_forgotten),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

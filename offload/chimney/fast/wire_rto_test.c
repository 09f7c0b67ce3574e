/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 6298 (the retransmission timer, measuring), RFC 1191 6.4 (a smaller path MTU). */
#include "offload/chimney/fast/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void timer_sends_the_first_again(void **state)
{
	wire_play("conf sack 0\n"
		  "write 3000\n"
		  "skip\n"
		  "+298\n"
		  "none\n"
		  "+3\n"
		  "> . 0:1000\n"
		  "none\n"
		  "ca loss\n"
		  "cwnd 1000\n"
		  "# twice as long (RFC 6298 5.5)\n"
		  "+597\n"
		  "none\n"
		  "+5\n"
		  "> . 0:1000\n"
		  "# slow start from one segment on\n"
		  "+50\n"
		  "< . 0 ack 1000\n"
		  "> . 1000:2000\n"
		  "> P. 2000:3000\n"
		  "+50\n"
		  "< . 0 ack 3000\n"
		  "ca open\n"
		  "none");
}

static void acks_restart_the_timer(void **state)
{
	wire_play("conf sack 0\n"
		  "write 2000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 1000\n"
		  "+280\n"
		  "none\n"
		  "+25\n"
		  "> P. 1000:2000");
}

static void nothing_in_flight_no_timer(void **state)
{
	wire_play("write 1000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 1000\n"
		  "+100000\n"
		  "none\n"
		  "retrans 0");
}

static void samples_set_the_timeout(void **state)
{
	wire_play("conf srtt 0 rttvar 0 min_rtt 0 sack 0\n"
		  "rto 1000\n"
		  "write 1000\n"
		  "skip\n"
		  "+400\n"
		  "< . 0 ack 1000\n"
		  "# RFC 6298 2.2: SRTT + 4 RTTVAR, of one sample\n"
		  "rto 1200");
}

static void what_was_sent_twice_is_not_measured(void **state)
{
	/* Karn's algorithm. */
	wire_play("conf sack 0\n"
		  "write 1000\n"
		  "skip\n"
		  "+302\n"
		  "> P. 0:1000\n"
		  "+2\n"
		  "< . 0 ack 1000\n"
		  "# the backed-off timeout stays (RFC 6298 5.7)\n"
		  "rto 600");
}

static void what_waited_behind_it_is_not_either(void **state)
{
	wire_play("conf sack 0\n"
		  "write 3000\n"
		  "skip\n"
		  "+302\n"
		  "> . 0:1000\n"
		  "+2\n"
		  "# two thirds were sent once, and were there long ago\n"
		  "< . 0 ack 3000\n"
		  "rto 600");
}

static void timestamps_measure_it_nevertheless(void **state)
{
	wire_play("conf ts 1 sack 0 srtt 400000 rttvar 100000\n"
		  "rto 800\n"
		  "write 1000\n"
		  "skip\n"
		  "+802\n"
		  "> P. 0:1000\n"
		  "+20\n"
		  "< . 0 ack 1000 ts 10 800\n"
		  "# 22 ms were measured: RTTVAR is 3/4 of what it was and 1/4 of 378, and so on\n"
		  "rto 1030\n");
}

static void spurious_timeout_is_undone(void **state)
{
	wire_play("conf ts 1\n"
		  "write 5000\n"
		  "skip\n"
		  "+201\n"
		  "> P. 4000:5000\n"
		  "+302\n"
		  "> . 0:1000\n"
		  "ca loss\n"
		  "+20\n"
		  "< . 0 ack 2000 ts 500 0\n"
		  "ca open\n"
		  "cwnd 10000\n"
		  "none");
}

static void path_died(void **state)
{
	wire_play("write 1000\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "open\n"
		  "+200000000us\n"
		  "upload timeout\n"
		  "skip\n"
		  "+200000000us\n"
		  "none");
}

/* The host could not take it back: the peer is asked again, and once more the host. */
static void goes_on_where_it_is_kept(void **state)
{
	static struct wire w;

	wire_init(&w, 1000, 5000);
	wire_lines(&w, "write 1000\n"
		       "skip");
	for (int i = 0; i < 12 && !w.upload; i++)
		wire_lines(&w, "+200000000us\n"
			       "skip");
	assert_int_equal(w.upload, CHIM_UPLOAD_TIMEOUT);
	chim_engine_freeze(w.e, w.c, w.now);
	chim_engine_thaw(w.e, w.c, w.now);
	wire_lines(&w, "+200000000us\n"
		       "> P. 0:1000\n"
		       "skip\n"
		       "< . 0 ack 1000\n"
		       "pipe 0");
	wire_end(&w);
}

/* ... nor was there anybody left to take it back. */
static void goes_on_where_it_is_nobodys(void **state)
{
	static struct wire w;

	wire_init(&w, 1000, 5000);
	wire_lines(&w, "write 5000\n"
		       "skip");
	for (int i = 0; i < 12 && !w.upload; i++)
		wire_lines(&w, "+200000000us\n"
			       "skip");
	wire_lines(&w, "close -\n"
		       "skip");
	for (int i = 0; i < 20 && w.closed < 0; i++)
		wire_lines(&w, "+200000000us\n"
			       "skip");
	assert_int_equal(w.closed, ETIMEDOUT);
	wire_end(&w);
}

static void user_timeout_ends_it(void **state)
{
	wire_play("conf user_timeout 5000 sack 0\n"
		  "write 1000\n"
		  "+4000\n"
		  "open\n"
		  "+6000\n"
		  "closed 110\n"
		  "phase CLOSED\n"
		  "skip");
}

static void nobodys_connection_is_given_up(void **state)
{
	wire_play("write 1000\n"
		  "close -\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "open\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "+200000000us\n"
		  "closed 110\n"
		  "skip");
}

static void forgotten_blocks(void **state)
{
	/* RFC 2018 8: after a timeout what was SACKed may be gone. */
	wire_play("write 3000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 0-1000\n"
		  "+310\n"
		  "> . 0:1000\n"
		  "ca loss\n"
		  "+10\n"
		  "< . 0 ack 1000\n"
		  "cwnd 2000\n"
		  "> . 1000:2000\n"
		  "> P. 2000:3000");
}

static void closed_window_may_drop(void **state)
{
	/* It was open when that was sent. It answers: nobody is to be given up. */
	wire_play("conf sack 0\n"
		  "write 1000\n"
		  "skip\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "< . 0 ack 0 win 0\n"
		  "+100000000us\n"
		  "retrans 9\n"
		  "skip\n"
		  "open\n"
		  "< . 0 ack 1000\n"
		  "none");
}

static void smaller_path_mtu(void **state)
{
	wire_play("write 2000\n"
		  "> . 0:1000\n"
		  "> P. 1000:2000\n"
		  "mtu 540\n"
		  "run\n"
		  "> . 0:500\n"
		  "> . 500:1000\n"
		  "> . 1000:1500\n"
		  "> P. 1500:2000\n"
		  "< . 0 ack 2000\n"
		  "ca open\n"
		  "mtu 1500\n"
		  "write 1000\n"
		  "> P. 2000:3000");
}

static void user_timeout_counts_from_the_loss(void **state)
{
	wire_play("conf user_timeout 2000 sack 0\n"
		  "write 1000\n"
		  "skip\n"
		  "+1000\n"
		  "skip\n"
		  "< . 0 ack 1000\n"
		  "+1500\n"
		  "write 1000\n"
		  "+1800\n"
		  "open\n"
		  "skip\n"
		  "+2000\n"
		  "closed 110\n"
		  "skip");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(timer_sends_the_first_again),
	cmocka_unit_test(acks_restart_the_timer),
	cmocka_unit_test(nothing_in_flight_no_timer),
	cmocka_unit_test(samples_set_the_timeout),
	cmocka_unit_test(what_was_sent_twice_is_not_measured),
	cmocka_unit_test(what_waited_behind_it_is_not_either),
	cmocka_unit_test(timestamps_measure_it_nevertheless),
	cmocka_unit_test(spurious_timeout_is_undone),
	cmocka_unit_test(path_died),
	cmocka_unit_test(goes_on_where_it_is_kept),
	cmocka_unit_test(goes_on_where_it_is_nobodys),
	cmocka_unit_test(user_timeout_ends_it),
	cmocka_unit_test(nobodys_connection_is_given_up),
	cmocka_unit_test(forgotten_blocks),
	cmocka_unit_test(closed_window_may_drop),
	cmocka_unit_test(smaller_path_mtu),
	cmocka_unit_test(user_timeout_counts_from_the_loss),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

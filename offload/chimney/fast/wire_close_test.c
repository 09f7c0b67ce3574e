/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends: RFC 9293 3.6 (FIN from either side, from both, lost), 3.10.4 (what was not read), TIME-WAIT
 * (RFC 1337).
 */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void we_end_first(void **state)
{
	wire_play("write 100\n"
		  "set shut_wr\n"
		  "> P. 0:100\n"
		  "> F. 100 ack 0\n"
		  "phase FIN-WAIT-1\n"
		  "+10\n"
		  "< . 0 ack 101\n"
		  "phase FIN-WAIT-2\n"
		  "freed 100\n"
		  "< P. 0:50 ack 101\n"
		  "in 50\n"
		  "< F. 50 ack 101\n"
		  "> . 101 ack 51\n"
		  "phase TIME-WAIT\n"
		  "fin\n"
		  "read 50\n"
		  "+990\n"
		  "open\n"
		  "+12\n"
		  "closed 0\n"
		  "none");
}

static void fin_rides_on_data(void **state)
{
	wire_play("conf cwnd 1\n"
		  "write 1500\n"
		  "> . 0:1000\n"
		  "set shut_wr\n"
		  "none\n"
		  "< . 0 ack 1000\n"
		  "> FP. 1000:1500\n"
		  "< . 0 ack 1501\n"
		  "phase FIN-WAIT-2");
}

static void peer_ends_first(void **state)
{
	wire_play("wants in\n"
		  "< FP. 0:100 ack 0\n"
		  "> . 0 ack 101\n"
		  "wakes 1\n"
		  "fin\n"
		  "in 100\n"
		  "phase CLOSE-WAIT\n"
		  "read 100\n"
		  "write 1000\n"
		  "> P. 0:1000 ack 101\n"
		  "< . 101 ack 1000\n"
		  "set shut_wr\n"
		  "> F. 1000 ack 101\n"
		  "phase LAST-ACK\n"
		  "< . 101 ack 1001\n"
		  "closed 0\n"
		  "phase CLOSED");
}

static void both_end_at_once(void **state)
{
	wire_play("set shut_wr\n"
		  "> F. 0 ack 0\n"
		  "< F. 0 ack 0\n"
		  "> . 1 ack 1\n"
		  "phase CLOSING\n"
		  "< . 1 ack 1\n"
		  "phase TIME-WAIT\n"
		  "+1002\n"
		  "closed 0");
}

static void fin_answers_fin(void **state)
{
	wire_play("set shut_wr\n"
		  "> F. 0\n"
		  "< F. 0 ack 1\n"
		  "> . 1 ack 1\n"
		  "phase TIME-WAIT");
}

static void lost_fin_is_sent_again(void **state)
{
	wire_play("conf sack 0\n"
		  "set shut_wr\n"
		  "> F. 0\n"
		  "+310\n"
		  "> FP. 0\n"
		  "< . 0 ack 1\n"
		  "phase FIN-WAIT-2");
}

static void lost_data_and_fin_are_sent_again(void **state)
{
	wire_play("conf sack 0\n"
		  "write 100\n"
		  "> P. 0:100\n"
		  "set shut_wr\n"
		  "> F. 100\n"
		  "+310\n"
		  "> FP. 0:100\n"
		  "< . 0 ack 101\n"
		  "phase FIN-WAIT-2");
}

static void fin_behind_a_hole_waits(void **state)
{
	wire_play("< FP. 1000:2000 ack 0\n"
		  "> . 0 ack 0 sack 1000-2000\n"
		  "phase ESTAB\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 2001\n"
		  "phase CLOSE-WAIT\n"
		  "read 2000");
}

static void nothing_comes_behind_a_fin(void **state)
{
	wire_play("< F. 1000 ack 0\n"
		  "> . 0 ack 0\n"
		  "< . 500:2000 ack 0\n"
		  "> . 0 ack 0 sack 500-1000\n"
		  "< . 0:500 ack 0\n"
		  "> . 0 ack 1001\n"
		  "phase CLOSE-WAIT\n"
		  "< . 1001:1500 ack 0\n"
		  "in 1000\n"
		  "skip");
}

static void time_wait_answers_fin_again(void **state)
{
	wire_play("set shut_wr\n"
		  "> F. 0\n"
		  "< F. 0 ack 1\n"
		  "> . 1 ack 1\n"
		  "+900\n"
		  "< F. 0 ack 1\n"
		  "> . 1 ack 1\n"
		  "# and begins anew\n"
		  "+900\n"
		  "open\n"
		  "+110\n"
		  "closed 0");
}

static void time_wait_ignores_resets(void **state)
{
	wire_play("set shut_wr\n"
		  "> F. 0\n"
		  "< F. 0 ack 1\n"
		  "> . 1 ack 1\n"
		  "< R. 1 ack 1\n"
		  "phase TIME-WAIT\n"
		  "open");
}

static void reset_ends_it(void **state)
{
	wire_play("write 100\n"
		  "skip\n"
		  "wants in\n"
		  "< R 0\n"
		  "closed 104\n"
		  "wakes 1\n"
		  "phase CLOSED\n"
		  "< . 0:10 ack 0\n"
		  "none");
}

static void reset_after_fin_is_a_broken_pipe(void **state)
{
	wire_play("< F. 0 ack 0\n"
		  "skip\n"
		  "< R. 1 ack 0\n"
		  "closed 32");
}

static void close_sends_fin(void **state)
{
	wire_play("write 2000\n"
		  "skip\n"
		  "close -\n"
		  "> F. 2000\n"
		  "< . 0 ack 2001\n"
		  "phase FIN-WAIT-2\n"
		  "< F. 0 ack 2001\n"
		  "> . 2001 ack 1\n"
		  "+1002\n"
		  "closed 0\n"
		  "wakes 0");
}

static void close_with_unread_data_resets(void **state)
{
	wire_play("< . 0:100 ack 0\n"
		  "read 50\n"
		  "skip\n"
		  "close -\n"
		  "> R. 0 ack 100\n"
		  "closed 104");
}

static void abort_resets(void **state)
{
	wire_play("write 100\n"
		  "skip\n"
		  "abort\n"
		  "> R. 100\n"
		  "closed 104");
}

static void data_for_nobody_is_reset(void **state)
{
	wire_play("close -\n"
		  "> F. 0\n"
		  "< . 0:100 ack 1\n"
		  "> R. 1\n"
		  "closed 104");
}

static void linger_ends(void **state)
{
	wire_play("conf cwnd 1 sack 0\n"
		  "write 3000\n"
		  "> . 0:1000\n"
		  "close 200\n"
		  "none\n"
		  "+198\n"
		  "open\n"
		  "+3\n"
		  "> R. 1000\n"
		  "closed 110");
}

static void fin_wait_2_of_nobody_ends(void **state)
{
	wire_play("close -\n"
		  "> F. 0\n"
		  "< . 0 ack 1\n"
		  "+59000\n"
		  "open\n"
		  "+1002\n"
		  "closed 0\n"
		  "none");
}

static void close_in_fin_wait_2_has_an_end(void **state)
{
	wire_play("set shut_wr\n"
		  "> F. 0\n"
		  "< . 0 ack 1\n"
		  "phase FIN-WAIT-2\n"
		  "+100000\n"
		  "open\n"
		  "close -\n"
		  "+59000\n"
		  "phase FIN-WAIT-2\n"
		  "+1002\n"
		  "closed 0\n"
		  "none");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(we_end_first),
	cmocka_unit_test(fin_rides_on_data),
	cmocka_unit_test(peer_ends_first),
	cmocka_unit_test(both_end_at_once),
	cmocka_unit_test(fin_answers_fin),
	cmocka_unit_test(lost_fin_is_sent_again),
	cmocka_unit_test(lost_data_and_fin_are_sent_again),
	cmocka_unit_test(fin_behind_a_hole_waits),
	cmocka_unit_test(nothing_comes_behind_a_fin),
	cmocka_unit_test(time_wait_answers_fin_again),
	cmocka_unit_test(time_wait_ignores_resets),
	cmocka_unit_test(reset_ends_it),
	cmocka_unit_test(reset_after_fin_is_a_broken_pipe),
	cmocka_unit_test(close_sends_fin),
	cmocka_unit_test(close_with_unread_data_resets),
	cmocka_unit_test(abort_resets),
	cmocka_unit_test(data_for_nobody_is_reset),
	cmocka_unit_test(linger_ends),
	cmocka_unit_test(fin_wait_2_of_nobody_ends),
	cmocka_unit_test(close_in_fin_wait_2_has_an_end),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

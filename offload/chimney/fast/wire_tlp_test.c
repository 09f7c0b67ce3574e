/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 8985 7 (probes of the tail), and losses that were none: RFC 3522 (by timestamps), 3708 (by
 * reported duplicates). Round-trip times are 100 ms.
 */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void probe_of_the_tail(void **state)
{
	wire_play("write 3000\n"
		  "skip\n"
		  "+198\n"
		  "none\n"
		  "+3\n"
		  "> P. 2000:3000\n"
		  "# it tells what is missing\n"
		  "+100\n"
		  "< . 0 ack 0 sack 2000-3000\n"
		  "+30\n"
		  "> . 0:1000\n"
		  "+100\n"
		  "< . 0 ack 1000 sack 2000-3000\n"
		  "> . 1000:2000");
}

static void probe_is_new_data_if_there_is(void **state)
{
	wire_play("conf cwnd 2\n"
		  "write 4000\n"
		  "> . 0:1000\n"
		  "> . 1000:2000\n"
		  "none\n"
		  "+201\n"
		  "> . 2000:3000\n"
		  "none\n"
		  "+50\n"
		  "< . 0 ack 3000\n"
		  "ca open\n"
		  "> P. 3000:4000");
}

static void probe_of_one_waits_for_delayed_ack(void **state)
{
	wire_play("write 500\n"
		  "skip\n"
		  "# 2 RTT and 200 ms, but not later than the retransmission timer\n"
		  "+298\n"
		  "none\n"
		  "+4\n"
		  "> P. 0:500\n"
		  "ca open\n"
		  "# one probe only, then the timer\n"
		  "+296\n"
		  "none\n"
		  "+6\n"
		  "> P. 0:500\n"
		  "ca loss");
}

static void probe_that_repaired_a_loss_counts(void **state)
{
	wire_play("conf cwnd 20\n"
		  "write 3000\n"
		  "skip\n"
		  "+202\n"
		  "> P. 2000:3000\n"
		  "write 1000\n"
		  "> P. 3000:4000\n"
		  "+100\n"
		  "< . 0 ack 4000\n"
		  "cwnd< 11000");
}

static void needless_probe_does_not(void **state)
{
	wire_play("conf cwnd 20\n"
		  "write 3000\n"
		  "skip\n"
		  "+202\n"
		  "> P. 2000:3000\n"
		  "+10\n"
		  "< . 0 ack 3000\n"
		  "< . 0 ack 3000 sack 2000-3000\n"
		  "ca open\n"
		  "cwnd 20000");
}

static void echo_undoes(void **state)
{
	wire_play("conf ts 1\n"
		  "write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-5000 ts 100 0\n"
		  "> . 0:1000\n"
		  "ca recovery\n"
		  "+20\n"
		  "# the original came: its timestamp is older than the retransmission\n"
		  "< . 0 ack 5000 ts 120 0\n"
		  "ca open\n"
		  "cwnd 10000\n"
		  "pipe 5000");
}

static void duplicate_report_undoes(void **state)
{
	wire_play("write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-5000\n"
		  "> . 0:1000\n"
		  "ca recovery\n"
		  "cwnd< 10000\n"
		  "+20\n"
		  "< . 0 ack 5000\n"
		  "ca recovery\n"
		  "< . 0 ack 5000 sack 0-1000\n"
		  "ca open\n"
		  "cwnd 10000");
}

static void real_losses_are_not_undone(void **state)
{
	wire_play("conf ts 1\n"
		  "write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-5000 ts 100 0\n"
		  "> . 0:1000\n"
		  "+100\n"
		  "< . 0 ack 10000 ts 200 100\n"
		  "ca open\n"
		  "cwnd< 6000");
}

static void a_probe_for_each_tail(void **state)
{
	wire_play("conf cwnd 2\n"
		  "write 4000\n"
		  "skip\n"
		  "+202\n"
		  "> . 2000:3000\n"
		  "< . 0 ack 3000\n"
		  "> P. 3000:4000\n"
		  "+400\n"
		  "> P. 3000:4000\n"
		  "< . 0 ack 4000\n"
		  "< . 0 ack 4000 sack 3000-4000\n"
		  "write 500\n"
		  "skip\n"
		  "+402\n"
		  "> P. 4000:4500\n"
		  "ca open");
}

static void undone_once(void **state)
{
	wire_play("write 10000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 0 sack 1000-5000\n"
		  "> . 0:1000\n"
		  "< . 0 ack 5000 sack 0-1000\n"
		  "ca open\n"
		  "cwnd 10000\n"
		  "< . 0 ack 5000 sack 6000-10000\n"
		  "> . 5000:6000\n"
		  "ca recovery\n"
		  "# the old one again: this recovery is not undone\n"
		  "< . 0 ack 5000 sack 0-1000,6000-10000\n"
		  "ca recovery");
}

static void duplicate_of_a_probe_clears_it(void **state)
{
	wire_play(
		"conf cwnd 20\n"
		"write 3000\n"
		"skip\n"
		"+202\n"
		"> P. 2000:3000\n"
		"write 1000\n"
		"skip\n"
		"+50\n"
		"< . 0 ack 3000\n"
		"# RFC 8985 7.4.2, second case: it came twice, and the peer has no words for that\n"
		"< . 0 ack 3000\n"
		"< . 0 ack 4000\n"
		"ca open\n"
		"cwnd 20000");
}

static void probe_without_a_round_trip_time(void **state)
{
	wire_play("conf srtt 0 rttvar 0 min_rtt 0\n"
		  "write 2000\n"
		  "skip\n"
		  "+998\n"
		  "none\n"
		  "+3\n"
		  "> P. 1000:2000\n"
		  "ca open");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(probe_of_the_tail),
	cmocka_unit_test(probe_is_new_data_if_there_is),
	cmocka_unit_test(probe_of_one_waits_for_delayed_ack),
	cmocka_unit_test(probe_that_repaired_a_loss_counts),
	cmocka_unit_test(needless_probe_does_not),
	cmocka_unit_test(a_probe_for_each_tail),
	cmocka_unit_test(echo_undoes),
	cmocka_unit_test(duplicate_report_undoes),
	cmocka_unit_test(real_losses_are_not_undone),
	cmocka_unit_test(undone_once),
	cmocka_unit_test(duplicate_of_a_probe_clears_it),
	cmocka_unit_test(probe_without_a_round_trip_time),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 9293 3.10 (data transfer), RFC 1122 4.2.3 (delayed acknowledgments, Nagle), cork. */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void sends_and_is_acked(void **state)
{
	wire_play("write 2500\n"
		  "> . 0:1000 ack 0\n"
		  "> . 1000:2000\n"
		  "> P. 2000:2500\n"
		  "unsent 0\n"
		  "freed 0\n"
		  "+50\n"
		  "< . 0 ack 2500\n"
		  "freed 2500\n"
		  "pipe 0\n"
		  "none");
}

static void sends_units(void **state)
{
	wire_play("conf tso 1 cwnd 40\n"
		  "write 30500\n"
		  "> P. 0:30500 segsz 1000\n"
		  "< . 0 ack 30500\n"
		  "freed 30500");
}

static void unit_ends_at_window(void **state)
{
	wire_play("conf tso 1 cwnd 40 snd_wnd 5500\n"
		  "write 20000\n"
		  "> . 0:5000 segsz 1000\n"
		  "+10\n"
		  "< . 0 ack 5000 win 20000\n"
		  "> P. 5000:20000 segsz 1000");
}

static void ring_wraps(void **state)
{
	wire_play("conf tso 1 cwnd 80\n"
		  "write 60000\n"
		  "> P. 0:60000\n"
		  "< . 0 ack 60000\n"
		  "write 30000\n"
		  "> P. 60000:90000\n"
		  "< . 0 ack 90000\n"
		  "freed 90000\n"
		  "< . 0:60000 ack 90000 segs 60\n"
		  "> . 90000 ack 60000\n"
		  "read 60000\n"
		  "skip\n"
		  "< . 60000:90000 ack 90000 segs 30\n"
		  "skip\n"
		  "read 30000\n"
		  "skip");
}

static void cwnd_limits(void **state)
{
	wire_play("conf cwnd 2\n"
		  "write 5000\n"
		  "> . 0:1000\n"
		  "> . 1000:2000\n"
		  "none\n"
		  "unsent 3000\n"
		  "pipe 2000\n"
		  "+10\n"
		  "< . 0 ack 2000\n"
		  "# slow start: two more for two\n"
		  "> . 2000:3000\n"
		  "> . 3000:4000\n"
		  "> P. 4000:5000");
}

static void no_buffer_is_tried_again(void **state)
{
	wire_play("nobufs 1\n"
		  "write 1500\n"
		  "none\n"
		  "unsent 1500\n"
		  "run\n"
		  "> . 0:1000\n"
		  "> P. 1000:1500\n"
		  "nobufs 1\n"
		  "< . 0:1000 ack 1500\n"
		  "< . 1000:2000 ack 1500\n"
		  "none\n"
		  "run\n"
		  "> . 1500 ack 2000");
}

static void delays_ack(void **state)
{
	wire_play("< . 0:1000 ack 0\n"
		  "in 1000\n"
		  "none\n"
		  "+38\n"
		  "none\n"
		  "+3\n"
		  "> . 0 ack 1000");
}

static void acks_every_second_segment(void **state)
{
	wire_play("< . 0:1000 ack 0\n"
		  "none\n"
		  "< . 1000:2000 ack 0\n"
		  "> . 0 ack 2000\n"
		  "< . 2000:3000 ack 0\n"
		  "none\n"
		  "< . 3000:4000 ack 0\n"
		  "> . 0 ack 4000");
}

static void unit_counts_as_its_segments(void **state)
{
	wire_play("< . 0:3000 ack 0 segs 3\n"
		  "> . 0 ack 3000\n"
		  "+100\n"
		  "none");
}

static void burst_is_acked_once(void **state)
{
	wire_play("<< . 0:1000 ack 0\n"
		  "<< . 1000:2000 ack 0\n"
		  "<< . 2000:3000 ack 0\n"
		  "<< . 3000:4000 ack 0\n"
		  "run\n"
		  "> . 0 ack 4000");
}

static void data_carries_ack(void **state)
{
	wire_play("< P. 0:100 ack 0\n"
		  "none\n"
		  "write 200\n"
		  "> P. 0:200 ack 100\n"
		  "+60\n"
		  "none");
}

static void quick_acks_after_idle(void **state)
{
	wire_play("+500\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 1000\n"
		  "+1\n"
		  "< . 1000:2000 ack 0\n"
		  "> . 0 ack 2000");
}

static void app_asks_for_quick_acks(void **state)
{
	wire_play("set quickack\n"
		  "< . 0:10 ack 0\n"
		  "> . 0 ack 10\n"
		  "unset quickack\n"
		  "< . 10:20 ack 0\n"
		  "none");
}

static void acks_what_was_pushed_and_read(void **state)
{
	wire_play("< P. 0:100 ack 0\n"
		  "none\n"
		  "read 50\n"
		  "none\n"
		  "read 50\n"
		  "> . 0 ack 100");
}

static void nagle_waits(void **state)
{
	wire_play("conf nodelay 0\n"
		  "write 100\n"
		  "> P. 0:100\n"
		  "write 100\n"
		  "none\n"
		  "write 50\n"
		  "none\n"
		  "< . 0 ack 100\n"
		  "> P. 100:250");
}

static void nagle_lets_full_segments_go(void **state)
{
	wire_play("conf nodelay 0\n"
		  "write 100\n"
		  "> P. 0:100\n"
		  "write 1050\n"
		  "> . 100:1100\n"
		  "none\n"
		  "< . 0 ack 1100\n"
		  "> P. 1100:1150");
}

static void nagle_knows_only_small_ones(void **state)
{
	wire_play("conf nodelay 0\n"
		  "write 2000\n"
		  "> . 0:1000\n"
		  "> P. 1000:2000\n"
		  "# full ones are in flight, no small one: it may go\n"
		  "write 100\n"
		  "> P. 2000:2100\n"
		  "write 100\n"
		  "none\n"
		  "< . 0 ack 2100\n"
		  "> P. 2100:2200");
}

static void nodelay_ends_waiting(void **state)
{
	wire_play("conf nodelay 0\n"
		  "write 100\n"
		  "> P. 0:100\n"
		  "write 100\n"
		  "none\n"
		  "set nodelay\n"
		  "> P. 100:200");
}

static void cork_gathers(void **state)
{
	wire_play("conf cork 1\n"
		  "write 100\n"
		  "none\n"
		  "write 1000\n"
		  "> . 0:1000\n"
		  "none\n"
		  "unset cork\n"
		  "> P. 1000:1100");
}

static void cork_has_a_ceiling(void **state)
{
	wire_play("conf cork 1\n"
		  "write 100\n"
		  "none\n"
		  "+198\n"
		  "none\n"
		  "+4\n"
		  "> P. 0:100");
}

static void fin_ends_nagle(void **state)
{
	wire_play("conf nodelay 0\n"
		  "write 100\n"
		  "> P. 0:100\n"
		  "write 100\n"
		  "set shut_wr\n"
		  "> FP. 100:200");
}

static void acks_from_before_and_after(void **state)
{
	wire_play("write 1000\n"
		  "> P. 0:1000\n"
		  "# of what was never sent: answered and dropped, data too (RFC 9293 3.10.7.4)\n"
		  "< . 0:10 ack 1001\n"
		  "> . 1000 ack 0\n"
		  "in 0\n"
		  "freed 0\n"
		  "< . 0 ack 1000\n"
		  "# an old one is ignored, what it carries is not\n"
		  "< . 0:10 ack 500\n"
		  "in 10\n"
		  "freed 1000");
}

static void answers_carry_acks_from_then_on(void **state)
{
	wire_play("conf quick 1\n"
		  "< P. 0:100 ack 0\n"
		  "> . 0 ack 100\n"
		  "<< P. 100:200 ack 0\n"
		  "write 10\n"
		  "> P. 0:10 ack 200\n"
		  "# it will answer again, it is hoped\n"
		  "< P. 200:300 ack 10\n"
		  "none\n"
		  "+41\n"
		  "> . 10 ack 300\n"
		  "# it did not\n"
		  "< P. 300:400 ack 10\n"
		  "> . 10 ack 400");
}

static void others_have_their_turn(void **state)
{
	wire_play("conf tso 1 cwnd 2000 snd_size 1048576 snd_wnd 1000000\n"
		  "write 600000\n"
		  "> . 0:65000\n"
		  "> . 65000:130000\n"
		  "> . 130000:195000\n"
		  "> . 195000:260000\n"
		  "> . 260000:325000\n"
		  "none\n"
		  "run\n"
		  "> . 325000:390000\n"
		  "> . 390000:455000\n"
		  "> . 455000:520000\n"
		  "> . 520000:585000\n"
		  "> P. 585000:600000");
}

static void speaks_ipv6(void **state)
{
	wire_play("conf v6 1 mtu 1000\n"
		  "write 2000\n"
		  "> . 0:940\n"
		  "> . 940:1880\n"
		  "> P. 1880:2000\n"
		  "< . 0:100 ack 2000\n"
		  "in 100\n"
		  "freed 2000");
}

static void corked_before_a_closed_window(void **state)
{
	wire_play("conf cork 1\n"
		  "write 100\n"
		  "< . 0 ack 0 win 0\n"
		  "+202\n"
		  "none\n"
		  "# the window is asked for\n"
		  "+305\n"
		  "> . -1\n"
		  "< . 0 ack 0 win 5000\n"
		  "+210\n"
		  "> P. 0:100");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sends_and_is_acked),
	cmocka_unit_test(sends_units),
	cmocka_unit_test(unit_ends_at_window),
	cmocka_unit_test(ring_wraps),
	cmocka_unit_test(cwnd_limits),
	cmocka_unit_test(no_buffer_is_tried_again),
	cmocka_unit_test(delays_ack),
	cmocka_unit_test(acks_every_second_segment),
	cmocka_unit_test(unit_counts_as_its_segments),
	cmocka_unit_test(burst_is_acked_once),
	cmocka_unit_test(data_carries_ack),
	cmocka_unit_test(quick_acks_after_idle),
	cmocka_unit_test(app_asks_for_quick_acks),
	cmocka_unit_test(acks_what_was_pushed_and_read),
	cmocka_unit_test(nagle_waits),
	cmocka_unit_test(nagle_lets_full_segments_go),
	cmocka_unit_test(nagle_knows_only_small_ones),
	cmocka_unit_test(nodelay_ends_waiting),
	cmocka_unit_test(cork_gathers),
	cmocka_unit_test(cork_has_a_ceiling),
	cmocka_unit_test(fin_ends_nagle),
	cmocka_unit_test(acks_from_before_and_after),
	cmocka_unit_test(answers_carry_acks_from_then_on),
	cmocka_unit_test(others_have_their_turn),
	cmocka_unit_test(speaks_ipv6),
	cmocka_unit_test(corked_before_a_closed_window),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

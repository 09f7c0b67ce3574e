/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows: RFC 9293 3.8.6 (updates, silly windows, probes), RFC 7323 2 (scale), keepalive 3.8.4. */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void window_limits(void **state)
{
	wire_play("conf snd_wnd 2000 max_window 2000\n"
		  "write 5000\n"
		  "> . 0:1000\n"
		  "> . 1000:2000\n"
		  "none\n"
		  "< . 0 ack 1000 win 2000\n"
		  "> . 2000:3000\n"
		  "none");
}

static void sender_avoids_silly_windows(void **state)
{
	wire_play("conf snd_wnd 4000 max_window 4000\n"
		  "write 6000\n"
		  "> . 0:1000\n"
		  "> . 1000:2000\n"
		  "> . 2000:3000\n"
		  "> . 3000:4000\n"
		  "# 100 of it opened: not worth a segment\n"
		  "< . 0 ack 4000 win 100\n"
		  "none\n"
		  "# a full one is\n"
		  "< . 0 ack 4000 win 1000\n"
		  "> . 4000:5000");
}

static void half_of_a_small_window_is_used(void **state)
{
	wire_play("conf snd_wnd 600 max_window 600\n"
		  "write 2000\n"
		  "> . 0:600\n"
		  "< . 0 ack 600 win 300\n"
		  "> . 600:900\n"
		  "< . 0 ack 900 win 200\n"
		  "none");
}

static void small_window_is_used_in_the_end(void **state)
{
	wire_play("conf snd_wnd 4000 max_window 4000 rttvar 50000\n"
		  "write 6000\n"
		  "skip\n"
		  "+100\n"
		  "< . 0 ack 4000 win 100\n"
		  "none\n"
		  "# the override timeout\n"
		  "+299\n"
		  "none\n"
		  "+3\n"
		  "> . 4000:4100");
}

static void probes_zero_window(void **state)
{
	wire_play("conf snd_wnd 1000\n"
		  "write 2000\n"
		  "> . 0:1000\n"
		  "+100\n"
		  "< . 0 ack 1000 win 0\n"
		  "none\n"
		  "+298\n"
		  "none\n"
		  "+4\n"
		  "> . 999\n"
		  "< . 0 ack 1000 win 0\n"
		  "# twice as long each time (RFC 9293 3.8.6.1)\n"
		  "+598\n"
		  "none\n"
		  "+6\n"
		  "> . 999\n"
		  "< . 0 ack 1000 win 0\n"
		  "+1190\n"
		  "none\n"
		  "+16\n"
		  "> . 999\n"
		  "< . 0 ack 1000 win 5000\n"
		  "> P. 1000:2000");
}

static void closed_window_is_no_death(void **state)
{
	/* As long as probes are answered, the connection stays. */
	wire_play("conf snd_wnd 0 rttvar 1000 srtt 1000\n"
		  "write 1000\n"
		  "none\n"
		  "+202000us\n"
		  "> . -1\n"
		  "< . 0 ack 0 win 0\n"
		  "+404000us\n"
		  "> . -1\n"
		  "< . 0 ack 0 win 0\n"
		  "+810000us\n"
		  "> . -1\n"
		  "< . 0 ack 0 win 0\n"
		  "+120000000us\n"
		  "> . -1\n"
		  "< . 0 ack 0 win 0\n"
		  "+120000000us\n"
		  "> . -1\n"
		  "< . 0 ack 0 win 0\n"
		  "open");
}

static void unanswered_probes_upload(void **state)
{
	wire_play("conf snd_wnd 0\n"
		  "write 1000\n"
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
		  "skip");
}

static void window_update_rules(void **state)
{
	wire_play("conf snd_wnd 3000\n"
		  "write 3000\n"
		  "skip\n"
		  "< . 0:10 ack 1000 win 3000\n"
		  "skip\n"
		  "# older segment, same acknowledgment: its window is not news\n"
		  "< . 0 ack 1000 win 100\n"
		  "write 1000\n"
		  "> P. 3000:4000 ack 10\n");
}

static void window_never_shrinks(void **state)
{
	wire_play("conf rcv_wnd 65535\n"
		  "set quickack\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 1000 win 64535\n"
		  "< . 1000:2000 ack 0\n"
		  "> . 0 ack 2000 win 63535\n"
		  "read 2000\n"
		  "< . 2000:3000 ack 0\n"
		  "> . 0 ack 3000 win 64536");
}

static void announced_before_counts(void **state)
{
	/* More was announced by the kernel than the ring would give. */
	wire_play("conf wscale 2 rcv_wnd 100000\n"
		  "set quickack\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 1000 win 24750\n"
		  "< . 1000:60000 ack 0 segs 59\n"
		  "> . 0 ack 60000 win 10000\n"
		  "# what the ring has no place for is not taken\n"
		  "< . 60000:70000 ack 0 segs 10\n"
		  "> . 0 ack 65536 win 8616\n"
		  "in 65536\n"
		  "read 65536");
}

static void window_is_scaled(void **state)
{
	wire_play("conf wscale 4 rcv_wnd 60000 snd_wnd 1000 max_window 1000\n"
		  "set quickack\n"
		  "write 9000\n"
		  "> . 0:1000\n"
		  "< . 0 ack 1000 win 200\n"
		  "> . 1000:2000\n"
		  "> . 2000:3000\n"
		  "> . 3000:4000\n"
		  "none\n"
		  "< . 0:1600 ack 4000 win 1000\n"
		  "> . 4000:5000 ack 1600 win 3996\n"
		  "skip");
}

static void rounding_does_not_shrink(void **state)
{
	/* An odd number of bytes: the edge in units of 16 must not go back. */
	wire_play("conf wscale 4 rcv_wnd 65536\n"
		  "set quickack\n"
		  "< . 0:1 ack 0\n"
		  "> . 0 ack 1 win 4095\n"
		  "< . 1:8 ack 0\n"
		  "> . 0 ack 8 win 4095\n"
		  "< . 8:16 ack 0\n"
		  "> . 0 ack 16 win 4095");
}

static void receiver_closes_window(void **state)
{
	wire_play("conf rcv_wnd 65535\n"
		  "< . 0:40000 ack 0 segs 40\n"
		  "> . 0 ack 40000 win 25535\n"
		  "< . 40000:65535 ack 0 segs 26\n"
		  "> . 0 ack 65535 win 0\n"
		  "in 65535\n"
		  "# a probe of one byte\n"
		  "< . 65535:65536 ack 0\n"
		  "> . 0 ack 65535 win 0\n"
		  "in 65535\n"
		  "# a little room is not worth telling (RFC 1122 4.2.3.3)\n"
		  "read 500\n"
		  "none\n"
		  "read 1500\n"
		  "> . 0 ack 65535 win 2001\n"
		  "read 63535\n"
		  "> . 0 ack 65535 win 65535");
}

static void beyond_window_is_cut(void **state)
{
	wire_play("< . 0:32018 ack 0\n"
		  "< . 32018:64036 ack 0\n"
		  "skip\n"
		  "< . 64036:66036 ack 0\n"
		  "in 65535\n"
		  "> . 0 ack 65535 win 0\n"
		  "none");
}

static void keepalive_asks(void **state)
{
	wire_play("conf keepalive 1 keep_idle 10 keep_intvl 2 keep_cnt 3\n"
		  "+9999\n"
		  "none\n"
		  "+3\n"
		  "> . -1 ack 0\n"
		  "< . 0 ack 0\n"
		  "+9990\n"
		  "none\n"
		  "+15\n"
		  "> . -1\n"
		  "+2002\n"
		  "> . -1\n"
		  "+2002\n"
		  "> . -1\n"
		  "open\n"
		  "+2002\n"
		  "> R. 0\n"
		  "closed 110");
}

static void keepalive_is_switched(void **state)
{
	wire_play("conf keep_idle 10\n"
		  "+11000000us\n"
		  "none\n"
		  "set keepalive\n"
		  "+2\n"
		  "> . -1\n"
		  "< . 0 ack 0\n"
		  "unset keepalive\n"
		  "+20000000us\n"
		  "none");
}

static void answers_keepalive(void **state)
{
	wire_play("write 10\n"
		  "skip\n"
		  "< . 0:10 ack 10\n"
		  "+50\n"
		  "> . 10 ack 10\n"
		  "< . 9 ack 10\n"
		  "> . 10 ack 10\n"
		  "# with a byte of garbage\n"
		  "< . 9:10 ack 10\n"
		  "> . 10 ack 10\n"
		  "in 10");
}

static void rounding_goes_up_where_there_is_room(void **state)
{
	wire_play("conf wscale 4 rcv_wnd 65200\n"
		  "set quickack\n"
		  "< . 0:1 ack 0\n"
		  "> . 0 ack 1 win 4075");
}

static void field_has_an_end(void **state)
{
	wire_play("conf rcv_size 131072\n"
		  "set quickack\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 1000 win 65535");
}

static void half_of_the_largest_window_ever(void **state)
{
	wire_play("conf snd_wnd 600 max_window 600\n"
		  "write 100\n"
		  "skip\n"
		  "< . 0 ack 100 win 1900\n"
		  "write 5000\n"
		  "> . 100:1100\n"
		  "# 900 are less than half of 1900\n"
		  "none\n"
		  "< . 0 ack 1100 win 960\n"
		  "> . 1100:2060\n"
		  "< . 0 ack 2060 win 940\n"
		  "none");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(window_limits),
	cmocka_unit_test(sender_avoids_silly_windows),
	cmocka_unit_test(half_of_a_small_window_is_used),
	cmocka_unit_test(small_window_is_used_in_the_end),
	cmocka_unit_test(probes_zero_window),
	cmocka_unit_test(closed_window_is_no_death),
	cmocka_unit_test(unanswered_probes_upload),
	cmocka_unit_test(window_update_rules),
	cmocka_unit_test(window_never_shrinks),
	cmocka_unit_test(announced_before_counts),
	cmocka_unit_test(window_is_scaled),
	cmocka_unit_test(rounding_does_not_shrink),
	cmocka_unit_test(receiver_closes_window),
	cmocka_unit_test(beyond_window_is_cut),
	cmocka_unit_test(keepalive_asks),
	cmocka_unit_test(keepalive_is_switched),
	cmocka_unit_test(answers_keepalive),
	cmocka_unit_test(rounding_goes_up_where_there_is_room),
	cmocka_unit_test(field_has_an_end),
	cmocka_unit_test(half_of_the_largest_window_ever),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is counted for policies: what came out of order and not because it was lost (RFC 4737 3.3),
 * what was written at a time; and which segments that only a kernel takes are believed.
 */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void late_by_its_timestamp(void **state)
{
	wire_play("conf ts 1\n"
		  "< . 0:1000 ack 0 ts 10 0\n"
		  "< . 3000:4000 ack 0 ts 13 0\n"
		  "# it may be as late as it likes\n"
		  "+300\n"
		  "< . 1000:2000 ack 0 ts 11 0\n"
		  "< . 2000:3000 ack 0 ts 12 0\n"
		  "skip\n"
		  "in 4000\n"
		  "counts data_in 4\n"
		  "counts reordered_in 2");
}

static void sent_again_is_not_late(void **state)
{
	wire_play("conf ts 1\n"
		  "< . 0:1000 ack 0 ts 10 0\n"
		  "< . 2000:3000 ack 0 ts 12 0\n"
		  "< . 3000:4000 ack 0 ts 13 0\n"
		  "< . 1000:2000 ack 0 ts 14 0\n"
		  "skip\n"
		  "in 4000\n"
		  "counts data_in 4\n"
		  "counts reordered_in 0\n"
		  "# behind a loss all is in order\n"
		  "< . 5000:6000 ack 0 ts 20 0\n"
		  "< . 6000:7000 ack 0 ts 20 0\n"
		  "skip\n"
		  "counts reordered_in 0");
}

/* The clock of timestamps did not move: sooner than anything sent again could come, or later. */
static void late_by_its_time(void **state)
{
	wire_play("conf ts 1 min_rtt 50000\n"
		  "< . 0:1000 ack 0 ts 10 0\n"
		  "< . 2000:3000 ack 0 ts 10 0\n"
		  "+49\n"
		  "< . 1000:2000 ack 0 ts 10 0\n"
		  "counts reordered_in 1\n"
		  "< . 4000:5000 ack 0 ts 10 0\n"
		  "+51\n"
		  "< . 3000:4000 ack 0 ts 10 0\n"
		  "skip\n"
		  "counts reordered_in 1");
}

static void late_without_timestamps(void **state)
{
	wire_play("conf min_rtt 50000\n"
		  "< . 2000:5000 ack 0 segs 3\n"
		  "+10\n"
		  "< . 0:2000 ack 0 segs 2\n"
		  "counts data_in 5\n"
		  "counts reordered_in 2\n"
		  "< . 6000:7000 ack 0\n"
		  "+60\n"
		  "< . 5000:6000 ack 0\n"
		  "skip\n"
		  "counts reordered_in 2");
	wire_play("conf min_rtt 0 srtt 0 rttvar 0\n"
		  "< . 1000:2000 ack 0\n"
		  "< . 0:1000 ack 0\n"
		  "skip\n"
		  "counts reordered_in 0");
}

static void twice_is_not_late(void **state)
{
	wire_play("conf ts 1\n"
		  "< P. 0:1000 ack 0 ts 10 0\n"
		  "< . 2000:3000 ack 0 ts 12 0\n"
		  "< . 3000:4000 ack 0 ts 13 0\n"
		  "# behind the hole, and before it\n"
		  "< . 2000:3000 ack 0 ts 12 0\n"
		  "< P. 0:1000 ack 0 ts 10 0\n"
		  "skip\n"
		  "counts data_in 3\n"
		  "counts pushes_in 1\n"
		  "counts reordered_in 0");
}

static void sent_and_overtaken(void **state)
{
	wire_play("write 5000\n"
		  "skip\n"
		  "counts data_out 5\n"
		  "+50\n"
		  "< . 0 ack 0 sack 2000-3000\n"
		  "+1\n"
		  "< . 0 ack 3000\n"
		  "+1\n"
		  "< . 0 ack 5000\n"
		  "counts reordered_out 2\n"
		  "retrans 0\n"
		  "counts data_out 5");
}

static void sent_and_lost(void **state)
{
	wire_play("write 5000\n"
		  "skip\n"
		  "+50\n"
		  "< . 0 ack 0 sack 1000-4000\n"
		  "> . 0:1000\n"
		  "+100\n"
		  "< . 0 ack 5000\n"
		  "retrans 1\n"
		  "counts data_out 6\n"
		  "counts reordered_out 0");
}

static void sent_again_for_nothing(void **state)
{
	wire_play("write 5000\n"
		  "skip\n"
		  "+50\n"
		  "< . 0 ack 0 sack 1000-4000\n"
		  "> . 0:1000\n"
		  "+1\n"
		  "< . 0 ack 4000\n"
		  "+99\n"
		  "< . 0 ack 4000 sack 0-1000\n"
		  "counts reordered_out 1\n"
		  "# the peer says it once more\n"
		  "< . 0 ack 4000 sack 0-1000\n"
		  "skip\n"
		  "counts reordered_out 1");
}

static void what_is_written_at_a_time(void **state)
{
	wire_play("set nodelay\n"
		  "write 100\n"
		  "write 2500\n"
		  "skip\n"
		  "counts pushes_out 2\n"
		  "counts data_out 4\n"
		  "< P. 0:100 ack 2600\n"
		  "< . 100:1100 ack 2600\n"
		  "< P. 1100:1200 ack 2600\n"
		  "skip\n"
		  "counts pushes_in 2\n"
		  "counts data_in 3");
}

static bool odd(struct wire *w, enum chim_upload why, uint32_t seq)
{
	return chim_engine_odd(w->e, w->c, why, w->remote + seq);
}

static void odd_ones_are_of_the_window(void **state)
{
	static struct wire w;
	const struct chim_engine_stats *n;

	wire_init(&w, 0xffffff00, 0xffffff00);
	wire_begin(&w);
	wire_lines(&w, "< . 0:1000 ack 0\n"
		       "skip");
	n = chim_engine_stats(w.e);
	assert_true(odd(&w, CHIM_UPLOAD_FRAGMENTATION, 1000));
	assert_true(odd(&w, CHIM_UPLOAD_FRAGMENTATION, 0));
	assert_true(odd(&w, CHIM_UPLOAD_IP_OPTIONS, 1000 - WIRE_RING));
	assert_int_equal(n->odd_forged, 0);
	assert_false(odd(&w, CHIM_UPLOAD_IP_OPTIONS, 999 - WIRE_RING));
	assert_true(odd(&w, CHIM_UPLOAD_IP_OPTIONS, w.c->rcv_edge - w.remote));
	assert_false(odd(&w, CHIM_UPLOAD_IP_OPTIONS, w.c->rcv_edge - w.remote + 1));
	assert_false(odd(&w, CHIM_UPLOAD_FRAGMENTATION, 0x80000000));
	assert_int_equal(n->fragments, 3);
	assert_int_equal(n->ip_options, 4);
	assert_int_equal(n->odd_forged, 3);
	wire_lines(&w, "< R. 1000 ack 0\n"
		       "closed 104");
	assert_false(odd(&w, CHIM_UPLOAD_FRAGMENTATION, 1000));
	wire_end(&w);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(late_by_its_timestamp),
	cmocka_unit_test(sent_again_is_not_late),
	cmocka_unit_test(late_by_its_time),
	cmocka_unit_test(late_without_timestamps),
	cmocka_unit_test(twice_is_not_late),
	cmocka_unit_test(sent_and_overtaken),
	cmocka_unit_test(sent_and_lost),
	cmocka_unit_test(sent_again_for_nothing),
	cmocka_unit_test(what_is_written_at_a_time),
	cmocka_unit_test(odd_ones_are_of_the_window),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receiver: RFC 2018 (SACK blocks), RFC 2883 (duplicates reported), RFC 7323 (timestamps,
 * PAWS), RFC 3168 6.1.3 (ECN).
 */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static void hole_is_reported_at_once(void **state)
{
	wire_play("< . 1000:2000 ack 0\n"
		  "> . 0 ack 0 sack 1000-2000\n"
		  "in 0\n"
		  "< . 2000:3000 ack 0\n"
		  "> . 0 ack 0 sack 1000-3000\n"
		  "# filled: at once as well (RFC 5681 4.2)\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 3000 sack -\n"
		  "in 3000\n"
		  "read 3000");
}

static void every_segment_behind_a_hole_is_answered(void **state)
{
	/* One acknowledgment each: duplicates are counted (RFC 5681 3.2). */
	wire_play("<< . 1000:2000 ack 0\n"
		  "<< . 2000:3000 ack 0\n"
		  "<< . 3000:4000 ack 0\n"
		  "> . 0 ack 0 sack 1000-2000\n"
		  "> . 0 ack 0 sack 1000-3000\n"
		  "> . 0 ack 0 sack 1000-4000\n"
		  "run\n"
		  "none");
}

static void latest_block_first(void **state)
{
	wire_play("< . 1000:2000 ack 0\n"
		  "> . 0 ack 0 sack 1000-2000\n"
		  "< . 3000:4000 ack 0\n"
		  "> . 0 ack 0 sack 3000-4000,1000-2000\n"
		  "< . 7000:8000 ack 0\n"
		  "> . 0 ack 0 sack 7000-8000,3000-4000,1000-2000\n"
		  "< . 4000:5000 ack 0\n"
		  "> . 0 ack 0 sack 3000-5000,7000-8000,1000-2000\n"
		  "< . 9000:9500 ack 0\n"
		  "> . 0 ack 0 sack 9000-9500,3000-5000,7000-8000,1000-2000\n"
		  "< . 11000:12000 ack 0\n"
		  "> . 0 ack 0 sack 11000-12000,9000-9500,3000-5000,7000-8000\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 2000 sack 11000-12000,9000-9500,3000-5000,7000-8000\n"
		  "< . 2000:3000 ack 0\n"
		  "> . 0 ack 5000 sack 11000-12000,9000-9500,7000-8000\n"
		  "read 5000");
}

static void three_blocks_beside_timestamps(void **state)
{
	wire_play("conf ts 1\n"
		  "< . 1000:2000 ack 0\n"
		  "< . 3000:4000 ack 0\n"
		  "< . 5000:6000 ack 0\n"
		  "skip\n"
		  "< . 7000:8000 ack 0\n"
		  "> . 0 ack 0 sack 7000-8000,5000-6000,3000-4000\n"
		  "# payload has that much less room\n"
		  "write 1000\n"
		  "> . 0:972 sack 7000-8000,5000-6000,3000-4000\n"
		  "> P. 972:1000 sack 7000-8000,5000-6000,3000-4000");
}

static void no_blocks_without_sack(void **state)
{
	wire_play("conf sack 0\n"
		  "< . 1000:2000 ack 0\n"
		  "> . 0 ack 0 sack -\n"
		  "< . 1000:2000 ack 0\n"
		  "> . 0 ack 0 sack -\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 2000 sack -\n"
		  "read 2000");
}

static void overlaps_are_joined(void **state)
{
	wire_play("< . 1000:2000 ack 0\n"
		  "< . 3000:4000 ack 0\n"
		  "skip\n"
		  "< . 1500:3500 ack 0\n"
		  "> . 0 ack 0 sack 1000-4000\n"
		  "< . 0:1200 ack 0\n"
		  "> . 0 ack 4000\n"
		  "read 4000");
}

static void ranges_have_an_end(void **state)
{
	static struct wire w;
	char line[64];

	wire_init(&w, 0xffffff00, 0xfffff000);
	wire_begin(&w);
	for (int i = 1; i <= TCP_OOO_RANGES + 4; i++) {
		snprintf(line, sizeof(line), "< . %d:%d ack 0\nskip", i * 200, i * 200 + 100);
		wire_lines(&w, line);
	}
	assert_int_equal(w.c->n_ooo, TCP_OOO_RANGES);
	wire_lines(&w, "< . 0:200 ack 0\n"
		       "> . 0 ack 300\n"
		       "read 300\n"
		       "< . 300:10000 ack 0\n"
		       "> . 0 ack 10000");
	assert_int_equal(w.e->pool.n_free, w.e->pool.size);
	wire_end(&w);
}

static void duplicates_are_reported(void **state)
{
	wire_play("< . 0:2000 ack 0 segs 2\n"
		  "> . 0 ack 2000 sack -\n"
		  "< . 0:1000 ack 0\n"
		  "> . 0 ack 2000 sack 0-1000\n"
		  "# once\n"
		  "< . 2000:4000 ack 0 segs 2\n"
		  "> . 0 ack 4000 sack -\n"
		  "# the part that is old\n"
		  "< . 3500:5000 ack 0\n"
		  "> . 0 ack 5000 sack 3500-4000\n"
		  "read 5000");
}

static void duplicate_behind_a_hole(void **state)
{
	wire_play("< . 1000:3000 ack 0\n"
		  "> . 0 ack 0 sack 1000-3000\n"
		  "< . 5000:6000 ack 0\n"
		  "> . 0 ack 0 sack 5000-6000,1000-3000\n"
		  "< . 1000:2000 ack 0\n"
		  "> . 0 ack 0 sack 1000-2000,1000-3000,5000-6000");
}

static void timestamps_are_echoed(void **state)
{
	wire_play("conf ts 1\n"
		  "set quickack\n"
		  "+5\n"
		  "< . 0:1000 ack 0 ts 100 0\n"
		  "> . 0 ack 1000 ts 5 100\n"
		  "+5\n"
		  "< . 1000:2000 ack 0 ts 107 5\n"
		  "> . 0 ack 2000 ts 10 107\n"
		  "write 10\n"
		  "> P. 0:10 ts 10 107");
}

static void echo_is_of_what_an_ack_was_owed_for(void **state)
{
	wire_play("conf ts 1\n"
		  "# RFC 7323 4.3 (A): the earliest of those that one answers\n"
		  "<< . 0:1000 ack 0 ts 10 0\n"
		  "<< . 1000:2000 ack 0 ts 20 0\n"
		  "run\n"
		  "> . 0 ack 2000 ts 0 10\n"
		  "# (B): what is behind a hole is not echoed\n"
		  "< . 3000:4000 ack 0 ts 30 0\n"
		  "> . 0 ack 2000 ts 0 10\n"
		  "# (C): what fills it is\n"
		  "< . 2000:3000 ack 0 ts 40 0\n"
		  "> . 0 ack 4000 ts 0 40");
}

static void paws_drops_the_old(void **state)
{
	wire_play("conf ts 1\n"
		  "set quickack\n"
		  "< . 0:1000 ack 0 ts 1000 0\n"
		  "> . 0 ack 1000\n"
		  "< . 1000:2000 ack 0 ts 999 0\n"
		  "> . 0 ack 1000 ts 0 1000\n"
		  "in 1000\n"
		  "# but a reset counts whatever its timestamp is (RFC 7323 5.2)\n"
		  "< R. 1000 ack 0 ts 999 0\n"
		  "closed 104");
}

static void paws_ends_after_long_idleness(void **state)
{
	wire_play("conf ts 1\n"
		  "set quickack\n"
		  "< . 0:1000 ack 0 ts 1000 0\n"
		  "skip\n"
		  "+2160000000000us\n"
		  "< . 1000:2000 ack 0 ts 999 0\n"
		  "> . 0 ack 2000\n"
		  "in 2000");
}

static void segments_without_timestamps_are_dropped(void **state)
{
	wire_play("conf ts 1\n"
		  "< . 0:1000 ack 0 nots\n"
		  "none\n"
		  "in 0\n"
		  "+100\n"
		  "none\n"
		  "< R 0 nots\n"
		  "closed 104");
}

static void no_timestamps_if_not_agreed(void **state)
{
	wire_play("write 10\n"
		  "> P. 0:10 nots\n"
		  "# whoever sends them nevertheless is understood\n"
		  "< . 0:10 ack 10 ts 5 5\n"
		  "in 10\n"
		  "< . 10:20 ack 10 ts 4 5\n"
		  "in 20");
}

static void congestion_is_echoed_until_answered(void **state)
{
	wire_play("conf ecn 1\n"
		  "< . 0:1000 ack 0 ce\n"
		  "> E. 0 ack 1000 notect\n"
		  "< . 1000:2000 ack 0 ect\n"
		  "> E. 0 ack 2000\n"
		  "write 10\n"
		  "> PE. 0:10 ect\n"
		  "< W. 2000:3000 ack 10 ect\n"
		  "< . 3000:4000 ack 10 ect\n"
		  "> . 10 ack 4000\n"
		  "# a new mark in the segment that answers the old one\n"
		  "< . 4000:5000 ack 10 ce\n"
		  "skip\n"
		  "< W. 5000:6000 ack 10 ce\n"
		  "> E. 10 ack 6000");
}

static void marks_mean_nothing_if_not_agreed(void **state)
{
	wire_play("set quickack\n"
		  "< . 0:1000 ack 0 ce\n"
		  "> . 0 ack 1000\n"
		  "write 10\n"
		  "> P. 0:10 notect\n"
		  "< E. 1000 ack 10\n"
		  "cwnd 10000");
}

static void shut_rd_throws_away(void **state)
{
	wire_play("set shut_rd\n"
		  "< . 0:40000 ack 0 segs 40\n"
		  "> . 0 ack 40000 win 65535\n"
		  "< . 41000:60000 ack 0 segs 20\n"
		  "> . 0 ack 40000 sack 41000-60000\n"
		  "< . 40000:80000 ack 0 segs 40\n"
		  "> . 0 ack 80000 win 65535\n"
		  "in 0");
}

static void ranges_grow_at_the_front(void **state)
{
	wire_play("< . 1000:2000 ack 0\n"
		  "skip\n"
		  "< . 500:1000 ack 0\n"
		  "> . 0 ack 0 sack 500-2000\n"
		  "< . 0:500 ack 0\n"
		  "> . 0 ack 2000\n"
		  "read 2000");
}

static void paws_from_the_beginning(void **state)
{
	wire_play("conf ts 1\n"
		  "< . 0:100 ack 0 ts -1 0\n"
		  "> . 0 ack 0\n"
		  "in 0");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(hole_is_reported_at_once),
	cmocka_unit_test(every_segment_behind_a_hole_is_answered),
	cmocka_unit_test(latest_block_first),
	cmocka_unit_test(three_blocks_beside_timestamps),
	cmocka_unit_test(no_blocks_without_sack),
	cmocka_unit_test(overlaps_are_joined),
	cmocka_unit_test(ranges_have_an_end),
	cmocka_unit_test(duplicates_are_reported),
	cmocka_unit_test(duplicate_behind_a_hole),
	cmocka_unit_test(timestamps_are_echoed),
	cmocka_unit_test(echo_is_of_what_an_ack_was_owed_for),
	cmocka_unit_test(paws_drops_the_old),
	cmocka_unit_test(paws_ends_after_long_idleness),
	cmocka_unit_test(segments_without_timestamps_are_dropped),
	cmocka_unit_test(no_timestamps_if_not_agreed),
	cmocka_unit_test(congestion_is_echoed_until_answered),
	cmocka_unit_test(marks_mean_nothing_if_not_agreed),
	cmocka_unit_test(shut_rd_throws_away),
	cmocka_unit_test(ranges_grow_at_the_front),
	cmocka_unit_test(paws_from_the_beginning),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

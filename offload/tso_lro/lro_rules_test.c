/* SPDX-License-Identifier: BSD-3-Clause */
/* lro_merge(): each rule by itself. Each case is a stream of three frames that merge into one unit,
 * but for what the case changes of the second. */
#include "offload/tso_lro/test_merge.h"

static void ids(void **state)
{
	/* Across the end of numbers. */
	stream(3, false);
	for (int i = 0; i < 3; i++)
		frames[i].id = 0xfffe + i;
	one_unit(LRO_REVERSIBLE, false);
	/* Up by one also without DF; as they are only with. */
	stream(3, false);
	for (int i = 0; i < 3; i++)
		frames[i].no_df = true;
	one_unit(LRO_REVERSIBLE, false);
	stream(3, false);
	for (int i = 0; i < 3; i++)
		frames[i].id = 0;
	give(3);
	assert_int_equal(merge(LRO_REVERSIBLE), 1);
	assert_true(pkts[0]->ol_flags & PKT_FIXED_ID);
	is_unit(pkts[0], 0, 3);
	free_all(1);
	stream(2, false);
	for (int i = 0; i < 2; i++) {
		frames[i].id = 0;
		frames[i].no_df = true;
	}
	give(2);
	assert_int_equal(merge(LRO_REVERSIBLE), 2);
	assert_int_equal(counts.ended[PKT_MERGE_IP_ID], 1);
	free_all(2);
	/* The third does as the second did not. */
	for (int fixed = 0; fixed < 2; fixed++) {
		stream(3, false);
		frames[1].id = fixed ? 7 : 8;
		frames[2].id = fixed ? 8 : 8;
		give(3);
		assert_int_equal(merge(LRO_REVERSIBLE), 2);
		is_unit(pkts[0], 0, 2);
		is_frame(pkts[1], &frames[2]);
		assert_int_equal(counts.ended[PKT_MERGE_IP_ID], 1);
		free_all(2);
	}
}

static void rules(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		const enum lro_mode mode = LRO_REVERSIBLE;

		DIFFERS(mode, v6, PKT_MERGE_ACK, ack, 556);
		DIFFERS(mode, v6, PKT_MERGE_WINDOW, window, 4001);
		DIFFERS(mode, v6, PKT_MERGE_WINDOW, urgent, 1);
		DIFFERS(mode, v6, PKT_MERGE_OPTIONS, ts, 91);
		DIFFERS(mode, v6, PKT_MERGE_OPTIONS, ts_echo, 81);
		DIFFERS(mode, v6, PKT_MERGE_OPTIONS, padding_options, 4);
		DIFFERS(mode, v6, PKT_MERGE_FLAGS, flags, 0x40);
		DIFFERS(mode, v6, PKT_MERGE_FLAGS, reserved, 1);
		DIFFERS(mode, v6, PKT_MERGE_TTL, ttl, 63);
		DIFFERS(mode, v6, PKT_MERGE_TOS, tos, 3);
		DIFFERS(mode, v6, PKT_MERGE_TOS, tos, 8);
		if (v6)
			DIFFERS(mode, v6, PKT_MERGE_TOS, label, 9);
		else
			DIFFERS(mode, v6, PKT_MERGE_IP_FLAGS, no_df, true);
		stream(3, v6);
		frames[1].seq += 1;
		frames[2].seq += 1;
		second_differs(mode, PKT_MERGE_SEQUENCE, true);
		stream(3, v6);
		frames[1].payload = PAYLOAD + 1;
		frames[2].seq += 1;
		second_differs(mode, PKT_MERGE_LONGER, true);
	}
	stream(3, false);
	frames[1].id = frames[2].id = 100;
	frames[2].id++;
	second_differs(LRO_REVERSIBLE, PKT_MERGE_IP_ID, true);
}

/* Frames that are never part of a unit: the next one starts anew. */
static void alone(void **state)
{
	static const uint8_t flags[] = {0x02, 0x04, 0x20, 0x80};

	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < RTE_DIM(flags); i++) {
			stream(3, v6);
			frames[1].flags = flags[i];
			second_differs(LRO_REVERSIBLE, PKT_MERGE_CONTROL, false);
		}
		stream(3, v6);
		frames[1].payload = 0;
		frames[2].seq = frames[1].seq;
		second_differs(LRO_REVERSIBLE, PKT_MERGE_NO_DATA, false);
		stream(3, v6);
		frames[1].padding = 4;
		second_differs(LRO_REVERSIBLE, PKT_MERGE_PADDED, false);
		stream(3, v6);
		frames[1].ip_options = 4;
		frames[1].extension = true;
		second_differs(LRO_REVERSIBLE, PKT_MERGE_IP_OPTIONS, false);
		stream(3, v6);
		frames[1].bad_tcp = 1;
		second_differs(LRO_REVERSIBLE, PKT_MERGE_CHECKSUM, false);
		assert_int_equal(counts.ended[PKT_MERGE_CHECKSUM], 1);
	}
	stream(3, false);
	frames[1].bad_ip = 1;
	second_differs(LRO_REVERSIBLE, PKT_MERGE_CHECKSUM, false);
	stream(3, false);
	frames[1].reserved_ip = true;
	second_differs(LRO_REVERSIBLE, PKT_MERGE_IP_FLAGS, false);
	stream(3, false);
	frames[1].more_fragments = true;
	second_differs(LRO_REVERSIBLE, PKT_MERGE_FRAGMENT, false);
}

/* A sum of nothing is written as 0; who wrote 0xffff would get it back changed. */
static void odd_zero(void **state)
{
	for (int ip = 0; ip < 2; ip++) {
		uint32_t tries = 0;

		stream(3, false);
		do { /* until a checksum comes out as 0 */
			if (ip)
				frames[1].id = tries;
			else
				frames[1].ts = tries;
			test_lro_build(&frames[1]);
			assert_in_range(++tries, 1, 1 << 20);
		} while (memcmp(frames[1].bytes + 14 + (ip ? 10 : 36), "\0", 2) != 0);
		for (int i = 0; i < 3; i++) {
			frames[i].id = frames[1].id + i - 1;
			frames[i].ts = frames[1].ts;
		}
		one_unit(LRO_REVERSIBLE, false);
		if (ip)
			frames[1].bad_ip = 0xffff;
		else
			frames[1].bad_tcp = 0xffff;
		second_differs(LRO_REVERSIBLE, PKT_MERGE_CHECKSUM, false);
	}
}

/* The last frame may be shorter, or have PSH or FIN: the unit takes it and ends. */
static void last(void **state)
{
	static const struct {
		uint8_t flags;
		uint32_t payload;
		enum pkt_merge_end why;
	} cases[] = {
		{0x08, PAYLOAD, PKT_MERGE_PUSH}, {0x01, PAYLOAD, PKT_MERGE_PUSH},
		{0x09, 3, PKT_MERGE_PUSH},	 {0, PAYLOAD - 1, PKT_MERGE_SHORT},
		{0, 1, PKT_MERGE_SHORT},
	};

	for (size_t c = 0; c < RTE_DIM(cases); c++) {
		for (int v6 = 0; v6 < 2; v6++) {
			stream(5, v6);
			frames[1].flags = cases[c].flags;
			frames[1].payload = cases[c].payload;
			for (int i = 2; i < 5; i++)
				frames[i].seq = frames[i - 1].seq + frames[i - 1].payload;
			give(5);
			assert_int_equal(merge(LRO_REVERSIBLE), 2);
			is_unit(pkts[0], 0, 2);
			is_unit(pkts[1], 2, 3);
			assert_int_equal(counts.ended[cases[c].why], 1);
			free_all(2);
		}
	}
	/* A first frame with PSH ends at once, a first of less than 48 bytes too. */
	stream(3, false);
	frames[0].flags = 0x08;
	give(3);
	assert_int_equal(merge(LRO_REVERSIBLE), 2);
	is_frame(pkts[0], &frames[0]);
	is_unit(pkts[1], 1, 2);
	free_all(2);
	stream(3, false);
	for (int i = 0; i < 3; i++) {
		frames[i].payload = 47;
		frames[i].seq = i * 47;
	}
	give(3);
	assert_int_equal(merge(LRO_REVERSIBLE), 3);
	free_all(3);
}

static void rsc_rules(void **state)
{
	static const uint8_t flags[] = {0x01, 0x02, 0x04, 0x20, 0x80};
	const enum lro_mode mode = LRO_RSC;

	for (int v6 = 0; v6 < 2; v6++) {
		DIFFERS(mode, v6, PKT_MERGE_ACK, ack, 554);
		DIFFERS(mode, v6, PKT_MERGE_OPTIONS, ts, 89);
		DIFFERS(mode, v6, PKT_MERGE_OPTIONS, ts_echo, 79);
		DIFFERS(mode, v6, PKT_MERGE_OPTIONS, timestamps, 0);
		DIFFERS(mode, v6, PKT_MERGE_FLAGS, flags, 0x40);
		DIFFERS(mode, v6, PKT_MERGE_TOS, tos, 3);
		if (!v6)
			DIFFERS(mode, v6, PKT_MERGE_IP_FLAGS, no_df, true);
		for (size_t i = 0; i < RTE_DIM(flags); i++) {
			stream(3, v6);
			frames[1].flags = flags[i];
			second_differs(mode, PKT_MERGE_CONTROL, false);
		}
		stream(3, v6);
		frames[1].payload = 0;
		frames[2].seq = frames[1].seq;
		second_differs(mode, PKT_MERGE_NO_DATA, false);
		stream(3, v6);
		frames[1].bad_tcp = 1;
		second_differs(mode, PKT_MERGE_CHECKSUM, false);
		/* Any option but timestamps. */
		stream(3, v6);
		frames[1].padding_options = 4;
		second_differs(mode, PKT_MERGE_OPTIONS, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),	    cmocka_unit_test(rules), cmocka_unit_test(alone),
		cmocka_unit_test(odd_zero), cmocka_unit_test(last),  cmocka_unit_test(rsc_rules),
	};

	if (test_merge_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const uint8_t src[6] = {2, 0, 0, 0, 0, 1}, dst[6] = {2, 0, 0, 0, 0, 2};
static const struct mg_ends ends = {src, dst, 1, 101};
static uint8_t frame[65536];

static uint16_t swap16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* RFC 1071, word by word: nothing of what is tested. */
static uint16_t plain_sum(uint32_t sum, const uint8_t *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sum += (uint32_t)at[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static bool udp_right(const uint8_t *f, uint32_t len)
{
	return plain_sum(17 + len - 34 + plain_sum(0, f + 26, 8), f + 34, len - 34) == 0xffff &&
	       plain_sum(0, f + 14, 20) == 0xffff;
}

static void makes_right_frames(void **state)
{
	static const uint32_t sizes[] = {60, 61, 62, 63, 67, 590, 1514, 9014};
	struct mg_image img;
	struct mg_seen seen;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (uint32_t n = 0; n < 300; n++) {
			uint32_t place = n * 7919, bytes = sizes[i];
			uint64_t due = n * UINT64_C(0x123456789abc);

			mg_image_frame(&img, &ends, bytes, 0xbeef, 3, false);
			mg_frame_prepare(&img, frame);
			if (n % 2)
				mg_frame_flow(&img, frame, n);
			mg_frame_fill(&img, frame, MG_DATA, place, due);
			assert_true(udp_right(frame, bytes));
			assert_int_equal(swap16(frame + 16), bytes - 14);
			assert_int_equal(mg_frame_parse(frame, bytes, &seen), MG_SEEN_FRAME);
			assert_int_equal(seen.sig.run, 0xbeef);
			assert_int_equal(seen.sig.stream, 3);
			assert_int_equal(seen.sig.place, place);
			assert_int_equal(seen.sig.due, due);
			assert_true(mg_frame_right(frame, bytes, MG_SUM_THERE));
			frame[bytes - 1] ^= 0x10;
			assert_false(mg_frame_right(frame, bytes, MG_SUM_THERE));
		}
}

static void leaves_the_sum_to_the_device(void **state)
{
	struct mg_image img;

	mg_image_frame(&img, &ends, 1514, 1, 0, true);
	mg_frame_prepare(&img, frame);
	mg_frame_fill(&img, frame, MG_DATA, 9, 12345);
	assert_int_equal(swap16(frame + 40), plain_sum(17 + 1480, frame + 26, 8));
	assert_true(mg_frame_right(frame, 1514, MG_SUM_PARTIAL));
	assert_false(mg_frame_right(frame, 1514, MG_SUM_THERE));
	frame[40] ^= 1;
	assert_false(mg_frame_right(frame, 1514, MG_SUM_PARTIAL));
	assert_true(mg_frame_right(frame, 1514, MG_SUM_VALID));
}

static void damage_is_seen(void **state)
{
	struct mg_image img;
	struct mg_seen seen;

	mg_image_frame(&img, &ends, 600, 1, 0, false);
	mg_frame_prepare(&img, frame);
	mg_frame_fill(&img, frame, MG_DATA, 9, 12345);
	assert_int_equal(mg_frame_parse(frame, 599, &seen), MG_SEEN_DAMAGED);
	assert_int_equal(mg_frame_parse(frame, 59, &seen), MG_SEEN_OTHER);
	for (uint32_t at = 0; at < 600; at++) {
		enum mg_seen_kind kind;

		frame[at] ^= 4;
		kind = mg_frame_parse(frame, 600, &seen);
		/* The Ethernet addresses are in no sum. */
		assert_true(at < 12 || kind != MG_SEEN_FRAME ||
			    !mg_frame_right(frame, 600, MG_SUM_THERE));
		frame[at] ^= 4;
	}
	assert_true(mg_frame_right(frame, 600, MG_SUM_THERE));
}

static void answers_a_hello(void **state)
{
	struct mg_image img;
	struct mg_seen seen;
	uint8_t back[60];

	mg_image_frame(&img, &ends, 60, 77, 2, false);
	mg_frame_prepare(&img, frame);
	mg_frame_flow(&img, frame, 5);
	mg_frame_fill(&img, frame, MG_HELLO, 5, 1);
	mg_frame_answer(frame, back);
	assert_true(udp_right(back, 60));
	assert_memory_equal(back, frame + 6, 6);
	assert_memory_equal(back + 6, frame, 6);
	assert_int_equal(mg_frame_parse(back, 60, &seen), MG_SEEN_FRAME);
	assert_int_equal(seen.sig.kind, MG_READY);
	assert_int_equal(seen.sig.run, 77);
	assert_int_equal(seen.sig.place, 5);
}

/* As a switch cuts: headers copied, sequence number and length put right. */
static void pieces_of_a_unit_are_known(void **state)
{
	static uint8_t piece[9100];
	struct mg_image img;
	struct mg_seen seen;
	uint32_t payload, pieces = 0;

	mg_image_unit(&img, &ends, 1500, 0x1234, 1);
	payload = mg_unit_payload(&img);
	assert_int_equal(img.mss, 1448);
	assert_int_equal(payload % 1448, 0);
	assert_true(img.bytes <= MG_UNIT_MAX && img.bytes + 1448 > MG_UNIT_MAX);
	mg_frame_prepare(&img, frame);
	mg_unit_fill(&img, frame, 0x54321, 99);
	assert_int_equal(mg_frame_parse(frame, img.bytes, &seen), MG_SEEN_PIECE);
	assert_int_equal(seen.sig.place, 0x54321);
	assert_int_equal(seen.payload, payload);
	assert_true(mg_piece_right(frame, &seen));
	for (uint32_t at = 0; at < payload; at += 1448, pieces++) {
		memcpy(piece, frame, 54);
		memcpy(piece + 54, frame + 54 + at, 1448);
		piece[16] = (1448 + 40) >> 8;
		piece[17] = (1448 + 40) & 0xff;
		piece[40] = (uint8_t)(at >> 8);
		piece[41] = (uint8_t)at;
		assert_int_equal(mg_frame_parse(piece, 1448 + 54, &seen), MG_SEEN_PIECE);
		assert_int_equal(seen.at, at);
		assert_int_equal(seen.payload, 1448);
		assert_int_equal(seen.sig.run, 0x1234);
		assert_true(mg_piece_right(piece, &seen));
		piece[1000] ^= 1;
		assert_false(mg_piece_right(piece, &seen));
	}
	assert_int_equal(pieces, payload / 1448);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_right_frames),
		cmocka_unit_test(leaves_the_sum_to_the_device),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(answers_a_hello),
		cmocka_unit_test(pieces_of_a_unit_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

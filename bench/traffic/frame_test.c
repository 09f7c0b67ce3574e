/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct frame_ends ends = {
	.src = {2, 7},
	.dst = {2, 8},
	.src_varies = true,
	.dst_varies = true,
	.src_host = 1,
	.dst_host = 2,
};

static const struct frame_sig sig = {
	.due = 0x123456789abc,
	.seq = 0xdeadbeef,
	.delay = 77,
	.trial = 513,
	.stream = 7,
};

/* A frame in a buffer of exactly its size, so that a sanitizer sees what goes beyond. */
static uint8_t *make(struct frame_image *img, uint32_t bytes, uint32_t flow)
{
	uint8_t *f = malloc(bytes);

	assert_non_null(f);
	frame_image_init(img, &ends, bytes);
	frame_pattern_fill(f, 0, bytes);
	frame_fill(img, f, flow, &sig);
	return f;
}

static void holds_what_was_put(void **state)
{
	const uint32_t sizes[] = {60, 61, 124, 590, 1514, 9014};

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct frame_image img;
		uint8_t *f = make(&img, sizes[i], 0x01020304);
		struct frame_seen seen;

		assert_int_equal(frame_parse(f, sizes[i], &seen), FRAME_WHOLE);
		assert_int_equal(seen.sig.due, sig.due);
		assert_int_equal(seen.sig.seq, sig.seq);
		assert_int_equal(seen.sig.delay, sig.delay);
		assert_int_equal(seen.sig.trial, sig.trial);
		assert_int_equal(seen.sig.stream, sig.stream);
		assert_true(frame_sum_right(f, sizes[i]));
		assert_true(frame_pattern_right(f + FRAME_HEAD, FRAME_HEAD, sizes[i] - FRAME_HEAD));
		free(f);
	}
}

/* The same sum as by the plain rule of RFC 768, over every byte. */
static void udp_sum(void **state)
{
	for (uint32_t flow = 0; flow < 70000; flow += 997) {
		struct frame_image img;
		uint32_t bytes = 60 + flow % 1000, sum = 17 + bytes - 34;
		uint8_t *f = make(&img, bytes, flow);

		for (uint32_t at = 26; at < bytes; at++)
			sum += at & 1 ? f[at] : (uint32_t)f[at] << 8;
		sum = (sum >> 16) + (sum & 0xffff);
		sum += sum >> 16;
		assert_int_equal(sum & 0xffff, 0xffff);
		free(f);
	}
}

static void flows_have_their_addresses(void **state)
{
	struct frame_image img;
	uint8_t *a = make(&img, 60, 0), *b = make(&img, 60, 0x00010002);
	const uint8_t src[] = {2, 7, 0, 1, 0, 2}, dst[] = {2, 8, 0, 1, 0, 2};

	assert_memory_equal(a, ends.dst, 6);
	assert_memory_equal(a + 6, ends.src, 6);
	assert_memory_equal(b, dst, 6);
	assert_memory_equal(b + 6, src, 6);
	assert_memory_not_equal(a + 34, b + 34, 4); /* UDP ports */
	free(a);
	free(b);
}

/* Any one wrong byte is seen, by the check of heads or by that of the content. */
static void damage_is_seen(void **state)
{
	struct frame_image img;
	uint8_t *f = make(&img, 124, 5);
	struct frame_seen seen;

	for (uint32_t at = 14; at < 124; at++) {
		f[at] ^= 0x10;
		assert_false(frame_parse(f, 124, &seen) == FRAME_WHOLE && frame_sum_right(f, 124) &&
			     frame_pattern_right(f + FRAME_HEAD, FRAME_HEAD, 64));
		f[at] ^= 0x10;
	}
	f[FRAME_SIG_AT + 5] ^= 1;
	assert_int_equal(frame_parse(f, 124, &seen), FRAME_DAMAGED);
	free(f);
}

static void cut_short(void **state)
{
	struct frame_image img;
	uint8_t *f = make(&img, 124, 5);
	struct frame_seen seen;

	for (uint32_t len = 0; len < 124; len++) {
		uint8_t *part = malloc(len + 1);

		assert_non_null(part);
		memcpy(part, f, len);
		assert_int_not_equal(frame_parse(part, len, &seen), FRAME_WHOLE);
		free(part);
	}
	free(f);
}

static void others_are_not_ours(void **state)
{
	uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6};
	struct frame_seen seen;

	assert_int_equal(frame_parse(arp, 60, &seen), FRAME_OTHER);
}

static void units(void **state)
{
	const uint32_t mtus[] = {576, 1500, 9000, 9600};

	for (unsigned int i = 0; i < 4; i++) {
		struct frame_image img;
		struct frame_seen seen;
		struct frame_sig back;
		uint8_t *f = malloc(FRAME_MAX);

		assert_non_null(f);
		frame_image_unit(&img, &ends, mtus[i]);
		assert_true(img.bytes <= FRAME_MAX && img.bytes > 54000);
		assert_int_equal(frame_unit_payload(&img) % img.mss, 0);
		frame_fill_unit(&img, f, 3, &sig);
		memcpy(f + img.bytes - FRAME_SIG, f + FRAME_UNIT_HEAD, FRAME_SIG);
		assert_int_equal(frame_parse(f, img.bytes, &seen), FRAME_PIECE);
		assert_int_equal(seen.at, 0);
		assert_int_equal(seen.payload, frame_unit_payload(&img));
		assert_int_equal(seen.sig.trial, sig.trial);
		assert_int_equal(seen.sig.stream, sig.stream);
		assert_true(frame_sig_get(f + img.bytes - FRAME_SIG, &back));
		assert_int_equal(back.seq, sig.seq);
		assert_memory_equal(f + FRAME_UNIT_HEAD, f + img.bytes - FRAME_SIG, FRAME_SIG);
		/* As a switch would cut it: the second segment. */
		frame_put32(f + 38, (sig.seq << 16) + img.mss);
		f[16] = (uint8_t)((img.mss + 40) >> 8);
		f[17] = (uint8_t)(img.mss + 40);
		assert_int_equal(frame_parse(f, 54u + img.mss, &seen), FRAME_PIECE);
		assert_int_equal(seen.at, img.mss);
		assert_int_equal(seen.payload, img.mss);
		free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_put),
		cmocka_unit_test(udp_sum),
		cmocka_unit_test(flows_have_their_addresses),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(others_are_not_ours),
		cmocka_unit_test(units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

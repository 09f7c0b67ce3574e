/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/steer/key.h"

#include "packet/test_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct test_frame frame;
static struct flow_key key;
static struct pkt_headers headers;

static bool is_flow(void)
{
	return flow_key_of(frame.bytes, RTE_MIN(frame.len, 256u), frame.len, &key, &headers);
}

static void build(uint8_t ip, uint8_t proto)
{
	memset(&frame, 0, offsetof(struct test_frame, bytes));
	frame.dst = 2;
	frame.src = 1;
	frame.ip = ip;
	frame.proto = proto;
	frame.payload = 100;
	test_frame_build(&frame);
}

static void segments(void **state)
{
	build(4, 6);
	assert_true(is_flow());
	assert_memory_equal(key.src, "\x0a\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(key.dst, "\x0a\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(&key.sport, "\x9c\x40", 2);
	assert_memory_equal(&key.dport, "\x13\x89", 2);
	assert_memory_equal(key.dmac, "\2\0\0\0\0\2", 6);
	assert_int_equal(key.v6, 0);
	assert_int_equal(headers.l3_len, 20);
	build(6, 6);
	assert_true(is_flow());
	assert_memory_equal(key.src, frame.bytes + 22, 16);
	assert_memory_equal(key.dst, frame.bytes + 38, 16);
	assert_int_equal(key.v6, 1);
}

static void others(void **state)
{
	build(4, 17);
	assert_false(is_flow());
	build(4, 1);
	assert_false(is_flow());
	build(0, 0);
	assert_false(is_flow());
	/* Fragments: the first, which has the ports, and others. */
	build(4, 6);
	frame.bytes[20] = 0x20;
	assert_false(is_flow());
	frame.bytes[20] = 0;
	frame.bytes[21] = 8;
	assert_false(is_flow());
	/* With DF it is none. */
	frame.bytes[20] = 0x40;
	frame.bytes[21] = 0;
	assert_true(is_flow());
	/* IP options. */
	frame.bytes[14] = 0x46;
	assert_false(is_flow());
	/* Extension headers: destination options before TCP. */
	build(6, 60);
	memcpy(frame.bytes + 54, "\6\0\1\4\0\0\0\0", 8);
	frame.bytes[54 + 8 + 12] = 0x50;
	assert_false(is_flow());
	/* A tag of somebody else's. */
	build(4, 6);
	frame.tags[0] = 0x88a80005;
	test_frame_build(&frame);
	assert_false(is_flow());
}

static void odd_ones(void **state)
{
	struct flow_key whole;

	build(4, 6);
	assert_true(is_flow());
	whole = key;
	assert_false(flow_key_of_odd(frame.bytes, 256, &headers, &key));
	frame.bytes[20] = 0x20;
	assert_false(is_flow());
	memset(&key, 0xff, sizeof(key));
	assert_true(flow_key_of_odd(frame.bytes, 154, &headers, &key));
	assert_memory_equal(&key, &whole, sizeof(key));
	build(6, 6);
	assert_true(is_flow());
	whole = key;
	memmove(frame.bytes + 62, frame.bytes + 54, 120);
	memcpy(frame.bytes + 54, "\6\0\1\4\0\0\0\0", 8);
	frame.bytes[19] += 8;
	frame.bytes[20] = 60;
	frame.len += 8;
	assert_false(is_flow());
	assert_true(flow_key_of_odd(frame.bytes, 170, &headers, &key));
	assert_memory_equal(&key, &whole, sizeof(key));
	build(4, 17);
	assert_false(is_flow());
	assert_false(flow_key_of_odd(frame.bytes, 100, &headers, &key));
}

static void cut_short(void **state)
{
	build(4, 6);
	for (uint32_t n = 14; n < 54; n++)
		assert_false(flow_key_of(frame.bytes, n, frame.len, &key, &headers));
	assert_true(flow_key_of(frame.bytes, 54 + 8, frame.len, &key, &headers));
	/* An IP packet that is longer than its frame. */
	assert_false(flow_key_of(frame.bytes, 62, frame.len - 1, &key, &headers));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments),
		cmocka_unit_test(others),
		cmocka_unit_test(odd_ones),
		cmocka_unit_test(cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

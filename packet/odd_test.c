/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/odd.h"

#include "packet/test_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct test_frame frame;
static uint32_t at;

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

/* Puts bytes in behind the Ethernet and IP header, whose length field follows. */
static void insert(const void *bytes, uint32_t n)
{
	uint32_t l4 = frame.ip == 4 ? 34 : 54;

	memmove(frame.bytes + l4 + n, frame.bytes + l4, frame.len - l4);
	memcpy(frame.bytes + l4, bytes, n);
	frame.len += n;
	if (frame.ip == 4)
		test_be16(frame.bytes + 16, frame.len - 14);
	else
		test_be16(frame.bytes + 18, frame.len - 54);
}

static enum pkt_odd odd_of(uint32_t len)
{
	struct pkt_headers h;
	uint8_t *copy = malloc(len + 1); /* so that reading on is seen */
	enum pkt_odd odd;

	memcpy(copy, frame.bytes, len);
	pkt_parse(copy, len, frame.len, &h);
	at = 0;
	odd = pkt_odd_tcp(copy, len, &h, &at);
	free(copy);
	return odd;
}

static enum pkt_odd odd(void)
{
	return odd_of(RTE_MIN(frame.len, 256u));
}

static void ordinary(void **state)
{
	build(4, 6);
	assert_int_equal(odd(), PKT_ODD_NONE);
	build(6, 6);
	assert_int_equal(odd(), PKT_ODD_NONE);
	build(4, 17);
	assert_int_equal(odd(), PKT_ODD_NONE);
	build(4, 1);
	assert_int_equal(odd(), PKT_ODD_NONE);
	build(0, 0);
	assert_int_equal(odd(), PKT_ODD_NONE);
}

static void fragments4(void **state)
{
	build(4, 6);
	frame.bytes[20] = 0x20;
	assert_int_equal(odd(), PKT_ODD_FRAGMENT);
	assert_int_equal(at, 34);
	/* Behind the first, also the last of all. */
	frame.bytes[21] = 1;
	assert_int_equal(odd(), PKT_ODD_NONE);
	frame.bytes[20] = 0x1f;
	frame.bytes[21] = 0;
	assert_int_equal(odd(), PKT_ODD_NONE);
	/* As small as a fragment can be, and smaller. */
	frame.bytes[20] = 0x20;
	test_be16(frame.bytes + 16, 28);
	assert_int_equal(odd(), PKT_ODD_FRAGMENT);
	test_be16(frame.bytes + 16, 27);
	assert_int_equal(odd(), PKT_ODD_NONE);
	build(4, 17);
	frame.bytes[20] = 0x20;
	assert_int_equal(odd(), PKT_ODD_NONE);
	/* With options. */
	build(4, 6);
	insert("\1\1\1\0", 4);
	frame.bytes[14] = 0x46;
	frame.bytes[20] = 0x20;
	assert_int_equal(odd(), PKT_ODD_FRAGMENT);
	assert_int_equal(at, 38);
}

static void fragments6(void **state)
{
	build(6, 44);
	insert("\6\0\0\1\0\0\0\7", 8);
	assert_int_equal(odd(), PKT_ODD_FRAGMENT);
	assert_int_equal(at, 62);
	frame.bytes[57] = 9; /* the second eight bytes */
	assert_int_equal(odd(), PKT_ODD_NONE);
	/* Extension headers before it and behind it. */
	build(6, 60);
	insert("\6\0\1\4\0\0\0\0", 8);
	insert("\x3c\0\0\1\0\0\0\7", 8);
	insert("\x2c\0\1\4\0\0\0\0", 8);
	assert_int_equal(odd(), PKT_ODD_FRAGMENT);
	assert_int_equal(at, 78);
	/* What follows does not lie within the packet. */
	frame.bytes[71] = 200;
	assert_int_equal(odd(), PKT_ODD_NONE);
	build(6, 44);
	insert("\x11\0\0\1\0\0\0\7", 8);
	assert_int_equal(odd(), PKT_ODD_NONE);
}

static void options(void **state)
{
	build(4, 6);
	insert("\1\1\1\0", 4);
	frame.bytes[14] = 0x46;
	assert_int_equal(odd(), PKT_ODD_OPTIONS);
	assert_int_equal(at, 38);
	build(6, 60);
	insert("\6\0\1\4\0\0\0\0", 8);
	frame.bytes[54 + 8 + 12] = 0x50;
	assert_int_equal(odd(), PKT_ODD_OPTIONS);
	assert_int_equal(at, 62);
	/* A fragment header, and it is whole. */
	build(6, 44);
	insert("\6\0\0\0\0\0\0\7", 8);
	frame.bytes[54 + 8 + 12] = 0x50;
	assert_int_equal(odd(), PKT_ODD_OPTIONS);
	build(4, 17);
	insert("\1\1\1\0", 4);
	frame.bytes[14] = 0x46;
	assert_int_equal(odd(), PKT_ODD_NONE);
	/* Somebody else's tag. */
	build(4, 6);
	frame.tags[0] = 0x88a80005;
	test_frame_build(&frame);
	frame.bytes[18] = 0x46;
	frame.bytes[42 + 12] = 0x50;
	assert_int_equal(odd(), PKT_ODD_NONE);
}

static void cut_short(void **state)
{
	build(6, 44);
	insert("\6\0\1\4\0\0\0\0", 8);
	insert("\x3c\0\0\1\0\0\0\7", 8);
	for (uint32_t n = 14; n < 78; n++)
		assert_int_equal(odd_of(n), PKT_ODD_NONE);
	assert_int_equal(odd_of(78), PKT_ODD_FRAGMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),   cmocka_unit_test(fragments4),
		cmocka_unit_test(fragments6), cmocka_unit_test(options),
		cmocka_unit_test(cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

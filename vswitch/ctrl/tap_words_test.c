/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/tap_words.h"

#include "packet/test_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

static struct test_frame frame;
static struct chim_tap_record record;
static char text[512];

/* The frame, of which so many bytes were kept; no byte behind those can be read. */
static const char *say(uint32_t kept)
{
	static uint8_t *pages;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!pages) {
		pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
		assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	}
	record.len = frame.len;
	record.kept = RTE_MIN(kept, frame.len);
	record.data = memcpy(pages + page - record.kept, frame.bytes, record.kept);
	return tap_words(&record, text, sizeof(text));
}

static void build(uint8_t ip, uint32_t payload, uint8_t flags)
{
	frame = (struct test_frame){.ip = ip, .payload = payload, .tcp_flags = flags};
	record = (struct chim_tap_record){0};
	test_frame_build(&frame);
}

/* 12 more bytes of TCP header, in place of payload. */
static void options(const char *bytes)
{
	uint8_t *l4 = frame.bytes + frame.l2_len + frame.l3_len;

	l4[12] = 0x80;
	memcpy(l4 + 20, bytes, 12);
}

static void tells_segments(void **state)
{
	build(4, 50, 0x18);
	assert_string_equal(say(128), "10.0.0.1:40000 > 10.0.0.2:5001 PSH ACK, seq 1:51, ack 0, "
				      "win 0, 50 bytes");
	build(6, 0, 0x11);
	assert_string_equal(say(128), "[fd00::1]:40000 > [fd00::2]:5001 FIN ACK, seq 1, ack 0, "
				      "win 0, 0 bytes");
	build(4, 0, 0x04);
	assert_string_equal(say(64), "10.0.0.1:40000 > 10.0.0.2:5001 RST, seq 1, win 0, 0 bytes");
	frame = (struct test_frame){.ip = 4, .tags = {0x81000007}};
	test_frame_build(&frame);
	assert_string_equal(say(64),
			    "10.0.0.1:40000 > 10.0.0.2:5001 ACK, seq 1, ack 0, win 0, 0 bytes");
}

static void tells_units(void **state)
{
	build(4, 60000, 0x10);
	record.segsz = 1448;
	assert_string_equal(say(64), "10.0.0.1:40000 > 10.0.0.2:5001 ACK, seq 1:60001, ack 0, "
				     "win 0, 60000 bytes in segments of 1448");
}

static void tells_options(void **state)
{
	build(4, 112, 0);
	options("\x01\x01\x08\x0a\0\0\0\x05\0\0\1\1");
	assert_non_null(strstr(say(128), "win 0, 100 bytes, ts 5/257"));
	options("\x01\x01\x05\x0a\0\0\0\x05\0\0\0\x09");
	assert_non_null(strstr(say(128), "win 0, 100 bytes, sack 5:9"));
	options("\0\x01\x08\x0a\0\0\0\x05\0\0\1\1");
	assert_null(strstr(say(128), "ts"));
	/* Ones that reach beyond the header, or nowhere. */
	options("\x01\x01\x08\x0b\0\0\0\x05\0\0\1\1");
	assert_null(strstr(say(128), "ts"));
	options("\x01\x01\x08\x01\x08\x0a\0\0\0\x05\0\0");
	assert_null(strstr(say(128), "ts"));
	options("\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x08");
	assert_null(strstr(say(128), "ts"));
}

static void tells_no_more_than_it_has(void **state)
{
	build(6, 100, 0);
	for (uint32_t kept = 0; kept < 74; kept++)
		assert_string_equal(say(kept), "174 bytes, headers cut off");
	assert_null(strstr(say(74), "cut off"));
	build(0, 100, 0);
	assert_string_equal(say(128), "114 bytes, headers cut off");
	build(4, 100, 0);
	frame.bytes[20] = 0x20; /* more of them follow */
	assert_string_equal(say(128), "154 bytes, a fragment");
	build(4, 100, 0);
	say(128);
	assert_string_equal(tap_words(&record, text, 8), "10.0.0.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_segments),
		cmocka_unit_test(tells_units),
		cmocka_unit_test(tells_options),
		cmocka_unit_test(tells_no_more_than_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/host.h"

#include "hv-core/microguest/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9}, address[4] = {10, 0, 0, 9};

/* From 10.0.0.1 at 02:00:00:00:00:01, as a Linux kernel sends it. */
static const uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,  1, 0x08, 0x06,
				0,    1,    8,	  0,	6,    4,    0, 1, 2, 0, 0,  0, 0,    1,
				10,   0,    0,	  1,	0,    0,    0, 0, 0, 0, 10, 0, 0,    9};

static uint32_t make_echo(uint8_t *frame, uint32_t payload)
{
	static const uint8_t head[42] = {2,  0,	   0,	 0,    0,  9,	 2, 0,	  0,	0,    0,
					 1,  0x08, 0x00, 0x45, 0,  0,	 0, 0x12, 0x34, 0x40, 0,
					 64, 1,	   0,	 0,    10, 0,	 0, 1,	  10,	0,    0,
					 9,  8,	   0,	 0,    0,  0x77, 1, 0,	  5};
	uint32_t bytes = 42 + payload;
	uint16_t sum;

	memcpy(frame, head, sizeof(head));
	frame[16] = (uint8_t)((bytes - 14) >> 8);
	frame[17] = (uint8_t)(bytes - 14);
	for (uint32_t i = 0; i < payload; i++)
		frame[42 + i] = (uint8_t)(i * 37 + payload);
	sum = (uint16_t)~mg_sum_fold(mg_sum_bytes(frame + 14, 20));
	memcpy(frame + 24, &sum, 2);
	sum = (uint16_t)~mg_sum_fold(mg_sum_bytes(frame + 34, bytes - 34));
	memcpy(frame + 36, &sum, 2);
	return bytes;
}

static void says_where_it_is(void **state)
{
	static const uint8_t want[42] = {2,  0, 0, 0, 0, 1, 2, 0, 0, 0, 0,  9, 0x08, 0x06,
					 0,  1, 8, 0, 6, 4, 0, 2, 2, 0, 0,  0, 0,    9,
					 10, 0, 0, 9, 2, 0, 0, 0, 0, 1, 10, 0, 0,    1};
	uint8_t frame[42];

	memcpy(frame, arp, sizeof(frame));
	assert_true(mg_host_answer(frame, sizeof(frame), mac, address));
	assert_memory_equal(frame, want, sizeof(want));
	assert_false(mg_host_answer(frame, sizeof(frame), mac, address));
}

static void others_are_asked(void **state)
{
	uint8_t frame[42], before[42];

	memcpy(frame, arp, sizeof(frame));
	frame[41] = 8;
	memcpy(before, frame, sizeof(frame));
	assert_false(mg_host_answer(frame, sizeof(frame), mac, address));
	assert_memory_equal(frame, before, sizeof(frame));
	assert_false(mg_host_answer(frame, 0, mac, address));
	memcpy(frame, arp, sizeof(frame));
	assert_false(mg_host_answer(frame, sizeof(frame) - 1, mac, address));
}

static void echoes(void **state)
{
	static const uint8_t there[4] = {10, 0, 0, 1};
	uint8_t frame[1600], asked[1600];

	for (uint32_t payload = 0; payload < 1500; payload++) {
		uint32_t bytes = make_echo(asked, payload);

		memcpy(frame, asked, bytes);
		assert_true(mg_host_answer(frame, bytes, mac, address));
		assert_memory_equal(frame, asked + 6, 6);
		assert_memory_equal(frame + 6, mac, 6);
		assert_memory_equal(frame + 26, address, 4);
		assert_memory_equal(frame + 30, there, 4);
		assert_int_equal(frame[34], 0);
		assert_memory_equal(frame + 38, asked + 38, bytes - 38);
		assert_int_equal(mg_sum_fold(mg_sum_bytes(frame + 14, 20)), 0xffff);
		assert_int_equal(mg_sum_fold(mg_sum_bytes(frame + 34, bytes - 34)), 0xffff);
	}
}

/* Each of these bytes makes it something else. */
static void not_to_us(void **state)
{
	static const uint8_t places[] = {0, 5, 12, 13, 14, 21, 23, 30, 33, 34, 35};
	uint8_t frame[100], before[100];

	for (uint32_t i = 0; i < sizeof(places); i++) {
		uint32_t bytes = make_echo(frame, 20);

		frame[places[i]] ^= 0x01;
		memcpy(before, frame, bytes);
		assert_false(mg_host_answer(frame, bytes, mac, address));
		assert_memory_equal(frame, before, bytes);
	}
	assert_int_equal(make_echo(frame, 20), 62);
	frame[20] |= 0x20; /* more fragments */
	assert_false(mg_host_answer(frame, 62, mac, address));
	make_echo(frame, 0);
	assert_false(mg_host_answer(frame, 41, mac, address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_where_it_is),
		cmocka_unit_test(others_are_asked),
		cmocka_unit_test(echoes),
		cmocka_unit_test(not_to_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

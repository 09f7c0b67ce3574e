/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/crc/crccopy.h"
#include "offload/chimney/crc/crc_kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { BYTES = 20000, GUARD = 64 };

static uint8_t src[BYTES], dst[BYTES + 2 * GUARD];

/* Bit by bit, as the polynomial says. */
static uint32_t by_bits(uint32_t crc, const uint8_t *p, size_t len)
{
	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* RFC 3720 B.4. */
static void of_the_rfc(void **state)
{
	uint8_t p[48] = {0};

	assert_int_equal(chim_crc32c(0, p, 32), 0x8a9136aa);
	memset(p, 0xff, 32);
	assert_int_equal(chim_crc32c(0, p, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		p[i] = i;
	assert_int_equal(chim_crc32c(0, p, 32), 0x46dd794e);
	for (uint8_t i = 0; i < 32; i++)
		p[i] = 31 - i;
	assert_int_equal(chim_crc32c(0, p, 32), 0x113fdb5c);
	memcpy(p,
	       (uint8_t[48]){0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18,
			     [32] = 0x28, [40] = 0x02},
	       48);
	assert_int_equal(chim_crc32c(0, p, 48), 0xd9963a56);
	assert_int_equal(chim_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(chim_crc32c(77, NULL, 0), 77);
}

/* One length at one offset, copied and not, by every way there is. */
static void check(size_t len, size_t from, size_t to, uint32_t crc)
{
	uint32_t wanted = by_bits(crc, src + from, len);

	assert_int_equal(chim_crc32c(crc, src + from, len), wanted);
	assert_int_equal(~crc_table(~crc, NULL, src + from, len), wanted);
	for (int way = 0; way < 2; way++) {
		uint8_t *p = dst + GUARD + to;

		memset(dst, 0xee, sizeof(dst));
		if (way == 0)
			assert_int_equal(chim_crc32c_copy(crc, p, src + from, len), wanted);
		else
			assert_int_equal(~crc_table(~crc, p, src + from, len), wanted);
		assert_memory_equal(p, src + from, len);
		for (int i = 1; i <= 16; i++) { /* nothing beside it */
			assert_int_equal(p[-i], 0xee);
			assert_int_equal(p[len + i - 1], 0xee);
		}
	}
}

static void as_by_bits(void **state)
{
	srand(3);
	for (size_t i = 0; i < BYTES; i++)
		src[i] = (uint8_t)rand();
	for (size_t len = 0; len < 500; len++)
		check(len, len % 17, len % 13, (uint32_t)rand());
	for (int i = 0; i < 200; i++) {
		size_t len = (size_t)rand() % (BYTES - 40);

		check(len, (size_t)rand() % 32, (size_t)rand() % 32, (uint32_t)rand());
	}
	/* Around the bounds of what is taken side by side. */
	for (size_t len = 3 * 1024 - 2; len < 3 * 1024 + 400; len += 3)
		check(len, 1, 0, 0);
}

static void in_pieces(void **state)
{
	uint32_t whole = chim_crc32c(0, src, BYTES), crc = 0;

	for (size_t at = 0; at < BYTES;) {
		size_t len = (size_t)rand() % 5000;

		len = len < BYTES - at ? len : BYTES - at;
		crc = at % 2 ? chim_crc32c(crc, src + at, len)
			     : chim_crc32c_copy(crc, dst, src + at, len);
		at += len;
	}
	assert_int_equal(crc, whole);
}

static void says_how(void **state)
{
	assert_string_equal(chim_crc32c_how(), crc_x86_works() ? "sse4.2+pclmul" : "table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_rfc),
		cmocka_unit_test(as_by_bits),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(says_how),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/pattern.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { SECTOR = 512, SECTORS = 64 };

static uint8_t disk[SECTORS * SECTOR];

static void put(struct pattern *p, uint64_t lba, size_t n)
{
	pattern_write(p, disk + lba * SECTOR, lba, n);
}

static struct pattern_seen look(const struct pattern *p, uint64_t lba, size_t n)
{
	struct pattern_seen seen = {0};

	pattern_check(p, disk + lba * SECTOR, lba, n, &seen);
	return seen;
}

static void test_whole(void **state)
{
	struct pattern p;
	struct pattern_seen seen;

	assert_int_equal(pattern_init(&p, SECTORS, SECTOR), 0);
	put(&p, 0, SECTORS);
	put(&p, 8, 8); /* a second generation in the middle */
	seen = look(&p, 0, SECTORS);
	assert_int_equal(seen.checked, SECTORS);
	assert_int_equal(seen.unknown, 0);
	assert_int_equal(seen.wrong, 0);
	pattern_clear(&p);
}

static void test_unknown(void **state)
{
	struct pattern p;
	struct pattern_seen seen;

	assert_int_equal(pattern_init(&p, SECTORS, SECTOR), 0);
	memset(disk, 0x77, sizeof(disk));
	put(&p, 0, 8);
	put(&p, 8, 8);
	pattern_forget(&p, 8, 4);
	seen = look(&p, 0, SECTORS);
	assert_int_equal(seen.checked, 12);
	assert_int_equal(seen.unknown, SECTORS - 12);
	assert_int_equal(seen.wrong, 0);
	/* After a forgotten one, the next write is known again. */
	put(&p, 8, 4);
	assert_int_equal(look(&p, 8, 4).checked, 4);
	pattern_clear(&p);
}

/* Each byte of a sector counts. */
static void test_damage(void **state)
{
	struct pattern p;

	assert_int_equal(pattern_init(&p, SECTORS, SECTOR), 0);
	put(&p, 0, SECTORS);
	for (size_t i = 0; i < SECTOR; i++) {
		struct pattern_seen seen;

		disk[5 * SECTOR + i] ^= 0x10;
		seen = look(&p, 0, SECTORS);
		assert_int_equal(seen.wrong, 1);
		assert_non_null(strstr(seen.first, "sector 5 "));
		disk[5 * SECTOR + i] ^= 0x10;
	}
	disk[5 * SECTOR + 100] ^= 1;
	assert_string_equal(look(&p, 0, SECTORS).first, "sector 5 is damaged");
	pattern_clear(&p);
}

static void test_words(void **state)
{
	struct pattern p;
	uint8_t old[SECTOR];

	assert_int_equal(pattern_init(&p, SECTORS, SECTOR), 0);
	put(&p, 0, SECTORS);
	memcpy(old, disk + 3 * SECTOR, SECTOR);
	put(&p, 3, 1);
	memcpy(disk + 3 * SECTOR, old, SECTOR);
	assert_string_equal(look(&p, 3, 1).first, "sector 3 holds write number 1, not number 2");
	memcpy(disk + 7 * SECTOR, disk + 9 * SECTOR, SECTOR);
	assert_string_equal(look(&p, 7, 1).first, "sector 7 holds what was written to 9");
	memset(disk + 8 * SECTOR, 0, SECTOR);
	assert_string_equal(look(&p, 8, 1).first, "sector 8 holds nothing that was written");
	assert_int_equal(look(&p, 3, 6).wrong, 3);
	pattern_clear(&p);
}

static void test_limits(void **state)
{
	struct pattern p;

	assert_int_equal(pattern_init(&p, 0, SECTOR), -EINVAL);
	assert_int_equal(pattern_init(&p, 1, 8), -EINVAL);
	assert_int_equal(pattern_init(&p, 1, 513), -EINVAL);
	assert_int_equal(pattern_init(&p, 1, 4096), 0);
	pattern_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),  cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_words),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

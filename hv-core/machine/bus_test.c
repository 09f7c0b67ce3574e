/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A device that remembers what it was asked. */
struct toy {
	uint64_t off, value;
	unsigned int len, reads, writes;
	struct hv_bus *moves_on; /* on a write it moves itself to the address that was written */
	uint64_t base;
};

static const struct hv_io_ops toy_ops;

static uint64_t toy_read(void *self, uint64_t off, unsigned int len)
{
	struct toy *t = self;

	t->off = off;
	t->len = len;
	t->reads++;
	return t->value;
}

static void toy_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct toy *t = self;

	t->off = off;
	t->len = len;
	t->value = value;
	t->writes++;
	if (t->moves_on) {
		hv_bus_del(t->moves_on, t->base, t);
		t->base = value;
		assert_int_equal(hv_bus_add(t->moves_on, value, 16, &toy_ops, t, NULL, "toy", NULL),
				 0);
	}
}

static const struct hv_io_ops toy_ops = {toy_read, toy_write};

static void an_access_reaches_the_range_it_lies_in(void **state)
{
	struct hv_bus *b = hv_bus_new();
	struct toy low = {.value = 0x1122334455667788}, high = {0};
	uint64_t v;

	assert_int_equal(hv_bus_add(b, 0x2000, 0x100, &toy_ops, &high, NULL, "high", NULL), 0);
	assert_int_equal(hv_bus_add(b, 0x1000, 0x100, &toy_ops, &low, NULL, "low", NULL), 0);
	assert_true(hv_bus_read(b, 0x10fc, 4, &v));
	assert_true(v == 0x55667788); /* no more than was asked for */
	assert_int_equal(low.off, 0xfc);
	assert_true(hv_bus_write(b, 0x2000, 8, 7));
	assert_int_equal(high.off, 0);
	assert_int_equal(high.len, 8);
	hv_bus_free(b);
}

static void nobody_answers_outside_or_across_an_end(void **state)
{
	struct hv_bus *b = hv_bus_new();
	struct toy t = {0};
	uint64_t v;
	static const struct {
		uint64_t addr;
		unsigned int len;
		uint64_t ones;
	} misses[] = {
		{0xfff, 1, 0xff},    {0xfff, 2, 0xffff}, {0x1100, 4, 0xffffffff},
		{0x10ff, 2, 0xffff}, {0, 8, UINT64_MAX},
	};

	assert_int_equal(hv_bus_add(b, 0x1000, 0x100, &toy_ops, &t, NULL, "toy", NULL), 0);
	for (size_t i = 0; i < sizeof(misses) / sizeof(misses[0]); i++) {
		assert_false(hv_bus_read(b, misses[i].addr, misses[i].len, &v));
		assert_true(v == misses[i].ones);
		assert_false(hv_bus_write(b, misses[i].addr, misses[i].len, 1));
	}
	assert_int_equal(t.reads + t.writes, 0);
	hv_bus_free(b);
}

static void ranges_do_not_lie_over_each_other(void **state)
{
	struct hv_bus *b = hv_bus_new();
	struct toy t = {0};
	struct err e = {0};

	assert_int_equal(hv_bus_add(b, 0x1000, 0x100, &toy_ops, &t, NULL, "first", NULL), 0);
	assert_int_equal(hv_bus_add(b, 0x10ff, 1, &toy_ops, &t, NULL, "second", &e), -EEXIST);
	assert_non_null(strstr(e.text, "first"));
	assert_int_equal(hv_bus_add(b, 0xf01, 0x100, &toy_ops, &t, NULL, "second", &e), -EEXIST);
	assert_int_equal(hv_bus_add(b, 0x0, 0x10000, &toy_ops, &t, NULL, "second", &e), -EEXIST);
	assert_int_equal(hv_bus_add(b, 0xf00, 0x100, &toy_ops, &t, NULL, "below", &e), 0);
	assert_int_equal(hv_bus_add(b, 0x1100, 1, &toy_ops, &t, NULL, "above", &e), 0);
	assert_int_equal(hv_bus_add(b, UINT64_MAX - 1, 4, &toy_ops, &t, NULL, "wraps", &e),
			 -EINVAL);
	assert_int_equal(hv_bus_add(b, UINT64_MAX, 1, &toy_ops, &t, NULL, "last", &e), 0);
	hv_bus_free(b);
}

static void a_handler_may_move_its_own_range(void **state)
{
	struct hv_bus *b = hv_bus_new();
	struct toy t = {.moves_on = b, .base = 0x1000};
	uint64_t v;

	assert_int_equal(hv_bus_add(b, 0x1000, 16, &toy_ops, &t, NULL, "toy", NULL), 0);
	assert_true(hv_bus_write(b, 0x1000, 4, 0x5000));
	assert_false(hv_bus_read(b, 0x1000, 4, &v));
	assert_true(hv_bus_read(b, 0x5000, 4, &v));
	hv_bus_free(b);
}

/* Random ranges against a plain array of owners. */
static void it_agrees_with_a_map_of_bytes(void **state)
{
	struct hv_bus *b = hv_bus_new();
	static struct toy toys[64];
	int owner[1024];

	srand(1);
	memset(owner, -1, sizeof(owner));
	memset(toys, 0, sizeof(toys));
	for (int round = 0; round < 20000; round++) {
		int i = rand() % 64;
		struct toy *t = &toys[i];

		if (t->base) {
			hv_bus_del(b, t->base, t);
			for (int k = 0; k < 1024; k++)
				if (owner[k] == i)
					owner[k] = -1;
			t->base = 0;
		} else {
			uint64_t base = 1 + (uint64_t)(rand() % 1000),
				 bytes = 1 + (uint64_t)(rand() % 24);
			bool is_free = true;

			for (uint64_t k = base; k < base + bytes; k++)
				is_free = is_free && owner[k] < 0;
			assert_int_equal(hv_bus_add(b, base, bytes, &toy_ops, t, NULL, "toy", NULL),
					 is_free ? 0 : -EEXIST);
			if (is_free) {
				t->base = base;
				for (uint64_t k = base; k < base + bytes; k++)
					owner[k] = i;
			}
		}
		int at = rand() % 1023;
		uint64_t v;
		unsigned int before = owner[at] >= 0 ? toys[owner[at]].reads : 0;
		assert_int_equal(hv_bus_read(b, (uint64_t)at, 1, &v), owner[at] >= 0);
		if (owner[at] >= 0)
			assert_int_equal(toys[owner[at]].reads, before + 1);
	}
	hv_bus_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_access_reaches_the_range_it_lies_in),
		cmocka_unit_test(nobody_answers_outside_or_across_an_end),
		cmocka_unit_test(ranges_do_not_lie_over_each_other),
		cmocka_unit_test(a_handler_may_move_its_own_range),
		cmocka_unit_test(it_agrees_with_a_map_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

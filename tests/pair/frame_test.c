/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pair/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t dst[6] = {2, 0, 0, 0, 0, 1}, src[6] = {2, 0, 0, 0, 0, 2};
static const struct frame_id id = {.stream = 3, .bytes = 1000, .seq = 0x01020304};

/* A chain of two segments over flat bytes, without a pool. */
struct chain {
	struct rte_mbuf a, b;
};

static const struct rte_mbuf *chain_init(struct chain *c, uint8_t *flat, uint16_t first,
					 uint16_t bytes)
{
	c->a = (struct rte_mbuf){.buf_addr = flat, .data_len = first, .next = &c->b};
	c->b = (struct rte_mbuf){.buf_addr = flat + first, .data_len = bytes - first};
	c->a.pkt_len = bytes;
	c->a.nb_segs = 2;
	return &c->a;
}

static void test_same(void **state)
{
	uint8_t flat[1000], again[1000];
	struct frame_id found;
	struct chain c;

	frame_write(flat, dst, src, &id);
	frame_write(again, dst, src, &id);
	for (uint16_t first = 1; first < sizeof(flat); first += 7) {
		const struct rte_mbuf *m = chain_init(&c, flat, first, sizeof(flat));

		assert_int_equal(frame_differs(m, again, sizeof(again)), -1);
		assert_int_equal(frame_read(m, &found), 0);
		assert_int_equal(found.stream, id.stream);
		assert_int_equal(found.bytes, id.bytes);
		assert_int_equal(found.seq, id.seq);
	}
}

/* No byte may be wrong, wherever it lies. */
static void test_differs(void **state)
{
	uint8_t flat[1000], again[1000];
	struct chain c;

	frame_write(flat, dst, src, &id);
	frame_write(again, dst, src, &id);
	for (unsigned int at = 0; at < sizeof(flat); at++) {
		flat[at] ^= 0x10;
		assert_int_equal(frame_differs(chain_init(&c, flat, 333, sizeof(flat)), again,
					       sizeof(again)),
				 at);
		flat[at] ^= 0x10;
	}
	assert_int_equal(frame_differs(chain_init(&c, flat, 333, 999), again, 1000), 999);
	assert_int_equal(frame_differs(chain_init(&c, flat, 333, 1000), again, 999), 999);
}

/* Neither another frame, nor bytes of the same one from another place, look the same. */
static void test_others(void **state)
{
	uint8_t flat[1000], other[1000];
	struct frame_id next = id;
	struct chain c;

	frame_write(flat, dst, src, &id);
	for (unsigned int shift = 1; shift < 64; shift++)
		assert_memory_not_equal(flat + 100, flat + 100 + shift, 64);
	for (unsigned int n = 1; n < 100; n++) {
		next.seq++;
		frame_write(other, dst, src, &next);
		assert_true(frame_differs(chain_init(&c, flat, 20, 1000), other, 1000) >= 14);
		assert_memory_not_equal(flat + 100, other + 100, 64);
	}
}

static void test_foreign(void **state)
{
	uint8_t flat[1000] = {0};
	struct frame_id found;
	struct chain c;

	assert_int_equal(frame_read(chain_init(&c, flat, 20, sizeof(flat)), &found), -EINVAL);
	frame_write(flat, dst, src, &id);
	assert_int_equal(frame_read(chain_init(&c, flat, 10, FRAME_MIN - 1), &found), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

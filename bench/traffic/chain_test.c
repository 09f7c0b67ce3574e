/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/chain.h"
#include "bench/traffic/frame.h"
#include "packet/test_eal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 8, MORE = 4, LARGEST = (MORE + 1) * CHAIN_BUFFER };

static struct rte_mempool *frames, *tails;

static int start(void **state)
{
	struct err e = {0};

	test_eal_init();
	frames = rte_pktmbuf_pool_create("frames", FRAMES, 0, 0,
					 RTE_PKTMBUF_HEADROOM + CHAIN_BUFFER, SOCKET_ID_ANY);
	tails = rte_pktmbuf_pool_create("tails", FRAMES * MORE, 0, 0,
					RTE_PKTMBUF_HEADROOM + CHAIN_BUFFER, SOCKET_ID_ANY);
	if (!frames || !tails)
		return -1;
	return chain_give(frames, tails, MORE, &e);
}

static void lengths(void **state)
{
	assert_int_equal(chain_more(60), 0);
	assert_int_equal(chain_more(CHAIN_BUFFER), 0);
	assert_int_equal(chain_more(CHAIN_BUFFER + 1), 1);
	assert_int_equal(chain_more(9014), 4);
	assert_int_equal(chain_more(2 * CHAIN_BUFFER), 1);
}

/* Frames go out, are freed as a driver does it, and come back whole, in another order. */
static void round_and_round(void **state)
{
	static const uint32_t sizes[] = {CHAIN_BUFFER + 1, 9014, LARGEST, 2 * CHAIN_BUFFER, 5000};

	for (unsigned int round = 0; round < 20; round++) {
		struct rte_mbuf *m[FRAMES];
		uint32_t bytes = sizes[round % RTE_DIM(sizes)];

		assert_int_equal(rte_mempool_get_bulk(frames, (void **)m, FRAMES), 0);
		assert_int_equal(rte_mempool_avail_count(tails), 0);
		for (unsigned int i = 0; i < FRAMES; i++) {
			uint32_t at = CHAIN_BUFFER;

			chain_lay(m[i], bytes);
			rte_mbuf_sanity_check(m[i], 1);
			assert_int_equal(m[i]->nb_segs, 1 + chain_more(bytes));
			for (struct rte_mbuf *s = m[i]->next; s; s = s->next) {
				assert_true(frame_pattern_right(
					rte_pktmbuf_mtod(s, const uint8_t *), at, s->data_len));
				at += s->data_len;
			}
			assert_int_equal(at, bytes);
		}
		for (unsigned int i = 0; i < FRAMES; i++) {
			struct rte_mbuf *one = m[(i * 3 + round) % FRAMES];

			if (round % 2) {
				rte_pktmbuf_free(one);
			} else {
				chain_undo(one);
				rte_mempool_put(frames, one);
			}
		}
		assert_true(rte_mempool_full(frames));
		assert_int_equal(rte_mempool_avail_count(tails), 0);
	}
}

static void written_across(void **state)
{
	const uint8_t mark[] = {1, 2, 3, 4, 5, 6};
	struct rte_mbuf *m;
	uint8_t copy[sizeof(mark)];

	assert_int_equal(rte_mempool_get(frames, (void **)&m), 0);
	chain_lay(m, 3 * CHAIN_BUFFER);
	for (uint32_t at = 2 * CHAIN_BUFFER - 8; at < 2 * CHAIN_BUFFER + 3; at++) {
		chain_write(m, at, mark, sizeof(mark));
		assert_memory_equal(rte_pktmbuf_read(m, at, sizeof(copy), copy), mark,
				    sizeof(mark));
	}
	chain_write(m, 3 * CHAIN_BUFFER - sizeof(mark), mark, sizeof(mark));
	assert_memory_equal(
		rte_pktmbuf_read(m, 3 * CHAIN_BUFFER - sizeof(mark), sizeof(copy), copy), mark,
		sizeof(mark));
	rte_pktmbuf_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(round_and_round),
		cmocka_unit_test(written_across),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}

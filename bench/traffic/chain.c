/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/chain.h"

#include "bench/traffic/frame.h"

#include <rte_errno.h>
#include <string.h>

int chain_field = -1;

struct giving {
	struct rte_mempool *tails;
	uint32_t more;
	int ret;
};

static struct rte_mbuf **next_of(struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, chain_field, struct rte_mbuf **);
}

static void give(struct rte_mempool *frames, void *arg, void *object, unsigned int index)
{
	struct giving *g = arg;
	struct rte_mbuf *m = object;

	*next_of(m) = NULL;
	for (uint32_t i = 1; i <= g->more && g->ret == 0; i++) {
		struct rte_mbuf *tail = rte_pktmbuf_alloc(g->tails);

		if (!tail) {
			g->ret = -ENOMEM;
			return;
		}
		frame_pattern_fill(rte_pktmbuf_mtod(tail, uint8_t *), i * CHAIN_BUFFER,
				   CHAIN_BUFFER);
		*next_of(tail) = NULL;
		*next_of(m) = tail;
		m = tail;
	}
}

int chain_give(struct rte_mempool *frames, struct rte_mempool *tails, uint32_t more, struct err *e)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "bench_chain",
		.size = sizeof(struct rte_mbuf *),
		.align = __alignof__(struct rte_mbuf *),
	};
	struct giving g = {.tails = tails, .more = more};

	chain_field = rte_mbuf_dynfield_register(&field);
	if (chain_field < 0)
		return err_set(e, -rte_errno, "no place in DPDK's buffers to remember another: %s",
			       rte_strerror(rte_errno));
	rte_mempool_obj_iter(frames, give, &g);
	return g.ret ? err_set(e, g.ret, "too few buffers for frames over several of them") : 0;
}

void chain_write(struct rte_mbuf *m, uint32_t at, const uint8_t *from, uint32_t n)
{
	for (uint32_t begin = 0; m && n > 0; begin += m->data_len, m = m->next) {
		uint32_t off = at - begin, part;

		if (at >= begin + m->data_len)
			continue;
		part = RTE_MIN(n, m->data_len - off);
		memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, off), from, part);
		at += part;
		from += part;
		n -= part;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* librte_gso: it writes lengths, ids and sequence numbers, and leaves checksums as they are. */
#include "bench/engine/ops.h"

#include <rte_ethdev.h>
#include <rte_gso.h>

static struct rte_gso_ctx ctx;

static int open_gso(const struct unit *u, struct err *e)
{
	ctx = (struct rte_gso_ctx){
		.direct_pool = u->heads,
		.indirect_pool = u->heads,
		.gso_types = RTE_ETH_TX_OFFLOAD_TCP_TSO,
		.gso_size = u->hdr_len + u->mss,
	};
	return librte_open_family(u, "librte_gso", e);
}

static int split(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	int made = rte_gso_segment(in[0], &ctx, out, cap);

	if (made > 0)
		rte_pktmbuf_free(in[0]);
	return made == 0 ? -EPROTO : made;
}

static int split_and_sum(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	int made = split(in, n, out, cap);

	for (int i = 0; i < made; i++)
		librte_complete(out[i]);
	return made;
}

const struct engine_ops gso_plain = {"librte", ENGINE_SPLIT, false, open_gso, split};
const struct engine_ops gso_summed = {"librte+sum", ENGINE_SPLIT, true, open_gso, split_and_sum};

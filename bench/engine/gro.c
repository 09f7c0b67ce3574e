/* SPDX-License-Identifier: BSD-3-Clause */
/* librte_gro in its light-weight mode: a burst goes in, what could be merged is one. It takes
 * checksums for granted and leaves those of the first segment; with "+sum" they are verified
 * before, and the unit's header gets its own. */
#include "bench/engine/ops.h"

#include <rte_gro.h>
#include <string.h>

static const struct rte_gro_param param = {
	.gro_types = RTE_GRO_TCP_IPV4,
	.max_flow_num = 4,
	.max_item_per_flow = UNIT_SEGMENTS_MAX,
};

static int open_gro(const struct unit *u, struct err *e)
{
	return librte_open_family(u, "librte_gro", e);
}

static int merge(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	memcpy(out, in, n * sizeof(*in));
	return rte_gro_reassemble_burst(out, n, &param);
}

static int merge_and_sum(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	int made;

	for (uint16_t i = 0; i < n; i++)
		if (!librte_verify(in[i]))
			return -EBADMSG;
	made = merge(in, n, out, cap);
	for (int i = 0; i < made; i++)
		librte_open_sum(out[i]);
	return made;
}

const struct engine_ops gro_plain = {"librte", ENGINE_MERGE, false, open_gro, merge};
const struct engine_ops gro_summed = {"librte+sum", ENGINE_MERGE, true, open_gro, merge_and_sum};

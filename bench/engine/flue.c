/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/engine/ops.h"
#include "offload/tso_lro/lro_merge.h"
#include "offload/tso_lro/tso_split.h"

#include <string.h>

static struct rte_mempool *heads;
static struct lro *lro; /* one for all cases, until the process ends */
static struct pkt_merge_counts counts;

_Static_assert(ENGINE_FRAMES_MAX <= (int)LRO_BURST_MAX, "lro_merge() takes that many at once");

static int open_split(const struct unit *u, struct err *e)
{
	heads = u->heads;
	return 0;
}

static int split(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	return tso_split(in[0], heads, out, cap);
}

static int open_merge(const struct unit *u, struct err *e)
{
	if (!lro)
		lro = lro_new();
	return lro ? 0 : err_set(e, -ENOMEM, "no memory for the table of flows");
}

static int merge(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	memcpy(out, in, n * sizeof(*in));
	return lro_merge(lro, LRO_REVERSIBLE, out, n, &counts);
}

const struct engine_ops flue_split = {"flue", ENGINE_SPLIT, true, open_split, split};
const struct engine_ops flue_merge = {"flue", ENGINE_MERGE, true, open_merge, merge};

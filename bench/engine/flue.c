/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/engine/ops.h"
#include "offload/tso_lro/tso_split.h"

static struct rte_mempool *heads;

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
	return err_set(e, -ENOTSUP, "flue has no coalescing engine yet");
}

const struct engine_ops flue_split = {"flue", ENGINE_SPLIT, true, open_split, split};
const struct engine_ops flue_merge = {"flue", ENGINE_MERGE, true, open_merge, NULL};

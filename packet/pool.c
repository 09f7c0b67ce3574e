/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/pool.h"

#include <rte_eal.h>
#include <rte_mbuf.h>

struct rte_mempool *pkt_pool(const char *name, uint32_t n, uint32_t cache, uint16_t room)
{
	struct rte_pktmbuf_pool_private priv = {.mbuf_data_room_size = room};
	unsigned int flags = rte_eal_iova_mode() == RTE_IOVA_VA ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0;
	struct rte_mempool *p = rte_mempool_create_empty(name, n, sizeof(struct rte_mbuf) + room,
							 cache, sizeof(priv), SOCKET_ID_ANY, flags);

	if (!p)
		return NULL;
	if (rte_mempool_set_ops_byname(p, "stack", NULL) != 0)
		goto free_pool;
	rte_pktmbuf_pool_init(p, &priv);
	if (rte_mempool_populate_default(p) < 0)
		goto free_pool;
	rte_mempool_obj_iter(p, rte_pktmbuf_init, NULL);
	return p;

free_pool:
	rte_mempool_free(p);
	return NULL;
}

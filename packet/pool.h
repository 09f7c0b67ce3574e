/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of packet buffers, as the switch and the benchmark's generator need them. */
#ifndef PACKET_POOL_H
#define PACKET_POOL_H

#include <rte_mempool.h>
#include <stdint.h>

/* As rte_pktmbuf_pool_create(), but packed: where devices use virtual addresses, a buffer may lie
 * across a page boundary. DPDK avoids that, which with ordinary pages takes a page for each buffer,
 * and leaves gaps that net_af_xdp does not know of.
 * A stack hands out what came back last, which is still in the cache.
 * n: buffers; cache: of each thread; room: bytes of a buffer with its headroom. NULL when there is
 * no memory. Main. */
struct rte_mempool *pkt_pool(const char *name, uint32_t n, uint32_t cache, uint16_t room);

#endif

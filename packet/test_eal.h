/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests that need mbufs share: an EAL without hugepages or devices, pools, odd chains. */
#ifndef PACKET_TEST_EAL_H
#define PACKET_TEST_EAL_H

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Starts the EAL for a test program; ends the program where that fails. */
static inline void test_eal_init(void)
{
	static char args[][16] = {"test",     "--no-huge",	"--no-shconf", "-m",   "64",
				  "--no-pci", "--no-telemetry", "--log-level", "error"};
	char *argv[RTE_DIM(args)];

	for (unsigned int i = 0; i < RTE_DIM(args); i++)
		argv[i] = args[i];
	if (rte_eal_init(RTE_DIM(args), argv) < 0) {
		fprintf(stderr, "the EAL does not start\n");
		exit(1);
	}
}

/* A pool of n mbufs with `room` bytes of data behind the headroom; ends the program on failure. */
static inline struct rte_mempool *test_pool(const char *name, unsigned int n, uint16_t room)
{
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create(name, n, 64, 0, RTE_PKTMBUF_HEADROOM + room, 0);

	if (pool == NULL) {
		fprintf(stderr, "no memory for a pool of %u mbufs\n", n);
		exit(1);
	}
	return pool;
}

/* A small generator of numbers, the same on each run. */
static inline uint32_t test_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* A number below n. */
static inline uint32_t test_below(uint32_t *state, uint32_t n)
{
	return test_random(state) % n;
}

/* A chain that holds the bytes: `first` of them (or all there are, or all that fit) in the first
 * segment, the rest in segments of 1 to `most` bytes. NULL where the pool is empty. */
static inline struct rte_mbuf *test_chain(struct rte_mempool *pool, const uint8_t *bytes,
					  uint32_t len, uint32_t first, uint32_t most,
					  uint32_t *state)
{
	struct rte_mbuf *head = NULL, *tail = NULL;
	uint32_t want = first;

	do {
		struct rte_mbuf *seg = rte_pktmbuf_alloc(pool);
		uint32_t n = RTE_MIN(want, len);

		if (seg == NULL)
			break;
		n = RTE_MIN(n, (uint32_t)rte_pktmbuf_tailroom(seg));
		memcpy(rte_pktmbuf_append(seg, n), bytes, n);
		bytes += n;
		len -= n;
		want = 1 + test_below(state, most);
		if (head == NULL) {
			head = seg;
		} else {
			tail->next = seg;
			head->nb_segs++;
			head->pkt_len += n;
		}
		tail = seg;
	} while (len > 0);
	if (len > 0) {
		rte_pktmbuf_free(head);
		return NULL;
	}
	return head;
}

/* The internet checksum's sum of the bytes, folded, not inverted, host order: the plain way. */
static inline uint16_t test_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

#endif

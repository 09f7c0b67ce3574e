/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What does not come in: what is larger than the port's MTU (of a unit it is the segments that
 * count; see too_big.h), and what no bridge forwards. A source address must be one
 * station's (IEEE 802.3-2018 3.2.3), and frames to the addresses 01:80:c2:00:00:00 to 0f are for
 * the bridge they reach, not for those beyond (IEEE 802.1Q-2018 8.6.3) unless the bridge is told to
 * forward them.
 */
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"
#include "vswitch/l2/too_big.h"

#include "jumbo/mtu.h"

#include <string.h>

enum word { PASSED };
static const char *const words[] = {
	[PASSED] = "{a} bytes may come in and be forwarded",
	[TOO_BIG_WORD] = TOO_BIG_WORDS,
};

static inline bool bad_source(const uint8_t *mac)
{
	uint32_t high;
	uint16_t low;

	memcpy(&high, mac, 4);
	memcpy(&low, mac + 4, 2);
	return (mac[0] & 1) | ((high | low) == 0);
}

static inline bool link_local(const uint8_t *mac)
{
	static const uint8_t prefix[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return mac[0] == 0x01 && memcmp(mac, prefix, sizeof(prefix)) == 0 && mac[5] < 0x10;
}

/* The usual case, in few instructions. */
static bool all_pass(const struct pkt_burst *b, uint32_t limit)
{
	struct rte_mbuf *const *pkts = b->pkts;
	bool odd = false;

	for (uint16_t i = 0, n = b->n; i < n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(pkts[i], const uint8_t *);

		odd |= mtu_size(pkts[i]) > limit;
		odd |= bad_source(data + 6);
		odd |= link_local(data);
	}
	return !odd;
}

static void policy_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	bool forward_link_local = fwd_bridge(b)->link_local;
	uint16_t limit = fwd_port(b, b->port)->mtu, kept = 0;

	if (likely(all_pass(b, limit) && !b->traced))
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);

		uint32_t size = mtu_size(m);

		if (unlikely(size > limit)) {
			too_big(stage, b, m, size, limit, PKT_DROP_MTU_IN);
		} else if (unlikely(bad_source(data + 6))) {
			pkt_drop(b->w, m, b->port, PKT_DROP_BAD_SOURCE);
		} else if (unlikely(link_local(data)) && !forward_link_local) {
			pkt_drop(b->w, m, b->port, PKT_DROP_LINK_LOCAL);
		} else {
			b->pkts[kept++] = m;
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, PASSED, size, 0);
		}
	}
	b->n = kept;
}

const struct pkt_stage_def policy_stage = {
	.name = "policy",
	.help = "drop what is too large for the port it came from, or that no bridge forwards",
	.process = policy_process,
	.words = words,
	.n_words = RTE_DIM(words),
};

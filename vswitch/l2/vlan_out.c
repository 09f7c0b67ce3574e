/* SPDX-License-Identifier: BSD-3-Clause */
/* Puts a tag on what leaves by a port on which the packet's VLAN is not the untagged one
 * (IEEE 802.1Q-2018 6.9.2). */
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <string.h>

enum word { UNTAGGED, TAGGED };
static const char *const words[] = {
	[UNTAGGED] = "leaves untagged",
	[TAGGED] = "tag of VLAN {vlan} put on",
};

/* Consumes m when it returns NULL. */
static struct rte_mbuf *tag(struct pkt_worker *w, struct rte_mbuf *m)
{
	const struct rte_vlan_hdr vlan = {.vlan_tci = rte_cpu_to_be_16(m->vlan_tci),
					  .eth_proto = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN)};
	uint8_t *data;

	m = pkt_own_headers(w, m, sizeof(struct rte_ether_hdr));
	if (!m)
		return NULL;
	/* The type and the control information, in wire order, go between addresses and type. */
	data = (uint8_t *)rte_pktmbuf_prepend(m, sizeof(vlan));
	if (!data) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memmove(data, data + sizeof(vlan), 2 * RTE_ETHER_ADDR_LEN);
	memcpy(data + 12, &vlan.eth_proto, 2);
	memcpy(data + 14, &vlan.vlan_tci, 2);
	m->l2_len += sizeof(vlan);
	return m;
}

/* The usual case, in few instructions. */
static bool all_native(const struct pkt_burst *b, uint16_t pvid)
{
	struct rte_mbuf *const *pkts = b->pkts;
	uint16_t differ = 0;

	for (uint16_t i = 0, n = b->n; i < n; i++)
		differ |= (uint16_t)((pkts[i]->vlan_tci ^ pvid) & 0xfff);
	return differ == 0;
}

static void vlan_out_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	uint16_t pvid = fwd_port(b, b->port)->pvid, kept = 0;

	if (likely(all_native(b, pvid) && !b->traced))
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		bool tagged = (m->vlan_tci & 0xfff) != pvid;

		if (unlikely(b->traced))
			pkt_trace_step(stage, b, m, tagged ? TAGGED : UNTAGGED, 0, 0);
		if (tagged) {
			m = tag(b->w, m);
			if (unlikely(!m)) {
				pkt_count(b->w->counters[b->port].drop[PKT_DROP_NO_MBUF], 1);
				continue;
			}
		}
		b->pkts[kept++] = m;
	}
	b->n = kept;
}

const struct pkt_stage_def vlan_out_stage = {
	.name = "vlan_out",
	.help = "put the tag on where the port wants one",
	.process = vlan_out_process,
	.words = words,
	.n_words = RTE_DIM(words),
};

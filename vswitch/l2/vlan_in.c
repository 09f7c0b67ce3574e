/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gives each packet its VLAN, IEEE 802.1Q-2018 6.9: the tag's, or the port's for an untagged or
 * priority-tagged frame. The tag is taken off, so that inside the switch all frames look alike and
 * one frame can be flooded to tagged and untagged ports; the VLAN is in vlan_tci from here on.
 * A service tag (0x88a8) is payload.
 */
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <string.h>

enum word { UNTAGGED, TAGGED };
static const char *const words[] = {
	[UNTAGGED] = "untagged, VLAN {vlan} by port {in}",
	[TAGGED] = "tag of VLAN {vlan} taken off",
};

/* A received packet is its worker's own, so the addresses may be moved over the tag in place. */
static enum pkt_drop untag(const struct fwd_port *port, struct rte_mbuf *m)
{
	const uint16_t tag_len = sizeof(struct rte_vlan_hdr);
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t tci;

	if (m->data_len < sizeof(struct rte_ether_hdr) + tag_len)
		return PKT_DROP_BAD_VLAN;
	memcpy(&tci, data + sizeof(struct rte_ether_hdr), sizeof(tci));
	m->vlan_tci = rte_be_to_cpu_16(tci);
	if ((m->vlan_tci & 0xfff) == 0) { /* priority tag: 6.9.1 */
		if (port->pvid == 0)
			return PKT_DROP_VLAN_UNTAGGED;
		m->vlan_tci |= port->pvid;
	} else if (!fwd_carries(port, m->vlan_tci & 0xfff)) {
		return PKT_DROP_VLAN_IN;
	}
	memmove(data + tag_len, data, 2 * RTE_ETHER_ADDR_LEN);
	rte_pktmbuf_adj(m, tag_len);
	if (m->l2_len > sizeof(struct rte_ether_hdr))
		m->l2_len -= tag_len;
	return PKT_DROP_NONE;
}

/* The usual case, in few instructions: no tags, and the port has a native VLAN. */
static bool all_untagged(struct pkt_burst *b, uint16_t pvid)
{
	const uint16_t tagged = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
	struct rte_mbuf *const *pkts = b->pkts;
	const uint16_t n = b->n;
	bool some = pvid == 0;

	for (uint16_t i = 0; i < n; i++)
		some |= rte_pktmbuf_mtod(pkts[i], const struct rte_ether_hdr *)->ether_type ==
			tagged;
	if (some)
		return false;
	for (uint16_t i = 0; i < n; i++)
		pkts[i]->vlan_tci = pvid;
	return true;
}

static void vlan_in_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	const struct fwd_port *port = fwd_port(b, b->port);
	const uint16_t tagged = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
	uint16_t kept = 0;

	if (likely(!b->traced && all_untagged(b, port->pvid)))
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
		enum pkt_drop drop = PKT_DROP_NONE;
		enum word word = UNTAGGED;

		if (eth->ether_type == tagged) {
			drop = untag(port, m);
			word = TAGGED;
		} else {
			m->vlan_tci = port->pvid;
			if (unlikely(port->pvid == 0))
				drop = PKT_DROP_VLAN_UNTAGGED;
		}
		if (unlikely(drop)) {
			pkt_drop(b->w, m, b->port, drop);
			continue;
		}
		b->pkts[kept++] = m;
		if (unlikely(b->traced))
			pkt_trace_step(stage, b, m, word, 0, 0);
	}
	b->n = kept;
}

const struct pkt_stage_def vlan_in_stage = {
	.name = "vlan_in",
	.help = "give each packet its VLAN; take the tag off",
	.process = vlan_in_process,
	.words = words,
	.n_words = RTE_DIM(words),
};

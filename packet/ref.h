/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * References: mbufs that show a part of another packet's data without copying it. The data lives
 * until the last reference is freed, whichever mbuf that is.
 */
#ifndef PACKET_REF_H
#define PACKET_REF_H

#include <rte_mbuf.h>
#include <stdint.h>

/* A place in a chain: byte `off` of segment `seg`. seg is NULL behind the last byte. */
struct pkt_place {
	struct rte_mbuf *seg;
	uint32_t off;
};

/* Moves past `n` bytes; the bytes must be there. Never rests at the end of a segment. Any thread.
 */
static inline void pkt_place_skip(struct pkt_place *p, uint32_t n)
{
	p->off += n;
	while (p->seg != NULL && p->off >= p->seg->data_len) {
		p->off -= p->seg->data_len;
		p->seg = p->seg->next;
	}
}

/* The place of byte `offset` of m. Any thread. */
static inline struct pkt_place pkt_place_at(struct rte_mbuf *m, uint32_t offset)
{
	struct pkt_place p = {.seg = m, .off = 0};

	pkt_place_skip(&p, offset);
	return p;
}

/* Adds n references to the data that seg shows, or takes back such as were not used (n < 0; not the
 * last). Any thread. */
static inline void pkt_ref_take(struct rte_mbuf *seg, int16_t n)
{
	if (RTE_MBUF_HAS_EXTBUF(seg))
		rte_mbuf_ext_refcnt_update(seg->shinfo, n);
	else
		rte_mbuf_refcnt_update(rte_mbuf_from_indirect(seg), n);
}

/* Makes `ref` show n bytes of seg from off on: one of the references taken before. ref is fresh, or
 * raw from its pool (rte_mempool_get_bulk()), and will not be the first of a packet: only what a
 * later segment needs is written. As rte_pktmbuf_attach(), which counts one by one and copies what
 * belongs to the first. Worker. */
static inline void pkt_ref_show(struct rte_mbuf *ref, const struct rte_mbuf *seg, uint32_t off,
				uint32_t n)
{
	ref->buf_addr = seg->buf_addr;
	ref->buf_iova = seg->buf_iova;
	ref->buf_len = seg->buf_len;
	ref->data_off = seg->data_off + off;
	ref->data_len = n;
	ref->pkt_len = n;
	if (RTE_MBUF_HAS_EXTBUF(seg)) {
		ref->ol_flags = seg->ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
		ref->shinfo = seg->shinfo;
	} else {
		ref->ol_flags = RTE_MBUF_F_INDIRECT;
		ref->priv_size = seg->priv_size;
	}
}

/* Makes `ref`, a fresh mbuf, show up to `max` bytes from p on, as far as p's segment goes, and
 * appends it to `head` behind `tail`. Moves p on. Returns the bytes shown. p->seg is not NULL, and
 * head has less than RTE_MBUF_MAX_NB_SEGS segments. Worker. */
static inline uint32_t pkt_ref_append(struct rte_mbuf *head, struct rte_mbuf *tail,
				      struct rte_mbuf *ref, struct pkt_place *p, uint32_t max)
{
	uint32_t n = RTE_MIN(max, p->seg->data_len - p->off);

	pkt_ref_take(p->seg, 1);
	pkt_ref_show(ref, p->seg, p->off, n);
	tail->next = ref;
	head->nb_segs++;
	head->pkt_len += n;
	pkt_place_skip(p, n);
	return n;
}

/* Gives dst what the stages know of src: port, tags, packet type, offload intent, header lengths.
 * dst stays direct or indirect as it is. Worker. */
static inline void pkt_copy_meta(struct rte_mbuf *dst, const struct rte_mbuf *src)
{
	const uint64_t kind = RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;

	dst->port = src->port;
	dst->ol_flags = (dst->ol_flags & kind) | (src->ol_flags & ~kind);
	dst->packet_type = src->packet_type;
	dst->vlan_tci = src->vlan_tci;
	dst->vlan_tci_outer = src->vlan_tci_outer;
	dst->hash = src->hash;
	dst->tx_offload = src->tx_offload;
	rte_mbuf_dynfield_copy(dst, src);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/unit.h"

#include "packet/csum.h"
#include "packet/parse.h"
#include "packet/tail.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { SHORT_BYTES = 512 /* payload up to here is cheaper copied than referred to */ };

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)pkt_be16(p) << 16 | pkt_be16(p + 2);
}

/* The pieces of `len` bytes of m from `skip` on, in its segments and then in its borrowed tail. */
static int pieces_of(const struct rte_mbuf *m, uint32_t skip, uint32_t len, struct iovec *out)
{
	const struct pkt_tail *tail = pkt_tail_of(m);
	int n = 0;

	for (const struct rte_mbuf *s = m; s && len > 0; s = s->next) {
		uint32_t here = s->data_len;

		if (skip >= here) {
			skip -= here;
			continue;
		}
		here = RTE_MIN(here - skip, len);
		if (n == CHIM_SEG_PIECES)
			return -E2BIG;
		out[n++] = (struct iovec){rte_pktmbuf_mtod_offset(s, uint8_t *, skip), here};
		len -= here;
		skip = 0;
	}
	for (uint32_t i = 0; tail && i < tail->n && len > 0; i++) {
		uint32_t here = tail->pieces[i].len;

		if (skip >= here) {
			skip -= here;
			continue;
		}
		here = RTE_MIN(here - skip, len);
		if (n == CHIM_SEG_PIECES)
			return -E2BIG;
		out[n++] = (struct iovec){tail->pieces[i].at + skip, here};
		len -= here;
		skip = 0;
	}
	return len == 0 ? n : -EINVAL;
}

/* RFC 1071 over pieces that need not begin at an even offset. */
static bool csum_holds(const uint8_t *l3, uint8_t version, const uint8_t *l4, uint32_t l4_len,
		       const struct chim_seg *seg)
{
	uint64_t sum = pkt_csum_pseudo(l3, version, IPPROTO_TCP, l4_len + seg->len);
	bool odd = false;

	sum += pkt_csum_bytes(l4, l4_len);
	for (uint16_t i = 0; i < seg->n_data; i++) {
		uint16_t part =
			pkt_csum_bytes(seg->data[i].iov_base, (uint32_t)seg->data[i].iov_len);

		sum += odd ? (uint16_t)(part << 8 | part >> 8) : part;
		odd ^= seg->data[i].iov_len & 1;
	}
	return pkt_csum_fold(sum) == 0xffff;
}

int chim_unit_parse(struct rte_mbuf *m, struct chim_unit *u)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	const uint8_t *l4 = l3 + m->l3_len;
	uint8_t version = l3[0] >> 4;
	uint32_t headers = m->l3_len + m->l4_len, total;
	struct chim_seg *seg = &u->seg;
	int n;

	if (m->data_len < m->l2_len + headers || m->l4_len < 20)
		return -EINVAL;
	if (m->l3_len != (version == 4 ? 20 : 40))
		return -EPROTONOSUPPORT;
	total = version == 4 ? pkt_be16(l3 + 2) : 40u + pkt_be16(l3 + 4);
	if (total < headers || m->l2_len + total > m->pkt_len)
		return -EINVAL;
	*seg = (struct chim_seg){
		.seq = be32(l4 + 4),
		.ack = be32(l4 + 8),
		.wnd = pkt_be16(l4 + 14),
		.flags = l4[13],
		.tos = version == 4 ? l3[1] : (uint8_t)(l3[0] << 4 | l3[1] >> 4),
		.opts = l4 + 20,
		.opts_len = (uint16_t)(m->l4_len - 20),
		.segs = 1,
		.len = total - headers,
		.data = u->pieces,
	};
	n = pieces_of(m, m->l2_len + headers, seg->len, u->pieces);
	if (n < 0)
		return n;
	seg->n_data = (uint16_t)n;
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG && m->tso_segsz > 0)
		seg->segs = (uint16_t)((seg->len + m->tso_segsz - 1) / m->tso_segsz);
	if (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM))
		return 0;
	return csum_holds(l3, version, l4, m->l4_len, seg) ? 0 : -EBADMSG;
}

/* Appends the pieces as references. 0 or -ENOBUFS. */
static int refer(struct pkt_worker *w, struct rte_mbuf *m, const struct chim_out *out,
		 struct rte_mbuf_ext_shared_info *shinfo)
{
	struct rte_mbuf *last = m;

	for (uint8_t i = 0; i < out->n_data; i++) {
		uint8_t *at = out->data[i].iov_base;
		uint32_t left = (uint32_t)out->data[i].iov_len;

		while (left > 0) {
			struct rte_mbuf *ref = rte_pktmbuf_alloc(w->header_pool);
			uint16_t n = (uint16_t)RTE_MIN(left, (uint32_t)UINT16_MAX);

			if (unlikely(!ref))
				return -ENOBUFS;
			rte_mbuf_ext_refcnt_update(shinfo, 1);
			rte_pktmbuf_attach_extbuf(ref, at, RTE_BAD_IOVA, n, shinfo);
			ref->data_len = n;
			ref->pkt_len = n;
			last->next = ref;
			last = ref;
			m->nb_segs++;
			m->pkt_len += n;
			at += n;
			left -= n;
		}
	}
	return 0;
}

struct rte_mbuf *chim_unit_build(struct pkt_worker *w, const struct chim_out *out,
				 const uint8_t *eth, uint8_t eth_len,
				 struct rte_mbuf_ext_shared_info *shinfo)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->data_pool);
	uint32_t headers = (uint32_t)eth_len + out->l3_len + out->l4_len;
	uint8_t *at;

	if (unlikely(!m))
		return NULL;
	at = rte_pktmbuf_mtod(m, uint8_t *);
	memcpy(at, eth, eth_len);
	memcpy(at + eth_len, out->headers, headers - eth_len);
	m->data_len = (uint16_t)headers;
	m->pkt_len = headers;
	if (out->len <= SHORT_BYTES) {
		for (uint8_t i = 0; i < out->n_data; i++) {
			memcpy(at + m->data_len, out->data[i].iov_base, out->data[i].iov_len);
			m->data_len += (uint16_t)out->data[i].iov_len;
		}
		m->pkt_len = m->data_len;
	} else if (unlikely(refer(w, m, out, shinfo) != 0)) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	m->ol_flags |= out->headers[0] >> 4 == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	if (out->segsz) {
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->tso_segsz = out->segsz;
	}
	return m;
}

void chim_unit_mark(struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	bool v4 = frame[14] >> 4 == 4;

	m->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L4_TCP |
			 (v4 ? RTE_PTYPE_L3_IPV4 : RTE_PTYPE_L3_IPV6);
	m->l2_len = 14;
	m->l3_len = v4 ? 20 : 40;
	m->l4_len = (frame[14 + m->l3_len + 12] >> 4) * 4;
}

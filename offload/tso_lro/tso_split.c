/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/tso_lro/tso_split.h"

#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/intent.h"
#include "packet/parse.h"
#include "packet/ref.h"

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

enum {
	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_CWR = 0x80,
	STOCK_MAX = 64, /* mbufs taken from the pool at a time */
};

/*
 * The headers of each frame differ in a few fields only: lengths, IPv4 id, sequence number, flags
 * and checksums. So they are copied once from the unit, those fields are set to 0 and the rest is
 * summed once; a frame's checksum is that sum, the fields, and the payload. The unit's own checksum
 * field is not used: it may hold the pseudo-header's sum with or without the length, or anything.
 */
struct unit {
	uint8_t hdr[PKT_PARSE_MAX]; /* of each frame, with those fields 0 */
	struct pkt_headers h;
	uint32_t hdr_len;
	uint32_t payload_len;
	uint32_t segsz;
	uint32_t seq;
	uint16_t ip_id, id_step; /* from one frame to the next */
	uint8_t tcp_flags;
	bool tcp;
	uint32_t ip_sum; /* of the IPv4 header */
	uint32_t l4_sum; /* of the pseudo-header without the length, and of the layer 4 header */
};

/* mbufs taken from the pool for the unit; `due` more will be. */
struct stock {
	struct rte_mempool *pool;
	uint32_t due;
	uint32_t n;
	struct rte_mbuf *mbufs[STOCK_MAX];
};

static void put_be16(uint8_t *p, uint16_t v)
{
	v = rte_cpu_to_be_16(v);
	memcpy(p, &v, sizeof(v));
}

static void put_be32(uint8_t *p, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)pkt_be16(p) << 16 | pkt_be16(p + 2);
}

uint16_t tso_split_count(const struct rte_mbuf *m)
{
	uint32_t hdr_len = m->l2_len + m->l3_len + m->l4_len;
	uint32_t n;

	if (m->pkt_len <= hdr_len || m->tso_segsz < PKT_SEGSZ_MIN)
		return 1;
	n = (m->pkt_len - hdr_len + m->tso_segsz - 1) / m->tso_segsz;
	return RTE_MIN(n, (uint32_t)PKT_FRAMES_MAX);
}

/* Do the lengths that the mbuf and the IP and UDP headers claim agree with what is there? */
static int unit_check(const struct unit *u, const struct rte_mbuf *m)
{
	const struct pkt_headers *h = &u->h;
	const uint8_t *l3 = u->hdr + h->l2_len, *l4 = l3 + h->l3_len;
	uint32_t total;

	if (h->l4 != (u->tcp ? PKT_L4_TCP : PKT_L4_UDP))
		return -EINVAL;
	if (h->l2_len != m->l2_len || h->l3_len != m->l3_len || h->l4_len != m->l4_len)
		return -EINVAL;
	total = h->ip_version == 4 ? pkt_be16(l3 + 2) : 40 + pkt_be16(l3 + 4);
	if (h->l2_len + total != m->pkt_len)
		return -EINVAL;
	if (!u->tcp && pkt_be16(l4 + 4) != total - h->l3_len)
		return -EINVAL;
	return 0;
}

/* Reads m's headers once, checks them, and makes the template of them. 0 or -EINVAL. */
static int unit_init(struct unit *u, const struct rte_mbuf *m)
{
	const uint64_t seg = m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG);
	uint32_t seen = RTE_MIN(m->pkt_len, (uint32_t)PKT_PARSE_MAX);
	uint8_t *l3, *l4;
	const void *bytes;

	u->tcp = seg == RTE_MBUF_F_TX_TCP_SEG;
	if ((!u->tcp && seg != RTE_MBUF_F_TX_UDP_SEG) || m->tso_segsz < PKT_SEGSZ_MIN ||
	    m->pkt_len > PKT_UNIT_MAX)
		return -EINVAL;
	bytes = rte_pktmbuf_read(m, 0, seen, u->hdr);
	if (bytes != u->hdr)
		memcpy(u->hdr, bytes, seen);
	if (pkt_parse(u->hdr, seen, m->pkt_len, &u->h) < 0 || unit_check(u, m) < 0)
		return -EINVAL;

	u->segsz = m->tso_segsz;
	u->hdr_len = u->h.l2_len + u->h.l3_len + u->h.l4_len;
	u->payload_len = m->pkt_len - u->hdr_len;
	l3 = u->hdr + u->h.l2_len;
	l4 = l3 + u->h.l3_len;
	if (u->h.ip_version == 4) {
		u->ip_id = pkt_be16(l3 + 4);
		u->id_step = (m->ol_flags & pkt_fixed_id) ? 0 : 1;
		memset(l3 + 2, 0, 4);
		memset(l3 + 10, 0, 2);
		u->ip_sum = rte_raw_cksum(l3, u->h.l3_len);
	}
	if (u->tcp) {
		u->seq = get_be32(l4 + 4);
		u->tcp_flags = l4[13];
		memset(l4 + 4, 0, 4);
		l4[13] = 0;
		memset(l4 + 16, 0, 2);
	} else {
		memset(l4 + 4, 0, 4);
	}
	u->l4_sum = pkt_csum_pseudo(l3, u->h.ip_version, u->h.proto, 0);
	u->l4_sum += rte_raw_cksum(l4, u->h.l4_len);
	return 0;
}

/* Writes the headers of the frame whose payload is bytes [from, from + len) of the unit's, the
 * i-th. payload_sum: those bytes' sum. */
static void write_headers(const struct unit *u, uint8_t *to, uint32_t i, uint32_t from,
			  uint32_t len, uint16_t payload_sum)
{
	uint8_t *l3 = to + u->h.l2_len, *l4 = l3 + u->h.l3_len;
	uint32_t l4_total = u->h.l4_len + len;
	uint64_t sum = (uint64_t)u->l4_sum + payload_sum + rte_cpu_to_be_16(l4_total);
	uint16_t check;

	memcpy(to, u->hdr, u->hdr_len);
	if (u->h.ip_version == 4) {
		uint16_t total = u->h.l3_len + l4_total, id = u->ip_id + i * u->id_step;

		put_be16(l3 + 2, total);
		put_be16(l3 + 4, id);
		check = ~pkt_csum_fold((uint64_t)u->ip_sum + rte_cpu_to_be_16(total) +
				       rte_cpu_to_be_16(id));
		memcpy(l3 + 10, &check, sizeof(check));
	} else {
		put_be16(l3 + 4, u->h.l3_len - 40 + l4_total);
	}

	if (u->tcp) {
		uint32_t seq = u->seq + from;
		uint8_t flags = u->tcp_flags;

		if (i > 0)
			flags &= ~TCP_CWR;
		if (from + len < u->payload_len)
			flags &= ~(TCP_FIN | TCP_PSH);
		put_be32(l4 + 4, seq);
		l4[13] = flags;
		sum += rte_cpu_to_be_32(seq);
		sum += rte_cpu_to_be_16(flags);
		check = ~pkt_csum_fold(sum);
		memcpy(l4 + 16, &check, sizeof(check));
	} else {
		put_be16(l4 + 4, l4_total);
		sum += rte_cpu_to_be_16(l4_total);
		check = ~pkt_csum_fold(sum);
		if (check == 0)
			check = 0xffff;
		memcpy(l4 + 6, &check, sizeof(check));
	}
}

/* How many mbufs the n frames take: one for each header, one for each piece of payload that lies
 * in one segment. */
static uint32_t mbufs_needed(const struct unit *u, struct rte_mbuf *m, uint32_t n)
{
	struct pkt_place p = pkt_place_at(m, u->hdr_len);
	uint32_t left = u->payload_len, room = u->segsz, refs = 0;

	while (left > 0) {
		uint32_t piece = RTE_MIN(p.seg->data_len - p.off, room);

		piece = RTE_MIN(piece, left);
		pkt_place_skip(&p, piece);
		refs++;
		left -= piece;
		room -= piece;
		if (room == 0)
			room = u->segsz;
	}
	return n + refs;
}

/* A fresh mbuf, or NULL. */
static struct rte_mbuf *stock_take(struct stock *s)
{
	if (s->n == 0) {
		uint32_t n = RTE_MIN(s->due, (uint32_t)STOCK_MAX);

		if (rte_pktmbuf_alloc_bulk(s->pool, s->mbufs, n) < 0)
			return NULL;
		s->n = n;
		s->due -= n;
	}
	return s->mbufs[--s->n];
}

/* The i-th frame, with up to segsz bytes of payload from p on, which it moves; or NULL. */
static struct rte_mbuf *make_frame(const struct unit *u, const struct rte_mbuf *m, struct stock *s,
				   struct pkt_place *p, uint32_t i)
{
	uint32_t from = i * u->segsz, len = RTE_MIN(u->segsz, u->payload_len - from), left = len;
	struct rte_mbuf *frame = stock_take(s), *tail = frame;
	uint8_t *hdr;

	if (frame == NULL)
		return NULL;
	hdr = (uint8_t *)rte_pktmbuf_append(frame, u->hdr_len);
	if (hdr == NULL)
		goto free_frame;
	while (left > 0) {
		struct rte_mbuf *ref = stock_take(s);

		if (ref == NULL)
			goto free_frame;
		left -= pkt_ref_append(frame, tail, ref, p, left);
		tail = ref;
	}
	write_headers(u, hdr, i, from, len, len > 0 ? pkt_csum_mbuf(frame->next, 0, len, 0) : 0);
	pkt_copy_meta(frame, m);
	frame->ol_flags &= ~(RTE_MBUF_F_TX_OFFLOAD_MASK | pkt_fixed_id);
	frame->tso_segsz = 0;
	return frame;

free_frame:
	rte_pktmbuf_free(frame);
	return NULL;
}

int tso_split(struct rte_mbuf *m, struct rte_mempool *header_pool, struct rte_mbuf **out,
	      uint16_t cap)
{
	struct unit u;
	struct stock stock = {.pool = header_pool};
	struct pkt_place p;
	uint32_t n, i;

	if (unit_init(&u, m) < 0)
		return -EINVAL;
	n = tso_split_count(m);
	if (n > cap)
		return -ENOSPC;
	stock.due = mbufs_needed(&u, m, n);
	p = pkt_place_at(m, u.hdr_len);
	for (i = 0; i < n; i++) {
		out[i] = make_frame(&u, m, &stock, &p, i);
		if (out[i] == NULL)
			goto free_frames;
	}
	rte_pktmbuf_free(m);
	return n;

free_frames:
	rte_pktmbuf_free_bulk(out, i);
	rte_pktmbuf_free_bulk(stock.mbufs, stock.n);
	return -ENOMEM;
}

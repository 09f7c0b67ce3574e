/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/tso_lro/tso_split.h"

#include "offload/tso_lro/tso_unit.h"
#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/ref.h"

#include <rte_byteorder.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	STOCK_MAX = 64, /* mbufs taken from the pool at a time */
	AHEAD = 4,	/* mbufs of the stock that are on their way into the cache: two frames */
};

/* mbufs taken raw from the pool for the unit; `due` more will be. */
struct stock {
	struct rte_mempool *pool;
	uint32_t due;
	uint32_t n;
	struct rte_mbuf *mbufs[STOCK_MAX];
};

/* The payload that is not given out yet. Of the segment it goes on in, references for all of its
 * pieces have been taken at once; `refs` of them are still to be used. */
struct supply {
	struct rte_mbuf *seg;
	uint32_t off;
	uint32_t refs;
};

uint16_t tso_split_count(const struct rte_mbuf *m)
{
	uint32_t hdr_len = tso_hdr_len(m);
	uint32_t n;

	if (m->pkt_len <= hdr_len || m->tso_segsz < PKT_SEGSZ_MIN)
		return 1;
	n = (m->pkt_len - hdr_len + m->tso_segsz - 1) / m->tso_segsz;
	return RTE_MIN(n, (uint32_t)PKT_FRAMES_MAX);
}

/* How many frames `len` bytes go to when the first takes up to `room`, and the others segsz. */
static inline uint32_t pieces(uint32_t len, uint32_t room, uint32_t segsz)
{
	return len <= room ? 1 : 1 + (len - room + segsz - 1) / segsz;
}

/* How many mbufs show the payload: one for each piece that lies in one segment and one frame. */
static uint32_t refs_needed(struct pkt_place p, uint32_t segsz)
{
	uint32_t refs = 0, room = segsz;

	for (; p.seg != NULL; p.seg = p.seg->next, p.off = 0) {
		uint32_t len = p.seg->data_len - p.off, n;

		if (len == 0)
			continue;
		n = pieces(len, room, segsz);
		refs += n;
		/* The last piece leaves room in its frame, or fills it. */
		room += (n - 1) * segsz - len;
		if (room == 0)
			room = segsz;
	}
	return refs;
}

/* A raw mbuf, or NULL. */
static inline struct rte_mbuf *stock_take(struct stock *s)
{
	if (unlikely(s->n == 0)) {
		uint32_t n = RTE_MIN(s->due, (uint32_t)STOCK_MAX);

		if (rte_mempool_get_bulk(s->pool, (void **)s->mbufs, n) < 0)
			return NULL;
		s->n = n;
		s->due -= n;
	}
	if (likely(s->n > AHEAD)) {
		struct rte_mbuf *soon = s->mbufs[s->n - 1 - AHEAD];

		rte_mbuf_prefetch_part1(soon);
		rte_mbuf_prefetch_part2(soon);
	}
	return s->mbufs[--s->n];
}

/* Moves to the next segment with bytes if this one is used up, and takes its references: the frame
 * under way takes `room` bytes. */
static inline void supply_open(struct supply *p, uint32_t room, uint32_t segsz)
{
	if (likely(p->refs > 0))
		return;
	while (p->off == p->seg->data_len) {
		p->seg = p->seg->next;
		p->off = 0;
	}
	p->refs = pieces(p->seg->data_len - p->off, room, segsz);
	pkt_ref_take(p->seg, (int16_t)p->refs);
}

/* The next `len` bytes behind the frame's headers. Adds their sum, or returns false: no mbuf left.
 */
static inline bool add_payload(struct rte_mbuf *frame, struct stock *s, struct supply *p,
			       uint32_t segsz, uint32_t len, uint64_t *sum)
{
	struct rte_mbuf *tail = frame;
	uint16_t n_segs = 1;
	bool odd = false;

	while (len > 0) {
		struct rte_mbuf *ref = stock_take(s);
		uint16_t part;
		uint32_t n;

		if (unlikely(ref == NULL))
			return false;
		supply_open(p, len, segsz);
		n = RTE_MIN(len, p->seg->data_len - p->off);
		pkt_ref_show(ref, p->seg, p->off, n);
		part = pkt_csum_bytes(rte_pktmbuf_mtod(ref, const void *), n);
		/* Behind an odd number of bytes, each byte sits in the other half of its word. */
		*sum += odd ? rte_bswap16(part) : part;
		odd ^= n & 1;
		p->off += n;
		p->refs--;
		len -= n;
		tail->next = ref;
		tail = ref;
		frame->nb_segs = ++n_segs;
	}
	return true;
}

/* The first mbuf of a frame, of hdr_len + len bytes, as m's but without its offload request. */
static inline void describe(struct rte_mbuf *frame, const struct rte_mbuf *m,
			    const struct tso_unit *u, uint32_t len)
{
	frame->data_off = RTE_PKTMBUF_HEADROOM;
	frame->port = m->port;
	frame->ol_flags = m->ol_flags & ~(RTE_MBUF_F_TX_OFFLOAD_MASK | PKT_FIXED_ID |
					  RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
	frame->packet_type = m->packet_type;
	frame->pkt_len = u->hdr_len + len;
	frame->data_len = u->hdr_len;
	frame->vlan_tci = m->vlan_tci;
	frame->vlan_tci_outer = m->vlan_tci_outer;
	frame->hash = m->hash;
	frame->tx_offload = u->tx_offload;
	rte_mbuf_dynfield_copy(frame, m);
}

/* The i-th frame, with up to segsz bytes of payload; or NULL. */
static inline struct rte_mbuf *make_frame(const struct tso_unit *u, const struct rte_mbuf *m,
					  struct stock *s, struct supply *p, uint32_t i)
{
	uint32_t from = i * u->segsz, len = RTE_MIN(u->segsz, u->payload_len - from);
	struct rte_mbuf *frame = stock_take(s);
	uint64_t sum = 0;

	if (unlikely(frame == NULL))
		return NULL;
	describe(frame, m, u, len);
	if (unlikely(!add_payload(frame, s, p, u->segsz, len, &sum))) {
		rte_pktmbuf_free(frame);
		return NULL;
	}
	tso_unit_write(u, rte_pktmbuf_mtod(frame, uint8_t *), i, from, len, sum);
	return frame;
}

int tso_split(struct rte_mbuf *m, struct rte_mempool *header_pool, struct rte_mbuf **out,
	      uint16_t cap)
{
	struct tso_unit u;
	struct stock stock = {.pool = header_pool};
	struct supply payload = {0};
	struct pkt_place p;
	uint32_t n, i;

	if (tso_unit_read(&u, m) < 0)
		return -EINVAL;
	n = tso_split_count(m);
	if (n > cap)
		return -ENOSPC;
	if (rte_pktmbuf_data_room_size(header_pool) <
	    RTE_PKTMBUF_HEADROOM + RTE_ALIGN_CEIL(u.hdr_len, (uint32_t)TSO_COPY))
		return -ENOMEM;
	p = pkt_place_at(m, u.hdr_len);
	payload.seg = p.seg;
	payload.off = p.off;
	stock.due = n + refs_needed(p, u.segsz);
	for (i = 0; i < n; i++) {
		out[i] = make_frame(&u, m, &stock, &payload, i);
		if (unlikely(out[i] == NULL))
			goto free_frames;
	}
	rte_pktmbuf_free(m);
	return n;

free_frames:
	if (payload.refs > 0)
		pkt_ref_take(payload.seg, -(int16_t)payload.refs);
	rte_pktmbuf_free_bulk(out, i);
	if (stock.n > 0)
		rte_mempool_put_bulk(header_pool, (void **)stock.mbufs, stock.n);
	return -ENOMEM;
}

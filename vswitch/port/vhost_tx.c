/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets into the buffers a guest made available: the only copy of a payload. Where the buffers
 * are mergeable (VIRTIO_NET_F_MRG_RXBUF) a packet takes as many as it needs, else it must fit one.
 */
#include "vswitch/port/vhost_copy.h"
#include "vswitch/port/vhost_ring.h"
#include "vswitch/port/vnet_hdr.h"

#include "packet/tail.h"

enum {
	/* Bytes of the next packet, on both sides, that are fetched while one is copied. */
	AHEAD = 1536,
	/* Bytes at the beginning of a buffer that are fetched as soon as it is known. */
	NEAR = 128,
	/* Buffers looked at beyond those that packets are expected to need. */
	SPARE = 4,
};

#define LOADED (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

/* Where the next byte goes: pieces one behind another, of one buffer or several. */
struct sink {
	const struct pkt_piece *at;
	uint32_t off;
};

static void scatter(const struct vhost_ring *r, struct sink *to, const uint8_t *from, uint32_t n)
{
	while (n > 0) {
		uint32_t part = RTE_MIN(n, to->at->len - to->off);
		uint8_t *at = to->at->at + to->off;

		memcpy(at, from, part);
		if (unlikely(r->log))
			vhost_ring_log(r, at, part);
		from += part;
		n -= part;
		to->off += part;
		if (to->off == to->at->len) {
			to->at++;
			to->off = 0;
		}
	}
}

/* The header of a packet that takes `buffers` buffers, written to `to`; returns what is behind it.
 * Most packets ask for nothing: three stores. */
static inline uint8_t *header(const struct vhost_ring *r, const struct rte_mbuf *m,
			      uint16_t buffers, uint8_t *to)
{
	const uint64_t none = 0;

	if (unlikely(m->ol_flags & LOADED)) {
		struct virtio_net_hdr hdr;

		vnet_hdr_from_mbuf(m, &hdr);
		memcpy(to, &hdr, sizeof(hdr));
	} else {
		memcpy(to, &none, 8);
		memcpy(to + 8, &none, 2);
	}
	if (likely(r->hdr_len == sizeof(struct virtio_net_hdr_mrg_rxbuf)))
		memcpy(to + 10, &buffers, 2);
	return to + r->hdr_len;
}

/* Where a packet lies in several pieces, the next one begins somewhere else. */
static inline void next_piece(const struct pkt_tail *tail, uint32_t i)
{
	if (unlikely(i + 1 < tail->n))
		vhost_prefetch(tail->pieces[i + 1].at, tail->pieces[i + 1].len, 4 * NEAR);
}

/* All of the packet into one piece that holds it. */
static inline void put_flat(const struct vhost_ring *r, const struct rte_mbuf *m, uint8_t *at)
{
	const struct pkt_tail *tail = pkt_tail_of(m);
	uint8_t *to = header(r, m, 1, at);

	for (const struct rte_mbuf *s = m; s; s = s->next) {
		if (likely(s->data_len <= 256))
			vhost_copy_small(to, rte_pktmbuf_mtod(s, const uint8_t *), s->data_len);
		else
			memcpy(to, rte_pktmbuf_mtod(s, const uint8_t *), s->data_len);
		to += s->data_len;
	}
	for (uint32_t i = 0; tail && i < tail->n; i++) {
		next_piece(tail, i);
		memcpy(to, tail->pieces[i].at, tail->pieces[i].len);
		to += tail->pieces[i].len;
	}
	if (unlikely(r->log))
		vhost_ring_log(r, at, (uint32_t)(to - at));
}

/* Into `buffers` buffers whose pieces begin at `at`. */
static void put_pieces(const struct vhost_ring *r, const struct rte_mbuf *m,
		       const struct pkt_piece *at, uint16_t buffers)
{
	const struct pkt_tail *tail = pkt_tail_of(m);
	uint8_t hdr[sizeof(struct virtio_net_hdr_mrg_rxbuf)];
	struct sink to = {.at = at};

	header(r, m, buffers, hdr);
	scatter(r, &to, hdr, r->hdr_len);
	for (const struct rte_mbuf *s = m; s; s = s->next)
		scatter(r, &to, rte_pktmbuf_mtod(s, const uint8_t *), s->data_len);
	for (uint32_t i = 0; tail && i < tail->n; i++) {
		next_piece(tail, i);
		scatter(r, &to, tail->pieces[i].at, tail->pieces[i].len);
	}
}

/* How many of the buffers from the first on hold `need` bytes; 0: all `n` do not. */
static inline uint16_t buffers_for(const struct vhost_ring *r, uint16_t first, uint16_t n,
				   uint32_t need)
{
	uint64_t room = r->chains[first].len;
	uint16_t k = 1;

	if (likely(room >= need))
		return 1;
	if (!r->mergeable)
		return 0;
	while (room < need && first + k < n)
		room += r->chains[first + k++].len;
	return room >= need ? k : 0;
}

/* What was written into each of a packet's buffers: all but the last are full. */
static void lengths(const struct vhost_ring *r, uint16_t first, uint16_t k, uint32_t need,
		    uint32_t *len)
{
	for (uint16_t i = 0; i < k; i++) {
		len[i] = RTE_MIN(r->chains[first + i].len, need);
		need -= len[i];
	}
}

/* The first lines of the k-th buffer, which the guest's processor had last. */
static inline void near(const struct vhost_ring *r, uint16_t k, uint16_t n)
{
	if (likely(k < n))
		vhost_prefetch_write(r->pieces.of[r->chains[k].piece].at, r->chains[k].len, NEAR);
}

/* The first lines of what the k-th packet borrows, which a guest's processor wrote. */
static inline void near_tail(struct rte_mbuf *const *pkts, uint16_t k, uint16_t n)
{
	const struct pkt_tail *tail;

	if (likely(k < n) && (tail = pkt_tail_of(pkts[k])))
		vhost_prefetch(tail->pieces[0].at, tail->pieces[0].len, NEAR);
}

/* While one packet is copied, the rest of the next one comes closer, and where it goes. */
static inline void ahead(const struct vhost_ring *r, const struct rte_mbuf *m,
			 const struct vhost_chain *c)
{
	const struct pkt_tail *tail = pkt_tail_of(m);
	uint32_t n;

	if (likely(!tail))
		return;
	n = RTE_MIN(tail->pieces[0].len, (uint32_t)AHEAD);
	if (n > NEAR)
		vhost_prefetch(tail->pieces[0].at + NEAR, n - NEAR, AHEAD);
	if (c->len > NEAR)
		vhost_prefetch_write(r->pieces.of[c->piece].at + NEAR, c->len - NEAR, n);
}

/* Buffers that these packets will probably need. */
static uint16_t wanted(const struct vhost_ring *r, struct rte_mbuf *const *pkts, uint16_t n)
{
	uint32_t want = 0;

	/* A burst can be larger: units are split for guests that take none. */
	if (!r->mergeable)
		return RTE_MIN(n, (uint16_t)VHOST_TAKE_MAX);
	for (uint16_t i = 0; i < n && want < VHOST_TAKE_MAX; i++) {
		uint32_t need = pkts[i]->pkt_len + r->hdr_len;

		want += likely(need <= r->buf_bytes) ? 1 : need / r->buf_bytes + 1;
	}
	return (uint16_t)RTE_MIN(want + SPARE, (uint32_t)VHOST_TAKE_MAX);
}

/* As many of the packets as the buffers at hand hold. Returns how many; *used: buffers. */
static uint16_t fill(struct vhost_ring *r, struct rte_mbuf *const *pkts, uint16_t n,
		     uint16_t chains, uint32_t *len, uint16_t *used)
{
	uint16_t done = 0, at = 0;

	while (done < n && at < chains) {
		const struct rte_mbuf *m = pkts[done];
		const struct vhost_chain *c = &r->chains[at];
		uint32_t need = m->pkt_len + r->hdr_len;
		uint16_t k = buffers_for(r, at, chains, need);

		if (unlikely(k == 0))
			break;
		for (uint16_t j = 0; j < k; j++)
			near(r, at + VHOST_NEAR + j, chains);
		near_tail(pkts, done + VHOST_NEAR, n);
		if (done + 1 < n && at + k < chains)
			ahead(r, pkts[done + 1], &r->chains[at + k]);
		if (likely(k == 1 && c->n == 1)) {
			put_flat(r, m, r->pieces.of[c->piece].at);
			len[at] = need;
		} else {
			put_pieces(r, m, &r->pieces.of[c->piece], k);
			lengths(r, at, k, need, &len[at]);
		}
		at += k;
		done++;
	}
	if (at > 0)
		r->buf_bytes = RTE_MAX(r->chains[at - 1].len, 64u);
	*used = at;
	return done;
}

/* Takes up to `want` buffers, and fetches the first of them. */
static uint16_t take(struct vhost_ring *r, uint16_t want)
{
	uint16_t n = vhost_ring_take(r, 0, want);

	for (uint16_t k = 0; k < VHOST_NEAR; k++)
		near(r, k, n);
	return n;
}

void vhost_ring_tx_ahead(struct vhost_ring *r, struct rte_mbuf *const *pkts, uint16_t n)
{
	if (unlikely(r->shared))
		return;
	take(r, wanted(r, pkts, n));
	for (uint16_t k = 0; k < VHOST_NEAR; k++)
		near_tail(pkts, k, n);
}

/* One round: takes buffers, fills and returns them. `want` buffers are looked at, or those that
 * were looked at before. */
static uint16_t round_of(struct vhost_ring *r, struct rte_mbuf **pkts, uint16_t n, uint16_t want,
			 uint16_t *taken)
{
	uint32_t len[VHOST_TAKE_MAX];
	uint16_t used, done;

	*taken = r->at_hand ? r->at_hand : take(r, want);
	r->at_hand = 0;
	if (*taken == 0)
		return 0;
	done = fill(r, pkts, n, *taken, len, &used);
	vhost_ring_consume(r, used);
	vhost_ring_give(r, used, len);
	return done;
}

static uint16_t send(struct vhost_ring *r, struct rte_mbuf **pkts, uint16_t n, enum pkt_drop *why)
{
	uint16_t done = 0, taken;

	while (done < n) {
		uint16_t want = wanted(r, pkts + done, n - done);
		uint16_t sent = round_of(r, pkts + done, n - done, want, &taken);

		/* The estimate was too low, or the first packet needs more than it; or there were
		 * fewer when we looked ahead. */
		if (unlikely(sent == 0))
			sent = round_of(r, pkts + done, n - done, VHOST_TAKE_MAX, &taken);
		if (unlikely(sent == 0)) {
			/* With as many buffers as any packet may take, it is the packet. */
			*why = taken > 0 && (!r->mergeable || taken == VHOST_TAKE_MAX ||
					     taken == r->size)
				       ? PKT_DROP_TX_REFUSED
				       : PKT_DROP_TX_FULL;
			break;
		}
		done += sent;
	}
	return done;
}

uint16_t vhost_ring_tx(struct vhost_ring *r, struct rte_mbuf **pkts, uint16_t n, enum pkt_drop *why)
{
	uint16_t sent;

	if (unlikely(atomic_load_explicit(&r->fault, memory_order_relaxed))) {
		*why = PKT_DROP_RING_FAULT;
		return 0;
	}
	if (likely(!r->shared))
		return send(r, pkts, n, why);
	rte_spinlock_lock(&r->lock);
	sent = send(r, pkts, n, why);
	rte_spinlock_unlock(&r->lock);
	return sent;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest transmits, as packets: headers copied, payload borrowed (packet/tail.h). */
#include "vswitch/port/vhost_copy.h"
#include "vswitch/port/vhost_ring.h"
#include "vswitch/port/vnet_hdr.h"

#include "packet/tail.h"

enum {
	/* Bytes copied of a packet: its headers, and small ones whole. Where something is asked of
	 * us, as many as parse looks at; else more than it looks at. */
	HEAD_BYTES = 256,
	PLAIN_BYTES = 128,
};

/* Where the reader is in a chain. */
struct cursor {
	struct pkt_piece *at;
	uint32_t off;
};

/* Moves on by n bytes, which the piece has. */
static inline void skip(struct cursor *c, uint32_t n)
{
	c->off += n;
	if (unlikely(c->off == c->at->len))
		*c = (struct cursor){.at = c->at + 1};
}

/* Copies n bytes, which are there, and moves on. */
static void gather(struct cursor *from, void *to, uint32_t n)
{
	uint8_t *out = to;

	while (n > 0) {
		uint32_t part = RTE_MIN(n, from->at->len - from->off);

		memcpy(out, from->at->at + from->off, part);
		out += part;
		n -= part;
		from->off += part;
		if (from->off == from->at->len) {
			from->at++;
			from->off = 0;
		}
	}
}

/* Leaves the rest of the chain where it is. The pieces are this burst's own, so the first is cut.
 */
static void borrow(struct vhost_ring *r, uint16_t i, struct rte_mbuf *m, struct cursor rest,
		   const struct pkt_piece *end, uint32_t len)
{
	struct pkt_tail *tail = &r->tails[i];

	rest.at->at += rest.off;
	rest.at->len -= rest.off;
	*tail = (struct pkt_tail){
		.pieces = rest.at, .n = (uint32_t)(end - rest.at), .len = len, .owner = &r->owner};
	pkt_tail_set(m, tail);
}

static inline bool asks(const struct virtio_net_hdr *hdr)
{
	return (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	       hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE;
}

/* A checksum of something that is neither TCP nor UDP is made at once, over all bytes. */
static enum pkt_drop intent(const struct virtio_net_hdr *hdr, struct rte_mbuf *m,
			    struct pkt_worker *w)
{
	int ret;

	if (likely(!asks(hdr)))
		return PKT_DROP_NONE;
	ret = vnet_hdr_to_mbuf(hdr, m);
	if (unlikely(ret == -EAGAIN)) {
		if (pkt_tail_settle(m, w->header_pool) != 0)
			return PKT_DROP_NO_MBUF;
		ret = vnet_hdr_to_mbuf(hdr, m);
	}
	return ret == 0 ? PKT_DROP_NONE : PKT_DROP_BAD_OFFLOAD;
}

static inline enum pkt_drop receive(struct vhost_ring *r, uint16_t i, struct rte_mbuf *m,
				    struct pkt_worker *w)
{
	const struct vhost_chain *c = &r->chains[i];
	struct pkt_piece *first = &r->pieces.of[c->piece];
	struct virtio_net_hdr_mrg_rxbuf hdr;
	uint32_t len = c->len - r->hdr_len, head;
	uint8_t *to = rte_pktmbuf_mtod(m, uint8_t *);
	struct cursor at = {.at = first};

	if (unlikely(c->len < r->hdr_len))
		return PKT_DROP_RUNT;
	if (unlikely(len > PKT_UNIT_MAX))
		return PKT_DROP_MTU_IN;
	if (likely(first->len >= r->hdr_len)) {
		memcpy(&hdr, first->at, sizeof(hdr.hdr));
		skip(&at, r->hdr_len);
	} else {
		gather(&at, &hdr, r->hdr_len);
	}
	head = RTE_MIN(len, asks(&hdr.hdr) ? (uint32_t)HEAD_BYTES : (uint32_t)PLAIN_BYTES);
	m->data_len = (uint16_t)head;
	m->pkt_len = len;
	if (likely(at.at->len - at.off >= head)) {
		vhost_copy_small(to, at.at->at + at.off, head);
		skip(&at, head);
	} else {
		gather(&at, to, head);
	}
	if (len > head)
		borrow(r, i, m, at, first + c->n, len - head);
	return intent(&hdr.hdr, m, w);
}

/* The lines of the k-th buffer that will be copied; the guest's processor wrote them. */
static inline void near(const struct vhost_ring *r, uint16_t k, uint16_t n)
{
	const uint32_t max = PLAIN_BYTES + sizeof(struct virtio_net_hdr_mrg_rxbuf);
	const struct pkt_piece *p;

	if (unlikely(k >= n))
		return;
	p = &r->pieces.of[r->chains[k].piece];
	vhost_prefetch(p->at, p->len, max);
	/* The header may have a descriptor of its own. */
	if (unlikely(p->len <= sizeof(struct virtio_net_hdr_mrg_rxbuf) && r->chains[k].n > 1))
		vhost_prefetch(p[1].at, p[1].len, max);
}

/* Reads what is available, beyond the `have` buffers read before. Of a new burst it fetches the
 * first. */
static void take(struct vhost_ring *r, uint16_t have, uint16_t n)
{
	n = vhost_ring_take(r, have, n);
	for (uint16_t k = have; k < VHOST_NEAR; k++)
		near(r, k, n);
}

bool vhost_ring_done(struct vhost_ring *r)
{
	if (r->n_taken == 0)
		return true;
	if (unlikely(rte_mbuf_ext_refcnt_read(&r->owner) > 1))
		return false;
	vhost_ring_give(r, r->n_taken, NULL);
	r->n_taken = 0;
	/* The next burst is on its way while others are served: as many as are asked for at a
	 * time, in the usual case. */
	take(r, 0, PKT_RX_MAX);
	return true;
}

uint16_t vhost_ring_rx(struct vhost_ring *r, struct pkt_worker *w, uint16_t port,
		       struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	if (unlikely(!vhost_ring_done(r)))
		return 0;
	/* What was read ahead, and what has come since. */
	if (r->at_hand < n)
		take(r, r->at_hand, n);
	n = RTE_MIN(n, r->at_hand);
	if (n == 0)
		return 0;
	if (unlikely(rte_pktmbuf_alloc_bulk(w->data_pool, pkts, n) != 0))
		return 0; /* nothing was consumed; it is there the next time */
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		enum pkt_drop drop;

		near(r, i + VHOST_NEAR, n);
		drop = receive(r, i, m, w);
		if (likely(!drop))
			pkts[kept++] = m;
		else
			pkt_drop(w, m, port, drop);
	}
	vhost_ring_consume(r, n);
	r->n_taken = n;
	/* Nobody is told of a burst of which nothing is left, so nobody would say when it is over:
	 * the guest would wait for its buffers until the next poll, which a worker may sleep
	 * before.
	 */
	if (unlikely(kept == 0))
		vhost_ring_done(r);
	return kept;
}

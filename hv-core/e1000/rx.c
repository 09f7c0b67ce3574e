/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive ring (3.2.6). What the card has as a packet FIFO is here the link's ring: a frame for
 * which there are no descriptors waits there, and the switch counts what it cannot put behind it.
 */
#include "hv-core/e1000/rx.h"

#include <string.h>

static uint32_t buffer_bytes(uint32_t rctl)
{
	static const uint16_t plain[] = {2048, 1024, 512, 256};
	static const uint16_t extended[] = {2048, 16384, 8192, 4096}; /* the first is reserved */
	uint32_t size = E1000_RCTL_BSIZE(rctl);

	return rctl & E1000_RCTL_BSEX ? extended[size] : plain[size];
}

/* What goes into the buffers, piece by piece. */
struct stream {
	struct iovec iov[HV_LINK_PIECES + 3];
	unsigned int n, at;
	uint32_t bytes;
};

static void add(struct stream *s, const void *p, size_t len)
{
	if (len == 0)
		return;
	s->iov[s->n++] = (struct iovec){(void *)p, len};
	s->bytes += (uint32_t)len;
}

/* The frame, without its tag when that is stripped, padded, with an FCS (of zeros) when the driver
 * expects one. */
static void make_stream(struct stream *s, const struct hv_link_frame *f, bool strip, uint32_t rctl)
{
	static const uint8_t zeros[E1000_FRAME_MIN + E1000_FCS_BYTES];
	const size_t tag_at = 12, tag_end = 16;
	uint32_t pad = f->bytes < E1000_FRAME_MIN ? E1000_FRAME_MIN - f->bytes : 0;
	size_t at = 0;

	memset(s, 0, sizeof(*s));
	for (unsigned int i = 0; i < f->n; at += f->iov[i].iov_len, i++) {
		const uint8_t *p = f->iov[i].iov_base;
		size_t len = f->iov[i].iov_len;
		size_t before = at >= tag_at ? 0 : tag_at - at < len ? tag_at - at : len;
		size_t behind = at >= tag_end ? 0 : tag_end - at < len ? tag_end - at : len;

		if (strip) {
			add(s, p, before);
			add(s, p + behind, len - behind);
		} else {
			add(s, p, len);
		}
	}
	add(s, zeros, pad + (rctl & E1000_RCTL_SECRC ? 0 : E1000_FCS_BYTES));
}

static void copy(struct stream *s, uint8_t *to, uint32_t len)
{
	while (len && s->at < s->n) {
		struct iovec *v = &s->iov[s->at];
		size_t part = v->iov_len < len ? v->iov_len : len;

		if (to) {
			memcpy(to, v->iov_base, part);
			to += part;
		}
		v->iov_base = (uint8_t *)v->iov_base + part;
		v->iov_len -= part;
		len -= (uint32_t)part;
		s->at += v->iov_len == 0;
	}
}

/* Fills the descriptors from the ring's head on; there are enough of them. Returns the new head. A
 * buffer that is no memory loses its part, as on a bus where nobody answers. */
static uint32_t fill(struct hv_e1000_card *c, const struct hv_e1000_ring *r, struct stream *s,
		     uint32_t size, uint64_t last_bits)
{
	uint32_t left = s->bytes, i = r->head;

	while (left) {
		uint64_t *d = hv_mem_at(c->env.mem, r->base + 16ull * i, 16);
		uint32_t part = left < size ? left : size;
		uint64_t high = part | E1000_RX_DD;

		left -= part;
		if (left == 0)
			high |= E1000_RX_EOP | last_bits;
		if (d) {
			uint64_t addr = __atomic_load_n(&d[0], __ATOMIC_RELAXED);

			copy(s, hv_mem_at(c->env.mem, addr, part), part);
			__atomic_store_n(&d[1], high, __ATOMIC_RELEASE);
		} else {
			copy(s, NULL, part);
		}
		i = i + 1 == r->n ? 0 : i + 1;
	}
	return i;
}

/* Bigger than the card takes (13.4.22, LPE), or smaller than any frame. */
static bool bad_size(struct hv_e1000_card *c, const struct hv_link_frame *f)
{
	bool large = E1000_REG(c, E1000_RCTL) & E1000_RCTL_LPE;

	if (f->bytes > (large ? E1000_FRAME_MAX : E1000_FRAME_SHORT)) {
		hv_e1000_count(c, E1000_ROC, 1);
		return true;
	}
	return f->bytes < 14;
}

/* RXDMT0: fewer descriptors are left than RCTL.RDMTS wants. */
static void threshold(struct hv_e1000_card *c, uint32_t n, uint32_t before, uint32_t after)
{
	uint32_t low = n >> (1 + E1000_RCTL_RDMTS(E1000_REG(c, E1000_RCTL)));

	if (before > low && after <= low)
		c->causes |= E1000_INT_RXDMT0;
}

enum taken { TAKEN, WAITS };

static enum taken take(struct hv_e1000_card *c, const struct hv_link_frame *f)
{
	uint32_t rctl = E1000_REG(c, E1000_RCTL), size = buffer_bytes(rctl);
	uint32_t wire_bytes =
		(f->bytes < E1000_FRAME_MIN ? E1000_FRAME_MIN : f->bytes) + E1000_FCS_BYTES;
	struct hv_e1000_ring r = hv_e1000_ring(c, E1000_RDBAL);
	struct stream s;
	uint8_t head[18] = {0};
	uint64_t bits;

	hv_e1000_rx_bytes(f, 0, head, f->bytes < sizeof(head) ? f->bytes : sizeof(head));
	if (!c->rx_short)
		hv_e1000_count_seen(c, wire_bytes);
	if (bad_size(c, f) || !hv_e1000_accepts(c, head))
		return TAKEN;
	bool strip = E1000_REG(c, E1000_CTRL) & E1000_CTRL_VME && f->bytes >= 18 &&
		     (uint32_t)(head[12] << 8 | head[13]) == E1000_REG(c, E1000_VET);
	make_stream(&s, f, strip, rctl);
	uint32_t need = (s.bytes + size - 1) / size;
	if (r.n && need >= r.n) { /* a full ring would not hold it */
		hv_e1000_count(c, E1000_MPC, 1);
		c->causes |= E1000_INT_RXO;
		return TAKEN;
	}
	uint32_t there = r.n ? (r.tail + r.n - r.head) % r.n : 0;
	if (there < need) {
		if (!c->rx_short)
			hv_e1000_count(c, E1000_RNBC, 1);
		return WAITS;
	}
	bits = hv_e1000_rx_sum(c, f, head);
	if (strip)
		bits |= E1000_RX_VP | (uint64_t)(head[14] << 8 | head[15]) << 48;
	E1000_REG(c, E1000_RDH) = fill(c, &r, &s, size, bits);
	hv_e1000_count_rx(c, head, wire_bytes);
	c->causes |= E1000_INT_RXT0;
	threshold(c, r.n, there, there - need);
	return TAKEN;
}

bool hv_e1000_rx_step(struct hv_e1000_card *c)
{
	struct hv_link_frame f;

	if (!c->env.wire->peek(c->env.wire_self, &f)) {
		c->rx_short = false;
		return false;
	}
	/* A receiver that is off loses what comes. */
	bool on = E1000_REG(c, E1000_RCTL) & E1000_RCTL_EN && c->env.master(c->env.self);
	if (on && take(c, &f) == WAITS) {
		c->rx_short = true;
		return false;
	}
	c->rx_short = false;
	c->env.wire->drop(c->env.wire_self);
	return true;
}

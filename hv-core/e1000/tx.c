/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transmit ring (3.4). A frame is taken when its last descriptor is there, and stays in the
 * ring until the wire took it, so that the card holds nothing a snapshot would have to carry.
 */
#include "hv-core/e1000/frame.h"

#include <string.h>

#define DESCRIPTORS 512u /* of one frame; what has no end by then is not sent */

struct hv_e1000_ring hv_e1000_ring(const struct hv_e1000_card *c, uint32_t base_reg)
{
	struct hv_e1000_ring r = {
		.base = (uint64_t)E1000_REG(c, base_reg + 4) << 32 | E1000_REG(c, base_reg),
		.n = E1000_REG(c, base_reg + 8) / 16,
		.head = E1000_REG(c, base_reg + 0x10),
		.tail = E1000_REG(c, base_reg + 0x18),
	};

	if (r.head >= r.n || r.tail >= r.n)
		r.n = 0;
	return r;
}

static uint64_t *descriptor(const struct hv_e1000_card *c, const struct hv_e1000_ring *r,
			    uint32_t i)
{
	return hv_mem_at(c->env.mem, r->base + 16ull * i, 16);
}

static uint32_t after(const struct hv_e1000_ring *r, uint32_t i)
{
	return i + 1 == r->n ? 0 : i + 1;
}

static bool is_context(uint64_t d)
{
	return d & E1000_TX_DEXT && E1000_TX_TYPE(d) == 0;
}

/* Context descriptor: 3.3.6. */
static void set_context(struct hv_e1000_context *x, uint64_t low, uint64_t high)
{
	*x = (struct hv_e1000_context){
		.ip_start = (uint8_t)low,
		.ip_sum = (uint8_t)(low >> 8),
		.ip_end = (uint16_t)(low >> 16),
		.l4_start = (uint8_t)(low >> 32),
		.l4_sum = (uint8_t)(low >> 40),
		.l4_end = (uint16_t)(low >> 48),
		.payload = (uint32_t)(high & 0xfffff),
		.header = (uint8_t)(high >> 40),
		.mss = (uint16_t)(high >> 48),
		.tcp = high & E1000_TU_TCP,
		.ipv4 = high & E1000_TU_IP,
		.segment = high & E1000_TU_TSE,
	};
}

/* Descriptors [head, end) are done: says so where the driver asked for it. */
static void complete(struct hv_e1000_card *c, const struct hv_e1000_ring *r, uint32_t end)
{
	uint32_t i = r->head;

	do {
		uint64_t *d = descriptor(c, r, i);
		uint64_t high = d ? __atomic_load_n(&d[1], __ATOMIC_RELAXED) : 0;

		if (high & E1000_TX_RS) {
			__atomic_store_n(&d[1], high | E1000_TX_DD, __ATOMIC_RELEASE);
			c->causes |= E1000_INT_TXDW;
		}
		i = after(r, i);
	} while (i != end);
	E1000_REG(c, E1000_TDH) = end;
	c->unit_done = 0;
	if (end == r->tail)
		c->causes |= E1000_INT_TXQE;
}

enum gathered { WHOLE, UNFINISHED, BAD };

/* Collects the frame that begins at the ring's head; *end: the descriptor after it. */
static enum gathered gather(const struct hv_e1000_card *c, const struct hv_e1000_ring *r,
			    struct hv_e1000_frame *f, uint32_t *end)
{
	bool bad = false;
	uint32_t i = r->head;

	f->n = 0;
	f->bytes = 0;
	for (unsigned int count = 0; count < DESCRIPTORS; count++) {
		const uint64_t *d = i == r->tail ? NULL : descriptor(c, r, i);

		if (!d)
			return UNFINISHED;
		uint64_t addr = __atomic_load_n(&d[0], __ATOMIC_RELAXED);
		uint64_t high = __atomic_load_n(&d[1], __ATOMIC_RELAXED);
		bool data = high & E1000_TX_DEXT;
		uint32_t len = (uint32_t)(high & (data ? 0xfffff : 0xffff));
		void *at = hv_mem_at(c->env.mem, addr, len);

		if (count == 0)
			f->first = high;
		f->last = high;
		*end = i = after(r, i);
		bad |= (data && E1000_TX_TYPE(high) != 1) || (len && !at) || f->n == E1000_PIECES;
		if (len && !bad) {
			f->iov[++f->n] = (struct iovec){at, len};
			f->bytes += len;
		}
		if (high & E1000_TX_EOP)
			return bad ? BAD : WHOLE;
	}
	return BAD;
}

/* The driver put an FCS of its own there, which is not for this wire. */
static void strip_fcs(struct hv_e1000_frame *f)
{
	uint32_t strip = E1000_FCS_BYTES;

	if (f->bytes <= strip)
		return;
	f->bytes -= strip;
	while (strip) {
		struct iovec *v = &f->iov[f->n];
		uint32_t part = v->iov_len < strip ? (uint32_t)v->iov_len : strip;

		v->iov_len -= part;
		strip -= part;
		if (v->iov_len == 0)
			f->n--;
	}
}

bool hv_e1000_tx_step(struct hv_e1000_card *c)
{
	struct hv_e1000_ring r = hv_e1000_ring(c, E1000_TDBAL);
	struct hv_e1000_frame f;
	enum hv_e1000_sent sent = E1000_SENT;
	uint32_t end = 0;

	c->tx_full = false;
	if (!(E1000_REG(c, E1000_TCTL) & E1000_TCTL_EN) || r.n == 0 || r.head == r.tail ||
	    !c->env.master(c->env.self))
		return false;
	const uint64_t *d = descriptor(c, &r, r.head);
	if (!d)
		return false;
	uint64_t low = __atomic_load_n(&d[0], __ATOMIC_RELAXED);
	uint64_t high = __atomic_load_n(&d[1], __ATOMIC_RELAXED);
	if (is_context(high)) {
		set_context(&c->context, low, high);
		complete(c, &r, after(&r, r.head));
		return true;
	}
	switch (gather(c, &r, &f, &end)) {
	case UNFINISHED:
		return false;
	case BAD:
		complete(c, &r, end);
		return true;
	case WHOLE:
		break;
	}
	if (!(f.last & E1000_TX_IFCS))
		strip_fcs(&f);
	if (f.first & E1000_TX_DEXT && f.first & E1000_TX_TSE)
		sent = hv_e1000_unit_send(c, &f);
	else
		sent = hv_e1000_frame_send(c, &f);
	if (sent == E1000_SENT)
		complete(c, &r, end);
	c->tx_full = sent == E1000_NO_ROOM;
	return sent != E1000_NO_ROOM;
}

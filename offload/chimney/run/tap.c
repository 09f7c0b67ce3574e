/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/tap.h"

#include "packet/csum.h"
#include "packet/parse.h"
#include "packet/tail.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IN, OUT, SKIP /* nothing more before the ring's end */ };

/* Before each frame. Entries begin at multiples of its alignment, so that there is always room for
 * the first half, which is all that SKIP has. */
struct entry {
	uint32_t bytes; /* to the next one */
	uint16_t what;
	uint16_t segsz;
	uint64_t time_ns;
	uint32_t len, kept;
};

enum { UNIT = _Alignof(struct entry), TAG = 4, ADDRESSES = 12 };

_Static_assert(offsetof(struct entry, time_ns) <= UNIT, "SKIP fits wherever an entry begins");

struct chim_tap {
	uint8_t *ring;
	uint32_t bytes, keep;
	/* Bytes since the beginning. Each has a cache line of its own. */
	_Alignas(64) _Atomic uint64_t head; /* the worker's */
	uint64_t seen_tail;		    /* the worker's: tail is at least that */
	_Atomic uint64_t lost;		    /* the worker's */
	_Alignas(64) _Atomic uint64_t tail; /* main's */
};

struct chim_tap *chim_tap_new(uint32_t bytes, uint32_t keep)
{
	struct chim_tap *t = aligned_alloc(64, sizeof(*t));

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->ring = aligned_alloc(64, bytes);
	if (!t->ring) {
		free(t);
		return NULL;
	}
	/* The worker is to find its pages. */
	memset(t->ring, 0, bytes);
	t->bytes = bytes;
	t->keep = keep;
	return t;
}

void chim_tap_free(struct chim_tap *t)
{
	if (!t)
		return;
	free(t->ring);
	free(t);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The piece's part of the `len` bytes from `skip` on; both are lowered by what it was. */
static uint8_t *copy_piece(uint8_t *to, const uint8_t *piece, uint32_t bytes, uint32_t *skip,
			   uint32_t *len)
{
	uint32_t n;

	if (*skip >= bytes) {
		*skip -= bytes;
		return to;
	}
	n = RTE_MIN(bytes - *skip, *len);
	memcpy(to, piece + *skip, n);
	*skip = 0;
	*len -= n;
	return to + n;
}

/* `len` bytes of m from `skip` on, which are there. */
static void copy(uint8_t *to, const struct rte_mbuf *m, uint32_t skip, uint32_t len)
{
	const struct pkt_tail *tail = pkt_tail_of(m);

	for (const struct rte_mbuf *s = m; s && len > 0; s = s->next)
		to = copy_piece(to, rte_pktmbuf_mtod(s, const uint8_t *), s->data_len, &skip, &len);
	for (uint32_t i = 0; tail && i < tail->n && len > 0; i++)
		to = copy_piece(to, tail->pieces[i].at, tail->pieces[i].len, &skip, &len);
}

/* The checksum of a frame that is there as a whole: RFC 9293 3.1. */
static void complete(uint8_t *frame, uint32_t len)
{
	struct pkt_headers h;
	uint8_t *l3, *l4;
	uint32_t total;
	uint16_t sum;

	if (pkt_parse(frame, len, len, &h) != 0 || h.l4 != PKT_L4_TCP)
		return;
	l3 = frame + h.l2_len;
	l4 = l3 + h.l3_len;
	total = h.ip_version == 4 ? pkt_be16(l3 + 2) : 40u + pkt_be16(l3 + 4);
	total -= h.l3_len;
	memset(l4 + 16, 0, 2);
	sum = pkt_csum_fold((uint64_t)pkt_csum_pseudo(l3, h.ip_version, IPPROTO_TCP, total) +
			    pkt_csum_bytes(l4, total));
	sum = (uint16_t)~sum;
	memcpy(l4 + 16, &sum, 2);
}

/* Room for so many bytes in a row, or NULL; *head goes to where it ends. */
static struct entry *reserve(struct chim_tap *t, uint64_t *head, uint32_t bytes)
{
	uint32_t at = (uint32_t)*head & (t->bytes - 1);
	uint32_t skip = bytes > t->bytes - at ? t->bytes - at : 0;
	struct entry *e = (struct entry *)(t->ring + at);

	if (*head + skip + bytes - t->seen_tail > t->bytes) {
		t->seen_tail = atomic_load_explicit(&t->tail, memory_order_acquire);
		if (*head + skip + bytes - t->seen_tail > t->bytes)
			return NULL;
	}
	if (skip) {
		e->bytes = skip;
		e->what = SKIP;
		e = (struct entry *)t->ring;
	}
	e->bytes = bytes;
	*head += skip + bytes;
	return e;
}

void chim_tap_put(struct chim_tap *t, const struct rte_mbuf *m, bool out, uint16_t vlan)
{
	uint64_t head = atomic_load_explicit(&t->head, memory_order_relaxed);
	uint32_t len = m->pkt_len + (vlan ? TAG : 0);
	uint32_t kept = RTE_MIN(len, t->keep);
	struct entry *e;
	uint8_t *data;

	e = reserve(t, &head, RTE_ALIGN_CEIL((uint32_t)sizeof(*e) + kept, (uint32_t)UNIT));
	if (!e) {
		uint64_t lost = atomic_load_explicit(&t->lost, memory_order_relaxed);

		atomic_store_explicit(&t->lost, lost + 1, memory_order_relaxed);
		return;
	}
	e->what = out ? OUT : IN;
	e->segsz = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG ? m->tso_segsz : 0;
	e->time_ns = now_ns();
	e->len = len;
	e->kept = kept;
	data = (uint8_t *)(e + 1);
	if (vlan && kept >= ADDRESSES + TAG) {
		const uint8_t tag[TAG] = {0x81, 0, (uint8_t)(vlan >> 8), (uint8_t)vlan};

		copy(data, m, 0, ADDRESSES);
		memcpy(data + ADDRESSES, tag, TAG);
		copy(data + ADDRESSES + TAG, m, ADDRESSES, kept - ADDRESSES - TAG);
	} else {
		copy(data, m, 0, kept);
	}
	if (kept == len && m->ol_flags & (RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG))
		complete(data, len);
	atomic_store_explicit(&t->head, head, memory_order_release);
}

/* Where main's next entry is that is no SKIP, or NULL. */
static const struct entry *oldest(const struct chim_tap *t, uint64_t *tail)
{
	uint64_t head = atomic_load_explicit(&t->head, memory_order_acquire);
	const struct entry *e;

	*tail = atomic_load_explicit(&t->tail, memory_order_relaxed);
	if (*tail == head)
		return NULL;
	e = (const struct entry *)(t->ring + (*tail & (t->bytes - 1)));
	if (e->what == SKIP) { /* what was skipped for follows it */
		*tail += e->bytes;
		e = (const struct entry *)t->ring;
	}
	return e;
}

bool chim_tap_peek(const struct chim_tap *t, struct chim_tap_record *r)
{
	uint64_t tail;
	const struct entry *e = oldest(t, &tail);

	if (!e)
		return false;
	*r = (struct chim_tap_record){
		.time_ns = e->time_ns,
		.len = e->len,
		.kept = e->kept,
		.segsz = e->segsz,
		.out = e->what == OUT,
		.data = (const uint8_t *)(e + 1),
	};
	return true;
}

void chim_tap_next(struct chim_tap *t)
{
	uint64_t tail;
	const struct entry *e = oldest(t, &tail);

	if (e)
		atomic_store_explicit(&t->tail, tail + e->bytes, memory_order_release);
}

uint64_t chim_tap_lost(const struct chim_tap *t)
{
	return atomic_load_explicit(&t->lost, memory_order_relaxed);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flows of one burst, and the unit that each has open. The table is hashed, with a few places
 * to try; it is emptied by a new generation number, so that a burst costs what it has of flows.
 * Who sends chooses addresses and ports, so the hash is keyed: nobody can aim at one place.
 */
#ifndef OFFLOAD_TSO_LRO_LRO_FLOW_H
#define OFFLOAD_TSO_LRO_LRO_FLOW_H

#include "offload/tso_lro/lro_frame.h"

enum {
	LRO_SLOT_BITS = 9,
	LRO_SLOTS = 1 << LRO_SLOT_BITS,
	LRO_PROBES = 8,	   /* places a flow may be in; where all are taken, its frames go alone */
	LRO_GEN_SHIFT = 8, /* a slot: generation, and below it the flow's index */
	LRO_GUESS_BITS = 6,
	LRO_L2_MAX = 14 + 4 * PKT_PARSE_TAGS_MAX,
	LRO_HEADERS_MAX = LRO_L2_MAX + LRO_IPV6 + 60,
};

_Static_assert(LRO_BURST_MAX <= 1 << LRO_GEN_SHIFT, "an index fits into a slot");

struct lro_key {
	uint64_t mac[2]; /* the first 14 bytes, of which two are in both */
	uint64_t l3;	 /* IPv4: both addresses; IPv6: what they hash to */
	uint32_t ports;
	uint16_t vlan_tci;
	uint8_t l2_len, version;
};

/* While `head` is set, the flow has a unit open. */
struct lro_unit {
	struct rte_mbuf *head, *tail;
	const uint8_t *l2, *l3, *l4; /* the head's headers */
	const uint8_t *mask;	     /* the bits of them that a next frame has too */
	uint32_t payload, next_seq;
	uint32_t room;	  /* payload of a next frame in one mbuf, at most */
	uint16_t hdr_len; /* LRO_CLOSED while no unit is open: no frame is longer */
	uint16_t segsz;
	uint16_t frames, segs;
	uint16_t ip_id;		   /* the first frame's */
	uint16_t next_id, id_step; /* step: 1 until its second frame is there */
	uint16_t ip_sum;	   /* IPv4: of what is the same in all its frames */
	uint8_t l2_len, l3_len, l4_len, version;
	uint8_t flags; /* PSH and FIN of its last frame; with rsc, PSH of any */
	bool verified; /* the first frame's checksum; the others' always are */
};

enum { LRO_CLOSED = UINT16_MAX };

struct lro_flow {
	struct lro_key key;
	struct lro_unit unit; /* its l2 also holds what the key does not hold whole */
} __rte_aligned(128);

struct lro {
	uint64_t secret[2];
	uint32_t gen;
	uint16_t n;
	uint8_t guess[1 << LRO_GUESS_BITS]; /* indices of flows; see lro_fast.h */
	uint8_t mask[2][LRO_HEADERS_MAX];   /* for IPv4, IPv6; layer 3 is at LRO_L2_MAX */
	uint32_t slots[LRO_SLOTS];
	struct lro_flow flows[LRO_BURST_MAX + 1]; /* the last is nobody's, and always closed */
};

static inline void lro_key_of(struct lro_key *k, const struct rte_mbuf *m,
			      const struct lro_frame *f, const uint64_t *secret)
{
	k->mac[0] = lro_64(f->l2);
	k->mac[1] = lro_64(f->l2 + 6);
	if (likely(f->version == 4))
		k->l3 = lro_64(f->l3 + 12);
	else
		k->l3 = (lro_64(f->l3 + 8) ^ secret[1]) * (lro_64(f->l3 + 16) | 1) +
			(lro_64(f->l3 + 24) ^ secret[0]) * (lro_64(f->l3 + 32) | 1);
	k->ports = lro_32(f->l4);
	k->vlan_tci = m->vlan_tci;
	k->l2_len = f->l2_len;
	k->version = f->version;
}

static inline uint32_t lro_hash(const struct lro_key *k, const uint64_t *secret)
{
	unsigned __int128 p = (unsigned __int128)(k->l3 ^ secret[0]) *
			      ((k->ports | (uint64_t)k->ports << 32) ^ secret[1]);

	return (uint32_t)((uint64_t)(p >> 64) ^ (uint64_t)p) & (LRO_SLOTS - 1);
}

static inline bool lro_same(const struct lro_flow *w, const struct lro_key *k,
			    const struct lro_frame *f)
{
	const uint8_t *l2 = w->unit.l2;
	uint64_t diff = (w->key.mac[0] ^ k->mac[0]) | (w->key.mac[1] ^ k->mac[1]) |
			(w->key.l3 ^ k->l3) | (w->key.ports ^ k->ports) |
			(w->key.vlan_tci ^ k->vlan_tci) | (w->key.l2_len ^ k->l2_len) |
			(w->key.version ^ k->version);

	if (diff != 0)
		return false;
	if (unlikely(k->l2_len > 14) && memcmp(l2 + 14, f->l2 + 14, k->l2_len - 14) != 0)
		return false;
	return k->version == 4 || memcmp(l2 + k->l2_len + 8, f->l3 + 8, 32) == 0;
}

/* The frame's flow; else a new one where `make` is set; else, or where there is no place, NULL. */
static inline struct lro_flow *lro_flow_of(struct lro *l, const struct rte_mbuf *m,
					   const struct lro_frame *f, bool make)
{
	struct lro_key key;
	uint32_t at;

	lro_key_of(&key, m, f, l->secret);
	at = lro_hash(&key, l->secret);
	for (int i = 0; i < LRO_PROBES; i++, at = (at + 1) & (LRO_SLOTS - 1)) {
		struct lro_flow *w = &l->flows[l->slots[at] & ((1 << LRO_GEN_SHIFT) - 1)];

		if (l->slots[at] >> LRO_GEN_SHIFT != l->gen) {
			if (!make)
				return NULL;
			l->slots[at] = l->gen << LRO_GEN_SHIFT | l->n;
			w = &l->flows[l->n++];
			w->key = key;
			w->unit.l2 = f->l2;
			w->unit.head = NULL;
			w->unit.hdr_len = LRO_CLOSED;
			return w;
		}
		if (lro_same(w, &key, f))
			return w;
	}
	return NULL;
}

/* No flow is known. */
static inline void lro_flows_clear(struct lro *l)
{
	l->n = 0;
	memset(l->guess, LRO_BURST_MAX, sizeof(l->guess));
	if (unlikely(++l->gen >> (32 - LRO_GEN_SHIFT) != 0)) {
		memset(l->slots, 0, sizeof(l->slots));
		l->gen = 1;
	}
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * May this frame be the next of that unit? Each rule set is one expression without branches, which
 * nearly always says yes; why not is found out afterwards, rule by rule.
 */
#ifndef OFFLOAD_TSO_LRO_LRO_RULES_H
#define OFFLOAD_TSO_LRO_LRO_RULES_H

#include "offload/tso_lro/lro_flow.h"

/* The 32-bit word with header length, flags and window, less the flags that may differ. */
static inline uint32_t lro_word(const uint8_t *l4, uint8_t may_differ)
{
	return lro_32(l4 + 12) & ~rte_cpu_to_be_32((uint32_t)may_differ << 16);
}

static inline uint32_t lro_options_differ(const uint8_t *a, const uint8_t *b, uint8_t l4_len)
{
	uint32_t diff = 0;

	for (unsigned int i = 20; i < l4_len; i += 4)
		diff |= lro_32(a + i) ^ lro_32(b + i);
	return diff;
}

/* With the second frame it shows whether ids go up or, with DF, stay. */
static inline bool lro_id_fits(const struct lro_unit *u, const struct lro_frame *f)
{
	uint16_t id = pkt_be16(f->l3 + 4);

	if (id == u->next_id)
		return true;
	return u->frames == 1 && id == u->ip_id && (f->l3[6] & 0x40) != 0;
}

/* Header fields of IP that must not differ. */
static inline uint32_t lro_ip_differ(const struct lro_unit *u, const struct lro_frame *f)
{
	if (likely(u->version == 4))
		return (lro_16(f->l3) ^ lro_16(u->l3)) | (lro_32(f->l3 + 6) ^ lro_32(u->l3 + 6)) |
		       !lro_id_fits(u, f);
	return (lro_32(f->l3) ^ lro_32(u->l3)) | (lro_16(f->l3 + 6) ^ lro_16(u->l3 + 6));
}

static inline bool lro_room(const struct lro_unit *u, const struct lro_frame *f, uint16_t segs)
{
	return u->l3_len + u->l4_len + u->payload + f->payload <= LRO_IP_MAX &&
	       u->segs + segs <= LRO_SEGS_MAX;
}

static inline bool lro_fits_reversible(const struct lro_unit *u, const struct lro_frame *f)
{
	uint32_t diff = f->seq ^ u->next_seq;

	diff |= lro_32(f->l4 + 8) ^ lro_32(u->l4 + 8);
	diff |= lro_word(f->l4, LRO_PSH | LRO_FIN) ^ lro_word(u->l4, LRO_PSH | LRO_FIN);
	diff |= lro_16(f->l4 + 18) ^ lro_16(u->l4 + 18);
	diff |= lro_ip_differ(u, f);
	return diff == 0 && f->payload <= u->segsz &&
	       lro_options_differ(u->l4, f->l4, u->l4_len) == 0;
}

/* A timestamp option as all stacks lay it out: two no-operations before it. RFC 7323, appendix A.
 */
static inline bool lro_only_timestamp(const uint8_t *l4, uint8_t l4_len)
{
	return l4_len == 20 || (l4_len == 32 && lro_be32(l4 + 20) == 0x0101080a);
}

static inline bool lro_not_before(const uint8_t *now, const uint8_t *then)
{
	return (int32_t)(lro_be32(now) - lro_be32(then)) >= 0;
}

/* Neither the timestamp nor its echo may go back. */
static inline bool lro_rsc_options(const struct lro_unit *u, const struct lro_frame *f)
{
	if (f->l4_len != u->l4_len || !lro_only_timestamp(f->l4, f->l4_len))
		return false;
	return f->l4_len == 20 ||
	       (lro_not_before(f->l4 + 24, u->l4 + 24) && lro_not_before(f->l4 + 28, u->l4 + 28));
}

/* DSCP, ECN, flow label, DF. */
static inline uint32_t lro_rsc_ip_differ(const struct lro_unit *u, const struct lro_frame *f)
{
	if (u->version == 4)
		return (lro_16(f->l3) ^ lro_16(u->l3)) | (lro_16(f->l3 + 6) ^ lro_16(u->l3 + 6));
	return lro_32(f->l3) ^ lro_32(u->l3);
}

static inline bool lro_fits_rsc(const struct lro_unit *u, const struct lro_frame *f)
{
	return f->seq == u->next_seq && lro_not_before(f->l4 + 8, u->l4 + 8) &&
	       ((lro_16(f->l4 + 12) ^ lro_16(u->l4 + 12)) & ~rte_cpu_to_be_16(LRO_PSH)) == 0 &&
	       lro_rsc_ip_differ(u, f) == 0 && lro_rsc_options(u, f);
}

/* Why the frame, which may be merged as such, does not fit the unit. Worker. */
enum pkt_merge_end lro_why_not(const struct lro_unit *u, const struct lro_frame *f, uint16_t segs,
			       enum lro_mode mode);

#endif

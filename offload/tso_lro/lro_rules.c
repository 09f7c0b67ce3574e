/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/tso_lro/lro_rules.h"

static enum pkt_merge_end ip_why_not(const struct lro_unit *u, const struct lro_frame *f)
{
	if (u->version == 6)
		return lro_32(f->l3) != lro_32(u->l3) ? PKT_MERGE_TOS : PKT_MERGE_TTL;
	if (f->l3[1] != u->l3[1])
		return PKT_MERGE_TOS;
	if (lro_16(f->l3 + 6) != lro_16(u->l3 + 6))
		return PKT_MERGE_IP_FLAGS;
	return f->l3[8] != u->l3[8] ? PKT_MERGE_TTL : PKT_MERGE_IP_ID;
}

/* Flags, reserved bits, or how long the options are. */
static enum pkt_merge_end flags_why_not(const struct lro_unit *u, const struct lro_frame *f)
{
	return f->l4_len != u->l4_len ? PKT_MERGE_OPTIONS : PKT_MERGE_FLAGS;
}

static enum pkt_merge_end reversible_why_not(const struct lro_unit *u, const struct lro_frame *f)
{
	if (f->payload > u->segsz)
		return PKT_MERGE_LONGER;
	if (((f->l4[12] ^ u->l4[12]) | ((f->l4[13] ^ u->l4[13]) & ~(LRO_PSH | LRO_FIN))) != 0)
		return flags_why_not(u, f);
	if (lro_32(f->l4 + 8) != lro_32(u->l4 + 8))
		return PKT_MERGE_ACK;
	if (lro_16(f->l4 + 14) != lro_16(u->l4 + 14) || lro_16(f->l4 + 18) != lro_16(u->l4 + 18))
		return PKT_MERGE_WINDOW;
	if (lro_options_differ(u->l4, f->l4, u->l4_len) != 0)
		return PKT_MERGE_OPTIONS;
	return ip_why_not(u, f);
}

static enum pkt_merge_end rsc_why_not(const struct lro_unit *u, const struct lro_frame *f)
{
	if (((f->l4[12] ^ u->l4[12]) | ((f->l4[13] ^ u->l4[13]) & ~LRO_PSH)) != 0)
		return flags_why_not(u, f);
	if (!lro_not_before(f->l4 + 8, u->l4 + 8))
		return PKT_MERGE_ACK;
	if (!lro_rsc_options(u, f))
		return PKT_MERGE_OPTIONS;
	return ip_why_not(u, f);
}

enum pkt_merge_end lro_why_not(const struct lro_unit *u, const struct lro_frame *f, uint16_t segs,
			       enum lro_mode mode)
{
	if (f->seq != u->next_seq)
		return PKT_MERGE_SEQUENCE;
	if (mode == LRO_RSC ? !lro_fits_rsc(u, f) : !lro_fits_reversible(u, f))
		return mode == LRO_RSC ? rsc_why_not(u, f) : reversible_why_not(u, f);
	return u->segs + segs > LRO_SEGS_MAX ? PKT_MERGE_SEGMENTS : PKT_MERGE_SIZE;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/odd.h"

#include "packet/ext6.h"

#include <rte_common.h>

enum { ETHER = 14, IP4 = 20, IP6 = 40, FRAGMENT_HEADER = 8 };

/* Where the IP packet ends, which pkt_parse() found to lie in the frame. */
static uint32_t end_of(const uint8_t *l3, const struct pkt_headers *h)
{
	return ETHER + (h->ip_version == 4 ? pkt_be16(l3 + 2) : IP6 + pkt_be16(l3 + 4));
}

/* The first fragment begins at byte 0 of the packet (RFC 791 3.1, RFC 8200 4.5). */
static bool is_first(const uint8_t *l3, const struct pkt_headers *h)
{
	if (h->ip_version == 4)
		return (pkt_be16(l3 + 6) & 0x1fff) == 0;
	/* The fragment header is the last that was looked at. */
	return (pkt_be16(l3 + h->l3_len - FRAGMENT_HEADER + 2) & 0xfff8) == 0;
}

/* Goes on from `at` over the extension headers there. false: out of sight. */
static bool skip_extensions(const uint8_t *data, uint32_t end, uint8_t *next, uint32_t *at)
{
	for (int i = 0; i < PKT_PARSE_EXT_MAX && pkt_ext6_is(*next); i++) {
		uint32_t ext;

		if (*at + 2 > end)
			return false;
		ext = pkt_ext6_len(*next, data + *at);
		*next = data[*at];
		*at += ext;
		if (*at > end)
			return false;
	}
	return true;
}

enum pkt_odd pkt_odd_tcp(const uint8_t *data, uint32_t len, const struct pkt_headers *h,
			 uint32_t *at)
{
	const uint8_t *l3 = data + ETHER;
	uint8_t proto = h->proto;
	uint32_t end;

	if (!pkt_odd_maybe(h) || h->l2_len != ETHER)
		return PKT_ODD_NONE;
	end = RTE_MIN(end_of(l3, h), len);
	*at = ETHER + (uint32_t)h->l3_len;
	if (!h->fragment)
		return h->l3_len != (h->ip_version == 4 ? IP4 : IP6) ? PKT_ODD_OPTIONS
								     : PKT_ODD_NONE;
	if (!is_first(l3, h))
		return PKT_ODD_NONE;
	if (h->ip_version == 6 && !skip_extensions(data, end, &proto, at))
		return PKT_ODD_NONE;
	return proto == IPPROTO_TCP && *at + PKT_ODD_BYTES <= end ? PKT_ODD_FRAGMENT : PKT_ODD_NONE;
}

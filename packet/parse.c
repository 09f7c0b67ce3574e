/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/parse.h"

#include "packet/ext6.h"

#include <rte_common.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
};

/* The bytes at hand: `seen` of them may be read, `total` belong to the packet. */
struct view {
	const uint8_t *data;
	uint32_t seen;
	uint32_t total;
};

/* v without its first n bytes; n <= v.seen. */
static struct view view_from(struct view v, uint32_t n)
{
	return (struct view){.data = v.data + n, .seen = v.seen - n, .total = v.total - n};
}

/* v cut to a length its header claims; n <= v.total. */
static struct view view_cut(struct view v, uint32_t n)
{
	return (struct view){.data = v.data, .seen = RTE_MIN(v.seen, n), .total = n};
}

static void parse_l4(struct view v, struct pkt_headers *h)
{
	uint32_t len;

	switch (h->proto) {
	case IPPROTO_TCP:
		if (v.seen < 20)
			return;
		len = (v.data[12] >> 4) * 4;
		if (len < 20 || len > v.seen)
			return;
		h->l4 = PKT_L4_TCP;
		h->l4_len = len;
		return;
	case IPPROTO_UDP:
		if (v.seen < 8)
			return;
		len = pkt_be16(v.data + 4);
		if (len < 8 || len > v.total)
			return;
		h->l4 = PKT_L4_UDP;
		h->l4_len = 8;
		return;
	default:
		h->l4 = PKT_L4_OTHER;
		return;
	}
}

static void parse_ipv4(struct view v, struct pkt_headers *h)
{
	uint32_t len, total;

	if (v.seen < 20 || v.data[0] >> 4 != 4)
		return;
	len = (v.data[0] & 0xf) * 4;
	total = pkt_be16(v.data + 2);
	if (len < 20 || len > v.seen || total < len || total > v.total)
		return;
	h->ip_version = 4;
	h->l3_len = len;
	h->proto = v.data[9];
	h->fragment = (pkt_be16(v.data + 6) & 0x3fff) != 0;
	if (!h->fragment)
		parse_l4(view_from(view_cut(v, total), len), h);
}

static void parse_ipv6(struct view v, struct pkt_headers *h)
{
	uint32_t total, at = 40;
	uint8_t next;

	if (v.seen < 40 || v.data[0] >> 4 != 6)
		return;
	total = 40 + pkt_be16(v.data + 4);
	if (total > v.total)
		return;
	v = view_cut(v, total);
	next = v.data[6];

	for (int i = 0; pkt_ext6_is(next); i++) {
		struct view ext = view_from(v, at);
		uint32_t len;

		if (ext.total < 2)
			return;
		if (i == PKT_PARSE_EXT_MAX || ext.seen < 2)
			break;
		len = pkt_ext6_len(next, ext.data);
		if (len > ext.total)
			return;
		if (len > ext.seen)
			break;
		if (next == IPPROTO_FRAGMENT && (pkt_be16(ext.data + 2) & 0xfff9) != 0)
			h->fragment = 1;
		next = ext.data[0];
		at += len;
		if (h->fragment)
			break;
	}
	h->ip_version = 6;
	h->l3_len = at;
	h->proto = next;
	if (!h->fragment)
		parse_l4(view_from(v, at), h);
}

int pkt_parse_any(const uint8_t *data, uint32_t len, uint32_t frame_len, struct pkt_headers *h)
{
	struct view v = {
		.data = data,
		.seen = RTE_MIN(len, (uint32_t)PKT_PARSE_MAX),
		.total = frame_len,
	};
	uint32_t at = 14;

	*h = (struct pkt_headers){0};
	if (v.seen < at)
		return -EINVAL;
	h->ether_type = pkt_be16(data + 12);
	for (int tags = 0; tags < PKT_PARSE_TAGS_MAX; tags++) {
		if (h->ether_type != TYPE_VLAN && h->ether_type != TYPE_QINQ)
			break;
		if (v.seen < at + 4)
			return -EINVAL;
		h->ether_type = pkt_be16(data + at + 2);
		at += 4;
	}
	h->l2_len = at;
	if (h->ether_type == TYPE_IPV4)
		parse_ipv4(view_from(v, at), h);
	else if (h->ether_type == TYPE_IPV6)
		parse_ipv6(view_from(v, at), h);
	return 0;
}

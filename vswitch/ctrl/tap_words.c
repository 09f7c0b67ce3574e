/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/tap_words.h"

#include "base/endpoint.h"
#include "packet/parse.h"
#include "vswitch/ctrl/words.h"

#include <string.h>

/* TCP's options that an established connection uses: RFC 9293 3.1, 2018, 7323. */
enum { OPT_END = 0, OPT_NOP = 1, OPT_SACK = 5, OPT_TIMESTAMPS = 8 };

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)pkt_be16(p) << 16 | pkt_be16(p + 2);
}

static void put_end(struct words *o, const struct pkt_headers *h, const uint8_t *addr,
		    const uint8_t *port)
{
	struct endpoint ep = {.v6 = h->ip_version == 6};
	char text[ENDPOINT_TEXT];

	memcpy(ep.addr, addr, ep.v6 ? 16 : 4);
	memcpy(&ep.port, port, 2);
	words_put(o, "%s", endpoint_format(&ep, text));
}

static void put_flags(struct words *o, uint8_t flags)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};

	for (int i = 0; i < 8; i++)
		if (flags & 1 << i)
			words_put(o, " %s", names[i]);
}

static void put_option(struct words *o, uint8_t kind, const uint8_t *p, uint32_t len)
{
	if (kind == OPT_TIMESTAMPS && len == 8)
		words_put(o, ", ts %u/%u", be32(p), be32(p + 4));
	if (kind == OPT_SACK)
		for (uint32_t i = 0; i + 8 <= len; i += 8)
			words_put(o, "%s%u:%u", i ? " " : ", sack ", be32(p + i), be32(p + i + 4));
}

static void put_options(struct words *o, const uint8_t *p, uint32_t len)
{
	while (len > 0 && p[0] != OPT_END) {
		uint32_t n = 1;

		if (p[0] != OPT_NOP) {
			if (len < 2 || p[1] < 2 || p[1] > len)
				return;
			n = p[1];
			put_option(o, p[0], p + 2, n - 2);
		}
		p += n;
		len -= n;
	}
}

static void put_tcp(struct words *o, const struct pkt_headers *h, const struct chim_tap_record *r)
{
	const uint8_t *l3 = r->data + h->l2_len, *l4 = l3 + h->l3_len;
	bool v4 = h->ip_version == 4;
	uint32_t total = v4 ? pkt_be16(l3 + 2) : 40u + pkt_be16(l3 + 4);
	uint32_t len = total - h->l3_len - h->l4_len, seq = be32(l4 + 4);

	put_end(o, h, l3 + (v4 ? 12 : 8), l4);
	words_put(o, " > ");
	put_end(o, h, l3 + (v4 ? 16 : 24), l4 + 2);
	put_flags(o, l4[13]);
	words_put(o, ", seq %u", seq);
	if (len)
		words_put(o, ":%u", seq + len);
	if (l4[13] & 0x10)
		words_put(o, ", ack %u", be32(l4 + 8));
	words_put(o, ", win %u, %u bytes", pkt_be16(l4 + 14), len);
	if (r->segsz && len > r->segsz)
		words_put(o, " in segments of %u", r->segsz);
	put_options(o, l4 + 20, h->l4_len - 20u);
}

const char *tap_words(const struct chim_tap_record *r, char *text, size_t size)
{
	struct words o = {.text = text, .size = size};
	struct pkt_headers h;

	text[0] = '\0';
	if (pkt_parse(r->data, r->kept, r->len, &h) != 0)
		words_put(&o, "%u bytes, headers cut off", r->len);
	else if (h.l4 == PKT_L4_TCP && (uint32_t)h.l2_len + h.l3_len + h.l4_len <= r->kept)
		put_tcp(&o, &h, r);
	else if (h.fragment)
		words_put(&o, "%u bytes, a fragment", r->len);
	else
		words_put(&o, "%u bytes, headers cut off", r->len);
	return text;
}

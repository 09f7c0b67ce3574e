/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/trace_words.h"

#include "base/mac.h"
#include "packet/parse.h"
#include "pipelines/pipe.h"
#include "vswitch/ctrl/words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void put_ports(struct words *o, const struct pkt_headers *h, const uint8_t *data,
		      const char *proto, const char *src, const char *dst)
{
	const uint8_t *l4 = data + h->l2_len + h->l3_len;

	words_put(o, " %s %s:%u > %s:%u", proto, src, pkt_be16(l4), dst, pkt_be16(l4 + 2));
}

static const char *protocol(uint8_t proto, char *number, size_t size)
{
	if (proto == IPPROTO_ICMP)
		return "ICMP";
	if (proto == IPPROTO_ICMPV6)
		return "ICMPv6";
	snprintf(number, size, "protocol %u", proto);
	return number;
}

static void put_ip(struct words *o, const struct pkt_headers *h, const uint8_t *data)
{
	int af = h->ip_version == 4 ? AF_INET : AF_INET6;
	const uint8_t *l3 = data + h->l2_len;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], number[16];

	inet_ntop(af, l3 + (af == AF_INET ? 12 : 8), src, sizeof(src));
	inet_ntop(af, l3 + (af == AF_INET ? 16 : 24), dst, sizeof(dst));
	words_put(o, ", IPv%u", h->ip_version);
	if (h->fragment)
		words_put(o, " fragment, protocol %u, %s > %s", h->proto, src, dst);
	else if (h->l4 == PKT_L4_TCP)
		put_ports(o, h, data, "TCP", src, dst);
	else if (h->l4 == PKT_L4_UDP)
		put_ports(o, h, data, "UDP", src, dst);
	else
		words_put(o, " %s, %s > %s", protocol(h->proto, number, sizeof(number)), src, dst);
}

static void put_headers(struct words *o, const struct pkt_trace_step *s)
{
	const uint8_t *d = s->data;
	char src[MAC_TEXT], dst[MAC_TEXT];
	struct pkt_headers h;

	if (pkt_parse(d, s->data_len, s->len, &h) != 0) {
		words_put(o, "headers cut off");
		return;
	}
	words_put(o, "%s > %s", mac_format(d + 6, src), mac_format(d, dst));
	if (h.l2_len > 14)
		words_put(o, ", tag of VLAN %u", pkt_be16(d + 14) & 0xfff);
	if (h.l3_len && h.l2_len + h.l3_len + h.l4_len <= s->data_len)
		put_ip(o, &h, d);
	else
		words_put(o, ", type 0x%04x", h.ether_type);
}

static void put_token(struct words *o, const char *name, size_t len, const struct pkt_trace_step *s,
		      const char *(*port_name)(void *ctx, uint16_t id), void *ctx)
{
	const struct {
		const char *name;
		uint32_t value;
	} numbers[] = {
		{"vlan", s->vlan}, {"len", s->len}, {"segsz", s->segsz}, {"a", s->a}, {"b", s->b},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strlen(numbers[i].name) == len && memcmp(numbers[i].name, name, len) == 0)
			words_put(o, "%u", numbers[i].value);
	if (len == 2 && memcmp(name, "in", 2) == 0)
		words_put(o, "%s", port_name(ctx, s->in));
	if (len == 3 && memcmp(name, "out", 3) == 0)
		words_put(o, "%s", port_name(ctx, s->out));
	if (len == 7 && memcmp(name, "headers", 7) == 0)
		put_headers(o, s);
}

const char *trace_words(const struct pkt_trace_step *s,
			const char *(*port_name)(void *ctx, uint16_t id), void *ctx, char *text,
			size_t size)
{
	struct words o = {.text = text, .size = size};
	const struct pkt_stage_def *def;
	const char *p, *end;

	text[0] = '\0';
	if (s->word == PKT_TRACE_DROP) {
		words_put(&o, "%s: %s", pkt_drop_name(s->a), pkt_drop_help(s->a));
		return "drop";
	}
	def = pipe_table[s->stage];
	for (p = def->words[s->word]; *p; p = end) {
		if (*p == '{' && (end = strchr(p, '}')) != NULL) {
			put_token(&o, p + 1, (size_t)(end - p - 1), s, port_name, ctx);
			end++;
			continue;
		}
		end = p + strcspn(p + 1, "{") + 1;
		words_put(&o, "%.*s", (int)(end - p), p);
	}
	return def->name;
}

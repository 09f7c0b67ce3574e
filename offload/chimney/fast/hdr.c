/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/hdr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum {
	V4_LEN = 20,
	V6_LEN = 40,
	TCP_LEN = 20,
	V4_DF = 0x40, /* in the byte that holds the flags */
};

static void put16(uint8_t *p, uint16_t v)
{
	v = htons(v);
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof(v));
}

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return ntohs(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return ntohl(v);
}

/* Of words as they lie in memory: the result lies right in memory too (RFC 1071 2(B)). bytes: even.
 */
static uint32_t sum_words(const uint8_t *p, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i += 2) {
		uint16_t word;

		memcpy(&word, p + i, sizeof(word));
		sum += word;
	}
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

static void template_v4(struct chim_hdr_template *t, const struct chim_tcp_state *s)
{
	t->l3_len = V4_LEN;
	t->ip[0] = 0x45;
	t->ip[1] = s->path.tos & 0xfc;
	t->ip[6] = V4_DF;
	t->ip[8] = s->path.ttl;
	t->ip[9] = IPPROTO_TCP;
	memcpy(t->ip + 12, s->tuple.local, 4);
	memcpy(t->ip + 16, s->tuple.remote, 4);
	t->phdr = sum_words(t->ip + 12, 8) + htons(IPPROTO_TCP);
}

static void template_v6(struct chim_hdr_template *t, const struct chim_tcp_state *s)
{
	uint32_t tos = s->path.tos & 0xfc;

	t->l3_len = V6_LEN;
	put32(t->ip, 6u << 28 | tos << 20 | (s->path.flowlabel & 0xfffff));
	t->ip[6] = IPPROTO_TCP;
	t->ip[7] = s->path.ttl;
	memcpy(t->ip + 8, s->tuple.local, 16);
	memcpy(t->ip + 24, s->tuple.remote, 16);
	t->phdr = sum_words(t->ip + 8, 32) + htons(IPPROTO_TCP);
}

void chim_hdr_template(struct chim_hdr_template *t, const struct chim_tcp_state *s)
{
	memset(t, 0, sizeof(*t));
	if (s->tuple.v6)
		template_v6(t, s);
	else
		template_v4(t, s);
	memcpy(t->ports, &s->tuple.local_port, 2);
	memcpy(t->ports + 2, &s->tuple.remote_port, 2);
}

static void build_ip(const struct chim_hdr_template *t, const struct chim_hdr *h, uint32_t l4_bytes,
		     uint8_t *ip)
{
	uint16_t sum;

	memcpy(ip, t->ip, t->l3_len);
	if (t->l3_len == V6_LEN) {
		ip[1] |= (uint8_t)(h->ecn << 4);
		put16(ip + 4, (uint16_t)l4_bytes);
		return;
	}
	ip[1] |= h->ecn;
	put16(ip + 2, (uint16_t)(V4_LEN + l4_bytes));
	put16(ip + 4, h->ipid);
	sum = (uint16_t)~fold(sum_words(ip, V4_LEN));
	memcpy(ip + 10, &sum, sizeof(sum));
}

uint32_t chim_hdr_build(const struct chim_hdr_template *t, const struct chim_hdr *h,
			struct chim_out *out)
{
	uint8_t *tcp = &out->headers[t->l3_len];
	uint32_t l4_len = TCP_LEN + h->opts_len, phdr = t->phdr;
	bool unit = h->segsz != 0 && h->payload_len > h->segsz;
	uint16_t sum;

	out->l3_len = t->l3_len;
	out->l4_len = (uint8_t)l4_len;
	out->len = h->payload_len;
	out->segsz = unit ? h->segsz : 0;
	build_ip(t, h, l4_len + h->payload_len, out->headers);
	memcpy(tcp, t->ports, 4);
	put32(tcp + 4, h->seq);
	put32(tcp + 8, h->ack);
	tcp[12] = (uint8_t)(l4_len << 2);
	tcp[13] = h->flags;
	put16(tcp + 14, h->wnd);
	/* Who splits a unit adds each frame's length itself. */
	if (!unit)
		phdr += htons((uint16_t)(l4_len + h->payload_len));
	sum = fold(phdr);
	memcpy(tcp + 16, &sum, sizeof(sum));
	put16(tcp + 18, 0);
	if (h->opts_len > 0)
		memcpy(tcp + TCP_LEN, h->opts, h->opts_len);
	return unit ? (h->payload_len + h->segsz - 1) / h->segsz : 1;
}

/* Bytes of the IP packet behind its header of l3_len, by its own account; negative: it is wrong. */
static int64_t ip_payload(const uint8_t *ip, uint32_t l3_len, uint8_t *tos)
{
	if (ip[0] >> 4 == 4 && (ip[0] & 0xfu) * 4 == l3_len) {
		*tos = ip[1];
		return (int64_t)get16(ip + 2) - l3_len;
	}
	if (ip[0] >> 4 == 6 && l3_len >= V6_LEN) {
		*tos = (uint8_t)(ip[0] << 4 | ip[1] >> 4);
		return (int64_t)get16(ip + 4) + V6_LEN - l3_len;
	}
	return -1;
}

int chim_hdr_parse(const uint8_t *frame, uint32_t contiguous, uint32_t frame_len, uint32_t l2_len,
		   uint32_t l3_len, uint32_t l4_len, struct chim_seg *seg)
{
	uint64_t headers = (uint64_t)l2_len + l3_len + l4_len;
	const uint8_t *ip = frame + l2_len, *tcp = ip + l3_len;
	uint8_t tos;
	int64_t bytes;

	if (headers > contiguous || contiguous > frame_len || l3_len < V4_LEN || l4_len < TCP_LEN)
		return -EBADMSG;
	bytes = ip_payload(ip, l3_len, &tos);
	if (bytes < l4_len || bytes > (int64_t)frame_len - l2_len - l3_len ||
	    (tcp[12] >> 4) * 4u != l4_len)
		return -EBADMSG;
	seg->seq = get32(tcp + 4);
	seg->ack = get32(tcp + 8);
	seg->wnd = get16(tcp + 14);
	seg->flags = tcp[13];
	seg->tos = tos;
	seg->opts = tcp + TCP_LEN;
	seg->opts_len = (uint16_t)(l4_len - TCP_LEN);
	seg->len = (uint32_t)(bytes - l4_len);
	seg->segs = 1;
	return (int)headers;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/fin.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	ETHER = 14,
	IPV4 = 20,
	IPV6 = 40,
	TCP = 20,
	TCP_TIMESTAMPS = 12,
	PROTOCOL_TCP = 6,
	FIN_ACK = 0x11,
};

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

/* RFC 1071, of an even number of bytes. */
static uint32_t sum(const uint8_t *p, size_t len, uint32_t start)
{
	for (size_t i = 0; i < len; i += 2)
		start += (uint32_t)(p[i] << 8 | p[i + 1]);
	return start;
}

static uint16_t fold(uint32_t v)
{
	while (v >> 16)
		v = (v & 0xffff) + (v >> 16);
	return (uint16_t)~v;
}

static size_t put_ip(uint8_t *ip, const struct chim_tcp_state *s, size_t payload)
{
	const struct chim_tuple *t = &s->tuple;

	if (t->v6) {
		put32(ip, 6u << 28 | (uint32_t)s->path.tos << 20);
		put16(ip + 4, (uint16_t)payload);
		ip[6] = PROTOCOL_TCP;
		ip[7] = 64;
		memcpy(ip + 8, t->remote, 16);
		memcpy(ip + 24, t->local, 16);
		return IPV6;
	}
	ip[0] = 0x45;
	ip[1] = s->path.tos;
	put16(ip + 2, (uint16_t)(IPV4 + payload));
	put16(ip + 6, 0x4000); /* not to be fragmented: needs no id of its own (RFC 6864) */
	ip[8] = 64;
	ip[9] = PROTOCOL_TCP;
	memcpy(ip + 12, t->remote, 4);
	memcpy(ip + 16, t->local, 4);
	put16(ip + 10, fold(sum(ip, IPV4, 0)));
	return IPV4;
}

static size_t put_tcp(uint8_t *tcp, const struct chim_tcp_state *s)
{
	bool timestamps = s->timestamps && s->ts_recent;
	size_t len = TCP + (timestamps ? TCP_TIMESTAMPS : 0);
	uint32_t window = s->snd_wnd >> s->snd_wscale;

	memcpy(tcp, &s->tuple.remote_port, 2);
	memcpy(tcp + 2, &s->tuple.local_port, 2);
	put32(tcp + 4, s->rcv_nxt - 1);
	put32(tcp + 8, s->snd_una);
	tcp[12] = (uint8_t)(len / 4 << 4);
	tcp[13] = FIN_ACK;
	put16(tcp + 14, window < UINT16_MAX ? (uint16_t)window : UINT16_MAX);
	if (timestamps) {
		put32(tcp + 20, 0x0101080a); /* NOP NOP, kind 8, length 10 */
		put32(tcp + 24, s->ts_recent);
		put32(tcp + 28, 0); /* echoes nothing */
	}
	return len;
}

size_t chim_fin_frame(const struct chim_tcp_state *s, uint8_t frame[CHIM_FIN_ROOM])
{
	size_t addr = s->tuple.v6 ? 16 : 4, l3 = s->tuple.v6 ? IPV6 : IPV4, l4;
	uint8_t *ip = frame + ETHER;
	uint32_t pseudo;

	memset(frame, 0, CHIM_FIN_ROOM);
	memcpy(frame, s->neigh.local_mac, 6);
	memcpy(frame + 6, s->neigh.remote_mac, 6);
	put16(frame + 12, s->tuple.v6 ? 0x86dd : 0x0800);
	l4 = put_tcp(ip + l3, s);
	put_ip(ip, s, l4);
	pseudo = sum(s->tuple.remote, addr, sum(s->tuple.local, addr, PROTOCOL_TCP)) + (uint32_t)l4;
	put16(ip + l3 + 16, fold(sum(ip + l3, l4, pseudo)));
	return ETHER + l3 + l4;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segmentation (3.5). The driver gives one set of headers with IP length 0 and a TCP checksum
 * over the pseudo-header without its length. A unit goes to the switch in one piece when that takes
 * it, with the header completed as virtio wants it (virtio 1.2, 5.1.6.2); else frames are made
 * here.
 */
#include "hv-core/e1000/csum.h"
#include "hv-core/e1000/frame.h"

#include <string.h>

enum { TCP_SEQ = 4, TCP_OFFSET = 12, TCP_FLAGS = 13, TCP_SUM = 16 };
enum { FIN = 0x01, PSH = 0x08, CWR = 0x80 };
enum { IP_LEN = 2, IP_ID = 4, IP_PROTO = 9, IP_SUM = 10, IP6_LEN = 4, IP6_NEXT = 6 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* Do the context's offsets make sense for this unit? */
static bool valid(const struct hv_e1000_context *x, const struct hv_e1000_frame *f)
{
	const uint8_t *h = f->front + E1000_TAG;
	uint32_t ip_bytes = x->ipv4 ? 20 : 40;

	return x->segment && x->tcp && x->mss && x->payload && f->head >= x->header &&
	       f->bytes == (uint32_t)x->header + x->payload && f->bytes - x->ip_start <= 0xffff &&
	       x->ip_start >= 14 && x->ip_start + ip_bytes <= x->l4_start &&
	       x->l4_start + 20u <= x->header && x->l4_sum == x->l4_start + TCP_SUM &&
	       (!x->ipv4 || x->ip_sum == x->ip_start + IP_SUM) &&
	       h[x->ip_start] >> 4 == (x->ipv4 ? 4 : 6);
}

/* Will the switch see the same headers as the context describes, and know what to do with them? */
static bool goes_whole(struct hv_e1000_card *c, const struct hv_e1000_frame *f)
{
	const struct hv_e1000_context *x = &c->context;
	const uint8_t *ip = f->front + E1000_TAG + x->ip_start;
	const uint8_t *tcp = f->front + E1000_TAG + x->l4_start;
	unsigned int offload = x->ipv4 ? HV_LINK_TSO4 : HV_LINK_TSO6;
	uint32_t ip_bytes = x->l4_start - x->ip_start;

	if (!(c->env.wire->offloads(c->env.wire_self) & offload) || x->payload <= x->mss ||
	    c->unit_done || tcp[TCP_FLAGS] & CWR || !(f->first & E1000_TX_TXSM) ||
	    (tcp[TCP_OFFSET] >> 4) * 4 != x->header - x->l4_start)
		return false;
	if (x->ipv4)
		return f->first & E1000_TX_IXSM && (ip[0] & 0xfu) * 4 == ip_bytes &&
		       ip[IP_PROTO] == 6;
	return ip_bytes == 40 && ip[IP6_NEXT] == 6;
}

/* The lengths and the IP checksum of a packet that carries `payload` bytes; adds the TCP length to
 * the pseudo-header's sum. */
static void complete(const struct hv_e1000_context *x, uint8_t *h, uint32_t payload, bool ip_sum)
{
	uint8_t *ip = h + x->ip_start, *tcp = h + x->l4_start;
	uint32_t total = x->header - x->ip_start + payload;
	uint32_t l4 = x->header - x->l4_start + payload;
	uint32_t sum = get16(tcp + TCP_SUM) + l4;

	if (x->ipv4)
		put16(ip + IP_LEN, total);
	else
		put16(ip + IP6_LEN, total - 40);
	if (x->ipv4 && ip_sum) {
		struct hv_e1000_sum s = {0};
		uint16_t v;

		put16(ip + IP_SUM, 0);
		hv_e1000_sum_add(&s, ip, x->l4_start - x->ip_start);
		v = (uint16_t)~hv_e1000_sum_fold(&s);
		memcpy(ip + IP_SUM, &v, 2);
	}
	sum = (sum & 0xffff) + (sum >> 16);
	put16(tcp + TCP_SUM, (sum & 0xffff) + (sum >> 16));
}

static bool send_whole(struct hv_e1000_card *c, struct hv_e1000_frame *f)
{
	const struct hv_e1000_context *x = &c->context;
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = x->ipv4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6,
		.hdr_len = x->header,
		.gso_size = x->mss,
		.csum_start = x->l4_start,
		.csum_offset = TCP_SUM,
	};

	complete(x, f->front + E1000_TAG, x->payload, true);
	return hv_e1000_frame_put(c, f->front, f->bytes, f->last, f->iov, f->n, &hdr);
}

/* The pieces of [from, from + len) of the unit, into out. Returns how many. */
static unsigned int slice(const struct hv_e1000_frame *f, uint32_t from, uint32_t len,
			  struct iovec *out)
{
	unsigned int n = 0;
	size_t at = 0;

	for (unsigned int i = 0; i <= f->n && len; at += f->iov[i].iov_len, i++) {
		size_t skip = from > at ? from - at : 0;

		if (skip >= f->iov[i].iov_len)
			continue;
		size_t part = f->iov[i].iov_len - skip;
		if (part > len)
			part = len;
		out[n++] = (struct iovec){(uint8_t *)f->iov[i].iov_base + skip, part};
		from += (uint32_t)part;
		len -= (uint32_t)part;
	}
	return n;
}

static bool send_segment(struct hv_e1000_card *c, const struct hv_e1000_frame *f, uint32_t done,
			 uint32_t len)
{
	const struct hv_e1000_context *x = &c->context;
	uint8_t front[E1000_TAG + E1000_HEAD], *h = front + E1000_TAG, *tcp = h + x->l4_start;
	struct iovec iov[1 + 1 + E1000_PIECES + 1];
	struct virtio_net_hdr hdr = {0};
	struct hv_e1000_sum s = {0};

	memcpy(h, f->front + E1000_TAG, x->header);
	iov[0] = (struct iovec){h, x->header};
	unsigned int n = slice(f, x->header + done, len, iov + 1);
	if (x->ipv4)
		put16(h + x->ip_start + IP_ID, get16(h + x->ip_start + IP_ID) + done / x->mss);
	put32(tcp + TCP_SEQ, get32(tcp + TCP_SEQ) + done);
	if (done + len < x->payload)
		tcp[TCP_FLAGS] &= (uint8_t) ~(FIN | PSH);
	if (done)
		tcp[TCP_FLAGS] &= (uint8_t)~CWR;
	complete(x, h, len, f->first & E1000_TX_IXSM);
	if (f->first & E1000_TX_TXSM) {
		hv_e1000_sum_pieces(&s, iov, n + 1, x->l4_start, x->header + len);
		uint16_t v = (uint16_t)~hv_e1000_sum_fold(&s);
		memcpy(tcp + TCP_SUM, &v, 2);
	}
	return hv_e1000_frame_put(c, front, x->header + len, f->last, iov, n, &hdr);
}

static enum hv_e1000_sent send_segments(struct hv_e1000_card *c, const struct hv_e1000_frame *f)
{
	const struct hv_e1000_context *x = &c->context;

	if (c->unit_done >= x->payload)
		c->unit_done = 0;
	for (unsigned int i = 0; i < E1000_UNIT_BURST; i++) {
		uint32_t left = x->payload - c->unit_done, len = left < x->mss ? left : x->mss;

		if (!send_segment(c, f, c->unit_done, len))
			return i ? E1000_PARTLY : E1000_NO_ROOM;
		c->unit_done += len;
		if (len == left)
			return E1000_SENT;
	}
	return E1000_PARTLY;
}

/* The card counts what is on the wire: frames. */
static void count(struct hv_e1000_card *c, const uint8_t *dst)
{
	const struct hv_e1000_context *x = &c->context;
	uint32_t around = x->header + E1000_FCS_BYTES, rest = x->payload % x->mss;

	hv_e1000_count(c, E1000_TSCTC, 1);
	hv_e1000_count_tx(c, dst, around + x->mss, x->payload / x->mss);
	if (rest)
		hv_e1000_count_tx(c, dst, around + rest, 1);
}

enum hv_e1000_sent hv_e1000_unit_send(struct hv_e1000_card *c, struct hv_e1000_frame *f)
{
	enum hv_e1000_sent sent;
	uint8_t dst[6];

	hv_e1000_frame_head(f);
	memcpy(dst, f->front + E1000_TAG, 6);
	if (!valid(&c->context, f)) {
		hv_e1000_count(c, E1000_TSCTFC, 1);
		return E1000_SENT;
	}
	if (goes_whole(c, f))
		sent = send_whole(c, f) ? E1000_SENT : E1000_NO_ROOM;
	else
		sent = send_segments(c, f);
	if (sent == E1000_SENT) {
		count(c, dst);
		c->unit_done = 0;
	}
	return sent;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/frame.h"

#include <netinet/in.h>

enum { IP_AT = 14, L4_AT = 34, IP_HEAD = 20, TCP_HEAD = 20, TCP_STAMPS = 12 };

void frame_pattern_fill(uint8_t *to, uint32_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = frame_pattern(at + i);
}

bool frame_pattern_right(const uint8_t *data, uint32_t at, uint32_t n)
{
	uint8_t wrong = 0;

	for (uint32_t i = 0; i < n; i++)
		wrong |= data[i] ^ frame_pattern(at + i);
	return wrong == 0;
}

static void put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *from)
{
	return (uint32_t)from[0] << 8 | from[1];
}

static uint32_t get32(const uint8_t *from)
{
	return get16(from) << 16 | get16(from + 2);
}

/* The sum of 16-bit words as they lie in memory. n even, but for the last piece of a packet. */
static uint64_t add_words(const uint8_t *data, uint32_t n)
{
	uint64_t sum = 0;
	uint16_t word;

	for (; n >= 2; n -= 2, data += 2) {
		memcpy(&word, data, 2);
		sum += word;
	}
	if (n) {
		word = 0;
		memcpy(&word, data, 1);
		sum += word;
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}

/* Ethernet and IPv4. */
static void put_headers(struct frame_image *img, const struct frame_ends *ends, uint8_t proto)
{
	uint8_t *ip = img->head + IP_AT;
	uint16_t sum;

	memcpy(img->head, ends->dst, 6);
	memcpy(img->head + 6, ends->src, 6);
	put16(img->head + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, img->bytes - IP_AT);
	put16(ip + 6, 0x4000); /* do not fragment */
	ip[8] = 64;
	ip[9] = proto;
	put16(ip + 12, 198 << 8 | 18);
	put16(ip + 14, ends->src_host);
	put16(ip + 16, 198 << 8 | 18);
	put16(ip + 18, ends->dst_host);
	sum = (uint16_t)~fold(add_words(ip, IP_HEAD));
	memcpy(ip + 10, &sum, 2);
	img->src_mask = ends->src_varies ? UINT32_MAX : 0;
	img->dst_mask = ends->dst_varies ? UINT32_MAX : 0;
}

/* Addresses and protocol; l4_bytes: 0 leaves the length out. */
static uint64_t pseudo_sum(const uint8_t *ip, uint32_t l4_bytes)
{
	uint8_t rest[4] = {0, ip[9]};

	put16(rest + 2, l4_bytes);
	return add_words(ip + 12, 8) + add_words(rest, 4);
}

/* The same few sizes come again and again, and the generator's time is the load's: sums are kept.
 */
static uint64_t pattern_sum(uint32_t from, uint32_t to)
{
	static _Thread_local struct {
		uint32_t from, to;
		uint64_t sum;
	} known[8];
	const uint32_t place = to % 8;
	uint64_t sum = 0;

	if (known[place].from == from && known[place].to == to)
		return known[place].sum;

	for (uint32_t at = from; at < to; at++) {
		uint8_t word[2] = {0, 0};

		word[(at - from) & 1] = frame_pattern(at);
		sum += add_words(word, 2);
	}
	known[place].from = from;
	known[place].to = to;
	known[place].sum = sum;
	return sum;
}

void frame_image_init(struct frame_image *img, const struct frame_ends *ends, uint32_t bytes)
{
	memset(img, 0, sizeof(*img));
	img->bytes = bytes;
	put_headers(img, ends, IPPROTO_UDP);
	put16(img->head + L4_AT + 4, bytes - L4_AT);
	img->sum = pseudo_sum(img->head + IP_AT, bytes - L4_AT) +
		   add_words(img->head + L4_AT + 4, 2) + pattern_sum(FRAME_HEAD, bytes);
}

void frame_image_unit(struct frame_image *img, const struct frame_ends *ends, uint32_t mtu)
{
	uint8_t *tcp;
	uint16_t sum;

	memset(img, 0, sizeof(*img));
	tcp = img->head + L4_AT;
	/* As Linux sends: it leaves room for time stamps. */
	img->mss = (uint16_t)(mtu - IP_HEAD - TCP_HEAD - TCP_STAMPS);
	img->bytes = FRAME_UNIT_HEAD + (FRAME_MAX - FRAME_UNIT_HEAD) / img->mss * img->mss;
	put_headers(img, ends, IPPROTO_TCP);
	tcp[12] = TCP_HEAD / 4 << 4;
	tcp[13] = 0x10; /* ACK */
	put16(tcp + 14, 0xffff);
	/* What a guest leaves there: the pseudo-header's sum (virtio 5.1.6.2). */
	sum = fold(pseudo_sum(img->head + IP_AT, img->bytes - L4_AT));
	memcpy(tcp + 16, &sum, 2);
}

void frame_fill_unit(const struct frame_image *img, uint8_t *to, uint32_t flow,
		     const struct frame_sig *sig)
{
	uint32_t swapped = __builtin_bswap32(flow), part;
	uint16_t sport = frame_port(flow), dport = frame_port(flow >> 12);

	memcpy(to, img->head, FRAME_UNIT_HEAD);
	memcpy(&part, img->head + 2, 4);
	part ^= swapped & img->dst_mask;
	memcpy(to + 2, &part, 4);
	memcpy(&part, img->head + 8, 4);
	part ^= swapped & img->src_mask;
	memcpy(to + 8, &part, 4);
	memcpy(to + L4_AT, &sport, 2);
	memcpy(to + L4_AT + 2, &dport, 2);
	frame_put32(to + L4_AT + 4, sig->seq << 16);
	frame_put32(to + L4_AT + 8, (uint32_t)sig->trial << 16 | sig->stream);
	frame_sig_put(to + FRAME_UNIT_HEAD, sig);
}

static enum frame_kind parse_piece(const uint8_t *head, uint32_t ip_bytes, struct frame_seen *seen)
{
	const uint8_t *tcp = head + L4_AT;
	uint32_t ack = get32(tcp + 8), tcp_head = (uint32_t)(tcp[12] >> 4) * 4;

	if (tcp_head < TCP_HEAD || IP_HEAD + tcp_head > ip_bytes)
		return FRAME_DAMAGED;
	seen->payload = ip_bytes - IP_HEAD - tcp_head;
	seen->at = get32(tcp + 4) & 0xffff;
	seen->sig.trial = (uint16_t)(ack >> 16);
	seen->sig.stream = (uint8_t)ack;
	return FRAME_PIECE;
}

enum frame_kind frame_parse(const uint8_t *head, uint32_t len, struct frame_seen *seen)
{
	const uint8_t *ip = head + IP_AT;
	uint32_t ip_bytes;

	memset(seen, 0, sizeof(*seen));
	/* Only what comes from and goes to our hosts is ours. */
	if (len < FRAME_HEAD || get16(head + 12) != 0x0800 || ip[0] != 0x45 ||
	    get16(ip + 12) != (198 << 8 | 18) || get16(ip + 16) != (198 << 8 | 18))
		return FRAME_OTHER;
	ip_bytes = get16(ip + 2);
	if (ip_bytes > len - IP_AT)
		return FRAME_DAMAGED;
	if (ip[9] == IPPROTO_TCP)
		return parse_piece(head, ip_bytes, seen);
	if (ip[9] != IPPROTO_UDP)
		return FRAME_OTHER;
	if (ip_bytes != len - IP_AT || get16(head + L4_AT + 4) != len - L4_AT ||
	    !frame_sig_get(head + FRAME_SIG_AT, &seen->sig))
		return FRAME_DAMAGED;
	return FRAME_WHOLE;
}

bool frame_sum_right(const uint8_t *head, uint32_t len)
{
	uint64_t sum = pseudo_sum(head + IP_AT, len - L4_AT) +
		       add_words(head + L4_AT, FRAME_HEAD - L4_AT) + pattern_sum(FRAME_HEAD, len);

	return fold(add_words(head + IP_AT, IP_HEAD)) == 0xffff && fold(sum) == 0xffff;
}

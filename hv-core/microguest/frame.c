/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/frame.h"

enum { IP_AT = 14, L4_AT = 34, IP_HEAD = 20, TCP_HEAD = 20, TCP_STAMPS = 12, UDP = 17, TCP = 6 };

void mg_pattern_fill(uint8_t *to, uint32_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = mg_pattern(at + i);
}

bool mg_pattern_right(const uint8_t *data, uint32_t at, uint32_t n)
{
	uint8_t wrong = 0;

	for (uint32_t i = 0; i < n; i++)
		wrong |= data[i] ^ mg_pattern(at + i);
	return wrong == 0;
}

static void put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static void put32(uint8_t *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to + 2, v);
}

static uint32_t get16(const uint8_t *from)
{
	return (uint32_t)from[0] << 8 | from[1];
}

static uint32_t get32(const uint8_t *from)
{
	return get16(from) << 16 | get16(from + 2);
}

uint64_t mg_sum_bytes(const uint8_t *data, uint32_t n)
{
	uint64_t sum = 0, word;
	uint16_t half = 0;

	for (; n >= 8; n -= 8, data += 8) {
		memcpy(&word, data, 8);
		sum += mg_sum64(word);
	}
	for (; n >= 2; n -= 2, data += 2) {
		memcpy(&half, data, 2);
		sum += half;
	}
	return n ? sum + *data : sum;
}

/* Ethernet and IPv4. */
static void put_headers(struct mg_image *img, const struct mg_ends *ends, uint8_t proto)
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
	sum = (uint16_t)~mg_sum_fold(mg_sum_bytes(ip, IP_HEAD));
	memcpy(ip + 10, &sum, 2);
}

/* Addresses, protocol and length. */
static uint64_t pseudo_sum(const uint8_t *ip, uint32_t l4_bytes)
{
	uint8_t rest[4] = {0, ip[9]};

	put16(rest + 2, l4_bytes);
	return mg_sum_bytes(ip + 12, 8) + mg_sum_bytes(rest, 4);
}

static uint64_t pattern_sum(uint32_t from, uint32_t to)
{
	uint64_t sum = 0;

	for (uint32_t at = from; at < to; at++)
		sum += (uint64_t)mg_pattern(at) << 8 * ((at - from) & 1);
	return sum;
}

void mg_image_frame(struct mg_image *img, const struct mg_ends *ends, uint32_t bytes, uint16_t run,
		    uint16_t stream, bool partial)
{
	uint16_t sum;

	*img = (struct mg_image){.bytes = bytes, .run = run, .stream = stream, .partial = partial};
	put_headers(img, ends, UDP);
	put16(img->head + L4_AT, 0x2000);
	put16(img->head + L4_AT + 2, 0x2000);
	put16(img->head + L4_AT + 4, bytes - L4_AT);
	img->sum = pseudo_sum(img->head + IP_AT, bytes - L4_AT) +
		   mg_sum_bytes(img->head + L4_AT + 4, 2) + stream +
		   pattern_sum(MG_FRAME_HEAD, bytes);
	if (!partial)
		return;
	sum = mg_sum_fold(pseudo_sum(img->head + IP_AT, bytes - L4_AT));
	memcpy(img->head + L4_AT + 6, &sum, 2);
}

/* As Linux sends: it leaves room for time stamps. */
static uint32_t segment(uint32_t mtu)
{
	return mtu - IP_HEAD - TCP_HEAD - TCP_STAMPS;
}

uint32_t mg_unit_bytes(uint32_t mtu)
{
	return (MG_UNIT_MAX - MG_UNIT_HEAD) / segment(mtu) * segment(mtu);
}

void mg_image_unit(struct mg_image *img, const struct mg_ends *ends, uint32_t mtu, uint16_t run,
		   uint16_t stream)
{
	uint8_t *tcp;
	uint16_t sum;

	*img = (struct mg_image){.run = run, .stream = stream, .partial = true};
	tcp = img->head + L4_AT;
	img->mss = (uint16_t)segment(mtu);
	img->bytes = MG_UNIT_HEAD + mg_unit_bytes(mtu);
	put_headers(img, ends, TCP);
	put16(tcp, 0x2000);
	put16(tcp + 2, 0x2000);
	put32(tcp + 8, (uint32_t)run << 16 | stream);
	tcp[12] = TCP_HEAD / 4 << 4;
	tcp[13] = 0x10; /* ACK */
	put16(tcp + 14, 0xffff);
	sum = mg_sum_fold(pseudo_sum(img->head + IP_AT, img->bytes - L4_AT));
	memcpy(tcp + 16, &sum, 2);
}

void mg_frame_prepare(const struct mg_image *img, uint8_t *to)
{
	uint32_t head = img->mss ? MG_UNIT_HEAD : MG_FRAME_HEAD;

	memcpy(to, img->head, head);
	mg_pattern_fill(to + head, head, img->bytes - head);
}

void mg_unit_fill(const struct mg_image *img, uint8_t *to, uint32_t place, uint64_t due)
{
	struct mg_sig sig = {.magic = MG_MAGIC,
			     .kind = MG_DATA,
			     .run = img->run,
			     .place = place,
			     .due = due,
			     .stream = img->stream};

	put32(to + L4_AT + 4, place << 16);
	memcpy(to + MG_UNIT_HEAD, &sig, sizeof(sig));
}

/* Exchanges n bytes with those behind them. */
static void swap(uint8_t *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t kept = at[i];

		at[i] = at[n + i];
		at[n + i] = kept;
	}
}

void mg_frame_answer(const uint8_t *from, uint8_t *to)
{
	uint16_t sum = 0;

	memcpy(to, from, MG_FRAME_HEAD);
	swap(to, 6);
	swap(to + IP_AT + 12, 4);
	to[MG_SIG_AT + 1] = MG_READY;
	memcpy(to + L4_AT + 6, &sum, 2);
	sum = (uint16_t)~mg_sum_fold(pseudo_sum(to + IP_AT, MG_FRAME_HEAD - L4_AT) +
				     mg_sum_bytes(to + L4_AT, MG_FRAME_HEAD - L4_AT));
	sum = sum ? sum : 0xffff;
	memcpy(to + L4_AT + 6, &sum, 2);
}

static enum mg_seen_kind parse_piece(const uint8_t *head, uint32_t ip_bytes, struct mg_seen *seen)
{
	const uint8_t *tcp = head + L4_AT;
	uint32_t tcp_head = (uint32_t)(tcp[12] >> 4) * 4, ack = get32(tcp + 8);

	if (tcp_head != TCP_HEAD || IP_HEAD + tcp_head > ip_bytes)
		return MG_SEEN_DAMAGED;
	seen->head = MG_UNIT_HEAD;
	seen->payload = ip_bytes - IP_HEAD - TCP_HEAD;
	seen->at = get32(tcp + 4) & 0xffff;
	if (seen->at == 0) {
		if (seen->payload < MG_SIG)
			return MG_SEEN_DAMAGED;
		memcpy(&seen->sig, head + MG_UNIT_HEAD, MG_SIG);
		if (seen->sig.magic != MG_MAGIC || seen->sig.run != ack >> 16 ||
		    seen->sig.stream != (ack & 0xffff))
			return MG_SEEN_DAMAGED;
	}
	seen->sig.kind = MG_DATA;
	seen->sig.run = (uint16_t)(ack >> 16);
	seen->sig.stream = (uint16_t)ack;
	return MG_SEEN_PIECE;
}

enum mg_seen_kind mg_frame_parse(const uint8_t *head, uint32_t len, struct mg_seen *seen)
{
	const uint8_t *ip = head + IP_AT;
	uint32_t ip_bytes;

	/* Only what comes from and goes to our hosts is ours. */
	if (len < MG_FRAME_HEAD || get16(head + 12) != 0x0800 || ip[0] != 0x45 ||
	    get16(ip + 12) != (198 << 8 | 18) || get16(ip + 16) != (198 << 8 | 18))
		return MG_SEEN_OTHER;
	ip_bytes = get16(ip + 2);
	if (ip_bytes > len - IP_AT)
		return MG_SEEN_DAMAGED;
	if (ip[9] == TCP)
		return parse_piece(head, ip_bytes, seen);
	if (ip[9] != UDP)
		return MG_SEEN_OTHER;
	memcpy(&seen->sig, head + MG_SIG_AT, MG_SIG);
	if (ip_bytes != len - IP_AT || get16(head + L4_AT + 4) != len - L4_AT ||
	    seen->sig.magic != MG_MAGIC || seen->sig.kind < MG_DATA || seen->sig.kind > MG_READY)
		return MG_SEEN_DAMAGED;
	return MG_SEEN_FRAME;
}

bool mg_frame_right(const uint8_t *frame, uint32_t len, enum mg_sum_state state)
{
	const uint8_t *ip = frame + IP_AT;
	uint64_t pseudo = pseudo_sum(ip, len - L4_AT);
	uint16_t sum;

	if (mg_sum_fold(mg_sum_bytes(ip, IP_HEAD)) != 0xffff ||
	    !mg_pattern_right(frame + MG_FRAME_HEAD, MG_FRAME_HEAD, len - MG_FRAME_HEAD))
		return false;
	if (state == MG_SUM_VALID)
		return true;
	memcpy(&sum, frame + L4_AT + 6, 2);
	if (state == MG_SUM_PARTIAL)
		return sum == mg_sum_fold(pseudo);
	/* RFC 768: 0 would be none, and we always send one. */
	return sum && mg_sum_fold(pseudo + mg_sum_bytes(frame + L4_AT, len - L4_AT)) == 0xffff;
}

bool mg_piece_right(const uint8_t *frame, const struct mg_seen *seen)
{
	uint32_t skip = seen->at == 0 ? MG_SIG : 0;

	return mg_pattern_right(frame + seen->head + skip, MG_UNIT_HEAD + seen->at + skip,
				seen->payload - skip);
}

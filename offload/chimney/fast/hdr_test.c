/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/hdr.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t payload[3000] = "some bytes";

static struct chim_tcp_state state_of(bool v6)
{
	struct chim_tcp_state s = {.path = {.ttl = 63, .tos = 0xb8, .flowlabel = 0xabcde}};

	s.tuple.v6 = v6;
	s.tuple.local_port = htons(3260);
	s.tuple.remote_port = htons(40000);
	for (uint8_t i = 0; i < (v6 ? 16 : 4); i++) {
		s.tuple.local[i] = (uint8_t)(10 + i);
		s.tuple.remote[i] = (uint8_t)(250 - i);
	}
	return s;
}

/* Big-endian words, one after the other (RFC 1071): written apart from what is tested. */
static uint32_t add(uint32_t sum, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The sum over pseudo-header (with this length), TCP header and payload, as a receiver does it. */
static uint32_t tcp_sum(const struct chim_out *out, uint32_t phdr_len, bool with_data)
{
	bool v6 = out->l3_len == 40;
	uint8_t more[4] = {(uint8_t)(phdr_len >> 8), (uint8_t)phdr_len, 0, IPPROTO_TCP};
	uint32_t sum = add(0, more, 4);

	sum = v6 ? add(sum, out->headers + 8, 32) : add(sum, out->headers + 12, 8);
	if (with_data) {
		sum = add(sum, out->headers + out->l3_len, out->l4_len);
		sum = add(sum, payload, out->len);
	}
	return sum;
}

static uint32_t field(const struct chim_out *out)
{
	const uint8_t *p = out->headers + out->l3_len + 16;

	return (uint32_t)p[0] << 8 | p[1];
}

static void check_ip(const struct chim_out *out, uint32_t bytes, uint8_t tos, uint16_t id)
{
	struct ip6_hdr v6;
	struct iphdr v4;

	if (out->l3_len == 40) {
		memcpy(&v6, out->headers, sizeof(v6));
		assert_int_equal(ntohl(v6.ip6_flow), 6u << 28 | (uint32_t)tos << 20 | 0xabcde);
		assert_int_equal(ntohs(v6.ip6_plen), bytes);
		assert_int_equal(v6.ip6_nxt, IPPROTO_TCP);
		assert_int_equal(v6.ip6_hlim, 63);
		return;
	}
	memcpy(&v4, out->headers, sizeof(v4));
	assert_int_equal(v4.version * 16 + v4.ihl, 0x45);
	assert_int_equal(v4.tos, tos);
	assert_int_equal(ntohs(v4.tot_len), 20 + bytes);
	assert_int_equal(ntohs(v4.id), id);
	assert_int_equal(ntohs(v4.frag_off), 0x4000);
	assert_int_equal(v4.ttl, 63);
	assert_int_equal(add(0, out->headers, 20), 0xffff);
}

static void one_frame(bool v6, uint32_t len, uint16_t segsz)
{
	struct chim_tcp_state s = state_of(v6);
	struct chim_opts o = {.has_ts = true, .tsval = 77, .tsecr = 88};
	uint8_t opts[CHIM_OPTS_BYTES], frame[128 + sizeof(payload)];
	struct chim_hdr h = {.seq = 0xfffffff0, .ack = 12345, .wnd = 777, .ipid = 0xfffe};
	struct chim_hdr_template t;
	struct chim_out out = {0};
	struct chim_seg seg;
	uint16_t sum;

	h.flags = CHIM_ACK | CHIM_PSH;
	h.ecn = CHIM_ECN_ECT0;
	h.payload_len = len;
	h.segsz = segsz;
	h.opts = opts;
	h.opts_len = (uint8_t)chim_opts_build(&o, opts);
	chim_hdr_template(&t, &s);
	assert_int_equal(chim_hdr_build(&t, &h, &out), 1);
	assert_int_equal(out.segsz, 0);
	assert_int_equal(out.len, len);
	check_ip(&out, 32 + len, 0xb8 | CHIM_ECN_ECT0, 0xfffe);
	assert_int_equal(field(&out), tcp_sum(&out, 32 + len, false));
	/* Finished as a port does it, it is right for a receiver. */
	sum = (uint16_t)~add(add(0, out.headers + out.l3_len, out.l4_len), payload, len);
	out.headers[out.l3_len + 16] = (uint8_t)(sum >> 8);
	out.headers[out.l3_len + 17] = (uint8_t)sum;
	assert_int_equal(tcp_sum(&out, 32 + len, true), 0xffff);

	/* And read back. */
	memset(frame, 0, 14);
	memcpy(frame + 14, out.headers, (size_t)out.l3_len + 32);
	assert_int_equal(chim_hdr_parse(frame, 14u + out.l3_len + 32,
					14u + out.l3_len + 32 + len + 5, 14, out.l3_len, 32, &seg),
			 14 + out.l3_len + 32);
	assert_int_equal(seg.seq, h.seq);
	assert_int_equal(seg.ack, h.ack);
	assert_int_equal(seg.wnd, 777);
	assert_int_equal(seg.flags, CHIM_ACK | CHIM_PSH);
	assert_int_equal(seg.tos, 0xba);
	assert_int_equal(seg.len, len);
	assert_int_equal(seg.segs, 1);
	assert_int_equal(seg.opts_len, 12);
	assert_memory_equal(seg.opts, opts, 12);
}

static void frames(void **state)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		one_frame(v6, 0, 0);
		one_frame(v6, 1, 1448);
		one_frame(v6, 1448, 1448); /* no unit: it fits */
		one_frame(v6, 2999, 0);
	}
}

static void units(void **state)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		struct chim_tcp_state s = state_of(v6);
		struct chim_hdr h = {.seq = 1, .ack = 2, .flags = CHIM_ACK, .ipid = 5};
		struct chim_hdr_template t;
		struct chim_out out = {0};

		h.segsz = 1460;
		h.payload_len = CHIM_UNIT_BYTES;
		chim_hdr_template(&t, &s);
		assert_int_equal(chim_hdr_build(&t, &h, &out), (CHIM_UNIT_BYTES + 1459) / 1460);
		assert_int_equal(out.segsz, 1460);
		assert_int_equal(out.l4_len, 20);
		check_ip(&out, 20 + CHIM_UNIT_BYTES, 0xb8, 5);
		assert_int_equal(field(&out), tcp_sum(&out, 0, false));
	}
}

static void refuses(void **state)
{
	struct chim_tcp_state s = state_of(false);
	struct chim_hdr h = {.payload_len = 10};
	struct chim_hdr_template t;
	struct chim_out out = {0};
	struct chim_seg seg = {.len = 99};
	uint8_t *f = out.headers;

	chim_hdr_template(&t, &s);
	chim_hdr_build(&t, &h, &out);
	assert_int_equal(chim_hdr_parse(f, 39, 50, 0, 20, 20, &seg), -EBADMSG);
	assert_int_equal(chim_hdr_parse(f, 40, 39, 0, 20, 20, &seg), -EBADMSG);
	assert_int_equal(chim_hdr_parse(f, 40, 49, 0, 20, 20, &seg), -EBADMSG); /* cut short */
	assert_int_equal(chim_hdr_parse(f, 40, 50, 0, 16, 20, &seg), -EBADMSG);
	assert_int_equal(chim_hdr_parse(f, 40, 50, 0, 20, 16, &seg), -EBADMSG);
	assert_int_equal(chim_hdr_parse(f, 44, 50, 0, 24, 20, &seg), -EBADMSG);
	assert_int_equal(chim_hdr_parse(f, 44, 50, 0, 20, 24, &seg), -EBADMSG);
	f[0] = 0x65; /* neither 4 nor a whole IPv6 header */
	assert_int_equal(chim_hdr_parse(f, 40, 50, 0, 20, 20, &seg), -EBADMSG);
	f[0] = 0x55;
	assert_int_equal(chim_hdr_parse(f, 80, 80, 0, 40, 20, &seg), -EBADMSG);
	f[0] = 0x45;
	f[3] = 39; /* the packet ends within the TCP header */
	assert_int_equal(chim_hdr_parse(f, 40, 50, 0, 20, 20, &seg), -EBADMSG);
	assert_int_equal(seg.len, 99);
	f[3] = 40;
	assert_int_equal(chim_hdr_parse(f, 40, 50, 0, 20, 20, &seg), 40);
	assert_int_equal(seg.len, 0); /* the rest is padding */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(units),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

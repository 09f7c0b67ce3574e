/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP errors that quote a segment, byte by byte, and the place where they are noted. */
#include "offload/chimney/steer/quote.h"

#include "offload/chimney/steer/flow_impl.h"
#include "packet/csum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { L3 = 14 };

static uint8_t frame[256];
static uint32_t len;
static struct flow_quote q;

static void be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The ICMP checksum of what stands there now. */
static void complete(bool v6)
{
	uint8_t *icmp = frame + L3 + (v6 ? 40 : 20);
	uint32_t n = len - (uint32_t)(icmp - frame);
	uint16_t sum;

	be16(icmp + 2, 0);
	/* Of words as they lie in memory. */
	sum = pkt_csum_fold((uint64_t)pkt_csum_bytes(icmp, n) +
			    (v6 ? pkt_csum_pseudo(frame + L3, 6, 58, n) : 0));
	sum = (uint16_t)~sum;
	memcpy(icmp + 2, &sum, 2);
}

/* From a router to 10.0.0.1, which sent 10.0.0.1:40000 -> 10.9.0.2:5001 seq 0x01020304; the same
 * with fd00::1 and fd00::2. */
static void build(bool v6, uint8_t type, uint8_t code, uint32_t mtu)
{
	static const uint8_t a4[4] = {10, 0, 0, 1}, b4[4] = {10, 9, 0, 2};
	uint8_t *l3 = frame + L3, *icmp = l3 + (v6 ? 40 : 20), *ip = icmp + 8,
		*tcp = ip + (v6 ? 40 : 20);

	memset(frame, 0, sizeof(frame));
	memcpy(frame, "\2\0\0\0\0\1\2\0\0\0\0\3", 12);
	len = (uint32_t)(tcp + 20 - frame);
	if (v6) {
		be16(frame + 12, 0x86dd);
		l3[0] = ip[0] = 0x60;
		be16(l3 + 4, len - L3 - 40);
		l3[6] = 58;
		ip[6] = 6;
		memcpy(ip + 8, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
		memcpy(ip + 24, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
		memcpy(l3 + 24, ip + 8, 16);
		icmp[4] = (uint8_t)(mtu >> 24);
		icmp[5] = (uint8_t)(mtu >> 16);
	} else {
		be16(frame + 12, 0x0800);
		l3[0] = ip[0] = 0x45;
		be16(l3 + 2, len - L3);
		l3[9] = 1;
		ip[9] = 6;
		be16(ip + 6, 0x4000);
		memcpy(ip + 12, a4, 4);
		memcpy(ip + 16, b4, 4);
		memcpy(l3 + 16, a4, 4);
	}
	icmp[0] = type;
	icmp[1] = code;
	be16(icmp + 6, mtu);
	be16(tcp, 40000);
	be16(tcp + 2, 5001);
	memcpy(tcp + 4, "\1\2\3\4", 4);
	complete(v6);
}

static bool is_quote(void)
{
	memset(&q, 0xff, sizeof(q));
	return flow_quote_of(frame, len, &q);
}

static void too_big(void **state)
{
	build(false, 3, 4, 1400);
	assert_true(is_quote());
	assert_int_equal(q.kind, FLOW_TOO_BIG);
	assert_int_equal(q.mtu, 1400);
	assert_int_equal(q.seq, 0x01020304);
	assert_memory_equal(q.key.dst, "\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(q.key.src, "\x0a\x09\0\2\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(&q.key.dport, "\x9c\x40", 2);
	assert_memory_equal(&q.key.sport, "\x13\x89", 2);
	assert_memory_equal(q.key.dmac, "\2\0\0\0\0\1", 6);
	assert_int_equal(q.key.v6, 0);
	assert_int_equal(q.key.pad, 0);
	build(true, 2, 0, 1400);
	assert_true(is_quote());
	assert_int_equal(q.kind, FLOW_TOO_BIG);
	assert_int_equal(q.mtu, 1400);
	assert_int_equal(q.seq, 0x01020304);
	assert_int_equal(q.key.dst[15], 1);
	assert_int_equal(q.key.src[15], 2);
	assert_int_equal(q.key.v6, 1);
	/* 32 bits of MTU, and an old router that knows of none. */
	build(true, 2, 0, 0x10005);
	assert_true(is_quote());
	assert_int_equal(q.mtu, 65535);
	build(false, 3, 4, 0);
	assert_true(is_quote());
	assert_int_equal(q.mtu, 0);
}

static void unreachable(void **state)
{
	build(false, 3, 1, 1400);
	assert_true(is_quote());
	assert_int_equal(q.kind, FLOW_UNREACHABLE);
	build(true, 1, 3, 0);
	assert_true(is_quote());
	assert_int_equal(q.kind, FLOW_UNREACHABLE);
}

static void other(void **state)
{
	static const uint8_t types4[] = {0, 4, 5, 8, 11, 12}, types6[] = {0, 3, 4, 128, 129, 135};

	for (size_t i = 0; i < sizeof(types4); i++) {
		build(false, types4[i], 4, 1400);
		assert_false(is_quote());
		build(true, types6[i], 0, 1400);
		assert_false(is_quote());
	}
}

/* The byte at that offset of layer 3 is another, with a right checksum. */
static bool with(bool v6, uint32_t at, uint8_t value)
{
	build(v6, v6 ? 2 : 3, v6 ? 0 : 4, 1400);
	frame[L3 + at] = value;
	complete(v6);
	return is_quote();
}

static void not_plain(void **state)
{
	assert_false(with(false, 0, 0x46));	  /* options */
	assert_false(with(false, 6, 0x20));	  /* a fragment */
	assert_false(with(false, 20 + 8, 0x46));  /* options of what is quoted */
	assert_false(with(false, 20 + 8 + 7, 1)); /* a later fragment */
	assert_false(with(false, 20 + 8 + 9, 17));
	assert_false(with(true, 40 + 8, 0x40));
	assert_false(with(true, 40 + 8 + 6, 0)); /* hop-by-hop options before TCP */
	assert_false(with(true, 0, 0x40));
	assert_true(with(true, 1, 5));
}

static void short_ones(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		uint32_t l3 = v6 ? 40 : 20, least = L3 + l3 + 8 + l3 + 8;

		/* What was cut off is not summed. */
		build(v6, v6 ? 2 : 3, v6 ? 0 : 4, 1400);
		for (uint32_t n = 0; n < len; n++) {
			uint8_t *copy = test_malloc(n + 1); /* reading on is seen */

			memcpy(copy, frame, n);
			assert_int_equal(flow_quote_of(copy, n, &q), n >= least);
			test_free(copy);
		}
		/* Its own length says that nothing is quoted. */
		be16(frame + L3 + (v6 ? 4 : 2), v6 ? 8 + 40 + 7 : 20 + 8 + 20 + 7);
		assert_false(is_quote());
		be16(frame + L3 + (v6 ? 4 : 2), 0);
		assert_false(is_quote());
	}
}

static void damaged(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		build(v6, v6 ? 2 : 3, v6 ? 0 : 4, 1400);
		frame[len - 1] ^= 1;
		assert_false(is_quote());
		/* The tail is missing: it cannot be told. */
		len -= 4;
		assert_true(is_quote());
	}
}

static void noted(void **state)
{
	struct flow_table *t = flow_table_new(1, 64);
	struct flow_quote out[FLOW_QUOTES];
	int fd = eventfd(0, EFD_NONBLOCK);
	uint64_t told;

	assert_int_equal(flow_table_note_quotes(t, fd), 0);
	assert_int_equal(flow_quotes_take(t, out), 0);
	for (uint32_t i = 0; i < FLOW_QUOTES + 5; i++) {
		q.seq = i;
		flow_quote_note(t->quotes, &q);
	}
	/* Main is woken once, and what had no room is lost. */
	assert_int_equal(read(fd, &told, sizeof(told)), sizeof(told));
	assert_int_equal(told, 1);
	assert_int_equal(flow_quotes_take(t, out), FLOW_QUOTES);
	for (uint32_t i = 0; i < FLOW_QUOTES; i++)
		assert_int_equal(out[i].seq, i);
	assert_int_equal(flow_quotes_take(t, out), 0);
	flow_quote_note(t->quotes, &q);
	assert_int_equal(read(fd, &told, sizeof(told)), sizeof(told));
	assert_int_equal(flow_quotes_take(t, out), 1);
	flow_table_free(t);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_big),    cmocka_unit_test(unreachable),
		cmocka_unit_test(other),      cmocka_unit_test(not_plain),
		cmocka_unit_test(short_ones), cmocka_unit_test(damaged),
		cmocka_unit_test(noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

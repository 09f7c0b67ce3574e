/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/parse.h"

#include "packet/test_eal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* A frame under construction. */
struct frame {
	uint8_t bytes[2048];
	uint32_t len;
};

static void put(struct frame *f, const char *hex)
{
	for (unsigned int byte; sscanf(hex, " %2x", &byte) == 1;) {
		f->bytes[f->len++] = byte;
		hex += strspn(hex, " ") + 2;
	}
}

static void put_zero(struct frame *f, uint32_t n)
{
	memset(f->bytes + f->len, 0, n);
	f->len += n;
}

/* As put_zero, but nothing that a header may start with. */
static void put_fill(struct frame *f, uint32_t n)
{
	memset(f->bytes + f->len, 0xa5, n);
	f->len += n;
}

#define MACS	  "020000000001 020000000002"
#define IP4_ADDRS "0a000001 0a000002"
#define IP6_ADDRS "fd000000000000000000000000000001 fd000000000000000000000000000002"
#define TCP20	  "1234 5678 00000001 00000002 5010 ffff 0000 0000"
#define UDP(len)  "1234 5678 " len " 0000"

struct parse_case {
	const char *name;
	const char *hex; /* what follows the MAC addresses */
	uint32_t fill;	 /* bytes behind it */
	int ret;
	struct pkt_headers want;
};

static const struct parse_case cases[] = {
	{"arp", "0806", 46, 0, {.ether_type = 0x0806, .l2_len = 14}},
	{"llc", "0026", 46, 0, {.ether_type = 0x0026, .l2_len = 14}},
	{"ipv4 tcp",
	 "0800 4500 0028 0000 4000 4006 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {0x0800, 14, 20, 20, 4, PKT_L4_TCP, 0, 6}},
	{"ipv4 udp",
	 "0800 4500 001c 0000 0000 4011 0000" IP4_ADDRS UDP("0008"),
	 18,
	 0,
	 {0x0800, 14, 20, 8, 4, PKT_L4_UDP, 0, 17}},
	{"ipv4 udp, short frame",
	 "0800 4500 001c 0000 0000 4011 0000" IP4_ADDRS UDP("0008"),
	 0,
	 0,
	 {0x0800, 14, 20, 8, 4, PKT_L4_UDP, 0, 17}},
	{"ipv4 icmp",
	 "0800 4500 001c 0000 0000 4001 0000" IP4_ADDRS,
	 26,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_OTHER, 0, 1}},
	{"ipv4 options",
	 "0800 4600 002c 0000 0000 4006 0000" IP4_ADDRS "01010101" TCP20,
	 2,
	 0,
	 {0x0800, 14, 24, 20, 4, PKT_L4_TCP, 0, 6}},
	{"ipv4 ihl 4",
	 "0800 4400 0028 0000 0000 4006 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {.ether_type = 0x0800, .l2_len = 14}},
	{"ipv4 version 6",
	 "0800 6500 0028 0000 0000 4006 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {.ether_type = 0x0800, .l2_len = 14}},
	{"ipv4 longer than the frame",
	 "0800 4500 002f 0000 0000 4006 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {.ether_type = 0x0800, .l2_len = 14}},
	{"ipv4 total below ihl",
	 "0800 4500 0013 0000 0000 4006 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {.ether_type = 0x0800, .l2_len = 14}},
	{"ipv4 total cuts tcp",
	 "0800 4500 0027 0000 0000 4006 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_NONE, 0, 6}},
	{"ipv4 first fragment",
	 "0800 4500 0028 0000 2000 4006 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_NONE, 1, 6}},
	{"ipv4 last fragment",
	 "0800 4500 0028 0000 0001 4011 0000" IP4_ADDRS TCP20,
	 6,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_NONE, 1, 17}},
	{"tcp doff 4",
	 "0800 4500 0028 0000 4000 4006 0000" IP4_ADDRS
	 "1234 5678 00000001 00000002 4010 ffff 0000 0000",
	 6,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_NONE, 0, 6}},
	{"tcp doff beyond the packet",
	 "0800 4500 0028 0000 4000 4006 0000" IP4_ADDRS
	 "1234 5678 00000001 00000002 6010 ffff 0000 0000",
	 6,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_NONE, 0, 6}},
	{"tcp options",
	 "0800 4500 002c 0000 4000 4006 0000" IP4_ADDRS
	 "1234 5678 00000001 00000002 6010 ffff 0000 0000 01010101",
	 2,
	 0,
	 {0x0800, 14, 20, 24, 4, PKT_L4_TCP, 0, 6}},
	{"udp length 7",
	 "0800 4500 001c 0000 0000 4011 0000" IP4_ADDRS UDP("0007"),
	 26,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_NONE, 0, 17}},
	{"udp longer than ip",
	 "0800 4500 001c 0000 0000 4011 0000" IP4_ADDRS UDP("0009"),
	 26,
	 0,
	 {0x0800, 14, 20, 0, 4, PKT_L4_NONE, 0, 17}},
	{"ipv6 tcp",
	 "86dd 60000000 0014 06 40" IP6_ADDRS TCP20,
	 0,
	 0,
	 {0x86dd, 14, 40, 20, 6, PKT_L4_TCP, 0, 6}},
	{"ipv6 udp",
	 "86dd 60000000 0008 11 40" IP6_ADDRS UDP("0008"),
	 0,
	 0,
	 {0x86dd, 14, 40, 8, 6, PKT_L4_UDP, 0, 17}},
	{"ipv6 longer than the frame",
	 "86dd 60000000 0015 06 40" IP6_ADDRS TCP20,
	 0,
	 0,
	 {.ether_type = 0x86dd, .l2_len = 14}},
	{"ipv6 version 4",
	 "86dd 40000000 0014 06 40" IP6_ADDRS TCP20,
	 0,
	 0,
	 {.ether_type = 0x86dd, .l2_len = 14}},
	{"ipv6 hop-by-hop, routing, options",
	 "86dd 60000000 002c 00 40" IP6_ADDRS "2b00 050200000100 3c00 000000000000"
	 "0600 010400000000" TCP20,
	 0,
	 0,
	 {0x86dd, 14, 64, 20, 6, PKT_L4_TCP, 0, 6}},
	{"ipv6 authentication",
	 "86dd 60000000 002c 33 40" IP6_ADDRS
	 "0604 0000 00000001 00000001 000000000000000000000000" TCP20,
	 0,
	 0,
	 {0x86dd, 14, 64, 20, 6, PKT_L4_TCP, 0, 6}},
	{"ipv6 fragment",
	 "86dd 60000000 001c 2c 40" IP6_ADDRS "0600 0001 00000001" TCP20,
	 0,
	 0,
	 {0x86dd, 14, 48, 0, 6, PKT_L4_NONE, 1, 6}},
	{"ipv6 atomic fragment",
	 "86dd 60000000 001c 2c 40" IP6_ADDRS "0600 0000 00000001" TCP20,
	 0,
	 0,
	 {0x86dd, 14, 48, 20, 6, PKT_L4_TCP, 0, 6}},
	{"ipv6 extension longer than the packet",
	 "86dd 60000000 001c 3c 40" IP6_ADDRS "0603 010400000000" TCP20,
	 32,
	 0,
	 {.ether_type = 0x86dd, .l2_len = 14}},
	{"ipv6 extension without a byte",
	 "86dd 60000000 0000 3c 40" IP6_ADDRS,
	 32,
	 0,
	 {.ether_type = 0x86dd, .l2_len = 14}},
	{"ipv6 nothing follows",
	 "86dd 60000000 0000 3b 40" IP6_ADDRS,
	 0,
	 0,
	 {0x86dd, 14, 40, 0, 6, PKT_L4_OTHER, 0, 59}},
	{"vlan",
	 "8100 000a 0800 4500 0028 0000 4000 4006 0000" IP4_ADDRS TCP20,
	 2,
	 0,
	 {0x0800, 18, 20, 20, 4, PKT_L4_TCP, 0, 6}},
	{"qinq",
	 "88a8 000a 8100 000b 86dd 60000000 0008 11 40" IP6_ADDRS UDP("0008"),
	 0,
	 0,
	 {0x86dd, 22, 40, 8, 6, PKT_L4_UDP, 0, 17}},
	{"four tags",
	 "8100 0001 8100 0002 8100 0003 8100 0004 0806",
	 30,
	 0,
	 {.ether_type = 0x0806, .l2_len = 30}},
	{"five tags",
	 "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0806",
	 30,
	 0,
	 {.ether_type = 0x8100, .l2_len = 30}},
	{"tag cut off", "8100 00", 0, -EINVAL, {.ether_type = 0x8100}},
	{"second tag cut off", "88a8 0001 8100 0001 08", 0, -EINVAL, {.ether_type = 0x8100}},
	{"no ether type", "08", 0, -EINVAL, {0}},
};

static void same(const struct pkt_headers *a, const struct pkt_headers *b)
{
	assert_int_equal(a->ether_type, b->ether_type);
	assert_int_equal(a->l2_len, b->l2_len);
	assert_int_equal(a->l3_len, b->l3_len);
	assert_int_equal(a->l4_len, b->l4_len);
	assert_int_equal(a->ip_version, b->ip_version);
	assert_int_equal(a->l4, b->l4);
	assert_int_equal(a->fragment, b->fragment);
	assert_int_equal(a->proto, b->proto);
}

/* Parses a copy that ends where the heap block ends, so that a sanitizer sees any byte too many;
 * the fast way and the way for every frame agree. */
static int parse(const uint8_t *bytes, uint32_t len, uint32_t frame_len, struct pkt_headers *h)
{
	struct pkt_headers any;
	uint8_t *copy = malloc(len + 1);
	int ret;

	memcpy(copy + 1, bytes, len);
	ret = pkt_parse(copy + 1, len, frame_len, h);
	assert_int_equal(pkt_parse_any(copy + 1, len, frame_len, &any), ret);
	free(copy);
	same(h, &any);
	return ret;
}

static void known_frames(void **state)
{
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame f = {.len = 0};
		struct pkt_headers h;

		put(&f, MACS);
		put(&f, cases[i].hex);
		put_fill(&f, cases[i].fill);
		print_message("  %s\n", cases[i].name);
		assert_int_equal(parse(f.bytes, f.len, f.len, &h), cases[i].ret);
		same(&h, &cases[i].want);
	}
}

/* With fewer bytes at hand, layers disappear from the top; what is still found is the same. */
static void cut_frames(void **state)
{
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame f = {.len = 0};
		struct pkt_headers whole;

		put(&f, MACS);
		put(&f, cases[i].hex);
		put_fill(&f, cases[i].fill);
		parse(f.bytes, f.len, f.len, &whole);
		for (uint32_t len = 0; len < f.len; len++) {
			struct pkt_headers h;

			if (parse(f.bytes, len, f.len, &h) < 0)
				continue;
			assert_int_equal(h.l2_len, whole.l2_len);
			assert_true(whole.l3_len == 0 || h.l3_len <= whole.l3_len);
			assert_true(h.l4_len == 0 || h.l4_len == whole.l4_len);
			assert_in_range(h.l2_len + h.l3_len + h.l4_len, 0, len);
			/* And with the bytes gone from the frame, too. */
			parse(f.bytes, len, len, &h);
			assert_in_range(h.l2_len + h.l3_len + h.l4_len, 0, len);
		}
	}
}

/* More extension headers than are looked at, and more bytes of them. */
static void bounded(void **state)
{
	struct pkt_headers h;
	struct frame f = {.len = 0};

	put(&f, MACS "86dd 60000000 0064 3c 40" IP6_ADDRS);
	for (int i = 0; i < 9; i++)
		put(&f, "3c00 010400000000");
	put(&f, "0600 010400000000" TCP20);
	assert_int_equal(parse(f.bytes, f.len, f.len, &h), 0);
	same(&h, &(struct pkt_headers){0x86dd, 14, 40 + 64, 0, 6, PKT_L4_OTHER, 0, 60});

	f.len = 0;
	put(&f, MACS "86dd 60000000 011c 00 40" IP6_ADDRS "061f");
	put_zero(&f, 254);
	put(&f, TCP20);
	put_zero(&f, 8);
	assert_int_equal(parse(f.bytes, f.len, f.len, &h), 0);
	same(&h, &(struct pkt_headers){0x86dd, 14, 40, 0, 6, PKT_L4_OTHER, 0, 0});
}

/* Frames with bytes changed at random: the two ways agree, and nothing lies outside. */
static void random_frames(void **state)
{
	uint32_t seed = 1;

	for (int round = 0; round < 200000; round++) {
		const struct parse_case *c = &cases[test_below(&seed, RTE_DIM(cases))];
		struct frame f = {.len = 0};
		struct pkt_headers h;
		uint32_t len;

		put(&f, MACS);
		put(&f, c->hex);
		put_fill(&f, c->fill);
		for (uint32_t n = test_below(&seed, 4); n > 0; n--)
			f.bytes[12 + test_below(&seed, f.len - 12)] = test_random(&seed);
		len = test_below(&seed, 4) == 0 ? test_below(&seed, f.len + 1) : f.len;
		if (parse(f.bytes, len, f.len, &h) == 0)
			assert_in_range(h.l2_len + h.l3_len + h.l4_len, 0, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_frames),
		cmocka_unit_test(cut_frames),
		cmocka_unit_test(bounded),
		cmocka_unit_test(random_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/e1000/test_card.h"

static struct test_card t;
static uint8_t unit[70000];

#define LAST (E1000_TX_EOP | E1000_TX_IFCS | E1000_TX_RS)
#define DATA (E1000_TX_DEXT | 1ull << 20 | E1000_TX_TSE)
#define SUMS (E1000_TX_IXSM | E1000_TX_TXSM)

static int setup(void **state)
{
	test_card_init(&t);
	start_tx(&t, 64);
	return 0;
}

static int teardown(void **state)
{
	test_card_free(&t);
	return 0;
}

/* As e1000_tso() writes it for IPv4. */
static void put_context(uint32_t i, uint32_t payload, uint32_t mss)
{
	put_desc(&t, TEST_TX, i, 14 | 24 << 8 | 33 << 16 | 34ull << 32 | 50ull << 40,
		 payload | E1000_TX_DEXT | E1000_TU_TCP | E1000_TU_IP | E1000_TU_TSE | 54ull << 40 |
			 (uint64_t)mss << 48);
}

/* Context, headers, then the payload in pages; returns the tail. */
static uint32_t put_unit(uint32_t payload, uint32_t mss)
{
	uint32_t bytes = make_tcp4(unit, payload, true), i = 1, at = 54;

	memcpy(t.ram + TEST_BUF, unit, bytes);
	put_context(0, payload, mss);
	put_desc(&t, TEST_TX, i++, TEST_BUF, 54 | DATA | SUMS);
	while (at < bytes) {
		uint32_t len = bytes - at < 4096 ? bytes - at : 4096;

		put_desc(&t, TEST_TX, i++, TEST_BUF + at,
			 len | DATA | SUMS | (at + len == bytes ? LAST : 0));
		at += len;
	}
	return i;
}

static void check_segments(uint32_t payload, uint32_t mss, uint32_t first)
{
	uint32_t n = (payload + mss - 1) / mss;

	for (uint32_t i = 0; i < n; i++) {
		const struct test_frame *f = &t.sent[first + i];
		uint32_t len = i + 1 < n ? mss : payload - i * mss;
		uint32_t seq = (uint32_t)be16(f->data + 38) << 16 | be16(f->data + 40);

		assert_int_equal(f->bytes, 54 + len < 60 ? 60 : 54 + len);
		assert_true(tcp4_holds(f->data, 54 + len));
		assert_int_equal(seq, 0x01020304 + i * mss);
		assert_int_equal(be16(f->data + 18), (0x1234 + i) & 0xffff);
		assert_int_equal(f->data[47], i + 1 < n ? 0x10 : 0x19);
		assert_memory_equal(f->data + 54, unit + 54 + i * mss, len);
		assert_memory_equal(f->data, unit, 14);
		assert_int_equal(f->hdr.gso_type, 0);
	}
}

static void a_unit_is_cut_here(void **state)
{
	wr(&t, E1000_TDT, put_unit(30000, 1460));
	run(&t);
	assert_int_equal(t.sent_n, 21);
	check_segments(30000, 1460, 0);
	assert_int_equal(rd(&t, E1000_TSCTC), 1);
	assert_int_equal(rd(&t, E1000_GPTC), 21);
	assert_int_equal(rd(&t, E1000_GOTCL), 30000 + 21 * 58);
	assert_int_equal(rd(&t, E1000_TDH), rd(&t, E1000_TDT));
}

static void a_cut_unit_waits_for_room(void **state)
{
	wr(&t, E1000_TDT, put_unit(30001, 1000));
	for (uint32_t sent = 0; sent < 31; sent += 4) {
		assert_int_equal(t.sent_n, sent);
		assert_int_equal(rd(&t, E1000_TDH), sent ? 1 : 0); /* the context is done */
		t.room = 4;
		run(&t);
	}
	assert_int_equal(t.sent_n, 31);
	check_segments(30001, 1000, 0);
	assert_int_equal(t.c.unit_done, 0);
	/* Many frames of one unit: more than are made at a time. */
	test_forget(&t);
	start_tx(&t, 64);
	t.room = TEST_FRAMES;
	wr(&t, E1000_TDT, put_unit(20000, 100));
	run(&t);
	assert_int_equal(t.sent_n, 200);
	check_segments(20000, 100, 0);
}

/* A context, and two units of 5 frames behind it, one descriptor each; two frames are sent. */
static void put_two_units(void)
{
	uint32_t bytes = make_tcp4(unit, 5000, true);

	test_forget(&t);
	start_tx(&t, 64);
	memcpy(t.ram + TEST_BUF, unit, bytes);
	put_context(0, 5000, 1000);
	put_desc(&t, TEST_TX, 1, TEST_BUF, bytes | DATA | SUMS | LAST);
	put_desc(&t, TEST_TX, 2, TEST_BUF, bytes | DATA | SUMS | LAST);
	wr(&t, E1000_TDT, 3);
	t.room = 2;
	run(&t);
	assert_int_equal(t.c.unit_done, 2000);
	test_forget(&t);
	t.room = TEST_FRAMES;
}

/* Whatever happens to a unit that is half sent, the next one begins at its start. */
static void half_a_unit_is_forgotten(void **state)
{
	put_two_units(); /* the guest changes its mind */
	put_desc(&t, TEST_TX, 1, TEST_BUF, 60 | LAST);
	run(&t);
	assert_int_equal(t.sent_n, 6);
	check_segments(5000, 1000, 1);

	put_two_units(); /* and sets the head: another frame is there now */
	wr(&t, E1000_TDH, 1);
	run(&t);
	assert_int_equal(t.sent_n, 10);
	check_segments(5000, 1000, 0);
	check_segments(5000, 1000, 5);

	put_two_units(); /* a snapshot says what cannot be */
	t.c.unit_done = 5000;
	run(&t);
	assert_int_equal(t.sent_n, 10);
	check_segments(5000, 1000, 0);
}

static void a_unit_goes_whole(void **state)
{
	uint8_t tail[4] = {0, 6, 0, 0};

	t.offloads = HV_LINK_CSUM | HV_LINK_TSO4;
	wr(&t, E1000_TDT, put_unit(40000, 1448));
	t.room = 0;
	run(&t);
	assert_int_equal(t.sent_n, 0);
	t.room = 10;
	run(&t);
	assert_int_equal(t.sent_n, 1);
	const struct test_frame *f = &t.sent[0];
	assert_int_equal(f->bytes, 40054);
	assert_int_equal(f->hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(f->hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(f->hdr.gso_size, 1448);
	assert_int_equal(f->hdr.hdr_len, 54);
	assert_int_equal(f->hdr.csum_start, 34);
	assert_int_equal(f->hdr.csum_offset, 16);
	assert_int_equal(be16(f->data + 16), 40040);
	assert_int_equal(plain_sum(f->data + 14, 20, 0), 0xffff);
	/* What is in TCP's field is the pseudo-header's sum, length included. */
	to_be16(tail + 2, 40020);
	assert_int_equal(be16(f->data + 50), plain_sum(tail, 4, plain_sum(f->data + 26, 8, 0)));
	assert_memory_equal(f->data + 54, unit + 54, 40000);
	assert_int_equal(rd(&t, E1000_GPTC), 28);

	/* One that is no unit, and one the switch would see with other eyes, are cut here. */
	start_tx(&t, 64);
	wr(&t, E1000_TDT, put_unit(1000, 1448));
	run(&t);
	assert_int_equal(t.sent_n, 2);
	check_segments(1000, 1448, 1);
	start_tx(&t, 64);
	uint32_t end = put_unit(3000, 1448);
	t.ram[TEST_BUF + 47] |= 0x80; /* CWR, on the first frame only */
	wr(&t, E1000_TDT, end);
	run(&t);
	assert_int_equal(t.sent_n, 5);
	assert_int_equal(t.sent[2].data[47], 0x90);
	assert_int_equal(t.sent[3].data[47], 0x10);
}

static void an_ipv6_unit(void **state)
{
	uint8_t tail[8] = {0, 0, 0, 0, 0, 0, 0, 6}, *f = t.ram + TEST_BUF;
	uint32_t payload = 5000, mss = 1428, bytes = 74 + payload;

	for (int whole = 0; whole < 2; whole++) {
		t.offloads = whole ? HV_LINK_CSUM | HV_LINK_TSO6 : HV_LINK_CSUM | HV_LINK_TSO4;
		test_forget(&t);
		start_tx(&t, 64);
		make_tcp4(unit, 0, true);
		memset(f, 0, 54);
		memcpy(f, unit, 12);
		to_be16(f + 12, 0x86dd);
		f[14] = 0x60;
		f[20] = 6;
		f[21] = 64;
		f[22] = f[38] = 0xfe;
		memcpy(f + 54, unit + 34, 20);
		to_be16(f + 70, plain_sum(f + 22, 32, plain_sum(tail, 8, 0)));
		for (uint32_t i = 74; i < bytes; i++)
			f[i] = (uint8_t)(i * 3);
		put_desc(&t, TEST_TX, 0, 14 | 24 << 8 | 54ull << 32 | 70ull << 40,
			 payload | E1000_TX_DEXT | E1000_TU_TCP | E1000_TU_TSE | 74ull << 40 |
				 (uint64_t)mss << 48);
		put_desc(&t, TEST_TX, 1, TEST_BUF, bytes | DATA | E1000_TX_TXSM | LAST);
		wr(&t, E1000_TDT, 2);
		run(&t);
		assert_int_equal(t.sent_n, whole ? 1 : 4);
		const uint8_t *s = t.sent[0].data;
		uint32_t part = whole ? payload : mss;
		uint8_t len[4] = {0, 0, (uint8_t)((20 + part) >> 8), (uint8_t)(20 + part)};
		assert_int_equal(be16(s + 18), 20 + part);
		uint16_t pseudo = plain_sum(s + 22, 32, plain_sum(tail, 8, plain_sum(len, 4, 0)));
		if (whole) {
			assert_int_equal(t.sent[0].hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
			assert_int_equal(be16(s + 70), pseudo);
		} else {
			assert_int_equal(plain_sum(s + 54, 20 + part, pseudo), 0xffff);
			assert_int_equal(be16(t.sent[3].data + 18), 20 + 5000 - 3 * 1428);
		}
	}
}

static void units_with_bad_contexts_are_dropped(void **state)
{
	uint32_t end = put_unit(3000, 1000);
	uint64_t low = test_u64(&t, TEST_TX)[0], high = test_u64(&t, TEST_TX)[1];
	const struct {
		uint64_t low, high;
	} bad[] = {
		{low, high & ~(0xffffull << 48)},		/* MSS 0 */
		{low, high ^ 1},				/* another length */
		{low, high & ~E1000_TU_TCP},			/* not TCP */
		{low, high & ~E1000_TU_IP},			/* says IPv6, is IPv4 */
		{low, high & ~E1000_TU_TSE},			/* no segmentation */
		{low, (high & ~(0xffull << 40)) | 40ull << 40}, /* header ends inside of TCP's */
		{(low & ~0xffull) | 200, high},			/* IP behind TCP */
		{(low & ~(0xffull << 40)) | 255ull << 40, high},
		{(low & ~(0xffull << 32)) | 250ull << 32, high},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wr(&t, E1000_TDT, 0);
		wr(&t, E1000_TDH, 0);
		put_desc(&t, TEST_TX, 0, bad[i].low, bad[i].high);
		wr(&t, E1000_TDT, end);
		run(&t);
		assert_int_equal(t.sent_n, 0);
		assert_int_equal(rd(&t, E1000_TSCTFC), 1);
		assert_int_equal(rd(&t, E1000_TDH), end);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_unit_is_cut_here),
		T(a_cut_unit_waits_for_room),
		T(half_a_unit_is_forgotten),
		T(a_unit_goes_whole),
		T(an_ipv6_unit),
		T(units_with_bad_contexts_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/e1000/test_card.h"

static struct test_card t;
static uint8_t frame[20000];

#define LAST (E1000_TX_EOP | E1000_TX_IFCS | E1000_TX_RS)
#define DATA (E1000_TX_DEXT | 1ull << 20)

static int setup(void **state)
{
	test_card_init(&t);
	start_tx(&t, 16);
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 13 + i / 256);
	frame[0] = 2;
	return 0;
}

static int teardown(void **state)
{
	test_card_free(&t);
	return 0;
}

static void place(uint32_t at, uint32_t from, uint32_t len)
{
	memcpy(t.ram + at, frame + from, len);
}

static void one_frame(void **state)
{
	wr(&t, E1000_IMS, E1000_INT_TXDW);
	place(TEST_BUF, 0, 100);
	put_desc(&t, TEST_TX, 0, TEST_BUF, 100 | LAST);
	unsigned int before = t.wakes;
	wr(&t, E1000_TDT, 1);
	assert_int_equal(t.wakes, before + 1);
	run(&t);
	assert_int_equal(t.sent_n, 1);
	assert_int_equal(t.sent[0].bytes, 100);
	assert_memory_equal(t.sent[0].data, frame, 100);
	assert_int_equal(t.sent[0].hdr.flags, 0);
	assert_int_equal(t.sent[0].hdr.gso_type, 0);
	assert_true(desc_high(&t, TEST_TX, 0) == (100 | LAST | E1000_TX_DD));
	assert_int_equal(rd(&t, E1000_TDH), 1);
	assert_true(t.line);
	assert_int_equal(rd(&t, E1000_ICR) & 3, E1000_INT_TXDW | E1000_INT_TXQE);
	assert_int_equal(rd(&t, E1000_GPTC), 1);
	assert_int_equal(rd(&t, E1000_GOTCL), 104);
	run(&t);
	assert_int_equal(t.sent_n, 1);
}

static void pieces_come_together(void **state)
{
	static const uint32_t cuts[] = {0, 1, 14, 300, 301, 5000, 9014};

	for (uint32_t i = 0; i < 6; i++) {
		uint32_t len = cuts[i + 1] - cuts[i];

		place(TEST_BUF + 0x4000 * i, cuts[i], len);
		put_desc(&t, TEST_TX, i, TEST_BUF + 0x4000ull * i,
			 len | DATA | (i == 5 ? LAST : 0));
	}
	wr(&t, E1000_TDT, 5); /* without its end */
	run(&t);
	assert_int_equal(t.sent_n, 0);
	assert_int_equal(rd(&t, E1000_TDH), 0);
	wr(&t, E1000_TDT, 6);
	run(&t);
	assert_int_equal(t.sent_n, 1);
	assert_int_equal(t.sent[0].bytes, 9014);
	assert_memory_equal(t.sent[0].data, frame, 9014);
	assert_int_equal(rd(&t, E1000_TDH), 6);
	assert_int_equal(desc_high(&t, TEST_TX, 4) & E1000_TX_DD, 0); /* RS was not set there */
}

static void short_frames_are_padded(void **state)
{
	place(TEST_BUF, 0, 42);
	put_desc(&t, TEST_TX, 0, TEST_BUF, 42 | LAST);
	wr(&t, E1000_TDT, 1);
	run(&t);
	assert_int_equal(t.sent[0].bytes, 60);
	assert_memory_equal(t.sent[0].data, frame, 42);
	for (int i = 42; i < 60; i++)
		assert_int_equal(t.sent[0].data[i], 0);
	assert_int_equal(rd(&t, E1000_PTC64), 1);
	/* A frame with the sender's own FCS loses it. */
	place(TEST_BUF, 0, 104);
	put_desc(&t, TEST_TX, 1, TEST_BUF, 102 | DATA);
	put_desc(&t, TEST_TX, 2, TEST_BUF + 102, 2 | DATA | E1000_TX_EOP | E1000_TX_RS);
	wr(&t, E1000_TDT, 3);
	run(&t);
	assert_int_equal(t.sent[1].bytes, 100);
	assert_memory_equal(t.sent[1].data, frame, 100);
}

static void the_ring_wraps_and_fills(void **state)
{
	uint32_t tail = 0;

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 15; i++, tail = (tail + 1) % 16) {
			place(TEST_BUF + 128 * tail, tail, 64);
			put_desc(&t, TEST_TX, tail, TEST_BUF + 128ull * tail, 64 | LAST);
		}
		wr(&t, E1000_TDT, tail);
		t.room = 7; /* the wire is full after seven */
		run(&t);
		assert_int_equal(t.sent_n, 15 * round + 7);
		assert_true(t.c.tx_full);
		assert_true(rd(&t, E1000_STATUS) & E1000_STATUS_TXOFF);
		t.room = 100;
		run(&t);
		assert_int_equal(t.sent_n, 15 * (round + 1));
		assert_int_equal(rd(&t, E1000_TDH), tail);
		assert_int_equal(rd(&t, E1000_STATUS) & E1000_STATUS_TXOFF, 0);
	}
	for (uint32_t i = 0; i < t.sent_n; i++)
		assert_memory_equal(t.sent[i].data, frame + i % 16, 60);
}

static void tags_are_inserted(void **state)
{
	place(TEST_BUF, 0, 200);
	put_desc(&t, TEST_TX, 0, TEST_BUF, 200 | LAST | E1000_TX_VLE | 0x6123ull << 48);
	put_desc(&t, TEST_TX, 1, TEST_BUF, 200 | LAST | E1000_TX_VLE | 0x6123ull << 48);
	wr(&t, E1000_CTRL, rd(&t, E1000_CTRL) | E1000_CTRL_VME);
	wr(&t, E1000_TDT, 1);
	run(&t);
	assert_int_equal(t.sent[0].bytes, 204);
	assert_memory_equal(t.sent[0].data, frame, 12);
	assert_memory_equal(t.sent[0].data + 12, "\x81\x00\x61\x23", 4);
	assert_memory_equal(t.sent[0].data + 16, frame + 12, 188);
	wr(&t, E1000_CTRL, rd(&t, E1000_CTRL) & ~E1000_CTRL_VME);
	wr(&t, E1000_TDT, 2);
	run(&t);
	assert_int_equal(t.sent[1].bytes, 200); /* VME is off: no tag */
}

/* Through a context descriptor, as e1000_tx_csum() writes it, and a legacy one. */
static void checksums_are_inserted(void **state)
{
	uint32_t bytes = make_tcp4(t.ram + TEST_BUF, 777, false);

	put_desc(&t, TEST_TX, 0, 34ull << 32 | 50ull << 40, E1000_TX_DEXT | E1000_TU_TCP);
	put_desc(&t, TEST_TX, 1, TEST_BUF, bytes | DATA | LAST | E1000_TX_TXSM);
	put_desc(&t, TEST_TX, 2, TEST_BUF, bytes | LAST | E1000_TX_IC | 50 << 16 | 34ull << 40);
	wr(&t, E1000_TDT, 3);
	run(&t);
	assert_int_equal(t.sent_n, 2);
	assert_true(tcp4_holds(t.sent[0].data, bytes));
	assert_memory_equal(t.sent[0].data, t.sent[1].data, bytes);
	assert_int_equal(t.sent[0].hdr.flags, 0);

	/* The same, left to the switch; with a tag everything moves. */
	t.offloads = HV_LINK_CSUM;
	wr(&t, E1000_CTRL, rd(&t, E1000_CTRL) | E1000_CTRL_VME);
	put_desc(&t, TEST_TX, 3, TEST_BUF, bytes | DATA | LAST | E1000_TX_TXSM);
	put_desc(&t, TEST_TX, 4, TEST_BUF, bytes | DATA | LAST | E1000_TX_TXSM | E1000_TX_VLE);
	wr(&t, E1000_TDT, 5);
	run(&t);
	assert_int_equal(t.sent[2].hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(t.sent[2].hdr.csum_start, 34);
	assert_int_equal(t.sent[2].hdr.csum_offset, 16);
	assert_memory_equal(t.sent[2].data, t.ram + TEST_BUF, bytes);
	assert_int_equal(t.sent[3].hdr.csum_start, 38);

	/* An IP header's sum is always done here. */
	to_be16(t.ram + TEST_BUF + 24, 0);
	put_desc(&t, TEST_TX, 5, 14 | 24 << 8 | 33 << 16 | 34ull << 32 | 50ull << 40,
		 E1000_TX_DEXT);
	put_desc(&t, TEST_TX, 6, TEST_BUF, bytes | DATA | LAST | E1000_TX_IXSM);
	wr(&t, E1000_TDT, 7);
	run(&t);
	assert_int_equal(plain_sum(t.sent[4].data + 14, 20, 0), 0xffff);
}

/* An odd number of bytes in each piece. */
static void checksums_cross_odd_pieces(void **state)
{
	uint8_t f[2000];
	uint32_t bytes = make_tcp4(f, 1001, false), at = 0, i = 1;

	put_desc(&t, TEST_TX, 0, 34ull << 32 | 50ull << 40, E1000_TX_DEXT | E1000_TU_TCP);
	while (at < bytes) {
		uint32_t len = bytes - at < 277 ? bytes - at : 277;

		memcpy(t.ram + TEST_BUF + 1024 * i, f + at, len);
		at += len;
		put_desc(&t, TEST_TX, i, TEST_BUF + 1024ull * i,
			 len | DATA | E1000_TX_TXSM | (at == bytes ? LAST : 0));
		i++;
	}
	wr(&t, E1000_TDT, i);
	run(&t);
	assert_true(tcp4_holds(t.sent[0].data, bytes));
}

/* RFC 768: a UDP sum of 0 would mean that there is none. */
static void a_udp_sum_is_never_zero(void **state)
{
	uint8_t f[60] = {2};

	to_be16(f + 34, 0xf000);
	to_be16(f + 36, 0x0fff);
	memcpy(t.ram + TEST_BUF, f, sizeof(f));
	put_desc(&t, TEST_TX, 0, 34ull << 32 | 40ull << 40, E1000_TX_DEXT);
	put_desc(&t, TEST_TX, 1, TEST_BUF, 60 | DATA | LAST | E1000_TX_TXSM);
	wr(&t, E1000_TDT, 2);
	run(&t);
	assert_int_equal(be16(t.sent[0].data + 40), 0xffff);
}

static void nonsense_is_not_sent(void **state)
{
	static const struct {
		uint64_t addr, high;
	} bad[] = {
		{TEST_MEM - 50, 100 | LAST},			  /* half outside memory */
		{0xffffffffffffff00, 100 | LAST},		  /* far outside */
		{TEST_BUF, 0 | LAST},				  /* empty */
		{TEST_BUF, 13 | LAST},				  /* not even a header */
		{TEST_BUF, 17000 | LAST},			  /* larger than jumbo */
		{TEST_BUF, 100 | LAST | E1000_TX_DEXT | 7 << 20}, /* of no kind */
		{TEST_BUF, 0xfffff | DATA | LAST},
	};
	uint32_t n = sizeof(bad) / sizeof(bad[0]);

	for (uint32_t i = 0; i < n; i++)
		put_desc(&t, TEST_TX, i, bad[i].addr, bad[i].high);
	place(TEST_BUF, 0, 100);
	put_desc(&t, TEST_TX, n, TEST_BUF, 100 | LAST);
	wr(&t, E1000_TDT, n + 1);
	run(&t);
	assert_int_equal(t.sent_n, 1);
	for (uint32_t i = 0; i <= n; i++)
		assert_true(desc_high(&t, TEST_TX, i) & E1000_TX_DD); /* they are all done */
	/* Checksum offsets outside the frame do nothing. */
	put_desc(&t, TEST_TX, 8, TEST_BUF, 100 | LAST | E1000_TX_IC | 99 << 16 | 20ull << 40);
	put_desc(&t, TEST_TX, 9, TEST_BUF, 100 | LAST | E1000_TX_IC | 30 << 16 | 200ull << 40);
	wr(&t, E1000_TDT, 10);
	run(&t);
	assert_memory_equal(t.sent[1].data, frame, 100);
	assert_memory_equal(t.sent[2].data, frame, 100);
}

static void bad_rings_are_left_alone(void **state)
{
	put_desc(&t, TEST_TX, 0, TEST_BUF, 100 | LAST);
	wr(&t, E1000_TDT, 16); /* one too far */
	assert_false(hv_e1000_tx_step(&t.c));
	wr(&t, E1000_TDT, 1);
	wr(&t, E1000_TDH, 500);
	assert_false(hv_e1000_tx_step(&t.c));
	wr(&t, E1000_TDH, 0);
	wr(&t, E1000_TDLEN, 0);
	assert_false(hv_e1000_tx_step(&t.c));
	wr(&t, E1000_TDLEN, 256);
	wr(&t, E1000_TDBAL, TEST_MEM);
	assert_false(hv_e1000_tx_step(&t.c));
	wr(&t, E1000_TDBAH, 0xffffffff);
	wr(&t, E1000_TDBAL, 0xfffffff0);
	assert_false(hv_e1000_tx_step(&t.c));
	wr(&t, E1000_TDBAH, 0);
	wr(&t, E1000_TDBAL, TEST_TX);
	t.master = false;
	assert_false(hv_e1000_tx_step(&t.c));
	t.master = true;
	wr(&t, E1000_TCTL, 0);
	assert_false(hv_e1000_tx_step(&t.c));
	assert_int_equal(t.sent_n, 0);
	wr(&t, E1000_TCTL, E1000_TCTL_EN);
	assert_true(hv_e1000_tx_step(&t.c));
	assert_int_equal(t.sent_n, 1);
}

/* A ring full of descriptors without an end: bounded work, and it goes on. */
static void a_frame_without_end(void **state)
{
	start_tx(&t, 2048);
	for (uint32_t i = 0; i < 2047; i++)
		put_desc(&t, TEST_TX, i, TEST_BUF, 10);
	wr(&t, E1000_TDT, 2047);
	run(&t);
	assert_int_equal(t.sent_n, 0);
	assert_int_equal(rd(&t, E1000_TDH), 1536);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(one_frame),
		T(pieces_come_together),
		T(short_frames_are_padded),
		T(the_ring_wraps_and_fills),
		T(tags_are_inserted),
		T(checksums_are_inserted),
		T(checksums_cross_odd_pieces),
		T(a_udp_sum_is_never_zero),
		T(nonsense_is_not_sent),
		T(bad_rings_are_left_alone),
		T(a_frame_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/e1000/test_card.h"

static struct test_card t;
static uint8_t frame[20000];

static int setup(void **state)
{
	test_card_init(&t);
	rd(&t, E1000_ICR);
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 11 + i / 256);
	memcpy(frame, test_mac, 6);
	memcpy(frame + 12, "\x88\xb5", 2);
	return 0;
}

static int teardown(void **state)
{
	test_card_free(&t);
	return 0;
}

static uint16_t length(uint32_t i)
{
	return (uint16_t)desc_high(&t, TEST_RX, i);
}

static void one_frame(void **state)
{
	start_rx(&t, 16, 2048, 0);
	wr(&t, E1000_RDT, 15);
	wr(&t, E1000_IMS, E1000_INT_RXT0);
	arrive(&t, frame, 1000);
	run(&t);
	assert_true(desc_high(&t, TEST_RX, 0) ==
		    (1004 | E1000_RX_DD | E1000_RX_EOP | E1000_RX_IXSM));
	assert_memory_equal(t.ram + TEST_BUF, frame, 1000);
	assert_memory_equal(t.ram + TEST_BUF + 1000, "\0\0\0\0", 4); /* the FCS's place */
	assert_int_equal(rd(&t, E1000_RDH), 1);
	assert_true(t.line);
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_RXT0);
	assert_int_equal(rd(&t, E1000_GPRC), 1);
	assert_int_equal(rd(&t, E1000_TPR), 1);
	assert_int_equal(rd(&t, E1000_GORCL), 1004);
	assert_int_equal(rd(&t, E1000_PRC64 + 16), 1);

	arrive(&t, frame, 42); /* padded as on a wire */
	run(&t);
	assert_int_equal(length(1), 64);
	wr(&t, E1000_RCTL, rd(&t, E1000_RCTL) | E1000_RCTL_SECRC);
	arrive(&t, frame, 100);
	run(&t);
	assert_int_equal(length(2), 100);
}

static void large_frames_need_leave(void **state)
{
	start_rx(&t, 16, 2048, 0);
	wr(&t, E1000_RDT, 15);
	arrive(&t, frame, 1518);
	arrive(&t, frame, 1519);
	run(&t);
	assert_int_equal(rd(&t, E1000_RDH), 1);
	assert_int_equal(length(0), 1522);
	assert_int_equal(rd(&t, E1000_ROC), 1);
	assert_int_equal(t.waiting_at, 2);

	wr(&t, E1000_RCTL, rd(&t, E1000_RCTL) | E1000_RCTL_LPE);
	arrive(&t, frame, 9014);
	arrive(&t, frame, 16128);
	arrive(&t, frame, 16381);
	run(&t);
	assert_int_equal(rd(&t, E1000_RDH), 1 + 5 + 8);
	for (uint32_t i = 1, at = 0; i < 6; i++, at += 2048) {
		uint64_t high = desc_high(&t, TEST_RX, i);

		assert_true(high & E1000_RX_DD);
		assert_int_equal(!!(high & E1000_RX_EOP), i == 5);
		assert_int_equal(length(i), i == 5 ? 9018 - 4 * 2048 : 2048);
		assert_memory_equal(t.ram + TEST_BUF + 2048 * i, frame + at,
				    i == 5 ? 9014 - 4 * 2048 : 2048);
	}
	assert_int_equal(rd(&t, E1000_ROC), 1);
}

/* BSIZE and BSEX: 13.4.22. */
static void buffers_have_their_size(void **state)
{
	static const struct {
		uint32_t rctl, size;
	} sizes[] = {
		{0 << 16, 2048},
		{1 << 16, 1024},
		{2 << 16, 512},
		{3 << 16, 256},
		{E1000_RCTL_BSEX | 1 << 16, 16384},
		{E1000_RCTL_BSEX | 2 << 16, 8192},
		{E1000_RCTL_BSEX | 3 << 16, 4096},
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		start_rx(&t, 40, 16384, sizes[i].rctl | E1000_RCTL_LPE);
		wr(&t, E1000_RDT, 39);
		arrive(&t, frame, 9000);
		run(&t);
		assert_int_equal(rd(&t, E1000_RDH), (9004 + sizes[i].size - 1) / sizes[i].size);
		assert_int_equal(length(0), sizes[i].size < 9004 ? sizes[i].size : 9004);
		for (uint32_t n = 0, at = 0; at < 9000; n++, at += sizes[i].size)
			assert_memory_equal(t.ram + TEST_BUF + 16384 * n, frame + at,
					    9000 - at < sizes[i].size ? 9000 - at : sizes[i].size);
	}
}

static void a_full_ring_makes_frames_wait(void **state)
{
	start_rx(&t, 16, 2048, 0);
	wr(&t, E1000_RDT, 4);
	wr(&t, E1000_IMS, E1000_INT_RXDMT0);
	for (int i = 0; i < 6; i++)
		arrive(&t, frame, 100 + (uint32_t)i);
	run(&t);
	assert_int_equal(rd(&t, E1000_RDH), 4);
	assert_int_equal(t.waiting_at, 4);
	assert_true(t.c.rx_short);
	assert_int_equal(rd(&t, E1000_RNBC), 1);
	run(&t);
	assert_int_equal(rd(&t, E1000_RNBC), 0); /* once a frame */
	assert_int_equal(rd(&t, E1000_TPR), 5);
	unsigned int wakes = t.wakes;
	wr(&t, E1000_RDT, 5);
	assert_int_equal(t.wakes, wakes + 1);
	run(&t);
	assert_int_equal(length(4), 108);
	wr(&t, E1000_RDT, 3); /* all the way round */
	run(&t);
	assert_int_equal(t.waiting_at, 6);
	assert_int_equal(rd(&t, E1000_TPR), 1);
	wakes = t.wakes;
	wr(&t, E1000_RDT, 5); /* nobody waits */
	assert_int_equal(t.wakes, wakes);
}

static void few_descriptors_interrupt(void **state)
{
	start_rx(&t, 16, 2048, 1 << 8); /* a quarter: 4 */
	wr(&t, E1000_RDT, 6);
	rd(&t, E1000_ICR);
	for (int i = 0; i < 4; i++) {
		arrive(&t, frame, 100);
		run(&t);
		assert_int_equal(!!(rd(&t, E1000_ICR) & E1000_INT_RXDMT0), i == 1);
	}
}

static void the_ring_wraps(void **state)
{
	start_rx(&t, 8, 2048, 0);
	for (uint32_t i = 0; i < 30; i++) {
		wr(&t, E1000_RDT, (i + 7) % 8);
		frame[20] = (uint8_t)i;
		arrive(&t, frame, 60 + i);
		run(&t);
		assert_int_equal(length(i % 8), 64 + i);
		assert_int_equal(t.ram[TEST_BUF + 2048 * (i % 8) + 20], i);
	}
	assert_int_equal(rd(&t, E1000_GPRC), 30);
}

static bool taken(const uint8_t mac[6])
{
	uint32_t before = rd(&t, E1000_RDH);

	memcpy(frame, mac, 6);
	arrive(&t, frame, 100);
	run(&t);
	wr(&t, E1000_RDT, (rd(&t, E1000_RDH) + 15) % 16);
	return rd(&t, E1000_RDH) != before;
}

static void addresses_are_filtered(void **state)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 9},
			     broadcast[6] = {255, 255, 255, 255, 255, 255};
	static const uint8_t multi[6] = {1, 0, 0x5e, 0, 0x12, 0x34};

	start_rx(&t, 16, 2048, 0);
	wr(&t, E1000_RDT, 15);
	assert_true(taken(test_mac));
	assert_true(taken(broadcast));
	assert_false(taken(other));
	assert_false(taken(multi));

	wr(&t, E1000_RAL + 8, 2); /* the second address: `other` */
	wr(&t, E1000_RAL + 12, 0x0900 | E1000_RAH_AV);
	assert_true(taken(other));
	wr(&t, E1000_RAL + 12, 0x0900);
	assert_false(taken(other));

	/* As e1000_hash_mc_addr() has it for filter types 0 to 3. */
	static const uint32_t hash[] = {0x12 >> 4 | 0x34 << 4, 0x12 >> 3 | 0x34 << 5,
					0x12 >> 2 | 0x34 << 6, 0x12 | 0x34 << 8};
	for (uint32_t mo = 0; mo < 4; mo++) {
		wr(&t, E1000_RCTL, E1000_RCTL_EN | mo << 12);
		wr(&t, E1000_MTA + 4 * (hash[mo] >> 5 & 0x7f), 1u << (hash[mo] & 31));
		assert_true(taken(multi));
		wr(&t, E1000_MTA + 4 * (hash[mo] >> 5 & 0x7f), 0);
		assert_false(taken(multi));
	}
	assert_false(taken(broadcast)); /* BAM is off now */
	wr(&t, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_MPE);
	assert_true(taken(multi));
	assert_false(taken(other));
	wr(&t, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_UPE);
	assert_true(taken(other));
}

static void tags_are_taken_out_and_filtered(void **state)
{
	uint8_t tagged[300];

	memcpy(tagged, frame, 12);
	memcpy(tagged + 12, "\x81\x00\x60\x65", 4); /* priority 3, VLAN 101 */
	memcpy(tagged + 16, frame + 12, 200);
	start_rx(&t, 16, 2048, 0);
	wr(&t, E1000_RDT, 15);
	arrive(&t, tagged, 216);
	run(&t);
	assert_int_equal(length(0), 220);
	assert_memory_equal(t.ram + TEST_BUF, tagged, 216);

	wr(&t, E1000_CTRL, rd(&t, E1000_CTRL) | E1000_CTRL_VME);
	arrive(&t, tagged, 216);
	run(&t);
	assert_int_equal(length(1), 216);
	assert_memory_equal(t.ram + TEST_BUF + 2048, frame, 212);
	assert_true(desc_high(&t, TEST_RX, 1) & E1000_RX_VP);
	assert_int_equal(desc_high(&t, TEST_RX, 1) >> 48, 0x6065);

	wr(&t, E1000_RCTL, rd(&t, E1000_RCTL) | E1000_RCTL_VFE);
	arrive(&t, tagged, 216);
	run(&t);
	assert_int_equal(rd(&t, E1000_RDH), 2);
	wr(&t, E1000_VFTA + 4 * (101 >> 5), 1u << (101 & 31));
	arrive(&t, tagged, 216);
	arrive(&t, frame, 100); /* without a tag: no matter */
	run(&t);
	assert_int_equal(rd(&t, E1000_RDH), 4);
	assert_false(desc_high(&t, TEST_RX, 3) & E1000_RX_VP);
}

static uint64_t sum_bits(const uint8_t *f, uint32_t bytes, uint8_t flags, uint16_t start,
			 uint16_t offset)
{
	struct test_frame *a = arrive(&t, f, bytes);
	uint32_t i = rd(&t, E1000_RDH);

	a->hdr.flags = flags;
	a->hdr.csum_start = start;
	a->hdr.csum_offset = offset;
	run(&t);
	return desc_high(&t, TEST_RX, i) &
	       (E1000_RX_IXSM | E1000_RX_TCPCS | E1000_RX_IPCS | E1000_RX_IPE);
}

/* What is known of a checksum is said, and no more. */
static void checksums_are_reported_honestly(void **state)
{
	uint8_t f[1600];
	uint32_t bytes = make_tcp4(f, 1001, false);

	memcpy(f, test_mac, 6);
	start_rx(&t, 64, 2048, 0);
	wr(&t, E1000_RDT, 63);
	wr(&t, E1000_RXCSUM, E1000_RXCSUM_TUOFL);
	assert_true(sum_bits(f, bytes, 0, 0, 0) == E1000_RX_IXSM);
	assert_true(sum_bits(f, bytes, VIRTIO_NET_HDR_F_DATA_VALID, 0, 0) == E1000_RX_TCPCS);

	/* From another guest, with the sum left to us: it is right before the guest sees it. */
	uint32_t at = TEST_BUF + 2048 * rd(&t, E1000_RDH);
	assert_true(sum_bits(f, bytes, VIRTIO_NET_HDR_F_NEEDS_CSUM, 34, 16) == E1000_RX_TCPCS);
	assert_true(tcp4_holds(t.ram + at, bytes));
	assert_memory_equal(t.ram + at + 52, f + 52, bytes - 52);

	/* Offsets that cannot be. */
	assert_true(sum_bits(f, bytes, VIRTIO_NET_HDR_F_NEEDS_CSUM, 34, 5000) == E1000_RX_IXSM);
	assert_true(sum_bits(f, bytes, VIRTIO_NET_HDR_F_NEEDS_CSUM, 65535, 65535) == E1000_RX_IXSM);

	wr(&t, E1000_RXCSUM, E1000_RXCSUM_IPOFL);
	assert_true(sum_bits(f, bytes, VIRTIO_NET_HDR_F_DATA_VALID, 0, 0) == E1000_RX_IPCS);
	f[22]++; /* TTL */
	assert_true(sum_bits(f, bytes, 0, 0, 0) == (E1000_RX_IPCS | E1000_RX_IPE));
	f[22]--;
	f[14] = 0x4f; /* a header of 60 bytes in a frame that ends before */
	assert_true(sum_bits(f, 60, 0, 0, 0) == E1000_RX_IXSM);
	f[14] = 0x45;

	wr(&t, E1000_RXCSUM, E1000_RXCSUM_IPOFL | E1000_RXCSUM_TUOFL);
	f[20] |= 0x20; /* a fragment */
	assert_false(sum_bits(f, bytes, VIRTIO_NET_HDR_F_DATA_VALID, 0, 0) & E1000_RX_TCPCS);
	f[20] &= 0xdf;
	f[23] = 132; /* SCTP */
	assert_false(sum_bits(f, bytes, VIRTIO_NET_HDR_F_DATA_VALID, 0, 0) & E1000_RX_TCPCS);
	wr(&t, E1000_RXCSUM, 0);
	assert_true(sum_bits(f, bytes, VIRTIO_NET_HDR_F_DATA_VALID, 0, 0) == E1000_RX_IXSM);
}

static void a_receiver_that_is_off_loses_frames(void **state)
{
	start_rx(&t, 16, 2048, 0);
	wr(&t, E1000_RDT, 15);
	wr(&t, E1000_RCTL, 0);
	arrive(&t, frame, 100);
	run(&t);
	assert_int_equal(t.waiting_at, 1);
	wr(&t, E1000_RCTL, E1000_RCTL_EN);
	t.master = false;
	arrive(&t, frame, 100);
	run(&t);
	assert_int_equal(t.waiting_at, 2);
	t.master = true;
	arrive(&t, frame, 13);
	run(&t);
	assert_int_equal(t.waiting_at, 3);
	assert_int_equal(rd(&t, E1000_RDH), 0);
	assert_int_equal(rd(&t, E1000_GPRC), 0);
}

static void bad_rings_and_buffers(void **state)
{
	/* A frame that no ring of this size could hold: lost, so that others get through. */
	start_rx(&t, 8, 256, 3 << 16 | E1000_RCTL_LPE);
	wr(&t, E1000_RDT, 7);
	arrive(&t, frame, 9000);
	arrive(&t, frame, 100);
	run(&t);
	assert_int_equal(rd(&t, E1000_MPC), 1);
	assert_true(rd(&t, E1000_ICR) & E1000_INT_RXO);
	assert_int_equal(rd(&t, E1000_RDH), 1);

	/* Buffers outside memory: the frame goes nowhere, the descriptor comes back. */
	start_rx(&t, 8, 2048, 0);
	put_desc(&t, TEST_RX, 0, TEST_MEM - 10, 0);
	put_desc(&t, TEST_RX, 1, 0xfffffffffffffff0, 0);
	wr(&t, E1000_RDT, 7);
	arrive(&t, frame, 100);
	arrive(&t, frame, 100);
	run(&t);
	assert_int_equal(rd(&t, E1000_RDH), 2);
	assert_true(desc_high(&t, TEST_RX, 1) & E1000_RX_DD);

	/* Rings that are none: frames wait. */
	arrive(&t, frame, 100);
	unsigned int at = t.waiting_at;
	wr(&t, E1000_RDT, 8);
	run(&t);
	wr(&t, E1000_RDT, 7);
	wr(&t, E1000_RDLEN, 0);
	run(&t);
	assert_int_equal(t.waiting_at, at);
	wr(&t, E1000_RDLEN, 128);
	wr(&t, E1000_RDBAL, TEST_MEM);
	run(&t); /* a ring nobody answers for: the frame is lost */
	assert_int_equal(t.waiting_at, at + 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(one_frame),
		T(large_frames_need_leave),
		T(buffers_have_their_size),
		T(a_full_ring_makes_frames_wait),
		T(few_descriptors_interrupt),
		T(the_ring_wraps),
		T(addresses_are_filtered),
		T(tags_are_taken_out_and_filtered),
		T(checksums_are_reported_honestly),
		T(a_receiver_that_is_off_loses_frames),
		T(bad_rings_and_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

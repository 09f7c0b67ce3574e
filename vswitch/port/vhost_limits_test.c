/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings that are full, buffers that are too small or held, and what is no packet. */
#include "vswitch/port/test_transfer.h"

/* A packet that is still referred to keeps its burst's buffers; then all come back, once. */
static void a_reference_holds_the_buffers(void **state)
{
	for (int packed = 0; packed < 2; packed++) {
		uint64_t f = BIT(VIRTIO_F_VERSION_1) | (packed ? BIT(VIRTIO_F_RING_PACKED) : 0);
		struct rte_mbuf *pkts[BATCH], *more[BATCH];

		seed = 3;
		open_both(f, f, 64, 0);
		for (int i = 0; i < 3; i++)
			assert_true(transmit(&frames[i], 3000, 1));
		assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, pkts, BATCH), 3);
		assert_int_equal(pkt_tail_settle(pkts[1], worker.header_pool), 0);
		rte_pktmbuf_free(pkts[0]);
		rte_pktmbuf_free(pkts[2]);
		assert_true(transmit(&frames[3], 100, 1));
		assert_false(vhost_ring_done(&from.ring));
		assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, more, BATCH), 0);
		nothing_used(&from);
		assert_memory_equal(rte_pktmbuf_mtod(pkts[1]->next, void *),
				    frames[1].bytes + PLAIN_HEAD, 3000 - PLAIN_HEAD);
		rte_pktmbuf_free(pkts[1]);
		assert_true(vhost_ring_done(&from.ring));
		sent_back(3, true);
		nothing_used(&from);
		assert_true(vhost_ring_done(&from.ring));
		nothing_used(&from);
		assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, more, BATCH), 1);
		rte_pktmbuf_free(more[0]);
		close_both();
	}
}

/* What is no packet is dropped by name. Where nothing else came, the buffers are back before the
 * next poll, for the worker may sleep now. */
static void what_is_no_packet(void **state)
{
	for (int packed = 0; packed < 2; packed++) {
		uint64_t f = BIT(VIRTIO_F_VERSION_1) | (packed ? BIT(VIRTIO_F_RING_PACKED) : 0);
		struct guest_part parts[2];
		struct rte_mbuf *pkts[BATCH];

		memset(counters, 0, sizeof(counters));
		open_both(f, f, 64, packed ? 0x8000 + 60 : 65530);
		parts[0] =
			(struct guest_part){.gpa = guest_alloc(&from_guest, 70000, 1), .len = 11};
		assert_true(driver_add(&from, parts, 1, false) >= 0); /* less than a header */
		parts[0].len = 0;
		assert_true(driver_add(&from, parts, 1, false) >= 0); /* nothing at all */
		parts[0].len = 65535;
		parts[1] = parts[0];
		assert_true(driver_add(&from, parts, 2, false) >= 0); /* more than any packet */
		assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, pkts, BATCH), 0);
		assert_int_equal(counters[0].drop[PKT_DROP_RUNT], 2);
		assert_int_equal(counters[0].drop[PKT_DROP_MTU_IN], 1);
		sent_back(3, false);
		assert_int_equal(driver_calls(&from), 1);
		assert_true(vhost_ring_done(&from.ring));
		nothing_used(&from);
		assert_int_equal(atomic_load(&from.ring.fault), VHOST_OK);
		close_both();
	}
}

/* One packet among them is enough to keep them all: they go back in order. */
static void a_packet_behind_what_is_none(void **state)
{
	const uint64_t f = BIT(VIRTIO_F_VERSION_1);
	struct guest_part part;
	struct rte_mbuf *pkts[BATCH];

	seed = 4;
	open_both(f, f, 64, 0);
	part = (struct guest_part){.gpa = guest_alloc(&from_guest, 11, 1), .len = 11};
	assert_true(driver_add(&from, &part, 1, false) >= 0);
	assert_true(transmit(&frames[0], 3000, 1));
	assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, pkts, BATCH), 1);
	nothing_used(&from);
	rte_pktmbuf_free(pkts[0]);
	assert_true(vhost_ring_done(&from.ring));
	sent_back(2, false);
	close_both();
}

/* Packets of `len` bytes in mbufs of their own. */
static void make_packets(struct rte_mbuf **pkts, uint16_t n, uint32_t len)
{
	for (uint16_t i = 0; i < n; i++) {
		frames[i % BATCH].len = len;
		memset(frames[i % BATCH].bytes, i, len);
		pkts[i] =
			test_chain(worker.header_pool, frames[i % BATCH].bytes, len, 90, 90, &seed);
		assert_non_null(pkts[i]);
	}
}

static void a_full_ring_takes_what_fits(void **state)
{
	const uint64_t f = BIT(VIRTIO_F_VERSION_1);
	struct rte_mbuf *pkts[BATCH];
	enum pkt_drop why;

	open_both(f, f, 16, 65530);
	offer(5, 100, 1);
	make_packets(pkts, 8, 60);
	why = PKT_DROP_NONE;
	assert_int_equal(vhost_ring_tx(&to.ring, pkts, 8, &why), 5);
	assert_int_equal(why, PKT_DROP_TX_FULL);
	for (int i = 0; i < 5; i++)
		same(&frames[i]);
	nothing_used(&to);
	rte_pktmbuf_free_bulk(pkts, 8);
	close_both();
}

/* One packet that no buffer can hold is refused alone; nothing of it is written. */
static void too_small_buffers(void **state)
{
	const uint64_t merge[] = {0, BIT(VIRTIO_NET_F_MRG_RXBUF)};

	for (int i = 0; i < 2; i++) {
		struct rte_mbuf *pkts[BATCH];
		enum pkt_drop why = PKT_DROP_NONE;

		open_both(0, BIT(VIRTIO_F_VERSION_1) | merge[i], 16, 0);
		offer(16, 100, 1);
		make_packets(pkts, 1, 60);
		make_packets(pkts + 1, 1, 16 * 100 - 12 + 1);
		make_packets(pkts + 2, 1, 60);
		assert_int_equal(vhost_ring_tx(&to.ring, pkts, 3, &why), 1);
		/* With 15 buffers left, more of them might come. */
		assert_int_equal(why, merge[i] ? PKT_DROP_TX_FULL : PKT_DROP_TX_REFUSED);
		offer(16, 100, 1);
		if (merge[i]) {
			frames[0].len = 60;
			same(&frames[0]);
			offer(1, 100, 1);
			assert_int_equal(vhost_ring_tx(&to.ring, pkts + 1, 2, &why), 0);
			assert_int_equal(why, PKT_DROP_TX_REFUSED);
		}
		assert_int_equal(vhost_ring_tx(&to.ring, pkts + 2, 1, &why), 1);
		rte_pktmbuf_free_bulk(pkts, 3);
		close_both();
	}
}

/* A unit that was cut for a guest without TSO is more frames than are looked at together. */
static void more_packets_than_buffers_at_hand(void **state)
{
	enum { MANY = 1000 };
	static struct rte_mbuf *pkts[MANY];
	enum pkt_drop why;

	open_both(0, BIT(VIRTIO_F_VERSION_1), 1024, 0);
	offer(MANY, 80, 1);
	make_packets(pkts, MANY, 60);
	assert_int_equal(vhost_ring_tx(&to.ring, pkts, MANY, &why), MANY);
	for (int i = 0; i < MANY; i++) {
		memset(frames[0].bytes, i, 60);
		frames[0].len = 60;
		same(&frames[0]);
	}
	nothing_used(&to);
	rte_pktmbuf_free_bulk(pkts, MANY);
	close_both();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reference_holds_the_buffers),
		cmocka_unit_test(what_is_no_packet),
		cmocka_unit_test(a_packet_behind_what_is_none),
		cmocka_unit_test(a_full_ring_takes_what_fits),
		cmocka_unit_test(too_small_buffers),
		cmocka_unit_test(more_packets_than_buffers_at_hand),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

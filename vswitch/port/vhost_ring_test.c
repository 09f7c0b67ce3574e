/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets from one guest's ring to another's: nothing is lost, changed, or given back twice. */
#include "vswitch/port/test_transfer.h"

/* One burst from one guest to the other. */
static void burst(uint16_t max_parts, bool settle)
{
	struct rte_mbuf *pkts[BATCH];
	enum pkt_drop why = PKT_DROP_NONE;
	uint32_t n = 0, want = 1 + test_below(&seed, BATCH), bytes = 0;
	bool merge = to.features & BIT(VIRTIO_NET_F_MRG_RXBUF);
	uint16_t got;

	start_again(&from_guest);
	start_again(&to_guest);
	while (n < want && bytes < 800000 && transmit(&frames[n], a_length(), max_parts))
		bytes += frames[n++].len;
	if (merge)
		/* A ring of chains of three holds the largest packet. */
		offer(GUEST_RING_MAX, UNIT_MAX * 3 / to.size + 64 + test_below(&seed, 2000), 3);
	else
		offer(n, UNIT_MAX + 12, max_parts);
	got = vhost_ring_rx(&from.ring, &worker, 0, pkts, BATCH);
	assert_int_equal(got, n);
	nothing_used(&from);
	for (uint16_t i = 0; i < got; i++) {
		uint32_t head = RTE_MIN(frames[i].len, (uint32_t)PLAIN_HEAD);

		assert_int_equal(pkts[i]->pkt_len, frames[i].len);
		assert_int_equal(pkts[i]->data_len, head);
		assert_int_equal(pkt_tail_of(pkts[i]) != NULL, frames[i].len > PLAIN_HEAD);
		assert_memory_equal(rte_pktmbuf_mtod(pkts[i], void *), frames[i].bytes, head);
		if (settle)
			assert_int_equal(pkt_tail_settle(pkts[i], worker.header_pool), 0);
	}
	for (uint16_t done = 0, idle = 0; done < got;) {
		uint16_t sent = vhost_ring_tx(&to.ring, pkts + done, got - done, &why);

		for (uint16_t i = 0; i < sent; i++)
			same(&frames[done + i]);
		/* Where the ring was too small for all of them, the guest offers more. */
		if (sent == 0)
			assert_int_equal(why, PKT_DROP_TX_FULL);
		done += sent;
		if (done == got)
			break;
		assert_true(sent > 0 || idle++ == 0);
		offer(GUEST_RING_MAX, merge ? UNIT_MAX * 3 / to.size + 64 : UNIT_MAX + 12, 3);
	}
	nothing_used(&to);
	rte_pktmbuf_free_bulk(pkts, got);
	assert_true(vhost_ring_done(&from.ring));
	sent_back(n, true);
	nothing_used(&from);
	/* Empty the receiver, so that the next burst offers what it likes. */
	while (to.n_free < to.size) {
		uint16_t taken = vhost_ring_take(&to.ring, 0, VHOST_TAKE_MAX), id;
		uint32_t len;

		assert_true(taken > 0);
		vhost_ring_consume(&to.ring, taken);
		vhost_ring_give(&to.ring, taken, NULL);
		while (driver_used(&to, &id, &len))
			assert_int_equal(len, 0);
	}
}

static const struct way {
	uint64_t from, to;
	uint16_t size;
} ways[] = {
	{0, 0, 256},
	{BIT(VIRTIO_F_VERSION_1), BIT(VIRTIO_F_VERSION_1), 256},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC), 64},
	{BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_EVENT_IDX),
	 BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_EVENT_IDX), 1024},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 251},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_IN_ORDER),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_NET_F_MRG_RXBUF), 1000},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_IN_ORDER),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 256},
	{0, BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_EVENT_IDX),
	 128},
};

/* Every kind of ring, from places near the end of the index and of the lap. */
static void frames_arrive_as_they_were(void **state)
{
	static const uint16_t starts[] = {0, 65530, 0x8000 + 120};

	for (unsigned int w = 0; w < RTE_DIM(ways); w++) {
		for (unsigned int s = 0; s < RTE_DIM(starts); s++) {
			seed = 1 + w * 16 + s;
			open_both(ways[w].from, ways[w].to, ways[w].size, starts[s]);
			for (int i = 0; i < 6; i++)
				burst(i == 0 ? 1 : 1 + test_below(&seed, PARTS), i & 1);
			close_both();
		}
	}
}

/* Every length around the borders of what is copied, borrowed and sent, in one part and in many. */
static void every_length(void **state)
{
	static const uint32_t lengths[] = {14,	243, 244,  245,	  246,	 255,	256,   257,
					   258, 268, 2047, 65534, 65535, 65536, 65537, UNIT_MAX};
	uint64_t f = BIT(VIRTIO_F_VERSION_1);

	for (unsigned int i = 0; i < RTE_DIM(lengths); i++) {
		for (uint16_t parts = 1; parts <= 3; parts++) {
			struct rte_mbuf *pkts[BATCH];
			enum pkt_drop why;

			seed = 1 + i;
			open_both(f, f, 16, 0);
			assert_true(transmit(&frames[0], lengths[i], parts));
			offer(1, lengths[i] + 12, parts);
			assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, pkts, 1), 1);
			assert_int_equal(vhost_ring_tx(&to.ring, pkts, 1, &why), 1);
			same(&frames[0]);
			rte_pktmbuf_free(pkts[0]);
			assert_true(vhost_ring_done(&from.ring));
			close_both();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_arrive_as_they_were),
		cmocka_unit_test(every_length),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

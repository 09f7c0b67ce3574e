/* SPDX-License-Identifier: BSD-3-Clause */
/* lro_merge(): units and their limits, whose buffers are written to, flows, and what rsc takes. */
#include "offload/tso_lro/test_merge.h"

/* The unit's own headers are right: an IPv4 checksum, and a TCP checksum to be completed. */
static void sums_of_unit(void **state)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		uint8_t bytes[3 * PAYLOAD + 200], *l3 = bytes + 14, *l4 = l3 + (ipv6 ? 40 : 20);
		struct rte_mbuf *m;
		uint16_t sum;

		stream(3, ipv6);
		give(3);
		assert_int_equal(merge(LRO_REVERSIBLE), 1);
		m = pkts[0];
		assert_ptr_equal(rte_pktmbuf_read(m, 0, m->pkt_len, bytes), bytes);
		if (!ipv6)
			assert_int_equal(test_sum(l3, 20, 0), 0xffff);
		memcpy(&sum, l4 + 16, sizeof(sum));
		assert_int_equal(sum,
				 pkt_csum_pseudo(l3, ipv6 ? 6 : 4, 6, m->pkt_len - 14 - m->l3_len));
		assert_int_equal(counts.looked, 3);
		assert_int_equal(counts.units, 1);
		assert_int_equal(counts.frames[PKT_MERGE_4K], 3);
		assert_int_equal(counts.ended[PKT_MERGE_BURST], 1);
		free_all(1);
	}
}

static void plain(void **state)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		stream(3, ipv6);
		one_unit(LRO_REVERSIBLE, ipv6);
		for (int tags = 1; tags < 4; tags++) {
			stream(3, ipv6);
			for (int i = 0; i < 3; i++)
				frames[i].tags = tags;
			one_unit(LRO_REVERSIBLE, ipv6);
		}
		/* Without options, with many, with ECE and a reserved bit on all. */
		stream(3, ipv6);
		for (int i = 0; i < 3; i++) {
			frames[i].timestamps = 0;
			frames[i].flags = 0x40;
			frames[i].reserved = 1;
		}
		one_unit(LRO_REVERSIBLE, ipv6);
		stream(3, ipv6);
		for (int i = 0; i < 3; i++)
			frames[i].padding_options = 28;
		one_unit(LRO_REVERSIBLE, ipv6);
	}
}

/* At 65535 bytes of IP, and at so many mbufs. */
static void limits(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		uint32_t hdr = (v6 ? 40 : 20) + 32;

		stream(9, v6);
		for (int i = 0; i < 9; i++) {
			frames[i].payload = 8000;
			frames[i].seq = 5 + i * 8000;
		}
		frames[8].payload = 65535 - hdr - 8 * 8000;
		give(9);
		assert_int_equal(merge(LRO_REVERSIBLE), 1);
		assert_int_equal(pkts[0]->pkt_len, 14 + 65535);
		is_unit(pkts[0], 0, 9);
		assert_int_equal(counts.frames[PKT_MERGE_64K], 9);
		free_all(1);
		frames[8].payload++;
		give(9);
		assert_int_equal(merge(LRO_REVERSIBLE), 2);
		is_unit(pkts[0], 0, 8);
		is_frame(pkts[1], &frames[8]);
		assert_int_equal(counts.ended[PKT_MERGE_SIZE], 1);
		free_all(2);
	}
	stream(LRO_BURST_MAX, false);
	for (int i = 0; i < LRO_BURST_MAX; i++) {
		uint32_t seed = 1;

		frames[i].payload = 100;
		frames[i].seq = i * 100;
		test_lro_build(&frames[i]);
		pkts[i] = test_chain(data_pool, frames[i].bytes, frames[i].len, 90, 30, &seed);
		assert_true(pkts[i]->nb_segs > 2);
	}
	n_given = LRO_BURST_MAX;
	n_given = merge(LRO_REVERSIBLE);
	assert_in_range(counts.ended[PKT_MERGE_SEGMENTS], 1, LRO_BURST_MAX);
	for (uint16_t i = 0, at = 0; i < n_given; i++) {
		uint16_t n = (pkts[i]->pkt_len - 66) / 100;

		assert_in_range(pkts[i]->nb_segs, 3, LRO_SEGS_MAX);
		is_unit(pkts[i], at, n);
		at += n;
	}
	free_all(n_given);
}

/* Who else uses a buffer would see it change. */
static void shared(void **state)
{
	struct rte_mbuf *clone;

	stream(3, false);
	give(3);
	rte_mbuf_refcnt_update(pkts[1], 1);
	assert_int_equal(merge(LRO_REVERSIBLE), 3);
	assert_int_equal(counts.ended[PKT_MERGE_LAYOUT], 1);
	rte_mbuf_refcnt_update(pkts[1], -1);
	free_all(3);

	give(3);
	clone = rte_pktmbuf_clone(pkts[1], header_pool);
	rte_pktmbuf_free(pkts[1]);
	pkts[1] = clone;
	assert_int_equal(merge(LRO_REVERSIBLE), 3);
	assert_int_equal(counts.ended[PKT_MERGE_LAYOUT], 1);
	free_all(3);

	/* All headers and nothing else in the first mbuf. */
	give(3);
	rte_pktmbuf_free(pkts[1]);
	pkts[1] = test_chain(data_pool, frames[1].bytes, frames[1].len, 66, 2048, &(uint32_t){1});
	assert_int_equal(merge(LRO_REVERSIBLE), 3);
	assert_int_equal(counts.ended[PKT_MERGE_LAYOUT], 1);
	free_all(3);
	/* A part of the headers there: it is not read. */
	give(3);
	rte_pktmbuf_free(pkts[1]);
	pkts[1] = test_chain(data_pool, frames[1].bytes, frames[1].len, 60, 2048, &(uint32_t){1});
	assert_int_equal(merge(LRO_REVERSIBLE), 3);
	assert_int_equal(counts.ended[PKT_MERGE_FRAGMENT], 1);
	free_all(3);

	give(3);
	pkts[1]->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4;
	assert_int_equal(merge(LRO_REVERSIBLE), 3);
	assert_int_equal(counts.ended[PKT_MERGE_INTENT], 1);
	assert_true(pkts[1]->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM);
	free_all(3);
}

/* What the device says of a checksum counts. */
static void device_sums(void **state)
{
	stream(2, false);
	give(2);
	pkts[1]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	assert_int_equal(merge(LRO_REVERSIBLE), 2);
	free_all(2);
	frames[0].bad_tcp = frames[1].bad_tcp = 1;
	give(2);
	pkts[0]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	pkts[1]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	assert_int_equal(merge(LRO_REVERSIBLE), 1);
	free_all(1);
	/* One good word is not enough. */
	give(2);
	pkts[1]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	assert_int_equal(merge(LRO_REVERSIBLE), 2);
	assert_int_equal(counts.ended[PKT_MERGE_CHECKSUM], 1);
	free_all(2);
}

/* Flows are told apart by all that names them, and do not disturb each other. */
static void flows(void **state)
{
	enum { FLOWS = 40 };

	for (int v6 = 0; v6 < 2; v6++) {
		stream(3 * FLOWS, v6);
		for (int i = 0; i < 3 * FLOWS; i++) {
			frames[i].flow = i % FLOWS;
			frames[i].seq = 100 + i / FLOWS * PAYLOAD;
			frames[i].id = i / FLOWS;
		}
		give(3 * FLOWS);
		assert_int_equal(merge(LRO_REVERSIBLE), FLOWS);
		for (int i = 0; i < FLOWS; i++)
			assert_ptr_equal(pkts[i], given[i]);
		assert_int_equal(counts.units, FLOWS);
		free_all(FLOWS);
		for (int which = 0; which < 4; which++) {
			stream(4, v6);
			for (int i = 0; i < 4; i++) {
				frames[i].seq = i / 2 * PAYLOAD;
				frames[i].id = i / 2;
				frames[i].tags = which >= 2 ? 2 : 0;
			}
			for (int i = 1; i < 4; i += 2) {
				if (which == 0)
					frames[i].mac = 1;
				else if (which == 2)
					frames[i].tag_id = 1;
				else if (which == 3)
					frames[i].tags = 1;
			}
			give(4);
			for (int i = 0; i < 4; i++)
				pkts[i]->vlan_tci = which == 1 ? i % 2 : 0;
			assert_int_equal(merge(LRO_REVERSIBLE), 2);
			assert_ptr_equal(pkts[0], given[0]);
			assert_ptr_equal(pkts[1], given[1]);
			assert_ptr_equal(pkts[0]->next, given[2]);
			free_all(2);
		}
	}
}

/* More bursts than there are generations: none remembers another's flows. */
static void many_bursts(void **state)
{
	lro->gen = (1u << (32 - LRO_GEN_SHIFT)) - 5;
	for (int i = 0; i < 10; i++) {
		stream(3, false);
		one_unit(LRO_REVERSIBLE, false);
		assert_in_range(lro->gen, 1, (1u << (32 - LRO_GEN_SHIFT)) - 1);
	}
}

static uint32_t be32_at(const struct rte_mbuf *m, uint32_t at)
{
	return lro_be32(rte_pktmbuf_mtod_offset(m, const uint8_t *, at));
}

/* The newest acknowledgment, window and timestamps; the smallest TTL; PSH of any; any length. */
static void rsc(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		uint32_t l4 = v6 ? 54 : 34, seq = 0xffffff00;
		struct rte_mbuf *m;

		stream(4, v6);
		for (int i = 0; i < 4; i++) {
			frames[i].payload = i == 1 ? 10 : 700 + i;
			frames[i].seq = seq;
			seq += frames[i].payload;
			frames[i].ack = 0xfffffffe + i;
			frames[i].window = 100 + i;
			frames[i].ts = 0xffffffff + i;
			frames[i].ts_echo = 5 + i / 2;
			frames[i].ttl = 60 + (i != 2);
			frames[i].id = i * 100;
		}
		frames[1].flags = 0x08;
		give(4);
		assert_int_equal(merge(LRO_RSC), 1);
		m = pkts[0];
		assert_int_equal(m->pkt_len, l4 + 32 + 2115);
		assert_int_equal(m->tso_segsz, 703);
		assert_int_equal(be32_at(m, l4 + 4), 0xffffff00);
		assert_int_equal(be32_at(m, l4 + 8), 1);
		assert_int_equal(be32_at(m, l4 + 12), 0x80180000 + 103);
		assert_int_equal(be32_at(m, l4 + 24), 2);
		assert_int_equal(be32_at(m, l4 + 28), 6);
		assert_int_equal(rte_pktmbuf_mtod(m, uint8_t *)[v6 ? 21 : 22], 60);
		if (!v6)
			assert_int_equal(test_sum(rte_pktmbuf_mtod_offset(m, uint8_t *, 14), 20, 0),
					 0xffff);
		free_all(1);
	}
}

/* A few bytes in several frames are not for segments below the smallest. */
static void rsc_small(void **state)
{
	stream(3, false);
	for (int i = 0; i < 3; i++) {
		frames[i].payload = 10;
		frames[i].seq = i * 10;
	}
	give(3);
	assert_int_equal(merge(LRO_RSC), 1);
	assert_false(pkts[0]->ol_flags & RTE_MBUF_F_TX_TCP_SEG);
	assert_true(pkts[0]->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM);
	assert_int_equal(pkt_csum_complete(pkts[0]), 0);
	free_all(1);
}

/* What is no TCP does not end units; what may be, does. */
static void others(void **state)
{
	static const uint8_t arp[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1};
	uint32_t seed = 1;

	stream(2, false);
	give(2);
	pkts[2] = pkts[1];
	pkts[1] = test_chain(data_pool, arp, sizeof(arp), 60, 60, &seed);
	n_given = 3;
	assert_int_equal(merge(LRO_REVERSIBLE), 2);
	is_unit(pkts[0], 0, 2);
	free_all(2);
}

static void names(void **state)
{
	for (int i = 0; i < PKT_MERGE_END_MAX; i++) {
		assert_non_null(pkt_merge_end_name(i));
		assert_non_null(pkt_merge_end_help(i));
	}
	assert_null(pkt_merge_end_name(PKT_MERGE_END_MAX));
	assert_null(pkt_merge_end_help(PKT_MERGE_END_MAX));
	assert_string_equal(pkt_merge_size_name(PKT_MERGE_64K), "64k");
	assert_null(pkt_merge_size_name(PKT_MERGE_SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),       cmocka_unit_test(sums_of_unit),
		cmocka_unit_test(limits),      cmocka_unit_test(shared),
		cmocka_unit_test(device_sums), cmocka_unit_test(flows),
		cmocka_unit_test(many_bursts), cmocka_unit_test(rsc),
		cmocka_unit_test(rsc_small),   cmocka_unit_test(others),
		cmocka_unit_test(names),
	};

	if (test_merge_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

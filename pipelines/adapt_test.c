/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of offload requests at a port that does not take them, and at one that does. */
#include "pipelines/test_pipe.h"

#include "packet/parse.h"

static struct pkt_counters *of(uint16_t port)
{
	return &t.counters[port];
}

static void is_frame(const struct rte_mbuf *m)
{
	assert_true(test_same_bytes(m, t.frame.bytes, t.frame.len));
}

/* The frame's headers agree with it, and its checksum is right. */
static void is_complete(struct rte_mbuf *m, uint16_t l2_len)
{
	static uint8_t copy[PKT_PARSE_MAX];
	uint32_t seen = RTE_MIN(m->pkt_len, (uint32_t)sizeof(copy)), l4_at;
	const uint8_t *p = rte_pktmbuf_read(m, 0, seen, copy);
	struct pkt_headers h;

	assert_int_equal(pkt_parse(p, seen, m->pkt_len, &h), 0);
	assert_int_equal(h.l2_len, l2_len);
	assert_true(h.l4 == PKT_L4_TCP || h.l4 == PKT_L4_UDP);
	l4_at = h.l2_len + h.l3_len;
	assert_int_equal(pkt_csum_mbuf(m, l4_at, m->pkt_len - l4_at,
				       pkt_csum_pseudo(p + h.l2_len, h.ip_version, h.proto,
						       m->pkt_len - l4_at)),
			 0xffff);
	assert_int_equal(m->ol_flags & (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG |
					RTE_MBUF_F_TX_UDP_SEG),
			 0);
}

static void splits_for_ports_without_units(void **state)
{
	static const struct {
		uint8_t ip, proto;
		uint32_t caps; /* the one that lets it go whole */
	} cases[] = {
		{4, 6, PORT_CAP_TSO4},
		{6, 6, PORT_CAP_TSO6},
		{4, 17, PORT_CAP_USO},
		{6, 17, PORT_CAP_USO},
	};

	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		uint32_t sum = 0;
		struct rte_mbuf *m;

		if (i > 0) {
			assert_int_equal(fake_teardown(state), 0);
			assert_int_equal(fake_setup(state), 0);
		}
		fake_port(1, 1, 1, 20);
		fake_port(2, 1, 1, 20);
		atomic_store(&fake_port(3, 5, 5, 5)->port.tx_caps, cases[i].caps | PORT_CAP_CSUM);
		t.frame.ip = cases[i].ip;
		t.frame.proto = cases[i].proto;
		t.frame.payload = 10000;
		t.frame.tags[0] = 0x8100e005;
		m = fake_give_unit(1, 1400);
		fake_run(1);
		assert_int_equal(fakes[2].n_tx, 8);
		for (uint16_t n = 0; n < 8; n++) {
			const uint8_t *p = rte_pktmbuf_mtod(fakes[2].tx[n], const uint8_t *);

			is_complete(fakes[2].tx[n], 18);
			assert_memory_equal(p + 12, "\x81\x00\xe0\x05", 4);
			sum += fakes[2].tx[n]->pkt_len - t.frame.l2_len - t.frame.l3_len -
			       t.frame.l4_len;
		}
		assert_int_equal(sum, 10000);
		assert_int_equal(of(2)->split_units, 1);
		assert_int_equal(of(2)->split_frames, 8);
		assert_int_equal(of(2)->tx_packets, 8);
		assert_int_equal(of(2)->tx_units, 0);
		/* The same unit goes whole where it can. */
		assert_int_equal(fakes[3].n_tx, 1);
		assert_ptr_equal(fakes[3].tx[0], m);
		assert_int_equal(m->tso_segsz, 1400);
		t.frame.tags[0] = 0;
		test_frame_build(&t.frame);
		is_frame(m);
		assert_int_equal(of(3)->tx_units, 1);
		assert_int_equal(of(3)->split_units, 0);
		assert_int_equal(of(1)->rx_units, 1);
	}
}

/* More frames than a burst holds: 64 units of 45 frames each, all in order. */
static void splits_more_than_a_burst(void **state)
{
	enum { UNITS = 64, FRAMES = 45, SEGSZ = 1448 };

	fake_port(1, 1, 1, 1);
	fake_port(2, 1, 1, 1);
	fake_lives(2, 1, 2);
	t.frame.ip = 4;
	t.frame.payload = FRAMES * SEGSZ;
	for (uint32_t u = 0; u < UNITS; u++) {
		struct rte_mbuf *m = fake_give_unit(1, SEGSZ);

		test_be16(rte_pktmbuf_mtod_offset(m, uint8_t *, 14 + 20), 1000 + u); /* port */
	}
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, UNITS * FRAMES);
	for (uint32_t i = 0; i < UNITS * FRAMES; i++) {
		const uint8_t *l4 =
			rte_pktmbuf_mtod_offset(fakes[2].tx[i], const uint8_t *, 14 + 20);
		uint32_t seq = (uint32_t)pkt_be16(l4 + 4) << 16 | pkt_be16(l4 + 6);

		assert_int_equal(pkt_be16(l4), 1000 + i / FRAMES);
		assert_int_equal(seq, 1 + i % FRAMES * SEGSZ);
		is_complete(fakes[2].tx[i], 14);
	}
	assert_int_equal(of(2)->split_units, UNITS);
	assert_int_equal(of(2)->tx_packets, UNITS * FRAMES);
	assert_int_equal(of(2)->tx_bytes, UNITS * FRAMES * (SEGSZ + 54));
}

/* A port that knows units, but not what becomes of CWR when they are cut. */
static void splits_where_cwr_would_be_lost(void **state)
{
	const uint32_t units = PORT_CAP_CSUM | PORT_CAP_TSO4;

	for (int knows = 0; knows < 2; knows++) {
		struct rte_mbuf *m;

		if (knows) {
			assert_int_equal(fake_teardown(state), 0);
			assert_int_equal(fake_setup(state), 0);
		}
		fake_port(1, 1, 1, 1);
		atomic_store(&fake_port(2, 1, 1, 1)->port.tx_caps,
			     units | (knows ? PORT_CAP_ECN : 0));
		fake_lives(2, 1, 2);
		t.frame.ip = 4;
		t.frame.payload = 3000;
		m = fake_give_unit(1, 1448);
		*rte_pktmbuf_mtod_offset(m, uint8_t *, 14 + 20 + 13) |= 0x80;
		fake_give_unit(1, 1448); /* one without it goes whole in both cases */
		fake_run(1);
		assert_int_equal(fakes[2].n_tx, knows ? 2 : 4);
		assert_int_equal(of(2)->split_units, knows ? 0 : 1);
	}
}

static void completes_checksums(void **state)
{
	struct rte_mbuf *m;

	fake_port(1, 1, 1, 1);
	fake_port(2, 1, 1, 1);
	atomic_store(&fake_port(3, 1, 1, 1)->port.tx_caps, PORT_CAP_CSUM);
	t.frame.ip = 6;
	t.frame.proto = 17;
	t.frame.payload = 333;
	m = fake_give(1);
	m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
	fake_give(1); /* nothing asked, nothing done */
	fake_run(1);
	assert_int_equal(of(2)->csum_sw, 1);
	assert_int_equal(of(3)->csum_sw, 0);
	is_complete(fakes[2].tx[0], 14);
	is_frame(fakes[2].tx[1]);
	/* The other port shares the packet and gets it with the sum still open. */
	is_frame(fakes[3].tx[0]);
	assert_int_equal(fakes[3].tx[0]->ol_flags & RTE_MBUF_F_TX_L4_MASK, RTE_MBUF_F_TX_UDP_CKSUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PIPE(splits_for_ports_without_units),
		TEST_PIPE(splits_more_than_a_burst),
		TEST_PIPE(splits_where_cwr_would_be_lost),
		TEST_PIPE(completes_checksums),
	};

	test_l2_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Units that contradict themselves or their request: refused, and left as they were. */
#include "offload/tso_lro/tso_split.h"

#include "offload/tso_lro/test_unit.h"
#include "packet/burst.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { DATA_MBUFS = 255, HEADER_MBUFS = 1023 };

static struct rte_mempool *data_pool, *header_pool;
static struct rte_mbuf *frames[PKT_FRAMES_MAX];
static struct test_unit unit;

static struct rte_mbuf *chain(uint32_t *seed)
{
	struct rte_mbuf *m = test_chain(data_pool, unit.bytes, unit.len, 2048, 2048, seed);

	assert_non_null(m);
	test_unit_intent(&unit, m);
	return m;
}

static void pools_are_full(void)
{
	assert_int_equal(rte_mempool_avail_count(data_pool), DATA_MBUFS);
	assert_int_equal(rte_mempool_avail_count(header_pool), HEADER_MBUFS);
}

static void is_refused(struct rte_mbuf *m)
{
	struct rte_mbuf before = *m;

	assert_int_equal(tso_split(m, header_pool, frames, PKT_FRAMES_MAX), -EINVAL);
	assert_memory_equal(m, &before, sizeof(before));
	rte_pktmbuf_free(m);
	pools_are_full();
}

/* So that what was refused was refused for what was changed. */
static void is_split(struct rte_mbuf *m, int n)
{
	assert_int_equal(tso_split(m, header_pool, frames, PKT_FRAMES_MAX), n);
	rte_pktmbuf_free_bulk(frames, n);
	pools_are_full();
}

static void refused(void **state)
{
	uint32_t seed = 4;

	for (int what = 0; what < 14; what++) {
		struct rte_mbuf *m;
		uint8_t *bytes;

		unit = (struct test_unit){.segsz = 1000, .payload = 5500, .udp = what % 2};
		test_unit_build(&unit, &seed);
		m = chain(&seed);
		bytes = rte_pktmbuf_mtod(m, uint8_t *);
		if (what < 2)
			m->l2_len += 4;
		else if (what < 4)
			m->l3_len = 0;
		else if (what < 6)
			m->l4_len += 4;
		else if (what < 8)
			bytes[23] ^= 6 ^ 17; /* the other protocol */
		else if (what < 10)
			bytes[17] ^= 1; /* IP length is not the packet's */
		else if (what < 12)
			m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG;
		else
			m->tso_segsz = PKT_SEGSZ_MIN - 1;
		is_refused(m);
	}
}

/* Every way a tunnel's headers or lengths can contradict themselves or the request. */
static void refused_tunnels(void **state)
{
	uint32_t seed = 12;
	int what = 0;

	for (bool ok = false; !ok; what++) {
		const struct test_tunnel *t = &unit.tunnel;
		struct rte_mbuf *m;
		uint8_t *outer;

		unit = (struct test_unit){.segsz = 1000, .payload = 5500};
		unit.tunnel = (struct test_tunnel){.kind = what == 13 ? TEST_GENEVE : TEST_VXLAN,
						   .ipv6 = what % 2};
		test_unit_build(&unit, &seed);
		m = chain(&seed);
		outer = rte_pktmbuf_mtod(m, uint8_t *);
		if (what == 0)
			m->outer_l2_len += 4;
		else if (what == 1)
			m->outer_l3_len -= 4;
		else if (what == 2)
			m->l2_len -= 8; /* as if it counted from the tunnel's header on */
		else if (what == 3)
			m->l3_len = 0;
		else if (what == 4)
			m->l4_len -= 8;
		else if (what == 5)
			outer[t->l4 + 5] ^= 1; /* the outer UDP length */
		else if (what == 6)
			outer[t->l3 + 3] ^= 1; /* the outer IP length */
		else if (what == 7)
			outer[t->l3 + 6] = 6; /* TCP outside */
		else if (what == 8)
			outer[t->inner + unit.l2_len + 3] ^= 1; /* the inner IP length */
		else if (what == 9)
			m->ol_flags ^= RTE_MBUF_F_TX_TUNNEL_VXLAN ^ RTE_MBUF_F_TX_TUNNEL_GRE;
		else if (what == 10)
			m->ol_flags &= ~RTE_MBUF_F_TX_TUNNEL_MASK;
		else if (what == 11)
			m->ol_flags ^= RTE_MBUF_F_TX_TCP_SEG ^ RTE_MBUF_F_TX_UDP_SEG;
		else if (what == 12)
			outer[t->l3 + 6] = 0x20; /* the outer packet is a fragment */
		else if (what == 13)
			outer[t->l4 + 11] ^= 1; /* Geneve, but no Ethernet in it */
		else
			ok = true; /* all else was right */
		if (ok)
			is_split(m, 6);
		else
			is_refused(m);
	}
	assert_int_equal(what, 15);
}

/* Headers of a tunnel beyond the bytes that are looked at. */
static void long_tunnel(void **state)
{
	uint32_t seed = 13;

	for (int longer = 0; longer < 2; longer++) {
		struct rte_mbuf *m;

		unit = (struct test_unit){
			.segsz = 500, .payload = 3000, .tcp_options = 40, .ip_options = 24};
		unit.tunnel = (struct test_tunnel){
			.kind = TEST_GENEVE, .geneve_options = 64, .ip_options = 24 + longer * 4};
		test_unit_build(&unit, &seed);
		assert_int_equal(unit.tunnel.inner + unit.l2_len + unit.l3_len + unit.l4_len,
				 longer ? 260 : 256);
		m = chain(&seed);
		if (longer)
			is_refused(m);
		else
			is_split(m, 6);
	}
}

static void udp_length(void **state)
{
	uint32_t seed = 5;
	struct rte_mbuf *m;

	unit = (struct test_unit){.segsz = 1000, .payload = 5500, .udp = true};
	test_unit_build(&unit, &seed);
	unit.bytes[39] ^= 1;
	m = chain(&seed);
	is_refused(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(refused_tunnels),
		cmocka_unit_test(long_tunnel),
		cmocka_unit_test(udp_length),
	};

	test_eal_init();
	data_pool = test_pool("data", DATA_MBUFS, 2048);
	header_pool = test_pool("header", HEADER_MBUFS, 256);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

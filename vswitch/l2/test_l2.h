/* SPDX-License-Identifier: BSD-3-Clause */
/* One bridge with a few ports, and a worker to run single stages. */
#ifndef VSWITCH_L2_TEST_L2_H
#define VSWITCH_L2_TEST_L2_H

#include "packet/stage.h"
#include "packet/test_frame.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#ifndef TEST_DATA_MBUFS
#define TEST_DATA_MBUFS	  255
#define TEST_HEADER_MBUFS 255
#endif

enum { TEST_PORTS = 8, TEST_NOW = 77 };

struct test_l2 {
	struct fwd_config fwd;
	struct pkt_counters counters[FWD_PORTS_MAX];
	struct pkt_outq out[FWD_PORTS_MAX];
	uint16_t dirty[FWD_PORTS_MAX];
	struct pkt_worker w;
	struct pkt_burst b;
	struct test_frame frame;
};

static struct test_l2 t;

static inline void test_l2_start(void)
{
	test_eal_init();
	t.w.data_pool = test_pool("data", TEST_DATA_MBUFS, 2048);
	t.w.header_pool = test_pool("header", TEST_HEADER_MBUFS, 256);
}

/* The port carries the VLANs [from, to]. The stages look at a port's pointer, not behind it. */
static inline struct fwd_port *test_l2_port(uint16_t id, uint16_t pvid, uint16_t from, uint16_t to)
{
	static char port;
	struct fwd_bridge *bridge = &t.fwd.bridges[0];
	struct fwd_port *p = &t.fwd.ports[id];

	*p = (struct fwd_port){.port = (struct port *)&port, .pvid = pvid, .mtu = 1500};
	for (uint16_t v = from; v <= to; v++)
		p->vlans[v / 64] |= UINT64_C(1) << (v % 64);
	bridge->members[bridge->n_members++] = id;
	return p;
}

/* Before each test: no ports, empty tables and counters. */
static inline int test_l2_setup(void **state)
{
	memset(&t.fwd, 0, sizeof(t.fwd));
	memset(t.counters, 0, sizeof(t.counters));
	memset(t.out, 0, sizeof(t.out));
	memset(&t.frame, 0, offsetof(struct test_frame, bytes));
	t.w.fwd = &t.fwd;
	t.w.counters = t.counters;
	t.w.out = t.out;
	t.w.dirty = t.dirty;
	t.w.n_dirty = 0;
	t.w.back.n = 0;
	t.w.now = TEST_NOW;
	t.b.w = &t.w;
	t.b.n = 0;
	t.fwd.bridges[0].fdb = fdb_new(1024);
	t.frame.dst = 2;
	t.frame.src = 1;
	return t.fwd.bridges[0].fdb ? 0 : -1;
}

/* After each test: what it left in the burst and in the queues is freed, and every mbuf is back. */
static inline int test_l2_teardown(void **state)
{
	for (uint16_t i = 0; i < t.b.n; i++)
		rte_pktmbuf_free(t.b.pkts[i]);
	for (uint16_t p = 0; p < FWD_PORTS_MAX; p++)
		for (uint16_t i = 0; i < t.out[p].n; i++)
			rte_pktmbuf_free(t.out[p].pkts[i]);
	for (uint16_t i = 0; i < t.w.back.n; i++)
		rte_pktmbuf_free(t.w.back.pkts[i]);
	fdb_free(t.fwd.bridges[0].fdb);
	return rte_mempool_avail_count(t.w.data_pool) == TEST_DATA_MBUFS &&
			       rte_mempool_avail_count(t.w.header_pool) == TEST_HEADER_MBUFS
		       ? 0
		       : -1;
}

/* Builds t.frame and puts it into the burst. */
static inline struct rte_mbuf *test_l2_add(void)
{
	struct rte_mbuf *m;

	test_frame_build(&t.frame);
	m = test_frame_mbuf(&t.frame, t.w.data_pool);
	t.b.pkts[t.b.n++] = m;
	return m;
}

/* Runs one stage on the burst. */
static inline void test_l2_run(const struct pkt_stage_def *def, uint16_t port)
{
	struct pkt_stage stage = {.def = def};

	t.b.port = port;
	for (uint16_t i = 0; i < t.b.n; i++)
		if (t.b.pkts[i]->port == RTE_MBUF_PORT_INVALID)
			t.b.pkts[i]->port = port; /* as port_rx does */
	def->process(&stage, &t.b);
}

/* All drops of the port, and of those the ones with that reason. */
static inline uint64_t test_l2_drops(uint16_t port, enum pkt_drop reason)
{
	uint64_t all = 0;

	for (int i = 0; i < PKT_DROP_MAX; i++)
		all += t.counters[port].drop[i];
	assert_int_equal(all, t.counters[port].drop[reason]);
	return all;
}

#define TEST_L2(f) cmocka_unit_test_setup_teardown(f, test_l2_setup, test_l2_teardown)

#endif

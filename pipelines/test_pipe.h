/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole switch of one worker, whose ports give what a test prepared and keep what they get. */
#ifndef PIPELINES_TEST_PIPE_H
#define PIPELINES_TEST_PIPE_H

#define TEST_DATA_MBUFS	  8191
#define TEST_HEADER_MBUFS 16383

#include "vswitch/l2/test_l2.h"

#include "offload/tso_lro/lro_merge.h"
#include "pipelines/pipe.h"
#include "vswitch/port/port.h"

enum { FAKE_TX_MAX = 4096, FAKE_ALL = 0xffff };

struct fake {
	struct port port;
	struct rte_mbuf *rx[PKT_RX_MAX];
	uint16_t n_rx;
	struct rte_mbuf *tx[FAKE_TX_MAX];
	uint16_t n_tx, tx_queue;
	uint16_t takes;	   /* so many packets, then it stops once; FAKE_ALL: all */
	enum pkt_drop why; /* for that reason */
};

static struct fake fakes[TEST_PORTS];
static struct pipe pipe_under_test;

static inline uint16_t fake_rx(struct port *p, struct pkt_worker *w, uint16_t q,
			       struct rte_mbuf **pkts, uint16_t n)
{
	struct fake *f = p->priv;
	uint16_t got = f->n_rx;

	assert_true(got <= n);
	memcpy(pkts, f->rx, got * sizeof(*pkts));
	f->n_rx = 0;
	return got;
}

static inline uint16_t fake_tx(struct port *p, struct pkt_worker *w, uint16_t q,
			       struct rte_mbuf **pkts, uint16_t n, enum pkt_drop *why)
{
	struct fake *f = p->priv;
	uint16_t taken = RTE_MIN(n, f->takes);

	f->tx_queue = q;
	for (uint16_t i = 0; i < taken; i++) {
		assert_in_range(f->n_tx, 0, FAKE_TX_MAX - 1);
		f->tx[f->n_tx++] = pkts[i];
	}
	if (taken < n) {
		*why = f->why;
		f->takes = FAKE_ALL;
	} else if (f->takes != FAKE_ALL) {
		f->takes -= taken;
	}
	return taken;
}

static const struct port_ops fake_ops = {
	.kind = "fake",
	.rx_burst = fake_rx,
	.tx_burst = fake_tx,
};

/* A port of bridge 0 that carries the VLANs [from, to]. */
static inline struct fake *fake_port(uint16_t id, uint16_t pvid, uint16_t from, uint16_t to)
{
	struct fake *f = &fakes[id];

	memset(f, 0, sizeof(*f));
	f->port = (struct port){.ops = &fake_ops, .id = id, .n_rxq = 1, .n_txq = 2, .priv = f};
	f->takes = FAKE_ALL;
	test_l2_port(id, pvid, from, to)->port = &f->port;
	return f;
}

/* Builds t.frame and lets the port receive it. */
static inline struct rte_mbuf *fake_give(uint16_t id)
{
	struct fake *f = &fakes[id];
	struct rte_mbuf *m;

	assert_in_range(f->n_rx, 0, PKT_RX_MAX - 1);
	test_frame_build(&t.frame);
	m = test_frame_mbuf(&t.frame, t.w.data_pool);
	f->rx[f->n_rx++] = m;
	return m;
}

/* As a unit of TCP or UDP. */
static inline struct rte_mbuf *fake_give_unit(uint16_t id, uint16_t segsz)
{
	struct rte_mbuf *m = fake_give(id);

	m->ol_flags |= t.frame.proto == 17 ? RTE_MBUF_F_TX_UDP_SEG : RTE_MBUF_F_TX_TCP_SEG;
	m->tso_segsz = segsz;
	return m;
}

/* Where an address lives. */
static inline void fake_lives(uint8_t last, uint16_t vlan, uint16_t port)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, last};

	assert_int_equal(fdb_pin(t.fwd.bridges[0].fdb, fdb_key(mac, vlan), port, 1), 0);
}

static inline void fake_run(uint16_t id)
{
	uint16_t n = fakes[id].n_rx;

	assert_int_equal(pipe_run(&pipe_under_test, id, 0), n);
	/* The burst was left for nobody. */
	t.b.n = 0;
	assert_int_equal(t.w.n_dirty, 0);
}

static inline void fake_free_tx(void)
{
	for (int p = 0; p < TEST_PORTS; p++) {
		rte_pktmbuf_free_bulk(fakes[p].tx, fakes[p].n_tx);
		fakes[p].n_tx = 0;
	}
}

static inline int fake_setup(void **state)
{
	memset(fakes, 0, sizeof(fakes));
	if (test_l2_setup(state) != 0)
		return -1;
	t.w.id = 3;
	t.w.trace = NULL;
	t.w.lro = lro_new();
	if (!t.w.lro)
		return -1;
	pipe_init(&pipe_under_test, &t.w);
	return 0;
}

static inline int fake_teardown(void **state)
{
	fake_free_tx();
	lro_free(t.w.lro);
	return test_l2_teardown(state);
}

#define TEST_PIPE(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

#endif

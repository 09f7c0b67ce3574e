/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of flows, and one thread that plays main and two workers in turn. */
#ifndef OFFLOAD_CHIMNEY_STEER_TEST_FLOW_H
#define OFFLOAD_CHIMNEY_STEER_TEST_FLOW_H

#include "offload/chimney/steer/flow.h"
#include "offload/chimney/steer/key.h"

#include "packet/tail.h"
#include "packet/test_frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { POOL = 1023, BRIDGE = 3, PORT = 7, VLAN = 5, SEEN_MAX = 256 };

static struct {
	struct flow_table *t;
	struct rte_mempool *data, *header;
	struct pkt_counters counters[PORT + 1];
	struct pkt_worker w[2];
	struct flow_key key;
	uint32_t took[SEEN_MAX], sent[SEEN_MAX]; /* the packets' numbers */
	unsigned int n_took, n_sent, ended, woken[2];
	uint16_t took_on;
	int user;
} s;

static const struct flow_limits limits = {.packets = 8, .bytes = 4000};

static inline uint32_t number_of(const struct rte_mbuf *m)
{
	uint32_t n;

	memcpy(&n, rte_pktmbuf_read(m, 54, sizeof(n), &n), sizeof(n));
	return n;
}

static inline void take(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m)
{
	assert_ptr_equal(ctx, &s);
	assert_ptr_equal(user, &s.user);
	assert_false(m->ol_flags & PKT_F_TAIL);
	s.took_on = w->id;
	s.took[s.n_took++] = number_of(m);
	rte_pktmbuf_free(m);
}

static const struct flow_sink sink = {.take = take, .ctx = &s};

static inline void forward(void *ctx, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n)
{
	assert_int_equal(bridge, BRIDGE);
	assert_in_range(n, 1, PKT_RX_MAX);
	for (uint16_t i = 0; i < n; i++) {
		assert_int_equal(pkts[i]->port, PORT);
		assert_int_equal(pkts[i]->vlan_tci, VLAN);
		s.sent[s.n_sent++] = number_of(pkts[i]);
		rte_pktmbuf_free(pkts[i]);
	}
}

static inline uint32_t poll(uint16_t worker)
{
	const struct flow_forward out = {.forward = forward, .ctx = &s};

	return flow_poll(s.t, &s.w[worker], &out);
}

static inline void wake(void *ctx, uint16_t worker)
{
	s.woken[worker]++;
}

static inline void ended(void *ctx)
{
	s.ended++;
}

static inline struct rte_mbuf *packet(uint32_t number)
{
	static struct test_frame f = {.dst = 2, .src = 1, .ip = 4, .payload = 100};
	struct rte_mbuf *m;

	test_frame_build(&f);
	memcpy(f.bytes + 54, &number, sizeof(number));
	m = test_frame_mbuf(&f, s.data);
	m->port = PORT;
	m->vlan_tci = VLAN;
	return m;
}

/* A worker finds m. true: it was taken. */
static inline bool offer(uint16_t worker, struct rte_mbuf *m)
{
	struct flow *f = NULL;
	uint16_t n = flow_find(s.t, BRIDGE, &m, 1, &f);

	assert_int_equal(n, f != NULL);
	if (f && flow_take(f, &s.w[worker], &m))
		return true;
	rte_pktmbuf_free(m);
	return false;
}

static inline struct flow *hold(void)
{
	struct flow *f = NULL;

	assert_int_equal(flow_hold(s.t, &s.key, PORT, &limits, &f), 0);
	return f;
}

static inline void is_order(const uint32_t *seen, unsigned int n, uint32_t first, uint32_t last)
{
	assert_int_equal(n, last - first + 1);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(seen[i], first + i);
}

static inline uint64_t held(const struct flow *f)
{
	struct flow_counts c;

	flow_counts(f, &c);
	return c.held;
}

static inline int setup(void **state)
{
	struct rte_mempool *data = s.data, *header = s.header;
	struct pkt_headers h;
	struct rte_mbuf *m;

	memset(&s, 0, sizeof(s));
	s.data = data;
	s.header = header;
	s.t = flow_table_new(2, 100);
	flow_table_set_wake(s.t, wake, NULL);
	for (uint16_t i = 0; i < 2; i++)
		s.w[i] = (struct pkt_worker){
			.id = i, .data_pool = data, .header_pool = header, .counters = s.counters};
	m = packet(0);
	flow_key_of(rte_pktmbuf_mtod(m, uint8_t *), m->data_len, m->pkt_len, &s.key, &h);
	s.key.bridge = BRIDGE;
	s.key.vlan = VLAN;
	rte_pktmbuf_free(m);
	return s.t ? 0 : -1;
}

static inline int teardown(void **state)
{
	flow_table_free(s.t);
	return rte_mempool_avail_count(s.data) == POOL && rte_mempool_avail_count(s.header) == POOL
		       ? 0
		       : -1;
}

static inline int test_flow_main(const struct CMUnitTest *tests, size_t n)
{
	test_eal_init();
	s.data = test_pool("data", POOL, 2048);
	s.header = test_pool("header", POOL, 256);
	if (pkt_tail_init() != 0)
		return 1;
	return _cmocka_run_group_tests("flow", tests, n, NULL, NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif

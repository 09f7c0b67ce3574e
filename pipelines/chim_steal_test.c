/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows in the pipeline: what is taken out, what is sent on, and what the switch sends itself. */
#include "pipelines/test_pipe.h"

#include "offload/chimney/steer/flow.h"
#include "offload/chimney/steer/key.h"

static struct flow_table *flows;
static struct rte_mbuf *stolen[PKT_RX_MAX];
static unsigned int n_stolen;

static const struct flow_limits limits = {.packets = 100, .bytes = 1000000};

static void take(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m)
{
	stolen[n_stolen++] = m;
}

static const struct flow_sink sink = {.take = take};

static void forward(void *ctx, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n)
{
	pipe_forward(ctx, bridge, pkts, n);
}

static void poll(void)
{
	const struct flow_forward out = {.forward = forward, .ctx = &pipe_under_test};

	flow_poll(flows, &t.w, &out);
}

/* Holds the flow of t.frame as it goes in VLAN 5 of bridge 0. */
static struct flow *hold(void)
{
	struct pkt_headers h;
	struct flow_key key;
	struct flow *f;

	test_frame_build(&t.frame);
	assert_true(flow_key_of(t.frame.bytes, 54, t.frame.len, &key, &h));
	key.vlan = 5;
	assert_int_equal(flow_hold(flows, &key, 2, &limits, &f), 0);
	return f;
}

/* Port 1 has VLAN 5 untagged, port 2 tagged, and address 2 is behind it. */
static int setup(void **state)
{
	if (fake_setup(state) != 0)
		return -1;
	fake_port(1, 5, 5, 6);
	fake_port(2, 1, 1, 20);
	fake_lives(2, 5, 2);
	t.w.id = 0;
	t.frame.ip = 4;
	t.frame.payload = 100;
	flows = flow_table_new(1, 64);
	t.fwd.flows = flows;
	return flows ? 0 : -1;
}

static int teardown(void **state)
{
	rte_pktmbuf_free_bulk(stolen, n_stolen);
	n_stolen = 0;
	flow_table_free(flows);
	return fake_teardown(state);
}

static void takes_its_own(void **state)
{
	struct flow *f;

	f = hold();
	flow_steal(f, 0, &sink, NULL);
	poll();
	fake_give(1);
	t.frame.proto = 17;
	fake_give(1);
	t.frame.proto = 1;
	fake_give(1);
	t.frame.proto = 0;
	t.frame.ip = 6;
	fake_give(1);
	t.frame.ip = 4;
	t.frame.dst = 9; /* floods */
	fake_give(1);
	t.frame.dst = 2;
	t.frame.tags[0] = 0x81000006; /* another VLAN */
	fake_give(1);
	t.frame.tags[0] = 0x8100e005; /* the same, with a tag and a priority */
	fake_give(1);
	fake_run(1);
	assert_int_equal(n_stolen, 2);
	assert_int_equal(fakes[2].n_tx, 5);
	assert_int_equal(stolen[0]->port, 1);
	assert_int_equal(stolen[0]->l3_len, 20);
	assert_int_equal(stolen[1]->vlan_tci, 0xe005);
	assert_int_equal(stolen[1]->pkt_len, 154);
	/* Its sender is known all the same. */
	assert_int_equal(t.counters[1].fdb_learned, 2);
}

static void sends_on_in_order(void **state)
{
	struct flow *f = hold();

	for (t.frame.payload = 101; t.frame.payload <= 104; t.frame.payload++)
		fake_give(1);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 0);
	flow_release(f, NULL, NULL);
	poll();
	fake_give(1);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 5);
	for (uint16_t i = 0; i < 5; i++)
		assert_int_equal(fakes[2].tx[i]->pkt_len, 54 + 4 + 101 + i);
}

/* Where the port went meanwhile, or is another one by now. */
static void forgets_what_fits_no_more(void **state)
{
	for (int what = 0; what < 3; what++) {
		struct flow *f = hold();

		fake_give(1);
		fake_run(1);
		flow_release(f, NULL, NULL);
		if (what == 0)
			t.fwd.ports[1].port = NULL;
		else if (what == 1)
			t.fwd.ports[1].bridge = 1;
		else
			t.fwd.ports[1].vlans[0] = 0;
		poll();
		assert_int_equal(fakes[2].n_tx, 0);
		fake_port(1, 5, 5, 6);
		flow_reap(flows);
	}
}

static uint32_t freed;

static void count_free(void *addr, void *opaque)
{
	freed++;
}

/* t.frame with its payload in memory that is nobody's port's. */
static struct rte_mbuf *made(struct rte_mbuf_ext_shared_info *owner, uint16_t segsz)
{
	uint32_t headers, at, n;
	struct rte_mbuf *m = rte_pktmbuf_alloc(t.w.header_pool), *seg;

	test_frame_build(&t.frame);
	headers = t.frame.l2_len + t.frame.l3_len + t.frame.l4_len;
	memcpy(rte_pktmbuf_append(m, (uint16_t)headers), t.frame.bytes, headers);
	/* In two pieces, as a ring has them. */
	for (at = headers; at < t.frame.len; at += n) {
		n = at == headers ? t.frame.payload / 3 : t.frame.len - at;
		seg = rte_pktmbuf_alloc(t.w.header_pool);
		rte_mbuf_ext_refcnt_update(owner, 1);
		rte_pktmbuf_attach_extbuf(seg, t.frame.bytes + at, RTE_BAD_IOVA, (uint16_t)n,
					  owner);
		seg->data_len = seg->pkt_len = (uint16_t)n;
		assert_int_equal(rte_pktmbuf_chain(m, seg), 0);
	}
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | (segsz ? RTE_MBUF_F_TX_TCP_SEG : 0);
	m->tso_segsz = segsz;
	return m;
}

/* Whatever the way out takes, the bytes are right and the memory is free in the end. */
static void injects(void **state)
{
	static const uint32_t caps[] = {0, PORT_CAP_CSUM, PORT_CAP_CSUM | PORT_CAP_TSO4};
	static uint8_t all[TEST_FRAME_MAX];

	t.frame.payload = 30000;
	for (size_t i = 0; i < RTE_DIM(caps); i++) {
		struct rte_mbuf_ext_shared_info owner = {.free_cb = count_free};
		struct rte_mbuf *m;
		uint32_t at = 0;

		rte_mbuf_ext_refcnt_set(&owner, 1);
		atomic_store(&fakes[2].port.tx_caps, caps[i]);
		m = made(&owner, 1400);
		assert_int_equal(pipe_inject(&pipe_under_test, 1, &m, 1), 1);
		assert_int_equal(fakes[2].n_tx, caps[i] & PORT_CAP_TSO4 ? 1 : 22);
		for (uint16_t k = 0; k < fakes[2].n_tx; k++) {
			struct rte_mbuf *o = fakes[2].tx[k];
			uint32_t n = o->pkt_len - 58;

			assert_int_equal(o->port, 1);
			memcpy(all + at, rte_pktmbuf_read(o, 58, n, all + at), n);
			at += n;
		}
		assert_int_equal(at, t.frame.payload);
		assert_memory_equal(all, t.frame.bytes + 54, at);
		fake_free_tx();
		assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1);
	}
	assert_int_equal(t.counters[1].injected, RTE_DIM(caps));
	assert_int_equal(t.counters[1].rx_packets, 0);
	assert_int_equal(t.counters[1].fdb_learned, 1);
}

/* What may not come in by the port may not be injected there either. */
static void checks_what_is_injected(void **state)
{
	struct rte_mbuf_ext_shared_info owner = {.free_cb = count_free};
	struct rte_mbuf *m;

	rte_mbuf_ext_refcnt_set(&owner, 1);
	t.frame.payload = 1461;
	m = made(&owner, 0);
	assert_int_equal(pipe_inject(&pipe_under_test, 1, &m, 1), 1);
	assert_int_equal(test_l2_drops(1, PKT_DROP_MTU_IN), 1);
	m = made(&owner, 0);
	assert_int_equal(pipe_inject(&pipe_under_test, 7, &m, 1), 0);
	assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1);
	assert_int_equal(fakes[2].n_tx, 0);
}

/* Both ends in one switch: what one engine sends is taken out for the other. */
static void injects_into_a_flow(void **state)
{
	struct rte_mbuf *pkts[PKT_RX_MAX];
	struct flow *f = hold();

	flow_steal(f, 0, &sink, NULL);
	for (uint16_t i = 0; i < PKT_RX_MAX; i++)
		pkts[i] = test_frame_mbuf(&t.frame, t.w.data_pool);
	pipe_inject(&pipe_under_test, 1, pkts, PKT_RX_MAX);
	assert_int_equal(n_stolen, PKT_RX_MAX);
	assert_int_equal(fakes[2].n_tx, 0);
}

static void is_followed(void **state)
{
	static struct pkt_trace trace;
	bool told = false;

	memset(&trace, 0, sizeof(trace));
	trace.filter.port = 1;
	trace.max_packets = 1;
	trace.packets = &trace.count;
	t.w.trace = &trace;
	hold();
	fake_give(1);
	fake_run(1);
	for (uint32_t i = 0; i < atomic_load(&trace.n); i++) {
		const struct pkt_trace_step *s = &trace.steps[i];

		if (strcmp(pipe_table[s->stage]->name, "chim_steal") == 0)
			told = strstr(pipe_table[s->stage]->words[s->word], "it waits") != NULL;
	}
	assert_true(told);
	t.w.trace = NULL;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_its_own), TEST(sends_on_in_order),	    TEST(forgets_what_fits_no_more),
		TEST(injects),	     TEST(checks_what_is_injected), TEST(injects_into_a_flow),
		TEST(is_followed),
	};

	test_l2_start();
	if (pkt_trace_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

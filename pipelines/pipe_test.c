/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets through the whole pipeline, from receive to transmit. */
#include "pipelines/test_pipe.h"

static struct pkt_counters *of(uint16_t port)
{
	return &t.counters[port];
}

static void is_frame(const struct rte_mbuf *m)
{
	assert_true(test_same_bytes(m, t.frame.bytes, t.frame.len));
}

static void learns_and_answers(void **state)
{
	for (uint16_t p = 1; p <= 3; p++)
		fake_port(p, 1, 1, 1);
	t.frame.payload = 100;
	fake_give(1);
	fake_run(1);
	assert_int_equal(fakes[1].n_tx, 0);
	assert_int_equal(fakes[2].n_tx, 1);
	assert_int_equal(fakes[3].n_tx, 1);
	is_frame(fakes[2].tx[0]);
	is_frame(fakes[3].tx[0]);
	/* The answer goes where the question came from, and nowhere else. */
	t.frame.dst = 1;
	t.frame.src = 2;
	fake_give(2);
	fake_run(2);
	assert_int_equal(fakes[1].n_tx, 1);
	assert_int_equal(fakes[3].n_tx, 1);
	is_frame(fakes[1].tx[0]);
	assert_int_equal(fakes[1].tx_queue, 1); /* worker 3, two queues */
	assert_int_equal(of(1)->rx_packets, 1);
	assert_int_equal(of(1)->rx_bytes, 114);
	assert_int_equal(of(1)->flooded, 1);
	assert_int_equal(of(1)->fdb_learned, 1);
	assert_int_equal(of(2)->flooded, 0);
	assert_int_equal(of(1)->tx_packets, 1);
	assert_int_equal(of(1)->tx_bytes, 114);
	assert_int_equal(of(1)->tx_units + of(1)->rx_units, 0);
}

static void counts_stages(void **state)
{
	const struct pkt_stage *s = pipe_under_test.stages;

	for (uint16_t p = 1; p <= 3; p++)
		fake_port(p, 1, 1, 1);
	fake_run(1); /* an empty poll is not a call */
	assert_int_equal(s[0].calls, 0);
	fake_give(1);
	fake_give(1);
	fake_run(1);
	for (int i = 0; i < PIPE_STAGES; i++) {
		assert_ptr_equal(s[i].def, pipe_table[i]);
		assert_int_equal(s[i].index, i);
		assert_int_equal(s[i].calls, i < PIPE_INGRESS ? 1 : 2);
		assert_int_equal(s[i].packets, i < PIPE_INGRESS ? 2 : 4);
	}
}

static void floods_with_and_without_tag(void **state)
{
	fake_port(1, 1, 1, 20);
	fake_port(2, 10, 10, 10);
	fake_port(3, 1, 1, 20);
	fake_port(4, 11, 11, 11);
	t.frame.ip = 4;
	t.frame.payload = 300;
	t.frame.tags[0] = 0x8100a00a;
	fake_give(1);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 1);
	assert_int_equal(fakes[3].n_tx, 1);
	assert_int_equal(fakes[4].n_tx, 0);
	is_frame(fakes[3].tx[0]);
	t.frame.tags[0] = 0;
	test_frame_build(&t.frame);
	is_frame(fakes[2].tx[0]);
	/* And the other way round. */
	fake_free_tx();
	fake_give(2);
	fake_run(2);
	t.frame.tags[0] = 0x8100000a;
	test_frame_build(&t.frame);
	is_frame(fakes[1].tx[0]);
	is_frame(fakes[3].tx[0]);
}

static void keeps_the_mtu(void **state)
{
	fake_port(1, 1, 1, 20);
	fake_port(2, 1, 1, 20);
	t.fwd.ports[1].mtu = 3000;
	t.fwd.ports[2].mtu = 2000;
	fake_lives(2, 1, 2);
	fake_lives(2, 5, 2);
	for (int tagged = 0; tagged < 2; tagged++) {
		t.frame.tags[0] = tagged ? 0x81000005 : 0;
		for (uint32_t size = 1999; size <= 3001; size += size == 2001 ? 999 : 1) {
			t.frame.payload = size;
			fake_give(1);
		}
	}
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 4); /* 1999 and 2000, whatever the tag adds */
	assert_int_equal(fakes[2].tx[3]->pkt_len, 2018);
	assert_int_equal(test_l2_drops(1, PKT_DROP_MTU_IN), 2);
	assert_int_equal(of(1)->mtu_in_size, 3001);
	assert_int_equal(of(1)->mtu_in_limit, 3000);
	assert_int_equal(test_l2_drops(2, PKT_DROP_MTU_OUT), 4);
	assert_int_equal(of(2)->mtu_out_size, 3000);
	assert_int_equal(of(2)->mtu_out_limit, 2000);
}

/* Of a unit, it is the segment with its headers that counts. */
static void keeps_the_mtu_of_segments(void **state)
{
	fake_port(1, 1, 1, 1);
	fake_port(2, 1, 1, 1);
	t.fwd.ports[1].mtu = 9000;
	fake_lives(2, 1, 2);
	t.frame.ip = 4;
	t.frame.payload = 20000;
	fake_give_unit(1, 1460);
	fake_give_unit(1, 1461);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 14);
	assert_int_equal(test_l2_drops(2, PKT_DROP_MTU_OUT), 1);
	assert_int_equal(of(2)->mtu_out_size, 1501);
	assert_int_equal(of(2)->mtu_out_limit, 1500);
}

/* 10 packets of lengths 114 to 123. */
static void give_ten(void)
{
	fake_lives(2, 1, 2);
	for (t.frame.payload = 100; t.frame.payload < 110; t.frame.payload++)
		fake_give(1);
}

static void one_refused_and_the_rest_sent(void **state)
{
	fake_port(1, 1, 1, 1);
	fake_port(2, 1, 1, 1);
	fakes[2].takes = 4;
	fakes[2].why = PKT_DROP_TX_REFUSED;
	give_ten();
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 9);
	for (uint16_t i = 0; i < 9; i++)
		assert_int_equal(fakes[2].tx[i]->pkt_len, 114 + i + (i >= 4));
	assert_int_equal(test_l2_drops(2, PKT_DROP_TX_REFUSED), 1);
	assert_int_equal(of(2)->tx_packets, 9);
	assert_int_equal(of(2)->tx_bytes, 10 * 114 + 45 - 118);
}

static void full_and_the_rest_dropped(void **state)
{
	static const enum pkt_drop reasons[] = {PKT_DROP_TX_FULL, PKT_DROP_NOT_UP};

	for (size_t i = 0; i < RTE_DIM(reasons); i++) {
		fake_free_tx();
		t.fwd.bridges[0].n_members = 0;
		memset(t.counters, 0, sizeof(t.counters));
		fake_port(1, 1, 1, 1);
		fake_port(2, 1, 1, 1);
		fakes[2].takes = 4;
		fakes[2].why = reasons[i];
		give_ten();
		fake_run(1);
		assert_int_equal(fakes[2].n_tx, 4);
		assert_int_equal(test_l2_drops(2, reasons[i]), 6);
		assert_int_equal(of(2)->tx_packets, 4);
		assert_int_equal(of(2)->tx_bytes, 4 * 114 + 6);
	}
}

/* Units are counted as sent only when they were. */
static void refused_units(void **state)
{
	fake_port(1, 1, 1, 1);
	atomic_store(&fake_port(2, 1, 1, 1)->port.tx_caps, PORT_CAP_CSUM | PORT_CAP_TSO4);
	fakes[2].takes = 1;
	fakes[2].why = PKT_DROP_TX_REFUSED;
	fake_lives(2, 1, 2);
	t.frame.ip = 4;
	t.frame.payload = 3000;
	for (int i = 0; i < 3; i++)
		fake_give_unit(1, 1400);
	fake_run(1);
	assert_int_equal(of(2)->tx_packets, 2);
	assert_int_equal(of(2)->tx_units, 2);
	assert_int_equal(test_l2_drops(2, PKT_DROP_TX_REFUSED), 1);
}

/* What came in went out or was dropped: of each port, by what is counted and by what came. */
static void counters_balance(void **state)
{
	enum { N = 5, ROUNDS = 400 };
	uint64_t in = 0, out = 0, ingress_drops = 0, egress_drops = 0, flooded = 0;
	uint32_t seed = 3;

	for (uint16_t p = 0; p < N; p++)
		fake_port(p, 1, 1, 10)->why = p == 2 ? PKT_DROP_TX_FULL : PKT_DROP_TX_REFUSED;
	t.fwd.ports[4].mtu = 1000;
	atomic_store(&fakes[1].port.tx_caps, PORT_CAP_CSUM | PORT_CAP_TSO4);
	fake_lives(4, 1, 4);
	for (int round = 0; round < ROUNDS; round++) {
		uint16_t from = test_below(&seed, N), n = 1 + test_below(&seed, 8);

		for (uint16_t i = 0; i < n; i++) {
			bool unit = test_below(&seed, 4) == 0;

			t.frame.dst = test_below(&seed, 2 * N);
			t.frame.src = test_below(&seed, 16) ? from : 0x80;
			t.frame.tags[0] =
				test_below(&seed, 3) ? 0 : 0x81000001 + test_below(&seed, 11);
			t.frame.ip = 4;
			t.frame.payload = unit ? 3000 + test_below(&seed, 9000)
					       : 100 + test_below(&seed, 1500);
			if (unit)
				fake_give_unit(from, 1400);
			else
				fake_give(from);
		}
		if (test_below(&seed, 2))
			fakes[test_below(&seed, N)].takes = test_below(&seed, 6);
		in += n;
		fake_run(from);
		for (uint16_t p = 0; p < N; p++)
			out += fakes[p].n_tx;
		fake_free_tx();
	}
	for (uint16_t p = 0; p < N; p++) {
		const struct pkt_counters *c = of(p);

		in -= c->rx_packets;
		out -= c->tx_packets;
		flooded += c->flooded;
		for (int r = 0; r < PKT_DROP_MAX; r++)
			if (r <= PKT_DROP_MTU_IN)
				ingress_drops += c->drop[r];
			else
				egress_drops += c->drop[r];
		/* A unit that was cut counts as one packet of its way. */
		egress_drops += c->tx_packets + c->split_units - c->split_frames;
		ingress_drops -= c->rx_packets;
	}
	assert_int_equal(in, 0);
	assert_int_equal(out, 0);
	/* All ports carry the same VLANs: one that is flooded becomes N - 1. */
	assert_true(flooded > 50);
	assert_int_equal(-ingress_drops + flooded * (N - 2), egress_drops);
	assert_true(of(4)->drop[PKT_DROP_MTU_OUT] > 0 && of(4)->drop[PKT_DROP_MTU_IN] > 0 &&
		    of(2)->drop[PKT_DROP_TX_FULL] > 0 && of(3)->drop[PKT_DROP_TX_REFUSED] > 0 &&
		    of(0)->split_units > 0 && of(0)->drop[PKT_DROP_VLAN_IN] > 0);
}

/* A packet that is followed leaves a record at each stage, and so does its end. */
static void is_followed(void **state)
{
	static const char *const way[] = {
		"parse", "vlan_in",  "policy",	"learn",     "lookup", "flood",	   "mtu_check",
		"adapt", "vlan_out", "port_tx", "mtu_check", "adapt",  "vlan_out", "port_tx",
	};
	static struct pkt_trace trace;

	memset(&trace, 0, sizeof(trace));
	trace.filter.port = 1;
	trace.max_packets = 1;
	trace.packets = &trace.count;
	for (uint16_t p = 1; p <= 3; p++)
		fake_port(p, 1, 1, 1);
	t.w.trace = &trace;
	t.frame.ip = 4;
	t.frame.payload = 50;
	for (int i = 0; i < 3; i++)
		fake_give(1);
	fake_run(1);
	assert_int_equal(atomic_load(&trace.count), 1);
	assert_int_equal(atomic_load(&trace.n), RTE_DIM(way));
	for (size_t i = 0; i < RTE_DIM(way); i++) {
		const struct pkt_trace_step *s = &trace.steps[i];

		assert_string_equal(pipe_table[s->stage]->name, way[i]);
		assert_in_range(s->word, 0, pipe_table[s->stage]->n_words - 1);
		assert_int_equal(s->packet, 1);
		assert_int_equal(s->len, t.frame.len);
		assert_int_equal(s->in, 1);
		assert_int_equal(s->out, i < 6 ? 1 : i < 10 ? 2 : 3);
	}
	/* One that is dropped. */
	trace.max_packets = 2;
	t.frame.payload = 1600;
	fake_give(1);
	fake_run(1);
	assert_int_equal(atomic_load(&trace.n), RTE_DIM(way) + 2 + 1);
	assert_int_equal(trace.steps[RTE_DIM(way) + 2].word, PKT_TRACE_DROP);
	assert_int_equal(trace.steps[RTE_DIM(way) + 2].a, PKT_DROP_MTU_IN);
	t.w.trace = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PIPE(learns_and_answers),
		TEST_PIPE(counts_stages),
		TEST_PIPE(floods_with_and_without_tag),
		TEST_PIPE(keeps_the_mtu),
		TEST_PIPE(keeps_the_mtu_of_segments),
		TEST_PIPE(one_refused_and_the_rest_sent),
		TEST_PIPE(full_and_the_rest_dropped),
		TEST_PIPE(refused_units),
		TEST_PIPE(counters_balance),
		TEST_PIPE(is_followed),
	};

	test_l2_start();
	if (pkt_trace_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

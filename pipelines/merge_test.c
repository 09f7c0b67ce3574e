/* SPDX-License-Identifier: BSD-3-Clause */
/* Which ports get units of what came in frames, and what is counted and told of it. */
#include "pipelines/test_pipe.h"

#include "offload/tso_lro/test_lro.h"
#include "pipelines/stages.h"

enum { UNITS = PORT_CAP_CSUM | PORT_CAP_TSO4 | PORT_CAP_TSO6, FRAMES = 5 };

static struct test_lro frames[FRAMES];

/* Frames that follow each other come to port 1. */
static void give(bool ipv6, uint8_t tags)
{
	struct fake *f = &fakes[1];
	uint32_t seed = 1;

	memset(frames, 0, sizeof(frames));
	for (int i = 0; i < FRAMES; i++) {
		frames[i].ipv6 = ipv6;
		frames[i].tags = tags;
		frames[i].id = i;
		frames[i].ack = i; /* differs */
		frames[i].seq = i * 1000;
		frames[i].payload = 1000;
		frames[i].window = 9;
		if (i < 3)
			frames[i].ack = 0;
		test_lro_build(&frames[i]);
		f->rx[f->n_rx++] = test_chain(t.w.data_pool, frames[i].bytes, frames[i].len, 2000,
					      2000, &seed);
	}
}

/* Port 1 is a device; behind port 2, which takes units, the frames' destination lives. */
static void ports(void)
{
	fake_port(1, 1, 1, 200)->port.wire = true;
	atomic_store(&fake_port(2, 1, 1, 200)->port.tx_caps, UNITS);
	t.fwd.ports[2].merge = FWD_MERGE_REVERSIBLE;
	for (uint16_t vlan = 1; vlan < 102; vlan += 99)
		fake_lives(0x0b, vlan, 2);
}

static void sends(uint16_t n)
{
	assert_int_equal(fakes[2].n_tx, n);
	fake_free_tx();
}

static void merges(void **state)
{
	ports();
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		for (int tags = 0; tags < 2; tags++) {
			struct rte_mbuf *m;

			give(ipv6, tags);
			fake_run(1);
			m = fakes[2].tx[0];
			assert_int_equal(m->pkt_len, frames[0].len + 2000);
			assert_int_equal(m->l2_len, 14 + tags * 4);
			assert_int_equal(m->tso_segsz, 1000);
			assert_int_equal(m->port, 1);
			assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG);
			sends(3);
		}
	}
	assert_int_equal(t.counters[2].merged_units, 4);
	assert_int_equal(t.counters[2].merged_frames, 12);
	assert_int_equal(t.counters[2].tx_units, 4);
	assert_int_equal(t.counters[2].tx_packets, 12);
	assert_int_equal(t.counters[2].merge.looked, 20);
	assert_int_equal(t.counters[2].merge.ended[PKT_MERGE_ACK], 8);
}

static void does_not(void **state)
{
	static const uint32_t caps[] = {0, PORT_CAP_CSUM, PORT_CAP_CSUM | PORT_CAP_TSO4,
					PORT_CAP_CSUM | PORT_CAP_TSO6};

	ports();
	for (size_t i = 0; i < RTE_DIM(caps); i++) {
		atomic_store(&fakes[2].port.tx_caps, caps[i]);
		give(false, 0);
		fake_run(1);
		sends(FRAMES);
	}
	atomic_store(&fakes[2].port.tx_caps, UNITS);
	t.fwd.ports[2].merge = FWD_MERGE_OFF;
	give(false, 0);
	fake_run(1);
	sends(FRAMES);
	t.fwd.ports[2].merge = FWD_MERGE_REVERSIBLE;
	fakes[1].port.wire = false;
	give(false, 0);
	fake_run(1);
	sends(FRAMES);
	assert_int_equal(t.counters[2].merge.looked, 0);
}

static void rsc(void **state)
{
	ports();
	t.fwd.ports[2].merge = FWD_MERGE_RSC;
	give(false, 0);
	fake_run(1);
	assert_int_equal(fakes[2].tx[0]->pkt_len, frames[0].len + 4000);
	sends(1);
	assert_int_equal(t.counters[2].merged_frames, 5);
}

/* Flooded to several ports, each frame is shared; none is written to. */
static void flooded(void **state)
{
	ports();
	t.fwd.bridges[0].n_members = 0;
	fdb_free(t.fwd.bridges[0].fdb);
	t.fwd.bridges[0].fdb = fdb_new(1024);
	fake_port(1, 1, 1, 20)->port.wire = true;
	for (uint16_t p = 2; p < 5; p++) {
		atomic_store(&fake_port(p, 1, 1, 20)->port.tx_caps, UNITS);
		t.fwd.ports[p].merge = FWD_MERGE_REVERSIBLE;
	}
	give(false, 0);
	fake_run(1);
	for (uint16_t p = 2; p < 5; p++) {
		assert_int_equal(fakes[p].n_tx, FRAMES);
		for (int i = 0; i < FRAMES; i++)
			assert_true(
				test_same_bytes(fakes[p].tx[i], frames[i].bytes, frames[i].len));
		assert_int_equal(t.counters[p].merge.ended[PKT_MERGE_LAYOUT], 0);
		assert_int_equal(t.counters[p].merged_units, 0);
	}
}

static void traced(void **state)
{
	static struct pkt_trace trace;
	static _Atomic uint32_t packets;
	int words[3] = {0};

	ports();
	memset(&trace, 0, sizeof(trace));
	packets = 0;
	trace.packets = &packets;
	trace.max_packets = FRAMES;
	trace.filter.port = 1;
	t.w.trace = &trace;
	give(false, 0);
	fake_run(1);
	t.w.trace = NULL;
	for (uint32_t i = 0; i < atomic_load(&trace.n); i++)
		if (pipe_table[trace.steps[i].stage] == &merge_stage)
			words[trace.steps[i].word]++;
	assert_int_equal(words[0], 2);
	assert_int_equal(words[1], 1);
	assert_int_equal(words[2], 2);
	sends(3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PIPE(merges),  TEST_PIPE(does_not), TEST_PIPE(rsc),
		TEST_PIPE(flooded), TEST_PIPE(traced),
	};

	test_l2_start();
	if (pkt_trace_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

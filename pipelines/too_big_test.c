/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of too large packets, and of TCP SYNs that would lead to them, from port to port. */
#include "pipelines/test_pipe.h"

#include "vswitch/l2/too_big.h"

#include <rte_cycles.h>

static struct pkt_counters *of(uint16_t port)
{
	return &t.counters[port];
}

static void set_df(struct rte_mbuf *m)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, t.frame.l2_len);

	test_be16(l3 + 6, 0x4000);
	test_be16(l3 + 10, 0);
	test_be16(l3 + 10, ~test_sum(l3, 20, 0));
}

/* Lets the port receive an IPv4 packet with DF, or IPv6, of that size. */
static struct rte_mbuf *give(uint16_t id, uint8_t ip, uint32_t size)
{
	struct rte_mbuf *m;

	t.frame.ip = ip;
	t.frame.payload = size - (ip == 4 ? 40 : 60);
	m = fake_give(id);
	if (ip == 4)
		set_df(m);
	return m;
}

/* Port 1 (MTU 9000, ptb on) and port 2 (MTU 1500); each address is behind its port. */
static void two_ports(void)
{
	fake_port(1, 1, 1, 20);
	fake_port(2, 1, 1, 20);
	t.fwd.ports[1].mtu = 9000;
	t.fwd.ports[1].ptb = true;
	for (uint16_t vlan = 1; vlan < 20; vlan++) {
		fake_lives(1, vlan, 1);
		fake_lives(2, vlan, 2);
	}
}

/* Is frame n that the port sent an answer that tells this MTU? */
static void is_answer(uint16_t port, uint16_t n, uint16_t mtu)
{
	const struct rte_mbuf *m = fakes[port].tx[n];
	const uint8_t *d = rte_pktmbuf_mtod(m, const uint8_t *);
	struct pkt_headers h;

	assert_int_equal(pkt_parse(d, m->pkt_len, m->pkt_len, &h), 0);
	assert_memory_equal(d, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	d += h.l2_len + h.l3_len;
	assert_memory_equal(d, h.ip_version == 4 ? "\3\4" : "\2\0", 2);
	assert_int_equal(pkt_be16(d + 6), mtu);
}

static void answers_on_the_way_out(void **state)
{
	two_ports();
	give(1, 4, 1501);
	give(1, 6, 8000);
	give(1, 4, 1500);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 1);
	assert_int_equal(fakes[1].n_tx, 2);
	is_answer(1, 0, 1500);
	is_answer(1, 1, 1500);
	assert_int_equal(of(1)->ptb_sent, 2);
	assert_int_equal(of(1)->tx_packets, 2);
	assert_int_equal(test_l2_drops(2, PKT_DROP_MTU_OUT), 2);
	assert_int_equal(of(2)->mtu_out_size, 8000);
	assert_int_equal(of(2)->mtu_out_limit, 1500);
	/* The answer says nothing of where an address lives. */
	assert_int_equal(of(1)->fdb_moved + of(2)->fdb_moved, 0);
}

static void answers_on_the_way_in(void **state)
{
	two_ports();
	t.fwd.ports[1].mtu = 1400;
	give(1, 6, 1401);
	give(1, 4, 1300);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 1);
	assert_int_equal(fakes[1].n_tx, 1);
	is_answer(1, 0, 1400);
	assert_int_equal(test_l2_drops(1, PKT_DROP_MTU_IN), 1);
	assert_int_equal(of(1)->mtu_in_size, 1401);
}

static void answers_units(void **state)
{
	two_ports();
	for (uint16_t segsz = 1460; segsz <= 1461; segsz++) {
		t.frame.ip = 4;
		t.frame.payload = 20000;
		set_df(fake_give_unit(1, segsz));
	}
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 14);
	assert_int_equal(fakes[1].n_tx, 1);
	is_answer(1, 0, 1500);
}

/* In the packet's VLAN, as the port it goes to wants it. */
static void answers_with_the_tag(void **state)
{
	static const uint32_t tags[] = {0x8100e005, 0};

	two_ports();
	for (size_t i = 0; i < RTE_DIM(tags); i++) {
		t.frame.tags[0] = tags[i];
		t.frame.tags[1] = 0x81000007;
		if (!tags[i])
			t.frame.tags[1] = 0;
		give(1, 4, 3000);
		fake_run(1);
		assert_int_equal(fakes[1].n_tx, 1);
		is_answer(1, 0, tags[i] ? 1496 : 1500);
		assert_memory_equal(rte_pktmbuf_mtod_offset(fakes[1].tx[0], uint8_t *, 12),
				    tags[i] ? "\x81\0\xe0\x05\x81\0\0\x07\x08\0" : "\x08\0",
				    tags[i] ? 10 : 2);
		fake_free_tx();
	}
}

static void silent_where_off(void **state)
{
	two_ports();
	t.fwd.ports[1].ptb = false;
	t.fwd.ports[2].ptb = true; /* it is the sender's port that counts */
	give(1, 4, 3000);
	give(1, 4, 9001);
	fake_run(1);
	assert_int_equal(fakes[1].n_tx + fakes[2].n_tx, 0);
	assert_int_equal(of(1)->ptb_sent + of(1)->ptb_not_due + of(1)->ptb_limited, 0);
}

/* Nobody knows which of the ports is on the path. */
static void silent_where_flooded(void **state)
{
	two_ports();
	fake_port(3, 1, 1, 20);
	t.frame.dst = 9;
	give(1, 4, 3000);
	t.frame.dst = 2;
	t.fwd.ports[3].mtu = 9000;
	fake_run(1);
	assert_int_equal(fakes[1].n_tx, 0);
	assert_int_equal(fakes[3].n_tx, 1);
	assert_int_equal(of(1)->ptb_not_due, 1);
	assert_int_equal(test_l2_drops(2, PKT_DROP_MTU_OUT), 1);
}

/* No answer is answered, whichever port it meets. */
static void silent_for_answers(void **state)
{
	struct rte_mbuf *m;

	two_ports();
	t.fwd.ports[2].mtu = 576;
	m = give(1, 4, 3000);
	rte_pktmbuf_mtod_offset(m, uint8_t *, 14)[9] = 1;  /* ICMP */
	rte_pktmbuf_mtod_offset(m, uint8_t *, 14)[20] = 3; /* unreachable */
	set_df(m);
	fake_run(1);
	assert_int_equal(fakes[1].n_tx, 0);
	assert_int_equal(of(1)->ptb_not_due, 1);
}

/* The quote is cut so that the answer fits the way back. */
static void fits_the_way_back(void **state)
{
	two_ports();
	t.fwd.ports[1].mtu = 600;
	give(1, 6, 1400);
	fake_run(1);
	assert_int_equal(fakes[1].n_tx, 1);
	is_answer(1, 0, 1280);
	assert_int_equal(fakes[1].tx[0]->pkt_len, 614);
}

static void whole_bursts(void **state)
{
	two_ports();
	for (int i = 0; i < PKT_RX_MAX; i++)
		give(1, i % 2 ? 4 : 6, i % 3 ? 3000 : 9001);
	fake_run(1);
	assert_int_equal(fakes[1].n_tx, PKT_RX_MAX);
	assert_int_equal(of(1)->ptb_sent, PKT_RX_MAX);
	/* For a while there are none; those that would be due are counted. */
	of(1)->ptb_full_at = rte_rdtsc() + 1000 * rte_get_tsc_hz();
	give(1, 4, 3000);
	give(1, 4, 9001);
	fake_run(1);
	assert_int_equal(fakes[1].n_tx, PKT_RX_MAX);
	assert_int_equal(of(1)->ptb_limited, 2);
}

/* Also from a port that the same burst floods to, and among other packets. */
static void answers_come_last(void **state)
{
	two_ports();
	fake_port(3, 1, 1, 20);
	t.fwd.ports[3].mtu = 9000;
	t.frame.dst = 9;
	give(1, 4, 700);
	t.frame.dst = 2;
	give(1, 4, 9001);
	give(1, 4, 1000);
	give(1, 4, 1501);
	t.frame.dst = 9;
	give(1, 6, 800);
	fake_run(1);
	assert_int_equal(fakes[1].n_tx, 2);
	is_answer(1, 0, 9000);
	is_answer(1, 1, 1500);
	assert_int_equal(fakes[2].n_tx, 3);
	assert_int_equal(fakes[3].n_tx, 2);
}

static void is_traced(void **state)
{
	static struct pkt_trace trace;
	const struct pkt_trace_step *s;

	memset(&trace, 0, sizeof(trace));
	trace.filter.port = 1;
	trace.max_packets = 2;
	trace.packets = &trace.count;
	two_ports();
	t.w.trace = &trace;
	give(1, 4, 9001);
	rte_pktmbuf_mtod(give(1, 4, 3000), uint8_t *)[0] = 1;
	fake_run(1);
	t.w.trace = NULL;
	/* parse, vlan_in, then the answer; the second has these two, policy, learn, lookup, flood.
	 */
	s = &trace.steps[4];
	assert_string_equal(pipe_table[s->stage]->name, "policy");
	assert_int_equal(s->word, TOO_BIG_WORD);
	assert_int_equal(s->a, 9001);
	assert_int_equal(s->b, 9000);
	s = &trace.steps[atomic_load(&trace.n) - 2];
	assert_string_equal(pipe_table[s->stage]->name, "mtu_check");
	assert_int_equal(s->word, TOO_BIG_WORD + PTB_GROUP);
	assert_string_equal(
		pipe_table[s->stage]->words[s->word],
		"{a} bytes are too large; no answer: sent to or from a group, in layer 2");
	for (int i = 0; i < PIPE_STAGES; i++)
		for (int w = 0; w < pipe_table[i]->n_words; w++)
			assert_non_null(pipe_table[i]->words[w]);
}

/* A SYN with an MSS of 8960, its sum complete. */
static void give_syn(uint16_t id)
{
	struct rte_mbuf *m;
	uint8_t *tcp;

	t.frame.ip = 4;
	t.frame.tcp_flags = 2;
	t.frame.payload = 4;
	m = fake_give(id);
	tcp = rte_pktmbuf_mtod_offset(m, uint8_t *, 34);
	tcp[12] = 0x60;
	memcpy(tcp + 20, "\2\4\x23\0", 4);
	test_be16(tcp + 16, ~test_sum(tcp, 24, 0));
}

static uint16_t mss_of(const struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);

	assert_int_equal(pkt_csum_mbuf(m, 34, 24, pkt_csum_pseudo(l3, 4, 6, 24)), 0xffff);
	return pkt_be16(l3 + 42);
}

/* Of a flooded SYN each port gets what fits it, and those that need no change share it. */
static void clamps_each_copy(void **state)
{
	static const uint16_t mtus[] = {0, 4000, 1500, 9000, 2000};
	static const uint16_t want[] = {0, 0, 1460, 3960, 1960};

	for (uint16_t id = 1; id <= 4; id++) {
		fake_port(id, 1, 1, 1);
		t.fwd.ports[id].mtu = mtus[id];
	}
	for (int on = 0; on < 2; on++) {
		t.fwd.bridges[0].mss_clamp = on;
		give_syn(1);
		fake_run(1);
		for (uint16_t id = 2; id <= 4; id++) {
			assert_int_equal(fakes[id].n_tx, 1);
			assert_int_equal(mss_of(fakes[id].tx[0]), on ? want[id] : 8960);
			assert_int_equal(of(id)->mss_clamped, on);
		}
		fake_free_tx();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PIPE(answers_on_the_way_out),
		TEST_PIPE(answers_on_the_way_in),
		TEST_PIPE(answers_units),
		TEST_PIPE(answers_with_the_tag),
		TEST_PIPE(silent_where_off),
		TEST_PIPE(silent_where_flooded),
		TEST_PIPE(silent_for_answers),
		TEST_PIPE(fits_the_way_back),
		TEST_PIPE(whole_bursts),
		TEST_PIPE(answers_come_last),
		TEST_PIPE(is_traced),
		TEST_PIPE(clamps_each_copy),
	};

	test_l2_start();
	if (pkt_trace_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

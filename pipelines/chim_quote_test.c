/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP errors about a connection that the switch runs: they reach the host, and are noted. */
#include "pipelines/test_pipe.h"

#include "offload/chimney/steer/quote.h"

#include <sys/eventfd.h>
#include <unistd.h>

static struct flow_table *flows;
static struct flow *flow;
static struct flow_quote quotes[FLOW_QUOTES];
static int fd;

static void take(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m)
{
	rte_pktmbuf_free(m);
}

static const struct flow_sink sink = {.take = take};
static const struct flow_limits limits = {.packets = 100, .bytes = 1000000};

/* The host behind port 1, address 1, runs 10.0.0.1:40000 -> 10.0.0.2:5001 to port 2; port 3 leads
 * to a router. All in VLAN 5. */
static int setup(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct flow_key key = {.bridge = 0, .vlan = 5};

	if (fake_setup(state) != 0)
		return -1;
	fake_port(1, 5, 5, 6);
	fake_port(2, 1, 1, 20);
	fake_port(3, 5, 5, 6);
	fake_lives(1, 5, 1);
	fake_lives(2, 5, 2);
	t.fwd.ports[1].mtu = 9000;
	t.fwd.ports[1].ptb = true;
	t.w.id = 0;
	t.frame.ip = 4;
	flows = flow_table_new(1, 64);
	fd = eventfd(0, EFD_NONBLOCK);
	if (!flows || flow_table_note_quotes(flows, fd) != 0)
		return -1;
	t.fwd.flows = flows;
	memcpy(key.src, "\x0a\0\0\x02", 4);
	memcpy(key.dst, "\x0a\0\0\x01", 4);
	test_be16((uint8_t *)&key.sport, 5001);
	test_be16((uint8_t *)&key.dport, 40000);
	memcpy(key.dmac, mac, 6);
	assert_int_equal(flow_hold(flows, &key, 1, &limits, &flow), 0);
	flow_steal(flow, 0, &sink, NULL);
	return 0;
}

static int teardown(void **state)
{
	flow_table_free(flows);
	close(fd);
	return fake_teardown(state);
}

/* What its engine sends is too big for port 2. */
static void send_too_much(void)
{
	struct rte_mbuf *m;
	uint8_t *l3;

	t.frame.payload = 4000;
	test_frame_build(&t.frame);
	l3 = t.frame.bytes + t.frame.l2_len;
	test_be16(l3 + 6, 0x4000); /* DF */
	test_be16(l3 + 10, 0);
	test_be16(l3 + 10, ~test_sum(l3, 20, 0));
	m = test_frame_mbuf(&t.frame, t.w.data_pool);
	assert_int_equal(pipe_inject(&pipe_under_test, 1, &m, 1), 1);
}

static void is_noted(unsigned int times)
{
	assert_int_equal(flow_quotes_take(flows, quotes), times);
	for (unsigned int i = 0; i < times; i++) {
		assert_memory_equal(&quotes[i].key, flow_key(flow), sizeof(struct flow_key));
		assert_ptr_equal(flow_get(flows, &quotes[i].key), flow);
		assert_int_equal(quotes[i].kind, FLOW_TOO_BIG);
		assert_int_equal(quotes[i].mtu, 1500);
		assert_int_equal(quotes[i].seq, 1);
	}
}

/* The switch's own answer. */
static void own_answers(void **state)
{
	send_too_much();
	assert_int_equal(fakes[2].n_tx, 0);
	assert_int_equal(fakes[1].n_tx, 1);
	is_noted(1);
}

/* The same from elsewhere. */
static void answers_that_pass(void **state)
{
	struct rte_mbuf *m;

	send_too_much();
	is_noted(1);
	assert_int_equal(fakes[1].n_tx, 1);
	m = rte_pktmbuf_copy(fakes[1].tx[0], t.w.data_pool, 0, UINT32_MAX);
	rte_pktmbuf_mtod(m, uint8_t *)[11] = 3; /* the router's */
	fakes[3].rx[fakes[3].n_rx++] = m;
	fake_run(3);
	assert_int_equal(fakes[1].n_tx, 2);
	is_noted(1);
}

/* Its kernel runs it (again), or nobody does. */
static void not_offloaded(void **state)
{
	flow_hold_again(flow);
	send_too_much();
	assert_int_equal(fakes[1].n_tx, 1);
	is_noted(0);
	flow_drop(flow, NULL, NULL);
	send_too_much();
	assert_int_equal(fakes[1].n_tx, 2);
	is_noted(0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_answers),
		TEST(answers_that_pass),
		TEST(not_offloaded),
	};

	test_l2_start();
	if (pkt_trace_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

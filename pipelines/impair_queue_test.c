/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that leave late, or not at all. Time is the test's. */
#include "pipelines/test_pipe.h"

#include "pipelines/impair.h"

enum { MS = 1000000, SERIAL = 3 };

static struct worker_poller poller;
static uint64_t now_ns;

static void want(const char *text)
{
	assert_int_equal(impair_parse(text, &t.fwd.ports[2].impair, NULL), 0);
}

/* So many packets of 100 bytes, with numbers from `first` on, are about to leave by port 2. */
static void leave(uint32_t first, uint32_t n)
{
	struct pkt_burst *b = &t.b;

	b->port = 2;
	b->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(t.w.data_pool);
		uint32_t number = first + i;

		m->port = 1;
		memset(rte_pktmbuf_append(m, 100), 0, 100);
		memcpy(rte_pktmbuf_mtod(m, void *), &number, sizeof(number));
		b->pkts[b->n++] = m;
	}
	impair_burst_at(b, now_ns);
}

static uint32_t number_of(const struct rte_mbuf *m)
{
	uint32_t n;

	memcpy(&n, rte_pktmbuf_mtod(m, void *), sizeof(n));
	return n;
}

static uint32_t poll(void)
{
	return poller.poll(poller.ctx, &pipe_under_test, now_ns);
}

static uint64_t until(void)
{
	uint64_t ns = UINT64_MAX;

	assert_int_equal(poller.sleep(poller.ctx, NULL, 0, &ns), 0);
	return ns;
}

static void forget(void)
{
	rte_pktmbuf_free_bulk(t.b.pkts, t.b.n);
	t.b.n = 0;
}

static int setup(void **state)
{
	if (fake_setup(state) != 0)
		return -1;
	fake_port(1, 1, 1, 1);
	fake_port(2, 1, 1, 1);
	t.fwd.ports[2].serial = SERIAL;
	t.w.impair = impair_queue_new();
	poller = impair_poller(t.w.impair);
	now_ns = 1000 * MS;
	return t.w.impair ? 0 : -1;
}

static int teardown(void **state)
{
	impair_queue_free(t.w.impair);
	t.w.impair = NULL;
	return fake_teardown(state);
}

static void delays(void **state)
{
	want("delay 10ms");
	leave(1, 3);
	assert_int_equal(t.b.n, 0);
	assert_int_equal(until(), 1010 * MS);
	now_ns += 5 * MS;
	leave(4, 1);
	now_ns += 5 * MS - 1;
	assert_int_equal(poll(), 0);
	now_ns++;
	assert_int_equal(poll(), 3);
	assert_int_equal(until(), 1015 * MS);
	now_ns += 5 * MS;
	assert_int_equal(poll(), 1);
	assert_int_equal(until(), UINT64_MAX);
	assert_int_equal(fakes[2].n_tx, 4);
	for (uint16_t i = 0; i < 4; i++)
		assert_int_equal(number_of(fakes[2].tx[i]), 1 + i);
	assert_int_equal(t.counters[2].tx_packets, 4);
}

/* One that is due but was not sent yet is not overtaken. */
static void waits_behind_what_is_due(void **state)
{
	want("delay 1ms");
	leave(1, 1);
	now_ns += 2 * MS;
	want("loss 0%");
	leave(2, 1);
	assert_int_equal(t.b.n, 0);
	assert_int_equal(poll(), 2);
	assert_int_equal(number_of(fakes[2].tx[0]), 1);
	assert_int_equal(number_of(fakes[2].tx[1]), 2);
}

static uint32_t lost(uint32_t n)
{
	uint64_t was = t.counters[2].drop[PKT_DROP_IMPAIRED];

	for (uint32_t i = 0; i < n; i += 50) {
		leave(i, 50);
		forget();
	}
	return (uint32_t)(t.counters[2].drop[PKT_DROP_IMPAIRED] - was);
}

static void loses(void **state)
{
	want("loss 0%");
	assert_int_equal(lost(1000), 0);
	want("loss 100%");
	assert_int_equal(lost(1000), 1000);
	want("loss 10% seed 7");
	assert_in_range(lost(10000), 900, 1100);
}

/* The same seed loses the same packets; another one does not. */
static void repeats(void **state)
{
	static const char *const texts[] = {"loss 20% seed 5", "loss 20% seed 6",
					    "loss 20% seed 5"};
	uint32_t left[3][64], n[3];

	for (int k = 0; k < 3; k++) {
		want(texts[k]);
		leave(0, 64);
		n[k] = t.b.n;
		for (uint32_t i = 0; i < n[k]; i++)
			left[k][i] = number_of(t.b.pkts[i]);
		forget();
	}
	assert_int_equal(n[0], n[2]);
	assert_memory_equal(left[0], left[2], n[0] * sizeof(left[0][0]));
	assert_true(n[0] != n[1] || memcmp(left[0], left[1], n[0] * sizeof(left[0][0])) != 0);
}

static void doubles(void **state)
{
	want("duplicate 100%");
	leave(1, 3);
	assert_int_equal(t.b.n, 6);
	for (uint16_t i = 0; i < 6; i++)
		assert_int_equal(number_of(t.b.pkts[i]), 1 + i / 2);
	forget();
	want("duplicate 100% delay 1ms");
	leave(1, 3);
	assert_int_equal(t.b.n, 0);
	now_ns += MS;
	assert_int_equal(poll(), 6);
}

static void keeps_order_with_jitter(void **state)
{
	uint32_t last = 0, sent = 0;

	want("delay 5ms jitter 5ms seed 3");
	for (uint32_t k = 0; k < 40; k++) {
		leave(1 + 10 * k, 10);
		for (uint16_t i = 0; i < t.b.n; i++)
			assert_int_equal(number_of(t.b.pkts[i]), ++last);
		sent += t.b.n;
		forget();
		now_ns += MS;
		sent += poll();
		for (uint16_t i = 0; i < fakes[2].n_tx; i++)
			assert_int_equal(number_of(fakes[2].tx[i]), ++last);
		fake_free_tx();
	}
	now_ns += 20 * MS;
	sent += poll();
	assert_int_equal(sent, 400);
}

static void reorders(void **state)
{
	uint32_t early = 0;

	want("delay 5ms reorder 25% seed 2");
	for (uint32_t k = 0; k < 20; k++) {
		leave(50 * k, 50);
		early += t.b.n;
		forget();
	}
	assert_in_range(early, 180, 320);
	now_ns += 5 * MS;
	assert_int_equal(poll(), 1000 - early);
}

/* 100 bytes at 8 Mbit/s: 100 us each. */
static void keeps_a_rate(void **state)
{
	want("rate 8mbit limit 5");
	leave(1, 7);
	assert_int_equal(test_l2_drops(2, PKT_DROP_IMPAIRED), 2);
	assert_int_equal(until(), now_ns + MS / 10);
	for (int i = 0; i < 5; i++) {
		now_ns += MS / 10 - 1;
		assert_int_equal(poll(), 0);
		now_ns++;
		assert_int_equal(poll(), 1);
	}
	/* What was not used is not saved up. */
	now_ns += 100 * MS;
	leave(8, 1);
	assert_int_equal(until(), now_ns + MS / 10);
	now_ns += MS;
	poll();
}

/* What waited for a port that is gone does not leave by the one that got its number. */
static void forgets_a_port(void **state)
{
	want("delay 1ms");
	leave(1, 2);
	t.fwd.ports[2].serial = SERIAL + 1;
	leave(3, 1);
	now_ns += MS;
	assert_int_equal(poll(), 1);
	assert_int_equal(fakes[2].n_tx, 1);
	assert_int_equal(number_of(fakes[2].tx[0]), 3);
	leave(4, 1);
	t.fwd.ports[2].port = NULL;
	t.fwd.ports[2].serial = 0;
	now_ns += MS;
	assert_int_equal(poll(), 0);
	assert_int_equal(until(), UINT64_MAX);
}

/* Many that are due at odd times leave in the order of these times. */
static void leaves_in_time(void **state)
{
	uint64_t last = 0, due;
	uint32_t n = 0;

	want("delay 9ms reorder 50% rate 100mbit seed 4 limit 5000");
	for (uint32_t k = 0; k < 30; k++) {
		leave(k * 60, 60);
		forget();
		now_ns += MS / 3;
	}
	while ((due = until()) != UINT64_MAX) {
		assert_true(due >= last);
		last = now_ns = due;
		n += poll();
		fake_free_tx();
	}
	assert_int_equal(n, 1800);
}

/* Through the pipeline: units go as frames, and late. */
static void is_a_wire(void **state)
{
	atomic_store(&fakes[2].port.tx_caps, PORT_CAP_CSUM | PORT_CAP_TSO4);
	fake_lives(2, 1, 2);
	t.frame.ip = 4;
	t.frame.payload = 4200;
	want("delay 1us");
	fake_give_unit(1, 1400);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 0);
	now_ns = UINT64_MAX;
	assert_int_equal(poll(), 3);
	assert_int_equal(fakes[2].n_tx, 3);
	assert_int_equal(t.counters[2].split_frames, 3);
	assert_int_equal(fakes[2].tx[0]->ol_flags & RTE_MBUF_F_TX_TCP_SEG, 0);
	want("none");
	fake_give_unit(1, 1400);
	fake_run(1);
	assert_int_equal(fakes[2].n_tx, 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(delays),	      TEST(waits_behind_what_is_due),
		TEST(loses),	      TEST(repeats),
		TEST(doubles),	      TEST(keeps_order_with_jitter),
		TEST(reorders),	      TEST(keeps_a_rate),
		TEST(forgets_a_port), TEST(leaves_in_time),
		TEST(is_a_wire),
	};

	test_l2_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The records of what is in flight, beside a model that knows of each byte by itself. */
#include "offload/chimney/fast/flight.h"

#include "offload/chimney/fast/seq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { BYTES = 4096, STEPS = 400, ROUNDS = 300 };

/* Bytes una..nxt of the model, by their number from 0 on. */
struct model {
	struct {
		uint8_t state, retrans;
		uint64_t ns;
	} b[BYTES];
	uint32_t una, nxt, base;
	uint64_t now;
	bool coarse; /* records run out: only their own sums can be checked */
};

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

/* The records cover una..nxt without gaps, and say of each byte what the model does. */
static void compare(const struct chim_pool *p, const struct chim_flight *f, const struct model *m)
{
	uint32_t at = m->base + m->una, n = 0, sacked = 0, lost = 0;

	for (uint32_t i = f->head; i != CHIM_NO_REC; i = p->recs[i].next, n++) {
		const struct chim_rec *r = &p->recs[i];

		assert_int_equal(r->seq, at);
		assert_true(seq_lt(r->seq, r->end));
		sacked += r->state == CHIM_REC_SACKED ? r->end - r->seq : 0;
		lost += r->state == CHIM_REC_LOST ? r->end - r->seq : 0;
		for (; at != r->end; at++) {
			uint32_t k = at - m->base;

			if (m->coarse)
				continue;
			assert_int_equal(r->state, m->b[k].state);
			if (r->state == CHIM_REC_SACKED)
				continue;
			assert_int_equal(r->sent_ns, m->b[k].ns);
			assert_int_equal(r->retrans, m->b[k].retrans);
		}
		if (r->next == CHIM_NO_REC)
			assert_int_equal(f->tail, i);
	}
	assert_int_equal(at, m->base + m->nxt);
	assert_int_equal(n, f->n);
	assert_int_equal(f->sacked, sacked);
	assert_int_equal(f->lost, lost);
}

static void send_new(struct chim_pool *p, struct chim_flight *f, struct model *m)
{
	uint32_t n = 1 + below(100);

	if (m->nxt + n > BYTES)
		return;
	chim_flight_sent(p, f, m->base + m->nxt, m->base + m->nxt + n, m->now, false);
	for (; n; n--, m->nxt++) {
		m->b[m->nxt].state = CHIM_REC_SENT;
		m->b[m->nxt].retrans = 0;
		m->b[m->nxt].ns = m->now;
	}
}

static void acknowledge(struct chim_pool *p, struct chim_flight *f, struct model *m)
{
	struct chim_delivery d = {0};
	uint32_t n = below(m->nxt - m->una + 1), news = 0;
	uint64_t once = 0;

	for (uint32_t i = m->una; i < m->una + n; i++) {
		if (m->b[i].state == CHIM_REC_SACKED)
			continue;
		news++;
		if (!m->b[i].retrans && (!once || m->b[i].ns < once))
			once = m->b[i].ns;
	}
	chim_flight_ack(p, f, m->base + m->una + n, &d);
	m->una += n;
	if (m->coarse)
		return;
	assert_int_equal(d.acked, news);
	assert_int_equal(d.first_ns, once);
}

static void sack(struct chim_pool *p, struct chim_flight *f, struct model *m)
{
	struct chim_delivery d = {0};
	uint32_t out = m->nxt - m->una, from, n, news = 0;

	if (out < 2)
		return;
	from = m->una + below(out - 1);
	n = 1 + below(m->nxt - from);
	for (uint32_t i = from; i < from + n; i++)
		news += m->b[i].state != CHIM_REC_SACKED;
	chim_flight_sack(p, f, m->base + from, m->base + from + n, &d);
	for (uint32_t i = from; i < from + n; i++)
		m->b[i].state = CHIM_REC_SACKED;
	if (!m->coarse)
		assert_int_equal(d.sacked, news);
}

static void lose(struct chim_pool *p, struct chim_flight *f, struct model *m)
{
	uint64_t pivot = m->now - below(20), window = below(30), wait;

	chim_flight_rack(p, f, pivot, m->base + m->nxt, window, m->now, &wait);
	for (uint32_t i = m->una; i < m->nxt; i++)
		if (m->b[i].state == CHIM_REC_SENT && m->b[i].ns < pivot &&
		    m->b[i].ns + window <= m->now)
			m->b[i].state = CHIM_REC_LOST;
	/* What was sent exactly then is lost up to the record that ends at nxt. */
	for (uint32_t i = f->head; i != CHIM_NO_REC; i = p->recs[i].next)
		if (p->recs[i].sent_ns == pivot)
			for (uint32_t k = p->recs[i].seq - m->base; k < p->recs[i].end - m->base;
			     k++)
				if (m->b[k].state != CHIM_REC_SACKED)
					m->b[k].state = p->recs[i].state;
}

static void resend(struct chim_pool *p, struct chim_flight *f, struct model *m)
{
	uint32_t i = chim_flight_next_lost(p, f, CHIM_NO_REC), at, n;

	if (i == CHIM_NO_REC)
		return;
	at = p->recs[i].seq - m->base;
	n = 1 + below(p->recs[i].end - p->recs[i].seq);
	if (!chim_flight_resent(p, f, i, n, m->now))
		return;
	for (; n; n--, at++) {
		m->b[at].state = CHIM_REC_SENT;
		m->b[at].ns = m->now;
		m->b[at].retrans += m->b[at].retrans < UINT8_MAX;
	}
}

static void step(struct chim_pool *p, struct chim_flight *f, struct model *m)
{
	m->now += below(3);
	switch (below(6)) {
	case 0:
	case 1:
		send_new(p, f, m);
		break;
	case 2:
		acknowledge(p, f, m);
		break;
	case 3:
		sack(p, f, m);
		break;
	case 4:
		lose(p, f, m);
		break;
	default:
		resend(p, f, m);
	}
	compare(p, f, m);
}

static void beside_model(uint32_t records, bool coarse)
{
	static struct model m;
	struct chim_flight f;
	struct chim_pool p;

	assert_int_equal(chim_pool_init(&p, records), 0);
	for (int round = 0; round < ROUNDS; round++) {
		srandom((unsigned int)round);
		memset(&m, 0, sizeof(m));
		m.base = (uint32_t)random() * 3u;
		m.now = 1000;
		m.coarse = coarse;
		assert_true(chim_flight_init(&p, &f));
		for (int i = 0; i < STEPS; i++)
			step(&p, &f, &m);
		chim_flight_fini(&p, &f);
		assert_int_equal(p.n_free, p.size);
		assert_int_equal(p.promised, 0);
	}
	chim_pool_free(&p);
}

static void says_what_the_model_says(void **state)
{
	beside_model(1000, false);
}

static void stays_whole_with_few_records(void **state)
{
	for (uint32_t records = CHIM_FLIGHT_RESERVE; records < 8; records++)
		beside_model(records, true);
}

/* With two connections and the records of their reserves only: nothing is refused that is needed,
 * and sums stay right. */
static void goes_on_without_records(void **state)
{
	struct chim_delivery d = {0};
	struct chim_flight f, g, none;
	struct chim_pool p;
	uint32_t seq = 0xffffff00, i;

	assert_int_equal(chim_pool_init(&p, 2 * CHIM_FLIGHT_RESERVE), 0);
	assert_true(chim_flight_init(&p, &f));
	assert_true(chim_flight_init(&p, &g));
	assert_false(chim_flight_init(&p, &none));
	assert_int_equal(chim_pool_take(&p), CHIM_NO_REC);
	for (int k = 0; k < 10; k++, seq += 100)
		chim_flight_sent(&p, &f, seq, seq + 100, 1000 + (uint64_t)k, false);
	assert_int_equal(f.n, 2);
	chim_flight_sent(&p, &g, 0, 100, 1000, false);
	chim_flight_sent(&p, &g, 100, 200, 1001, false);
	/* In the middle there is no place to cut: it is not known. */
	chim_flight_sack(&p, &f, seq - 500, seq - 400, &d);
	assert_int_equal(f.sacked, 0);
	/* A timeout makes one lost record of all, of which the first part can be sent again. */
	chim_flight_lose_all(&p, &f, true);
	assert_int_equal(f.lost, 1000);
	i = chim_flight_next_lost(&p, &f, CHIM_NO_REC);
	assert_true(chim_flight_resent(&p, &f, i, 50, 2000));
	assert_int_equal(f.lost, 950);
	chim_flight_ack(&p, &f, seq, &d);
	assert_int_equal(f.n, 0);
	assert_int_equal(f.lost, 0);
	chim_flight_fini(&p, &f);
	chim_flight_fini(&p, &g);
	assert_int_equal(p.n_free, p.size);
	chim_pool_free(&p);
}

static void ends_of_bursts_are_not_overtaken(void **state)
{
	struct chim_flight f;
	struct chim_pool p;
	uint64_t wait;

	assert_int_equal(chim_pool_init(&p, 100), 0);
	assert_true(chim_flight_init(&p, &f));
	chim_flight_sent(&p, &f, 0, 100, 10, false);
	chim_flight_sent(&p, &f, 100, 200, 20, false);
	chim_flight_sent(&p, &f, 200, 300, 30, false);
	/* The second was delivered, after 10: what was sent before has 5 more. */
	assert_int_equal(chim_flight_rack(&p, &f, 20, 200, 15, 24, &wait), 0);
	assert_int_equal(wait, 1);
	assert_int_equal(chim_flight_rack(&p, &f, 20, 200, 15, 25, &wait), 100);
	assert_int_equal(wait, 0);
	chim_flight_unlose(&p, &f);
	assert_int_equal(f.lost, 0);
	chim_flight_fini(&p, &f);
	chim_pool_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_model_says),
		cmocka_unit_test(stays_whole_with_few_records),
		cmocka_unit_test(goes_on_without_records),
		cmocka_unit_test(ends_of_bursts_are_not_overtaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

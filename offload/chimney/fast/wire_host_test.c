/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host sees: states that go in and come out, freezing, uploads that fail. */
#include "offload/chimney/fast/wire.h"
#include "offload/chimney/fast/wire_segment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct wire w;

static int setup(void **state)
{
	wire_init(&w, 0xfffffe00, 0xffffff00);
	return 0;
}

static int teardown(void **state)
{
	wire_end(&w);
	return 0;
}

static void takes_queues_over(void **state)
{
	w.state.snd_len = 3000;
	w.state.unsent_len = 1000;
	w.state.rcv_len = 500;
	w.state.rcv_nxt = w.remote + 500;
	w.state.rcv_wup = w.remote;
	wire_lines(&w, "# what is owed, and what was not sent\n"
		       "> P. 2000:3000 ack 500\n"
		       "none\n"
		       "pipe 3000\n"
		       "+100\n"
		       "< . 500 ack 3000\n"
		       "freed 3000\n"
		       "# what had been sent before is not measured, the rest is\n"
		       "rto 300\n"
		       "in 500\n"
		       "< . 500:600 ack 3000\n"
		       "in 600\n"
		       "skip");
	assert_int_equal(w.shm->rcv_tail, 0);
}

static void owes_an_ack(void **state)
{
	w.state.rcv_wup -= 100;
	wire_lines(&w, "> . 0 ack 0\n"
		       "+100\n"
		       "none");
}

/* Nobody reads what is not there: no other occasion would come. */
static void tells_of_its_room(void **state)
{
	w.state.rcv_wnd = 168;
	wire_lines(&w, "> . 0 ack 0 win 65535\n"
		       "none");
}

static void asks_of_a_closed_window(void **state)
{
	w.state.snd_wnd = 0;
	w.state.snd_len = w.state.unsent_len = 1000;
	wire_lines(&w, "> . -1 ack 0\n"
		       "none\n"
		       "< . 0 ack 0 win 5000\n"
		       "> P. 0:1000");
}

static void what_was_in_flight_is_sent_again(void **state)
{
	w.state.snd_len = 2000;
	w.state.sack = false;
	wire_lines(&w, "none\n"
		       "+302\n"
		       "> . 0:1000");
}

static void begins_behind_a_fin(void **state)
{
	w.state.phase = CHIM_CLOSE_WAIT;
	wire_lines(&w, "phase CLOSE-WAIT\n"
		       "run\n"
		       "fin\n"
		       "write 10\n"
		       "> P. 0:10 ack 0\n"
		       "# the FIN once more\n"
		       "< F. -1 ack 10\n"
		       "> . 10 ack 0\n"
		       "set shut_wr\n"
		       "> F. 10\n"
		       "< . 0 ack 11\n"
		       "closed 0");
}

static void refuses_contradictions(void **state)
{
	struct chim_tcp_state s;

	wire_begin(&w);
#define REFUSED(change)                                                    \
	do {                                                               \
		s = w.state;                                               \
		change;                                                    \
		errno = 0;                                                 \
		assert_null(chim_engine_start(w.e, &s, w.shm, &w, w.now)); \
		assert_int_equal(errno, EINVAL);                           \
	} while (0)
	REFUSED(s.snd_nxt++);
	REFUSED(s.unsent_len = 1);
	REFUSED(s.snd_len = 10);
	REFUSED(s.rcv_len = 10);
	REFUSED(s.mss = 0);
	REFUSED(s.rcv_wscale = 15);
	REFUSED(s.phase = 2);
	w.shm->snd_size = 3 << 15;
	REFUSED((void)0);
	w.shm->snd_size = WIRE_RING;
	w.shm->rcv_off = w.shm->bytes;
	REFUSED((void)0);
	w.shm->rcv_off = 0;
	REFUSED((void)0);
#undef REFUSED
	w.shm->rcv_off = CHIM_SHM_PAGE + WIRE_RING;
	for (int i = 1; i < 4; i++)
		assert_non_null(chim_engine_start(w.e, &w.state, w.shm, &w, w.now));
	assert_null(chim_engine_start(w.e, &w.state, w.shm, &w, w.now));
	assert_int_equal(errno, ENOSPC);
}

static void dumps_what_is(void **state)
{
	struct chim_tcp_state s;

	w.state.timestamps = true;
	w.state.ts_recent = 70000;
	w.state.ts_offset = WIRE_TS_LOCAL - (uint32_t)(w.now / NS_PER_MS);
	wire_lines(&w, "write 5000\n"
		       "skip\n"
		       "< P. 0:300 ack 2976 win 5000 ts 7 0\n"
		       "read 100\n"
		       "skip\n");
	chim_engine_freeze(w.e, w.c, w.now);
	assert_int_equal(chim_engine_dump(w.e, w.c, &s), 0);
	assert_int_equal(s.phase, CHIM_ESTABLISHED);
	assert_int_equal(s.snd_una, w.local + 2976);
	assert_int_equal(s.snd_nxt, w.local + 5000);
	assert_int_equal(s.snd_len, 2024);
	assert_int_equal(s.unsent_len, 0);
	assert_int_equal(s.snd_wnd, 5000);
	assert_int_equal(s.max_window, 65535);
	assert_int_equal(s.rcv_nxt, w.remote + 300);
	assert_int_equal(s.rcv_wup, w.remote + 300);
	assert_int_equal(s.rcv_wnd, 65235);
	assert_int_equal(s.rcv_len, 200);
	assert_int_equal(s.ts_recent, 70007);
	assert_int_equal(s.mss, 1000);
	assert_int_equal(s.ts_offset, w.state.ts_offset);
	assert_int_equal(s.snd_wl1, w.remote);
	assert_int_equal(s.cwnd, 13);
	assert_int_equal(s.ssthresh, 0);
	/* The acknowledgment that was delayed was sent before it was frozen. */
	w.n_seen = w.n_sent - 1;
	assert_int_equal(w.sent[w.n_seen].seg.ack, w.remote + 300);
	w.n_seen = w.n_sent;
}

/* The kernel will not tell of it: for that, something must be read. */
static void tells_what_was_read_while_frozen(void **state)
{
	struct chim_tcp_state s;

	wire_lines(&w, "< . 0:32768 ack 0\n"
		       "< . 32768:65535 ack 0\n"
		       "skip");
	chim_engine_freeze(w.e, w.c, w.now);
	w.shm->rcv_tail = 65535;
	assert_int_equal(chim_engine_dump(w.e, w.c, &s), 0);
	assert_int_equal(s.rcv_len, 0);
	assert_int_equal(s.rcv_wnd, 65535);
	assert_int_equal(w.n_sent, w.n_seen + 1);
	assert_int_equal(w.sent[w.n_seen].seg.wnd, 65535);
	w.n_seen = w.n_sent;
}

static void goes_on_where_nobody_can_take_it(void **state)
{
	wire_lines(&w, "write 1000\n"
		       "< U. 0:10 ack 0\n"
		       "upload urgent\n"
		       "skip");
	w.upload = CHIM_UPLOAD_NONE;
	chim_engine_freeze(w.e, w.c, w.now);
	chim_engine_thaw(w.e, w.c, w.now);
	wire_lines(&w, "# without the urgency\n"
		       "< U. 0:10 ack 0\n"
		       "in 10\n"
		       "open\n"
		       "skip");
	for (int i = 0; i < 10; i++)
		wire_lines(&w, "+200000000us\nskip");
	wire_lines(&w, "upload timeout");
	w.upload = CHIM_UPLOAD_NONE;
	chim_engine_freeze(w.e, w.c, w.now);
	chim_engine_thaw(w.e, w.c, w.now);
	wire_lines(&w, "+200000000us\n"
		       "> P. 0:1000\n"
		       "open");
	for (int i = 0; i < 10; i++)
		wire_lines(&w, "+200000000us\nskip");
	wire_lines(&w, "closed 110");
}

static void closed_while_it_waits_for_the_host(void **state)
{
	w.state.cwnd = 1;
	w.state.sack = false;
	wire_lines(&w, "write 2000\nskip");
	for (int i = 0; i < 10; i++)
		wire_lines(&w, "+200000000us\nskip");
	wire_lines(&w, "upload timeout\n"
		       "close -\n"
		       "+200000000us\n"
		       "> P. 0:1000\n"
		       "< . 0 ack 1000\n"
		       "> FP. 1000:2000\n"
		       "< . 0 ack 2001\n"
		       "phase FIN-WAIT-2");
}

static void goes_on_from_its_own_dump(void **state)
{
	struct chim_tcp_state s;

	wire_lines(&w, "write 5000\n"
		       "skip\n"
		       "< . 2000:3000 ack 2000\n"
		       "< . 0:1000 ack 2000\n"
		       "read 1000\n"
		       "skip");
	chim_engine_freeze(w.e, w.c, w.now);
	assert_int_equal(chim_engine_dump(w.e, w.c, &s), 0);
	chim_engine_stop(w.e, w.c);
	/* New memory: positions begin at 0 again. */
	memmove((uint8_t *)w.shm + CHIM_SHM_PAGE, (uint8_t *)w.shm + CHIM_SHM_PAGE + 2000, 3000);
	w.shm->snd_head = s.snd_len;
	w.shm->snd_tail = w.shm->snd_sent = 0;
	w.shm->rcv_head = w.shm->rcv_tail = s.rcv_len;
	assert_int_equal(s.rcv_len, 0);
	w.shm->flued_flags = 0;
	w.c = chim_engine_start(w.e, &s, w.shm, &w, w.now);
	assert_non_null(w.c);
	chim_engine_run(w.e, w.now);
	/* What was behind the hole is forgotten; the peer sends it again. */
	wire_lines(&w, "none\n"
		       "pipe 3000\n"
		       "< . 1000:2000 ack 5000\n"
		       "skip\n"
		       "in 1000\n"
		       "freed 3000\n"
		       "< . 2000:3000 ack 5000\n"
		       "in 2000\n"
		       "skip");
}

static void no_dump_behind_our_fin(void **state)
{
	struct chim_tcp_state s;

	wire_lines(&w, "set shut_wr\nskip");
	chim_engine_freeze(w.e, w.c, w.now);
	assert_int_equal(chim_engine_dump(w.e, w.c, &s), -ENOTCONN);
}

static void dump_checks_indices(void **state)
{
	struct chim_tcp_state s;

	wire_begin(&w);
	chim_engine_freeze(w.e, w.c, w.now);
	w.shm->rcv_tail = 1;
	assert_int_equal(chim_engine_dump(w.e, w.c, &s), -EPROTO);
}

static void quotes_of_icmp(void **state)
{
	wire_lines(&w, "write 1000\nskip");
	assert_true(chim_engine_quotes(w.c, w.local));
	assert_true(chim_engine_quotes(w.c, w.local + 999));
	assert_false(chim_engine_quotes(w.c, w.local + 1000));
	assert_false(chim_engine_quotes(w.c, w.local - 1));
}

static void slots_are_used_again(void **state)
{
	wire_begin(&w);
	for (int i = 0; i < 100; i++) {
		wire_lines(&w, "write 100\n< . 200:300 ack 0\nskip");
		/* On the list of those to be looked at. */
		chim_engine_rung(w.e, w.c, w.now);
		chim_engine_stop(w.e, w.c);
		w.shm->snd_head = w.shm->rcv_head = w.shm->rcv_tail = 0;
		w.shm->snd_tail = w.shm->snd_sent = 0;
		chim_engine_run(w.e, w.now);
		w.c = chim_engine_start(w.e, &w.state, w.shm, &w, w.now);
		assert_non_null(w.c);
		chim_engine_run(w.e, w.now);
	}
	assert_int_equal(w.e->n_used, 1);
	assert_int_equal(w.e->pool.n_free, w.e->pool.size);
}

static void stopped_with_news_untold(void **state)
{
	wire_lines(&w, "write 100\n"
		       "skip\n"
		       "<< R. 0 ack 100");
	chim_engine_stop(w.e, w.c);
	assert_int_equal(chim_engine_run(w.e, w.now), 2);
	assert_int_equal(w.closed, -1);
	w.shm->snd_head = w.shm->snd_tail = w.shm->snd_sent = 0;
	w.c = chim_engine_start(w.e, &w.state, w.shm, &w, w.now);
	assert_non_null(w.c);
	assert_int_equal(w.e->n_used, 1);
}

static void units_are_switched(void **state)
{
	w.tso = true;
	wire_lines(&w, "write 3000\n"
		       "> P. 0:3000");
	chim_engine_set_tso(w.e, false);
	wire_lines(&w, "write 2000\n"
		       "> . 3000:4000\n"
		       "> P. 4000:5000");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static const struct CMUnitTest tests[] = {
	T(takes_queues_over),
	T(owes_an_ack),
	T(tells_of_its_room),
	T(asks_of_a_closed_window),
	T(what_was_in_flight_is_sent_again),
	T(begins_behind_a_fin),
	T(refuses_contradictions),
	T(dumps_what_is),
	T(tells_what_was_read_while_frozen),
	T(goes_on_where_nobody_can_take_it),
	T(closed_while_it_waits_for_the_host),
	T(goes_on_from_its_own_dump),
	T(no_dump_behind_our_fin),
	T(dump_checks_indices),
	T(quotes_of_icmp),
	T(slots_are_used_again),
	T(stopped_with_news_untold),
	T(units_are_switched),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Searches over paths made up here: each has a true MTU there and back, somebody who tells it or
 * does not, and loss by chance. */
#include "jumbo/probe/find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct path {
	struct probe_io io;
	uint32_t there, back;  /* true MTUs */
	uint32_t hop;	       /* a hop before the smallest one; 0: none */
	bool tells, hop_tells; /* do they tell? */
	int lie;	       /* added to what is told */
	uint32_t silent_lie;   /* what is told instead; 0: the above */
	unsigned int loss;     /* percent, each way */
	uint32_t cut;	       /* answers are never larger; 0: they are */
	bool dead;	       /* nothing is answered */
	unsigned int late;     /* answers come so many waits later */
	unsigned int seed;     /* of chance */
	/* what is on its way */
	struct {
		uint32_t size;
		unsigned int wait;
	} news[512];
	unsigned int n_news, sent;
};

static bool chance(struct path *p, unsigned int percent)
{
	p->seed = p->seed * 1103515245u + 12345u;
	return (p->seed >> 16) % 100 < percent;
}

static int echo(struct probe_io *io, uint32_t size)
{
	struct path *p = (struct path *)io;

	p->sent++;
	assert_true(p->n_news < 512);
	if (!chance(p, p->loss)) {
		p->news[p->n_news].wait = p->late;
		p->news[p->n_news++].size = size;
	}
	return 0;
}

/* The largest fragment of an answer: 20 bytes of header and a multiple of 8. */
static uint32_t fragment_of(const struct path *p, uint32_t reply)
{
	return reply <= p->back ? 0 : (p->back - 20) / 8 * 8 + 20;
}

static unsigned int deliver(struct path *p, struct probe_search *s, uint32_t size, uint32_t about)
{
	uint32_t reply = p->cut && size > p->cut ? p->cut : size;

	if (p->hop && size > p->hop) {
		if (p->hop_tells)
			probe_search_told(s, size, p->hop, false, "192.0.2.1");
		return 0;
	}
	if (size > p->there) {
		uint32_t told = p->silent_lie ? p->silent_lie : p->there + (uint32_t)p->lie;

		if (p->tells && !chance(p, p->loss))
			probe_search_told(s, size, told, false, "192.0.2.9");
		return 0;
	}
	if (p->dead || chance(p, p->loss))
		return 0;
	probe_search_answered(s, size, reply, fragment_of(p, reply));
	return size == about;
}

static unsigned int wait_for(struct probe_io *io, struct probe_search *s, uint32_t size, bool last)
{
	struct path *p = (struct path *)io;
	unsigned int answers = 0, kept = 0;

	for (unsigned int i = 0; i < p->n_news; i++) {
		if (p->news[i].wait-- == 0)
			answers += deliver(p, s, p->news[i].size, size);
		else
			p->news[kept++] = p->news[i];
	}
	p->n_news = kept;
	return answers;
}

/* Runs a search up to `most`. */
static struct probe_search found(struct path *p, uint32_t most)
{
	struct probe_search s;

	p->io = (struct probe_io){.echo = echo, .wait = wait_for};
	if (p->back == 0)
		p->back = 65535;
	probe_search_init(&s, 68, most);
	assert_int_equal(probe_find(&p->io, &s), 0);
	return s;
}

static void is(const struct probe_search *s, uint32_t there, enum probe_state state)
{
	if (s->carried != there || probe_search_state(s) != state)
		fail_msg("%u bytes, state %d; not %u, %d", s->carried, probe_search_state(s), there,
			 state);
	assert_true(state == PROBE_UNREACHABLE || probe_search_exact(s));
}

static void clear(void **state)
{
	struct path p = {.there = 9000};
	struct probe_search s = found(&p, 9000);
	uint32_t back;

	is(&s, 9000, PROBE_CLEAR);
	assert_false(probe_search_back(&s, &back));
	assert_int_equal(back, 9000);
	assert_null(probe_search_teller(&s));
	assert_true(p.sent < 20);
}

/* Every MTU there may be, told and not. */
static void every_size(void **state)
{
	for (uint32_t mtu = 68; mtu < 9600; mtu += mtu < 1600 ? 1 : 7) {
		struct path told = {.there = mtu, .tells = true}, mute = {.there = mtu};
		struct probe_search s = found(&told, 9600);

		is(&s, mtu, PROBE_TOLD);
		assert_false(probe_search_vanishes(&s));
		assert_true(told.sent < 30);
		s = found(&mute, 9600);
		is(&s, mtu, PROBE_BLACK_HOLE);
		assert_true(probe_search_vanishes(&s));
		assert_int_equal(probe_search_limit(&s), mtu + 1);
	}
}

/* More than was asked for is no news. */
static void larger_than_asked(void **state)
{
	struct probe_search s;
	unsigned int tries;

	probe_search_init(&s, 68, 1500);
	probe_search_answered(&s, 68, 68, 0);
	probe_search_answered(&s, 9000, 9000, 0);
	assert_int_equal(s.carried, 68);
	assert_int_equal(probe_search_next(&s, &tries), 1500);
}

static void told_by_several(void **state)
{
	struct path p = {.there = 1400, .tells = true, .hop = 4000, .hop_tells = true};
	struct probe_search s = found(&p, 9000);

	is(&s, 1400, PROBE_TOLD);
	assert_string_equal(probe_search_teller(&s)->from, "192.0.2.9");
	/* One tells the truth about itself, and behind it is a black hole. */
	p = (struct path){.there = 1500, .hop = 4000, .hop_tells = true};
	s = found(&p, 9000);
	is(&s, 1500, PROBE_BLACK_HOLE);
	assert_int_equal(probe_search_teller(&s)->mtu, 4000);
}

static void lies(void **state)
{
	struct path low = {.there = 1500, .tells = true, .lie = -100},
		    high = {.there = 1500, .tells = true, .lie = 100},
		    none = {.there = 1500, .tells = true, .lie = -1500},
		    huge = {.there = 1500, .tells = true, .silent_lie = 0xffffffff};
	struct probe_search s = found(&low, 9000);

	is(&s, 1500, PROBE_TOLD_WRONG);
	s = found(&high, 9000);
	is(&s, 1500, PROBE_TOLD_WRONG);
	s = found(&none, 9000);
	is(&s, 1500, PROBE_TOLD_WRONG);
	s = found(&huge, 9000);
	is(&s, 1500, PROBE_TOLD_WRONG);
}

static void nobody_there(void **state)
{
	struct path p = {.there = 1500, .dead = true};
	struct probe_search s = found(&p, 9000);

	is(&s, 0, PROBE_UNREACHABLE);
	assert_int_equal(p.sent, 12);
}

static void back(void **state)
{
	for (uint32_t mtu = 576; mtu < 1600; mtu++) {
		struct path p = {.there = 9000, .back = mtu};
		struct probe_search s = found(&p, 9000);
		uint32_t got;

		is(&s, 9000, PROBE_SMALLER_BACK);
		assert_true(probe_search_back(&s, &got));
		assert_int_equal(got, mtu);
	}
}

static void both_ways_differ(void **state)
{
	struct path p = {.there = 1500, .back = 1403, .tells = true};
	struct probe_search s = found(&p, 9000);
	uint32_t got;

	is(&s, 1500, PROBE_TOLD);
	assert_true(probe_search_back(&s, &got));
	assert_int_equal(got, 1403);
	/* What does not get there is not answered: the way back may be larger. */
	p = (struct path){.there = 1400, .back = 9000};
	s = found(&p, 9000);
	is(&s, 1400, PROBE_BLACK_HOLE);
	assert_false(probe_search_back(&s, &got));
	assert_int_equal(got, 1400);
}

static void answers_cut(void **state)
{
	struct path p = {.there = 1500, .cut = 576};
	struct probe_search s = found(&p, 1500);
	uint32_t got;

	is(&s, 1500, PROBE_SMALLER_BACK);
	assert_false(probe_search_back(&s, &got));
	assert_int_equal(got, 576);
	assert_true(s.back_cut);
}

/* 20 % each way: 36 of 100 small echoes are not answered. Of 300 searches, few may be wrong. */
static void random_loss(void **state)
{
	unsigned int right = 0, runs = 300;

	for (unsigned int i = 0; i < runs; i++) {
		struct path p = {.there = 600 + i * 29, .tells = i % 2, .loss = 20, .seed = i};
		struct probe_search s = found(&p, 9600);

		right += s.carried == p.there && probe_search_exact(&s);
	}
	assert_true(right >= runs * 98 / 100);
}

static void late_answers(void **state)
{
	for (unsigned int late = 1; late < 12; late++) {
		struct path p = {.there = 1500, .late = late};
		struct probe_search s = found(&p, 9000);

		is(&s, 1500, PROBE_BLACK_HOLE);
	}
}

static int no_echo(struct probe_io *io, uint32_t size)
{
	return -13;
}

static void errors_end_it(void **state)
{
	struct probe_io io = {.echo = no_echo, .wait = wait_for};
	struct probe_search s;

	probe_search_init(&s, 68, 1500);
	assert_int_equal(probe_find(&io, &s), -13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear),
		cmocka_unit_test(every_size),
		cmocka_unit_test(told_by_several),
		cmocka_unit_test(lies),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(back),
		cmocka_unit_test(both_ways_differ),
		cmocka_unit_test(answers_cut),
		cmocka_unit_test(random_loss),
		cmocka_unit_test(late_answers),
		cmocka_unit_test(errors_end_it),
		cmocka_unit_test(larger_than_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process is killed at every point of carrying out a plan: before each write to the journal, each
 * sync, rename and removal, before and after each step, before each read. Another one, which has
 * nothing but what is on the disk and in the devices, recovers: the PF is exactly as before or as
 * wanted. Then the same plan once more: exactly as wanted. The same with the last line of the
 * journal torn, and with recovering killed at each of its own points.
 */
#include "base/clock.h"
#include "tests/pf/crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One of so many points is tried, or of $EACH; a process with a sanitizer takes long to fork. */
#ifdef PF_CRASH_SANITIZER
#define EACH 96
#else
#define EACH 4
#endif
#define MANY		2000 /* points; of a plan with more a sample is tried */
#define SAMPLE		24
#define TORN		3		     /* the journal is torn at one of so many points */
#define RECOVERY	(each > 4 ? 10 : 40) /* recovering is killed, too, at one of so many points, */
#define RECOVERY_POINTS 20		     /* at about so many of its own */

static unsigned int each = EACH;

static struct figures {
	unsigned int plan, recovery, torn;
	uint64_t recover_ns, converge_ns;
} figures;

/* One scenario as it begins and as it ends. */
struct expected {
	const struct pf_scenario *c;
	struct pf_want want;
	struct pf_host before;
	struct pf_state former, wanted;
};

static void prepare(struct expected *x, const struct pf_scenario *c)
{
	struct pf_host none = {0};
	const char *dir = pf_crash_restore(&none, c->address);
	struct pf_fake *f = pf_scenario_make(c, dir, &x->want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_txn t = {.backend = &b, .dir = dir, .boot = PF_SCENARIO_BOOT};
	struct err e = {0};

	x->c = c;
	x->before = pf_crash_host(f);
	x->former = pf_scenario_read(f, c->address);
	assert_int_equal(pf_txn_apply(&t, c->address, &x->want, &x->wanted, &e), 0);
	pf_fake_free(f);
}

static void forget(struct expected *x)
{
	pf_want_clear(&x->want);
	pf_host_clear(&x->before);
	pf_state_clear(&x->former);
	pf_state_clear(&x->wanted);
}

static void later(uint64_t *max, uint64_t since)
{
	uint64_t ns = clock_now_ns() - since;

	if (ns > *max)
		*max = ns;
}

static void either(const struct expected *x, struct pf_fake *f, const char *when)
{
	struct pf_state s = pf_scenario_read(f, x->c->address);
	char differ[256];

	if (pf_state_differ(&s, &x->wanted, differ, sizeof(differ)))
		pf_scenario_same(&s, &x->former, when);
	pf_state_clear(&s);
}

/* From what a killed process left to what is wanted. */
static void converges(const struct expected *x, const struct pf_host *left, const char *when)
{
	struct pf_fake *f = pf_fake_parse(left->devices);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_txn t = {.backend = &b,
			   .dir = pf_crash_restore(left, x->c->address),
			   .boot = PF_SCENARIO_BOOT};
	uint64_t start = clock_now_ns();
	struct pf_state after;
	struct err e = {0};

	if (pf_txn_recover(&t, x->c->address, NULL, &e) != 0)
		fail_msg("%s: recover: %s", when, e.text);
	later(&figures.recover_ns, start);
	either(x, f, when);
	if (pf_txn_apply(&t, x->c->address, &x->want, &after, &e) != 0)
		fail_msg("%s: apply: %s", when, e.text);
	later(&figures.converge_ns, start);
	pf_scenario_same(&after, &x->wanted, when);
	pf_state_clear(&after);
	t.counts.steps = 0;
	assert_int_equal(pf_txn_apply(&t, x->c->address, &x->want, NULL, &e), 0);
	assert_int_equal(t.counts.steps, 0);
	pf_fake_free(f);
}

/* The last line is cut somewhere within; the first one gets its name when it is whole. */
static void torn(const struct expected *x, struct pf_host *left, const char *when)
{
	size_t whole = left->len, line = left->len - 1, length;

	while (line > 0 && left->journal[line - 1] != '\n')
		line--;
	if (line == 0)
		return;
	length = whole - line;
	left->len = line + (size_t)rand() % length;
	converges(x, left, when);
	left->len = whole;
	figures.torn++;
}

static void recovery_is_killed(const struct expected *x, const struct pf_host *left,
			       const char *when)
{
	unsigned int points = pf_crash_points(left, x->c->address, NULL);
	unsigned int stride = points / RECOVERY_POINTS + 1;
	struct pf_host again;

	for (unsigned int p = 1 + (unsigned int)rand() % stride; p <= points; p += stride) {
		pf_crash_at(left, x->c->address, NULL, p, &again);
		converges(x, &again, when);
		pf_host_clear(&again);
		figures.recovery++;
	}
}

static void kill_everywhere(const struct pf_scenario *c)
{
	struct expected x;
	struct pf_host left;
	unsigned int points, stride;
	char when[128];

	prepare(&x, c);
	points = pf_crash_points(&x.before, c->address, &x.want);
	stride = points > MANY ? points / SAMPLE : each;
	for (unsigned int p = 1; p <= points; p += stride) {
		snprintf(when, sizeof(when), "%s, point %u of %u", c->name, p, points);
		pf_crash_at(&x.before, c->address, &x.want, p, &left);
		converges(&x, &left, when);
		figures.plan++;
		if (left.journal && p / stride % TORN == 0)
			torn(&x, &left, when);
		if (left.journal && p / stride % RECOVERY == 0)
			recovery_is_killed(&x, &left, when);
		pf_host_clear(&left);
	}
	forget(&x);
}

static void killed_anywhere_it_converges(void **state)
{
	struct pf_host none = {0};

	srand(1);
	pf_crash_setup();
	for (unsigned int i = 0; i < pf_scenarios_count; i++) {
		kill_everywhere(&pf_scenarios[i]);
		pf_crash_restore(&none, pf_scenarios[i].address);
	}
	pf_crash_teardown();
	print_message("%u points in plans, %u in recovering, %u torn lines\n", figures.plan,
		      figures.recovery, figures.torn);
	print_message("recovered within %.1f ms, as wanted within %.1f ms\n",
		      (double)figures.recover_ns / 1e6, (double)figures.converge_ns / 1e6);
	assert_true(figures.plan >= 500 / each);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(killed_anywhere_it_converges)};
	const char *every = getenv("EACH");

	if (every && atoi(every) > 0)
		each = (unsigned int)atoi(every);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

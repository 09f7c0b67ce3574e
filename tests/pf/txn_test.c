/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pf/scenario.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NIC PF_SCENARIO_NIC

static char dir[64], file[96];

static int setup(void **state)
{
	strcpy(dir, "/tmp/pf_txn.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/" NIC ".journal", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(file);
	return rmdir(dir);
}

static struct pf_txn txn(const struct pf_backend *b)
{
	return (struct pf_txn){.backend = b, .dir = dir, .boot = PF_SCENARIO_BOOT};
}

/* Those that can be tried at each of their steps: the large ones have thousands. */
static bool is_small(const struct pf_scenario *c)
{
	return c->former.vfs < 100 && c->want.vfs < 100;
}

/* Nothing is left in the directory. */
static void no_journal(void)
{
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void the_second_time_there_is_nothing_to_do(void **state)
{
	for (unsigned int i = 0; i < pf_scenarios_count; i++) {
		const struct pf_scenario *c = &pf_scenarios[i];
		struct pf_want want;
		struct pf_fake *f = pf_scenario_make(c, dir, &want);
		struct pf_backend b = pf_fake_backend(f);
		struct pf_txn t = txn(&b);
		struct pf_state after;
		struct err e = {0};

		if (pf_txn_apply(&t, c->address, &want, &after, &e) != 0)
			fail_msg("%s: %s", c->name, e.text);
		assert_true(t.counts.steps > 0);
		no_journal();
		if (c->want.vfs >= 0)
			assert_int_equal(after.numvfs, c->want.vfs);
		pf_state_clear(&after);
		t = txn(&b);
		assert_int_equal(pf_txn_apply(&t, c->address, &want, NULL, &e), 0);
		assert_int_equal(t.counts.steps, 0);
		assert_int_equal(t.counts.reads, 1);
		pf_want_clear(&want);
		pf_fake_free(f);
	}
}

/* Tries a scenario with its n-th step spoiled. False: it has not so many steps. */
static bool spoiled(const struct pf_scenario *c, unsigned int n, bool lie)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_make(c, dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_state former = pf_scenario_read(f, c->address), after;
	struct pf_txn t = txn(&b);
	unsigned int steps = pf_fake_steps(f);
	struct err e = {0};
	int rc;

	if (lie)
		pf_fake_lie(f, n);
	else
		pf_fake_fail(f, n, -EINVAL);
	rc = pf_txn_apply(&t, c->address, &want, &after, &e);
	steps = pf_fake_steps(f) - steps;
	if (rc != 0) {
		assert_int_equal(rc, lie ? -EIO : -EINVAL);
		pf_scenario_same(&after, &former, e.text);
		if (!strstr(e.text, "; what was before is restored") ||
		    (lie && !strstr(e.text, "reads back as")) || !strstr(e.text, c->profile))
			fail_msg("%s: %s", c->name, e.text);
	}
	/* A lie that says what is so already cannot be told from the truth. */
	assert_true(steps < n ? rc == 0 : rc != 0 || lie);
	no_journal();
	pf_state_clear(&former);
	pf_state_clear(&after);
	pf_want_clear(&want);
	pf_fake_free(f);
	return steps >= n;
}

static void a_step_that_fails_restores_what_was(void **state)
{
	for (unsigned int i = 0; i < pf_scenarios_count; i++)
		for (unsigned int n = 1; is_small(&pf_scenarios[i]); n++)
			if (!spoiled(&pf_scenarios[i], n, false))
				break;
}

static void a_step_that_is_not_done_restores_what_was(void **state)
{
	for (unsigned int i = 0; i < pf_scenarios_count; i++)
		for (unsigned int n = 1; is_small(&pf_scenarios[i]); n++)
			if (!spoiled(&pf_scenarios[i], n, true))
				break;
}

/* As if nothing were known of igb. */
static struct pf_caps no_table(void)
{
	return *pf_caps_of("a driver that nobody knows");
}

static void an_unknown_attribute_is_named(void **state)
{
	struct pf_caps caps = no_table();
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_state former = pf_scenario_read(f, NIC), after;
	struct pf_txn t = txn(&b);
	struct err e = {0};

	t.caps = &caps;
	want.vf[2].set |= PF_ATTR_BIT(PF_LINK_STATE);
	want.vf[2].value.link = PF_LINK_ENABLE;
	assert_int_equal(pf_txn_apply(&t, NIC, &want, &after, &e), -EOPNOTSUPP);
	assert_string_equal(e.path, "/vfs/2/link-state");
	assert_string_equal(e.text, "vf 2: link-state enable: driver igb said: Operation not "
				    "supported; leave it out; what was before is restored");
	assert_int_equal(t.refused, PF_ATTR_BIT(PF_LINK_STATE));
	pf_scenario_same(&after, &former, "link-state");
	pf_state_clear(&after);
	no_journal();
	/* With the table, and with what was learned, it does not come to a step. */
	caps = pf_caps_without(&caps, PF_LINK_STATE);
	t.counts.steps = 0;
	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), -ENOTSUP);
	t.caps = NULL;
	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), -ENOTSUP);
	assert_int_equal(t.counts.steps, 0);
	pf_state_clear(&former);
	pf_want_clear(&want);
	pf_fake_free(f);
}

static void limit(rlim_t bytes)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* The disk is full at the first line, and at each later one. */
static void without_a_journal_nothing_is_set(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_state former = pf_scenario_read(f, NIC), after;
	struct err e = {0};
	bool begun = false;

	for (rlim_t room = 0;; room += 40) {
		struct pf_txn t = txn(&b);
		int rc;

		limit(room);
		rc = pf_txn_apply(&t, NIC, &want, &after, &e);
		limit(RLIM_INFINITY);
		no_journal();
		if (rc == 0)
			break;
		assert_int_equal(rc, -EFBIG);
		pf_scenario_same(&after, &former, e.text);
		begun |= t.counts.steps > 0;
		if (room == 0)
			assert_non_null(strstr(e.text, "; nothing was set"));
		pf_state_clear(&after);
	}
	assert_true(begun);
	pf_state_clear(&after);
	pf_state_clear(&former);
	pf_want_clear(&want);
	pf_fake_free(f);
}

static void without_a_directory_nothing_is_set(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_txn t = txn(&b);
	struct err e = {0};

	t.dir = "/nowhere/here";
	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nowhere/here"));
	assert_int_equal(t.counts.steps, 0);
	pf_want_clear(&want);
	pf_fake_free(f);
}

struct order {
	char last[24];
	bool synced;
	unsigned int steps;
	char progress[64];
};

static void check_order(void *arg, const char *name)
{
	struct order *o = arg;

	if (strcmp(name, "step") == 0) {
		assert_true(o->synced);
		assert_string_equal(o->last, "journal write");
		o->steps++;
	}
	o->synced |= strcmp(name, "directory sync") == 0;
	snprintf(o->last, sizeof(o->last), "%s", name);
}

static void note_progress(void *arg, const char *text)
{
	struct order *o = arg;

	if (!o->progress[0])
		snprintf(o->progress, sizeof(o->progress), "%s", text);
}

static void each_step_is_on_the_disk_before_it_is_done(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct order o = {0};
	struct pf_txn t = txn(&b);
	struct err e = {0};

	t.point = check_order;
	t.progress = note_progress;
	t.arg = &o;
	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), 0);
	assert_true(o.steps > 10);
	assert_int_equal(o.steps, t.counts.steps);
	assert_string_equal(o.progress, "vf 0: unbind");
	pf_want_clear(&want);
	pf_fake_free(f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_second_time_there_is_nothing_to_do),
		T(a_step_that_fails_restores_what_was),
		T(a_step_that_is_not_done_restores_what_was),
		T(an_unknown_attribute_is_named),
		T(without_a_journal_nothing_is_set),
		T(without_a_directory_nothing_is_set),
		T(each_step_is_on_the_disk_before_it_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pf/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NIC PF_SCENARIO_NIC

static char dir[64];

static int setup(void **state)
{
	strcpy(dir, "/tmp/pf_quarantine.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

/* There is no journal of a quarantine, so the directory is empty. */
static int teardown(void **state)
{
	return rmdir(dir);
}

static struct pf_txn txn(const struct pf_backend *b)
{
	return (struct pf_txn){.backend = b, .dir = dir, .boot = PF_SCENARIO_BOOT};
}

/* In all that the driver takes. */
static bool neutral(const struct pf_state *s, unsigned int vf)
{
	const struct pf_caps *caps = pf_caps_of(s->driver);
	uint32_t attrs = s->eswitch == PF_ESWITCH_SWITCHDEV ? caps->switchdev_attrs : caps->attrs;
	struct pf_vf nothing = {.known = attrs};
	bool same = true;

	pf_caps_neutral(caps, &nothing);
	for (enum pf_attr a = 0; a < PF_ATTRS; a++)
		same &= pf_vf_same(&s->vf[vf], &nothing, a);
	return same;
}

static bool is_neutral(struct pf_fake *f, unsigned int vf)
{
	struct pf_state s = pf_scenario_read(f, NIC);
	bool yes = neutral(&s, vf);

	pf_state_clear(&s);
	return yes;
}

/* Each VF of each driver, with all it can have; the others stay as they are. */
static void nothing_is_left(void **state)
{
	for (unsigned int i = 0; i < pf_scenarios_count; i++) {
		const struct pf_scenario *c = &pf_scenarios[i];
		struct pf_want want;
		struct pf_fake *f = pf_scenario_make(c, dir, &want);
		struct pf_backend b = pf_fake_backend(f);
		struct pf_state before = pf_scenario_read(f, c->address), after;
		struct pf_txn t = txn(&b);
		struct err e = {0};

		for (unsigned int vf = 0; vf < before.numvfs && vf < 10; vf++) {
			if (pf_txn_quarantine(&t, c->address, vf, &after, &e) != 0)
				fail_msg("%s: %s", c->name, e.text);
			assert_true(neutral(&after, vf));
			before.vf[vf] = after.vf[vf];
			pf_scenario_same(&after, &before, c->name);
			pf_state_clear(&after);
		}
		pf_state_clear(&before);
		pf_want_clear(&want);
		pf_fake_free(f);
	}
}

static void one_that_is_held_is_left_alone(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_state before = pf_scenario_read(f, NIC), after;
	struct pf_txn t = txn(&b);
	struct err e = {0};

	assert_string_equal(before.vf[2].driver, "vfio-pci");
	pf_fake_hold(f, NIC, 2, true);
	assert_int_equal(pf_txn_quarantine(&t, NIC, 2, &after, &e), -EBUSY);
	pf_scenario_same(&after, &before, "held");
	pf_state_clear(&after);
	pf_fake_hold(f, NIC, 2, false);
	assert_int_equal(pf_txn_quarantine(&t, NIC, 2, NULL, &e), 0);
	assert_int_equal(pf_txn_quarantine(&t, NIC, 4, NULL, &e), -EINVAL);
	assert_int_equal(pf_txn_quarantine(&t, "0000:02:00.0", 0, NULL, &e), -ENODEV);
	pf_state_clear(&before);
	pf_want_clear(&want);
	pf_fake_free(f);
}

/* Spoils the n-th step of making VF 2 neutral. False: it has not so many. */
static bool spoiled(unsigned int n, bool lie, unsigned int *seen)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_txn t = txn(&b);
	struct err e = {0};
	int rc;

	if (lie)
		pf_fake_lie(f, n);
	else
		pf_fake_fail(f, n, -EIO);
	rc = pf_txn_quarantine(&t, NIC, 2, NULL, &e);
	if (rc == 0) {
		assert_true(is_neutral(f, 2));
	} else {
		assert_int_equal(rc, -EIO);
		assert_non_null(strstr(e.text, "vf 2: "));
		*seen += 1;
	}
	pf_want_clear(&want);
	pf_fake_free(f);
	return t.counts.steps >= n;
}

/* 0 comes back only when the VF is neutral, whichever step is spoiled. That a reset was not done
 * cannot be read back. */
static void no_spoiled_step_goes_unseen(void **state)
{
	unsigned int steps = 0, failed = 0, lied = 0;

	while (spoiled(steps + 1, false, &failed))
		steps++;
	assert_true(steps > 5);
	assert_int_equal(failed, steps);
	for (unsigned int n = 1; n <= steps; n++)
		spoiled(n, true, &lied);
	assert_int_equal(lied, steps - 1);
}

/* What a driver does not know it has never set. */
static void an_unknown_attribute_does_not_matter(void **state)
{
	struct pf_caps caps = *pf_caps_of("a driver that nobody knows");
	struct pf_vf value = {.link = PF_LINK_ENABLE};
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct pf_backend b = pf_fake_backend(f);
	struct pf_txn t = txn(&b);
	struct err e = {0};

	t.caps = &caps;
	if (pf_txn_quarantine(&t, NIC, 1, NULL, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(t.refused, PF_ATTR_BIT(PF_LINK_STATE));
	assert_true(is_neutral(f, 1));
	/* Unless it is there all the same. */
	pf_fake_meddle(f, NIC, 1, PF_LINK_STATE, &value);
	assert_int_equal(pf_txn_quarantine(&t, NIC, 1, NULL, &e), -EOPNOTSUPP);
	assert_string_equal(e.path, "/vfs/1/link-state");
	pf_want_clear(&want);
	pf_fake_free(f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_is_left),
		T(one_that_is_held_is_left_alone),
		T(no_spoiled_step_goes_unseen),
		T(an_unknown_attribute_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

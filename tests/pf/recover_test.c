/* SPDX-License-Identifier: BSD-3-Clause */
/* Drivers with a will of their own: what happens when going back does not work at once. */
#include "tests/pf/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NIC PF_SCENARIO_NIC

static char dir[64], file[96];

static int setup(void **state)
{
	strcpy(dir, "/tmp/pf_recover.XXXXXX");
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

/* Nothing is left in the directory. */
static void no_journal(void)
{
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

/* A driver with a will of its own, around one of the fake's. */
struct stubborn {
	struct pf_backend inner;
	enum pf_attr refuse; /* PF_ATTRS: none */
	bool mac_clears_vlan, vlan_clears_mac;
	unsigned int after; /* refuses from that many steps on */
};

static int stubborn_read(void *ctx, const char *address, struct pf_state *s, struct err *e)
{
	struct stubborn *d = ctx;

	return d->inner.read(d->inner.ctx, address, s, e);
}

static int stubborn_step(void *ctx, const char *address, const struct pf_step *s, struct err *e)
{
	struct stubborn *d = ctx;
	struct pf_vf nothing = {.proto = 0x8100};
	int rc;

	if (d->after)
		d->after--;
	else if (s->kind == PF_STEP_VF_SET && s->attr == d->refuse)
		return err_set(e, -EPERM, "%s is locked", pf_attr_name(s->attr));
	rc = d->inner.step(d->inner.ctx, address, s, e);
	if (s->kind == PF_STEP_VF_SET && s->attr == PF_MAC && d->mac_clears_vlan)
		pf_fake_meddle(d->inner.ctx, address, s->vf, PF_VLAN, &nothing);
	if (s->kind == PF_STEP_VF_SET && s->attr == PF_VLAN && d->vlan_clears_mac)
		pf_fake_meddle(d->inner.ctx, address, s->vf, PF_MAC, &nothing);
	return rc;
}

static struct pf_backend stubborn(struct stubborn *d)
{
	return (struct pf_backend){.read = stubborn_read, .step = stubborn_step, .ctx = d};
}

/* Of its 26 steps the first ones set addresses; then no address is taken any more. */
static void what_cannot_go_back_waits(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct stubborn d = {.inner = pf_fake_backend(f), .refuse = PF_MAC, .after = 10};
	struct pf_backend b = stubborn(&d);
	struct pf_state former = pf_scenario_read(f, NIC), after;
	struct pf_txn t = txn(&b);
	struct err e = {0};
	bool restored;

	assert_int_equal(pf_txn_apply(&t, NIC, &want, &after, &e), -EPERM);
	assert_non_null(
		strstr(e.text, "mac is locked; what was before is not all restored: vf 0: mac: "));
	assert_int_equal(access(file, F_OK), 0);
	/* All the rest is. */
	assert_memory_equal(&after.vf[3].driver, &former.vf[3].driver, PF_DRIVER);
	assert_int_equal(after.vf[0].vid, former.vf[0].vid);
	pf_state_clear(&after);
	/* Nothing else begins. */
	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), -EPERM);
	assert_int_equal(pf_txn_quarantine(&t, NIC, 1, NULL, &e), -EPERM);
	assert_int_equal(pf_txn_recover(&t, NIC, &restored, &e), -EPERM);
	assert_false(restored);
	assert_non_null(strstr(e.text, file));
	d.refuse = PF_ATTRS;
	assert_int_equal(pf_txn_recover(&t, NIC, &restored, &e), 0);
	assert_true(restored);
	after = pf_scenario_read(f, NIC);
	pf_scenario_same(&after, &former, "recovered");
	no_journal();
	assert_int_equal(pf_txn_recover(&t, NIC, &restored, &e), 0);
	assert_false(restored);
	pf_state_clear(&after);
	pf_state_clear(&former);
	pf_want_clear(&want);
	pf_fake_free(f);
}

static void a_step_may_undo_another(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct stubborn d = {
		.inner = pf_fake_backend(f), .refuse = PF_ATTRS, .vlan_clears_mac = true};
	struct pf_backend b = stubborn(&d);
	struct pf_txn t = txn(&b);
	struct err e = {0};

	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), 0);
	d.vlan_clears_mac = false;
	t.counts.steps = 0;
	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), 0);
	assert_int_equal(t.counts.steps, 0);
	pf_want_clear(&want);
	pf_fake_free(f);
}

static void two_that_undo_each_other_are_refused(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct stubborn d = {.inner = pf_fake_backend(f),
			     .refuse = PF_ATTRS,
			     .vlan_clears_mac = true,
			     .mac_clears_vlan = true};
	struct pf_backend b = stubborn(&d);
	struct pf_state former = pf_scenario_read(f, NIC), after;
	struct pf_txn t = txn(&b);
	struct err e = {0};

	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), -EIO);
	assert_non_null(strstr(e.text, "undid it at a later step"));
	assert_int_equal(access(file, F_OK), 0);
	d.vlan_clears_mac = false;
	assert_int_equal(pf_txn_recover(&t, NIC, NULL, &e), 0);
	after = pf_scenario_read(f, NIC);
	pf_scenario_same(&after, &former, "recovered");
	pf_state_clear(&after);
	pf_state_clear(&former);
	pf_want_clear(&want);
	pf_fake_free(f);
}

/* A journal of before a reboot is not for the VFs of after it. */
static void another_start_forgets(void **state)
{
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct stubborn d = {.inner = pf_fake_backend(f), .refuse = PF_MAC, .after = 10};
	struct pf_backend b = stubborn(&d);
	struct pf_txn t = txn(&b);
	struct err e = {0};
	bool restored;

	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), -EPERM);
	pf_fake_reload(f, NIC);
	t.boot = NULL; /* the kernel's own is another */
	assert_int_equal(pf_txn_recover(&t, NIC, &restored, &e), 0);
	assert_false(restored);
	no_journal();
	pf_want_clear(&want);
	pf_fake_free(f);
}

/* Another card in the slot is not made what the first one was. */
static void another_card_is_left_alone(void **state)
{
	struct pf_fake *other = pf_fake_new();
	struct pf_backend b = pf_fake_backend(other);
	struct pf_txn t = txn(&b);
	struct pf_want want;
	struct pf_fake *f = pf_scenario_four(dir, &want);
	struct stubborn d = {.inner = pf_fake_backend(f), .refuse = PF_MAC, .after = 10};
	struct pf_backend first = stubborn(&d);
	struct err e = {0};
	bool restored;

	t.backend = &first;
	assert_int_equal(pf_txn_apply(&t, NIC, &want, NULL, &e), -EPERM);
	assert_int_equal(pf_fake_add(other, NIC, "i40e"), 0);
	t.backend = &b;
	assert_int_equal(pf_txn_recover(&t, NIC, &restored, &e), 0);
	assert_false(restored);
	assert_int_equal(pf_fake_steps(other), 0);
	no_journal();
	pf_want_clear(&want);
	pf_fake_free(other);
	pf_fake_free(f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_cannot_go_back_waits),
		T(a_step_may_undo_another),
		T(two_that_undo_each_other_are_refused),
		T(another_start_forgets),
		T(another_card_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

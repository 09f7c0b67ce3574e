/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The capability table against the profiles: a plan must refuse beforehand what the driver would
 * refuse, or would not do although it says so, and nothing else.
 */
#include "sriov-pf/fake/fake.h"
#include "sriov-pf/fake/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A "0000:01:00.0"

static const char *const drivers[] = {"igb", "ixgbe", "i40e", "ice", "mlx5_core", "netdevsim"};
#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

/* Before: what the VF has already, so that the value is another. */
static const struct {
	const char *name;
	enum pf_attr attr;
	struct pf_vf before, value;
} cases[] = {
	{"an address", PF_MAC, {.vid = 0}, {.mac = {2, 0, 0, 0, 0, 1}}},
	{"no address", PF_MAC, {.mac = {2, 0, 0, 0, 0, 1}}, {.vid = 0}},
	{"a group's address", PF_MAC, {.vid = 0}, {.mac = {3}}},
	{"a tag", PF_VLAN, {.vid = 0}, {.vid = 10, .proto = 0x8100}},
	{"a priority", PF_VLAN, {.vid = 0}, {.vid = 10, .qos = 7, .proto = 0x8100}},
	{"the highest tag", PF_VLAN, {.vid = 10, .proto = 0x8100}, {.vid = 4094, .proto = 0x8100}},
	{"a service tag", PF_VLAN, {.vid = 0}, {.vid = 10, .proto = 0x88a8}},
	{"a highest rate", PF_RATE, {.vid = 0}, {.max_mbps = 100}},
	{"a low rate", PF_RATE, {.vid = 0}, {.max_mbps = 10}},
	{"a little more", PF_RATE, {.vid = 0}, {.max_mbps = 11}},
	{"a least rate", PF_RATE, {.vid = 0}, {.min_mbps = 20, .max_mbps = 100}},
	{"only a least rate", PF_RATE, {.vid = 0}, {.min_mbps = 20}},
	{"too high a least rate", PF_RATE, {.vid = 0}, {.min_mbps = 200, .max_mbps = 100}},
	{"no rate", PF_RATE, {.max_mbps = 100}, {.vid = 0}},
	{"no spoof check", PF_SPOOFCHK, {.spoofchk = true}, {.spoofchk = false}},
	{"spoof check", PF_SPOOFCHK, {.spoofchk = false}, {.spoofchk = true}},
	{"trust", PF_TRUST, {.vid = 0}, {.trust = true}},
	{"no trust", PF_TRUST, {.trust = true}, {.vid = 0}},
	{"link up", PF_LINK_STATE, {.vid = 0}, {.link = PF_LINK_ENABLE}},
	{"link down", PF_LINK_STATE, {.vid = 0}, {.link = PF_LINK_DISABLE}},
	{"link auto", PF_LINK_STATE, {.link = PF_LINK_DISABLE}, {.vid = 0}},
	{"RSS query", PF_RSS_QUERY, {.vid = 0}, {.rss_query = true}},
	{"no RSS query", PF_RSS_QUERY, {.rss_query = true}, {.vid = 0}},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

struct host {
	struct pf_fake *fake;
	struct pf_backend b;
	struct pf_state is;
	const char *driver;
};

static int number(struct host *h, enum pf_step_kind kind, unsigned int n)
{
	struct pf_step s = {.kind = kind, .number = n};
	struct err e;

	return h->b.step(h->b.ctx, A, &s, &e);
}

static void read_again(struct host *h)
{
	struct err e;

	pf_state_clear(&h->is);
	assert_int_equal(h->b.read(h->b.ctx, A, &h->is, &e), 0);
}

/* False: the driver has no such mode. */
static bool make(struct host *h, const char *driver, enum pf_eswitch mode, unsigned int numvfs)
{
	*h = (struct host){.fake = pf_fake_new(), .driver = driver};
	assert_int_equal(pf_fake_add(h->fake, A, driver), 0);
	h->b = pf_fake_backend(h->fake);
	if (mode == PF_ESWITCH_SWITCHDEV && number(h, PF_STEP_ESWITCH, mode) != 0) {
		pf_fake_free(h->fake);
		return false;
	}
	number(h, PF_STEP_AUTOPROBE, 0);
	assert_int_equal(number(h, PF_STEP_NUMVFS, numvfs), 0);
	read_again(h);
	return true;
}

static void unmake(struct host *h)
{
	pf_state_clear(&h->is);
	pf_fake_free(h->fake);
}

/* What the driver does when it is told, whatever a plan would say. */
static bool does(const char *driver, enum pf_eswitch mode, size_t c)
{
	struct pf_step s = {.kind = PF_STEP_VF_SET, .attr = cases[c].attr};
	struct host h;
	struct err e;
	bool done;

	assert_true(make(&h, driver, mode, 1));
	pf_fake_meddle(h.fake, A, 0, cases[c].attr, &cases[c].before);
	pf_vf_take(&s.value, &cases[c].value, cases[c].attr);
	done = h.b.step(h.b.ctx, A, &s, &e) == 0;
	read_again(&h);
	done = done && pf_step_done(&s, &h.is);
	unmake(&h);
	return done;
}

static bool planned(struct host *h, size_t c, struct pf_plan *p)
{
	struct pf_vf_want vf = {.set = PF_ATTR_BIT(cases[c].attr), .value = cases[c].value};
	struct pf_want w = {.set = PF_WANT_NUMVFS, .numvfs = 1, .vf = &vf, .vfs = 1};
	struct err e = {0};
	char path[64];
	int rc = pf_plan_make(&h->is, &w, pf_caps_of(h->driver), p, &e);

	if (rc == 0)
		return true;
	snprintf(path, sizeof(path), "/vfs/0/%s", pf_attr_name(cases[c].attr));
	assert_string_equal(e.path, path);
	return false;
}

static void compare(const char *driver, enum pf_eswitch mode, size_t c)
{
	struct pf_plan p;
	struct host h;
	bool told;

	if (!make(&h, driver, mode, 1))
		return;
	pf_fake_meddle(h.fake, A, 0, cases[c].attr, &cases[c].before);
	read_again(&h);
	told = h.is.vf[0].known & PF_ATTR_BIT(cases[c].attr);
	if (planned(&h, c, &p) != does(driver, mode, c))
		fail_msg("%s, mode %d: %s (told: %d)", driver, mode, cases[c].name, told);
	pf_plan_clear(&p);
	unmake(&h);
}

static void plans_refuse_what_drivers_do_not(void **state)
{
	for (size_t d = 0; d < DRIVERS; d++)
		for (size_t c = 0; c < CASES; c++) {
			compare(drivers[d], PF_ESWITCH_LEGACY, c);
			compare(drivers[d], PF_ESWITCH_SWITCHDEV, c);
		}
}

/* The same where the VF is yet to be made: nothing can be read of it. */
static void the_same_of_vfs_that_are_not_there_yet(void **state)
{
	static const struct pf_vf none;

	for (size_t i = 0; i < 2 * DRIVERS * CASES; i++) {
		enum pf_eswitch mode = i % 2 ? PF_ESWITCH_SWITCHDEV : PF_ESWITCH_LEGACY;
		const char *driver = drivers[i / 2 / CASES];
		size_t c = i / 2 % CASES;
		struct pf_plan p;
		struct host h;

		/* A value that is there by itself need not be set, so it is no case here. */
		if (memcmp(&cases[c].value, &none, sizeof(none)) == 0 || !make(&h, driver, mode, 0))
			continue;
		if (planned(&h, c, &p) != does(driver, mode, c))
			fail_msg("%s, mode %d: %s", driver, mode, cases[c].name);
		pf_plan_clear(&p);
		unmake(&h);
	}
}

static void drivers_tell_what_they_set(void **state)
{
	for (size_t d = 0; d < DRIVERS; d++) {
		const struct pf_caps *caps = pf_caps_of(drivers[d]);
		const struct pf_fake_profile *p = pf_fake_profile_of(drivers[d]);
		struct pf_vf made = {0};
		uint32_t known = p->told | (p->vf_driver ? PF_ATTR_BIT(PF_VF_DRIVER) : 0);

		assert_string_equal(caps->driver, drivers[d]);
		assert_int_equal(caps->attrs & ~known, 0);
		assert_int_equal(caps->switchdev_attrs & ~caps->attrs, 0);
		assert_int_equal(caps->switchdev, p->has_modes);
		assert_int_equal(caps->zero_legacy, p->zero_resets_mode);
		assert_int_equal(caps->keeps_stale, p->keeps_vfs);
		assert_int_equal(!!(caps->attrs & PF_ATTR_BIT(PF_VF_DRIVER)), !!p->vf_driver);
		assert_true(caps->through_zero);
		p->make(&made);
		assert_int_equal(caps->checks_spoof, made.spoofchk);
	}
}

static void too_large_an_mtu_is_refused_by_both(void **state)
{
	for (size_t d = 0; d < DRIVERS; d++) {
		struct pf_want w = {.set = PF_WANT_MTU};
		struct pf_plan p;
		struct host h;
		struct err e;

		assert_true(make(&h, drivers[d], PF_ESWITCH_LEGACY, 0));
		w.mtu = h.is.mtu_max;
		assert_int_equal(pf_plan_make(&h.is, &w, pf_caps_of(drivers[d]), &p, &e), 0);
		assert_int_equal(number(&h, PF_STEP_MTU, w.mtu), 0);
		pf_plan_clear(&p);
		w.mtu++;
		assert_int_equal(pf_plan_make(&h.is, &w, pf_caps_of(drivers[d]), &p, &e), -ERANGE);
		assert_int_equal(number(&h, PF_STEP_MTU, w.mtu), -EINVAL);
		unmake(&h);
	}
}

static void too_many_vfs_are_refused_by_both(void **state)
{
	for (size_t d = 0; d < DRIVERS; d++) {
		struct pf_want w = {.set = PF_WANT_NUMVFS};
		struct pf_plan p;
		struct host h;
		struct err e;

		assert_true(make(&h, drivers[d], PF_ESWITCH_LEGACY, 0));
		w.numvfs = h.is.totalvfs;
		assert_int_equal(pf_plan_make(&h.is, &w, pf_caps_of(drivers[d]), &p, &e), 0);
		pf_plan_clear(&p);
		w.numvfs++;
		assert_int_equal(pf_plan_make(&h.is, &w, pf_caps_of(drivers[d]), &p, &e), -ERANGE);
		assert_true(number(&h, PF_STEP_NUMVFS, w.numvfs) < 0);
		assert_int_equal(number(&h, PF_STEP_NUMVFS, w.numvfs - 1), 0);
		unmake(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_refuse_what_drivers_do_not),
		cmocka_unit_test(the_same_of_vfs_that_are_not_there_yet),
		cmocka_unit_test(drivers_tell_what_they_set),
		cmocka_unit_test(too_large_an_mtu_is_refused_by_both),
		cmocka_unit_test(too_many_vfs_are_refused_by_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

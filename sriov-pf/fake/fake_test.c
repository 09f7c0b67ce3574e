/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/fake/fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BIT(a) PF_ATTR_BIT(PF_##a)
#define A      "0000:01:00.0"

static struct pf_fake *make(const char *profile)
{
	struct pf_fake *f = pf_fake_new();

	assert_non_null(f);
	assert_int_equal(pf_fake_add(f, A, profile), 0);
	return f;
}

static int step(struct pf_fake *f, struct pf_step s)
{
	struct pf_backend b = pf_fake_backend(f);
	struct err e = {0};
	int rc = b.step(b.ctx, A, &s, &e);

	assert_int_equal(e.code, rc);
	assert_true(rc == 0 || e.text[0]);
	return rc;
}

static int number(struct pf_fake *f, enum pf_step_kind kind, unsigned int n)
{
	return step(f, (struct pf_step){.kind = kind, .number = n});
}

static int set(struct pf_fake *f, enum pf_attr attr, struct pf_vf value)
{
	return step(f, (struct pf_step){.kind = PF_STEP_VF_SET, .attr = attr, .value = value});
}

static int device(struct pf_fake *f, enum pf_step_kind kind, const char *override)
{
	struct pf_step s = {.kind = kind};

	strcpy(s.value.override, override);
	return step(f, s);
}

/* The PF, as read; the caller clears it. */
static struct pf_state shown(struct pf_fake *f)
{
	struct pf_backend b = pf_fake_backend(f);
	struct pf_state s = {0};
	struct err e;

	assert_int_equal(b.read(b.ctx, A, &s, &e), 0);
	return s;
}

static struct pf_vf vf0(struct pf_fake *f)
{
	struct pf_state s = shown(f);
	struct pf_vf vf = {0};

	if (s.numvfs)
		vf = s.vf[0];
	pf_state_clear(&s);
	return vf;
}

static void vfs_come_and_go_as_the_core_has_it(void **state)
{
	struct pf_fake *f = make("igb");
	struct pf_state s;

	assert_int_equal(number(f, PF_STEP_NUMVFS, 8), -ERANGE);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 2), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 3), -EBUSY);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 2), 0);
	s = shown(f);
	assert_true(s.numvfs == 2 && s.totalvfs == 7);
	assert_string_equal(s.vf[0].address, "0000:01:10.0");
	assert_string_equal(s.vf[1].address, "0000:01:10.2");
	assert_string_equal(s.vf[1].driver, "igbvf");
	assert_int_equal(s.vf[1].known, (1u << PF_ATTRS) - 1 - BIT(RSS_QUERY));
	assert_true(s.vf[1].spoofchk);
	pf_state_clear(&s);
	pf_fake_hold(f, A, 1, true);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 0), -EBUSY);
	pf_fake_hold(f, A, 1, false);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 0), 0);
	assert_int_equal(number(f, PF_STEP_AUTOPROBE, 0), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_string_equal(vf0(f).driver, "");
	pf_fake_free(f);
}

static void igb_refuses_what_it_has_not(void **state)
{
	struct pf_fake *f = make("igb");

	assert_int_equal(set(f, PF_TRUST, (struct pf_vf){.trust = true}), -EINVAL);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_int_equal(set(f, PF_TRUST, (struct pf_vf){.trust = true}), 0);
	assert_true(vf0(f).trust);
	assert_int_equal(set(f, PF_LINK_STATE, (struct pf_vf){0}), -EOPNOTSUPP);
	assert_int_equal(set(f, PF_RSS_QUERY, (struct pf_vf){0}), -EOPNOTSUPP);
	assert_int_equal(set(f, PF_VLAN, (struct pf_vf){.vid = 5, .proto = 0x88a8}),
			 -EPROTONOSUPPORT);
	assert_int_equal(set(f, PF_RATE, (struct pf_vf){.min_mbps = 5}), -EINVAL);
	assert_int_equal(set(f, PF_MAC, (struct pf_vf){.mac = {1}}), -EINVAL);
	assert_int_equal(number(f, PF_STEP_ESWITCH, PF_ESWITCH_LEGACY), -EOPNOTSUPP);
	assert_int_equal(number(f, PF_STEP_MTU, 9217), -EINVAL);
	assert_int_equal(number(f, PF_STEP_MTU, 67), -EINVAL);
	assert_int_equal(number(f, PF_STEP_MTU, 9216), 0);
	pf_fake_free(f);
}

static void a_reload_loses_everything(void **state)
{
	struct pf_fake *f = make("igb");
	struct pf_state s;
	unsigned int ifindex;

	s = shown(f);
	ifindex = s.ifindex;
	assert_int_equal(number(f, PF_STEP_MTU, 9000), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_int_equal(set(f, PF_VLAN, (struct pf_vf){.vid = 5, .proto = 0x8100}), 0);
	pf_fake_reload(f, A);
	s = shown(f);
	assert_true(s.numvfs == 0 && s.mtu == 1500 && s.ifindex != ifindex);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_int_equal(vf0(f).vid, 0);
	pf_fake_free(f);
}

static void ixgbe_says_yes_and_does_nothing(void **state)
{
	struct pf_fake *f = make("ixgbe");

	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_int_equal(set(f, PF_LINK_STATE, (struct pf_vf){.link = PF_LINK_ENABLE}), 0);
	assert_int_equal(vf0(f).link, PF_LINK_AUTO);
	assert_int_equal(set(f, PF_RATE, (struct pf_vf){.max_mbps = 10}), -EINVAL);
	pf_fake_free(f);
}

static void ice_changes_modes_without_vfs_only(void **state)
{
	struct pf_fake *f = make("ice");

	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_int_equal(number(f, PF_STEP_ESWITCH, PF_ESWITCH_SWITCHDEV), -EOPNOTSUPP);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 0), 0);
	assert_int_equal(number(f, PF_STEP_ESWITCH, PF_ESWITCH_SWITCHDEV), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_int_equal(set(f, PF_TRUST, (struct pf_vf){0}), -EOPNOTSUPP);
	assert_int_equal(set(f, PF_VLAN, (struct pf_vf){.vid = 1, .proto = 0x88a8}), 0);
	pf_fake_free(f);
}

static void mlx5_refuses_legacy_attributes_in_switchdev(void **state)
{
	struct pf_fake *f = make("mlx5_core");

	assert_int_equal(number(f, PF_STEP_ESWITCH, PF_ESWITCH_SWITCHDEV), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_false(vf0(f).spoofchk);
	assert_int_equal(set(f, PF_MAC, (struct pf_vf){.mac = {2}}), 0);
	assert_int_equal(set(f, PF_SPOOFCHK, (struct pf_vf){0}), -EOPNOTSUPP);
	assert_int_equal(set(f, PF_TRUST, (struct pf_vf){0}), -EOPNOTSUPP);
	assert_int_equal(set(f, PF_LINK_STATE, (struct pf_vf){0}), -EOPNOTSUPP);
	assert_int_equal(set(f, PF_VLAN, (struct pf_vf){.vid = 5, .proto = 0x8100}), -EOPNOTSUPP);
	pf_fake_free(f);
}

static void netdevsim_keeps_what_vfs_had(void **state)
{
	struct pf_fake *f = make("netdevsim");
	struct pf_state s;

	assert_int_equal(number(f, PF_STEP_ESWITCH, PF_ESWITCH_SWITCHDEV), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 513), -ENOMEM);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 500), 0);
	assert_int_equal(set(f, PF_TRUST, (struct pf_vf){.trust = true}), 0);
	assert_int_equal(set(f, PF_RATE, (struct pf_vf){0}), -EOPNOTSUPP);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 0), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	s = shown(f);
	assert_int_equal(s.eswitch, PF_ESWITCH_LEGACY);
	assert_true(s.vf[0].trust);
	assert_string_equal(s.vf[0].address, "");
	assert_false(s.vf[0].known & BIT(VF_DRIVER));
	pf_state_clear(&s);
	assert_int_equal(device(f, PF_STEP_VF_RESET, ""), -ENOENT);
	assert_int_equal(number(f, PF_STEP_AUTOPROBE, 0), -ENOENT);
	pf_fake_reload(f, A);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_false(vf0(f).trust);
	pf_fake_free(f);
}

static void drivers_are_bound_as_the_core_has_it(void **state)
{
	struct pf_fake *f = make("igb");

	assert_int_equal(number(f, PF_STEP_AUTOPROBE, 0), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	/* Without an override a VF is left alone while autoprobe is off. */
	assert_int_equal(device(f, PF_STEP_VF_BIND, ""), 0);
	assert_string_equal(vf0(f).driver, "");
	assert_int_equal(device(f, PF_STEP_VF_BIND, "vfio-pci"), 0);
	assert_string_equal(vf0(f).driver, "vfio-pci");
	pf_fake_hold(f, A, 0, true);
	assert_int_equal(device(f, PF_STEP_VF_UNBIND, ""), -EBUSY);
	pf_fake_hold(f, A, 0, false);
	assert_int_equal(device(f, PF_STEP_VF_UNBIND, ""), 0);
	assert_string_equal(vf0(f).override, "vfio-pci");
	assert_int_equal(device(f, PF_STEP_VF_OVERRIDE, "none"), 0);
	assert_int_equal(device(f, PF_STEP_VF_BIND, "none"), 0);
	assert_string_equal(vf0(f).driver, "");
	assert_int_equal(number(f, PF_STEP_AUTOPROBE, 1), 0);
	assert_int_equal(device(f, PF_STEP_VF_BIND, ""), 0);
	assert_string_equal(vf0(f).driver, "igbvf");
	pf_fake_free(f);
}

static void failing_and_lying_are_counted_from_now(void **state)
{
	struct pf_fake *f = make("igb");

	pf_fake_fail(f, 2, EIO);
	pf_fake_lie(f, 3);
	assert_int_equal(number(f, PF_STEP_MTU, 1000), 0);
	assert_int_equal(number(f, PF_STEP_MTU, 2000), -EIO);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_string_equal(vf0(f).address, ""); /* that was the lie */
	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	assert_string_equal(vf0(f).address, "0000:01:10.0");
	assert_int_equal(pf_fake_steps(f), 4);
	pf_fake_free(f);
}

static void somebody_else_sets_what_the_driver_has(void **state)
{
	struct pf_fake *f = make("igb");
	const struct pf_vf other = {.vid = 9, .rss_query = true};

	assert_int_equal(number(f, PF_STEP_NUMVFS, 1), 0);
	pf_fake_meddle(f, A, 0, PF_VLAN, &other);
	pf_fake_meddle(f, A, 0, PF_RSS_QUERY, &other);
	pf_fake_meddle(f, "0000:02:00.0", 0, PF_VLAN, &other);
	assert_int_equal(vf0(f).vid, 9);
	assert_false(vf0(f).known & BIT(RSS_QUERY));
	pf_fake_free(f);
}

static void a_host_comes_back_from_json(void **state)
{
	struct pf_fake *f = make("netdevsim"), *back;
	json_t *j, *again;

	assert_int_equal(pf_fake_add(f, A, "igb"), -EEXIST);
	assert_int_equal(pf_fake_add(f, "0000:02:00.0", "e1000"), -EINVAL);
	assert_int_equal(pf_fake_add(f, "0000:02:00.0", "igb"), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 2), 0);
	assert_int_equal(set(f, PF_TRUST, (struct pf_vf){.trust = true}), 0);
	assert_int_equal(number(f, PF_STEP_NUMVFS, 0), 0);
	pf_fake_hold(f, "0000:02:00.0", 3, true);
	pf_fake_fail(f, 2, -EIO);
	j = pf_fake_json(f);
	assert_non_null(j);
	back = pf_fake_parse(j);
	assert_non_null(back);
	again = pf_fake_json(back);
	assert_true(json_equal(j, again));
	assert_int_equal(number(back, PF_STEP_NUMVFS, 1), 0);
	assert_true(vf0(back).trust);
	assert_int_equal(number(back, PF_STEP_NUMVFS, 0), -EIO);
	json_object_set_new(json_array_get(json_object_get(j, "pfs"), 1), "numvfs",
			    json_integer(8));
	assert_null(pf_fake_parse(j));
	json_decref(again);
	json_decref(j);
	pf_fake_free(back);
	pf_fake_free(f);
}

static void the_list_has_all(void **state)
{
	struct pf_fake *f = make("igb");
	struct pf_backend b = pf_fake_backend(f);
	struct pf_state s;
	struct err e;
	json_t *list;

	assert_int_equal(pf_fake_add(f, "netdevsim0", "netdevsim"), 0);
	list = b.list(b.ctx, &e);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_array_get(list, 1)), "netdevsim0");
	assert_int_equal(b.read(b.ctx, "0000:09:00.0", &s, &e), -ENODEV);
	json_decref(list);
	pf_fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vfs_come_and_go_as_the_core_has_it),
		cmocka_unit_test(igb_refuses_what_it_has_not),
		cmocka_unit_test(a_reload_loses_everything),
		cmocka_unit_test(ixgbe_says_yes_and_does_nothing),
		cmocka_unit_test(ice_changes_modes_without_vfs_only),
		cmocka_unit_test(mlx5_refuses_legacy_attributes_in_switchdev),
		cmocka_unit_test(netdevsim_keeps_what_vfs_had),
		cmocka_unit_test(drivers_are_bound_as_the_core_has_it),
		cmocka_unit_test(failing_and_lying_are_counted_from_now),
		cmocka_unit_test(somebody_else_sets_what_the_driver_has),
		cmocka_unit_test(a_host_comes_back_from_json),
		cmocka_unit_test(the_list_has_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

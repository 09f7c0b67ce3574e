/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void want_numvfs(struct card *c, unsigned int n)
{
	c->want.set |= PF_WANT_NUMVFS;
	c->want.numvfs = c->want.vfs = n;
}

static const char *planned(struct card *c)
{
	struct pf_plan p;

	c->e = (struct err){0};
	assert_int_equal(pf_plan_make(&c->is, &c->want, &c->caps, &p, &c->e), 0);
	card_steps(c, &p);
	pf_plan_clear(&p);
	return c->text;
}

static void refused(struct card *c, int rc, const char *path)
{
	struct pf_plan p;

	c->e = (struct err){0};
	assert_int_equal(pf_plan_make(&c->is, &c->want, &c->caps, &p, &c->e), rc);
	assert_string_equal(c->e.path, path);
	assert_true(c->e.code == rc && c->e.text[0]);
	assert_null(p.step);
}

static void nothing_differs_nothing_is_done(void **state)
{
	struct card c;

	card_fill(&c);
	c.want.set = PF_WANT_MTU | PF_WANT_ESWITCH;
	c.want.mtu = 1500;
	c.want.eswitch = PF_ESWITCH_LEGACY; /* a card without modes does nothing else */
	want_numvfs(&c, 3);
	for (unsigned int i = 0; i < 3; i++) {
		c.vf_want[i].value = c.vf[i];
		c.vf_want[i].set = ALL_BUT(BIT(RSS_QUERY));
	}
	assert_string_equal(planned(&c), "");
}

static void steps_are_in_the_one_order(void **state)
{
	struct card c;

	card_fill(&c);
	want_numvfs(&c, 2);
	c.want.set |= PF_WANT_MTU;
	c.want.mtu = 9000;
	c.vf_want[0].set = BIT(MAC) | BIT(VLAN) | BIT(VF_DRIVER);
	c.vf_want[0].value = (struct pf_vf){.mac = {0x52, 0x54, 0, 0, 0, 1},
					    .vid = 10,
					    .qos = 3,
					    .proto = 0x8100,
					    .override = "vfio-pci"};
	c.vf_want[1].set = BIT(TRUST) | BIT(RATE);
	c.vf_want[1].value = (struct pf_vf){.trust = true, .max_mbps = 100};
	assert_string_equal(planned(&c), "autoprobe off; numvfs 0; numvfs 2; mtu 9000; "
					 "vf 0: mac 52:54:00:00:00:01; vf 0: vlan 10 qos 3; "
					 "vf 0: driver vfio-pci; vf 1: min-rate 0 max-rate 100; "
					 "vf 1: trust on");
}

static void the_rest_stays(void **state)
{
	struct card c;

	card_fill(&c);
	c.vf[1].vid = 10;
	c.vf_want[2].set = BIT(VLAN) | BIT(VF_DRIVER);
	c.vf_want[2].value = (struct pf_vf){.vid = 20, .proto = 0x8100, .override = "vfio-pci"};
	assert_string_equal(planned(&c),
			    "vf 2: unbind; vf 2: vlan 20 qos 0; vf 2: driver vfio-pci");
	/* A driver that stays is not unbound for the sake of the others. */
	c.vf_want[2].set = BIT(VLAN);
	assert_string_equal(planned(&c), "vf 2: vlan 20 qos 0");
}

static void the_number_of_vfs_goes_through_zero(void **state)
{
	struct pf_plan p;
	struct card c;

	card_fill(&c);
	want_numvfs(&c, 4);
	assert_string_equal(planned(&c), "autoprobe off; numvfs 0; numvfs 4");
	assert_int_equal(pf_plan_make(&c.is, &c.want, &c.caps, &p, &c.e), 0);
	assert_true(p.loses_vfs);
	pf_plan_clear(&p);
	want_numvfs(&c, 0);
	assert_string_equal(planned(&c), "numvfs 0");
	c.is.numvfs = 0;
	c.is.autoprobe = false;
	want_numvfs(&c, 4);
	assert_int_equal(pf_plan_make(&c.is, &c.want, &c.caps, &p, &c.e), 0);
	assert_false(p.loses_vfs);
	assert_string_equal(card_steps(&c, &p), "numvfs 4");
	pf_plan_clear(&p);
}

/* A VF made anew has no known value but those the driver cannot set. */
static void what_the_driver_had_by_default_is_said_anyway(void **state)
{
	struct card c;

	card_fill(&c);
	want_numvfs(&c, 1);
	c.vf_want[0].set = BIT(SPOOFCHK) | BIT(LINK_STATE);
	c.vf_want[0].value.spoofchk = true;
	assert_string_equal(planned(&c), "autoprobe off; numvfs 0; numvfs 1; vf 0: spoofchk on");
}

static void the_kernel_chooses_while_autoprobe_is_on(void **state)
{
	struct card c;

	card_fill(&c);
	want_numvfs(&c, 2);
	c.vf_want[0].set = c.vf_want[1].set = BIT(VF_DRIVER);
	assert_string_equal(planned(&c), "autoprobe off; numvfs 0; numvfs 2; autoprobe on; "
					 "vf 0: driver of the kernel's choice; "
					 "vf 1: driver of the kernel's choice; autoprobe off");
}

static void a_driver_is_changed_as_little_as_can_be(void **state)
{
	struct card c;

	card_fill(&c);
	c.is.autoprobe = false;
	c.vf_want[0].set = c.vf_want[1].set = c.vf_want[2].set = BIT(VF_DRIVER);
	strcpy(c.vf_want[0].value.override, "vfio-pci");
	strcpy(c.vf[0].driver, "vfio-pci"); /* by its id, with no override */
	strcpy(c.vf_want[1].value.override, PF_NO_DRIVER);
	strcpy(c.vf[2].driver, "mlx5_vfio_pci"); /* no choice of the kernel's */
	assert_string_equal(planned(&c), "vf 0: override vfio-pci; vf 1: unbind; "
					 "vf 1: override none; vf 2: unbind; autoprobe on; "
					 "vf 2: driver of the kernel's choice; autoprobe off");
}

static void modes_change_while_there_are_no_vfs(void **state)
{
	struct card c;

	card_fill(&c);
	strcpy(c.is.driver, "ice");
	c.caps = *pf_caps_of("ice");
	c.is.eswitch = PF_ESWITCH_LEGACY;
	c.want.set = PF_WANT_ESWITCH;
	c.want.eswitch = PF_ESWITCH_SWITCHDEV;
	c.vf_want[0].set = BIT(TRUST);
	assert_string_equal((refused(&c, -ENOTSUP, "/vfs/0/trust"), c.e.text),
			    "trust: driver ice does not set it in switchdev mode; leave it out, or "
			    "set eswitch legacy");
	c.vf_want[0].set = BIT(MAC);
	assert_string_equal(planned(&c), "autoprobe off; numvfs 0; eswitch switchdev; numvfs 3; "
					 "vf 0: mac 00:00:00:00:00:00");
	c.is.numvfs = 0;
	c.want.vfs = 0;
	assert_string_equal(planned(&c), "eswitch switchdev");
	c.caps.zero_legacy = true;
	c.is.eswitch = PF_ESWITCH_SWITCHDEV;
	c.is.numvfs = 2;
	c.vf_want[0].set = 0;
	want_numvfs(&c, 1);
	assert_string_equal(planned(&c), "autoprobe off; numvfs 0; eswitch switchdev; numvfs 1");
}

static void stale_vfs_are_made_neutral(void **state)
{
	struct card c;

	card_fill(&c);
	strcpy(c.is.driver, "netdevsim");
	c.caps = *pf_caps_of("netdevsim");
	c.is.numvfs = 0;
	want_numvfs(&c, 1);
	c.vf_want[0].set = BIT(VLAN);
	c.vf_want[0].value = (struct pf_vf){.vid = 7, .proto = 0x88a8};
	assert_string_equal(planned(&c),
			    "numvfs 1; vf 0: mac 00:00:00:00:00:00; vf 0: vlan 7 qos 0 802.1ad; "
			    "vf 0: min-rate 0 max-rate 0; vf 0: spoofchk off; vf 0: trust off; "
			    "vf 0: link-state auto; vf 0: rss-query off");
}

static void refuse_vf(uint32_t set, struct pf_vf value, int rc, const char *path)
{
	struct card c;

	card_fill(&c);
	c.vf_want[2].set = set;
	c.vf_want[2].value = value;
	refused(&c, rc, path);
}

static void what_cannot_be_is_refused_by_name(void **state)
{
	struct card c;

	refuse_vf(BIT(MAC), (struct pf_vf){.mac = {1}}, -EINVAL, "/vfs/2/mac");
	refuse_vf(BIT(VLAN), (struct pf_vf){.vid = 4095}, -ERANGE, "/vfs/2/vlan");
	refuse_vf(BIT(VLAN), (struct pf_vf){.vid = 1, .qos = 8}, -ERANGE, "/vfs/2/vlan");
	refuse_vf(BIT(VLAN), (struct pf_vf){.vid = 1, .proto = 1}, -EINVAL, "/vfs/2/vlan");
	refuse_vf(BIT(VLAN), (struct pf_vf){.vid = 1, .proto = 0x88a8}, -ENOTSUP, "/vfs/2/vlan");
	refuse_vf(BIT(RATE), (struct pf_vf){.min_mbps = 2, .max_mbps = 1}, -EINVAL, "/vfs/2/rate");
	refuse_vf(BIT(RATE), (struct pf_vf){.min_mbps = 2}, -ENOTSUP, "/vfs/2/rate");
	refuse_vf(BIT(LINK_STATE), (struct pf_vf){.link = PF_LINK_DISABLE}, -ENOTSUP,
		  "/vfs/2/link-state");
	refuse_vf(BIT(RSS_QUERY), (struct pf_vf){0}, -ENOTSUP, "/vfs/2/rss-query");
	card_fill(&c);
	want_numvfs(&c, 8);
	c.want.vf = NULL;
	refused(&c, -ERANGE, "/numvfs");
	card_fill(&c);
	c.vf_want[3].set = BIT(MAC);
	refused(&c, -EINVAL, "/vfs/3");
	card_fill(&c);
	c.want.set = PF_WANT_MTU;
	refused(&c, -ERANGE, "/mtu");
	c.want.mtu = 9217;
	assert_string_equal(planned(&c), "mtu 9217");
	c.is.mtu_max = 9216;
	refused(&c, -ERANGE, "/mtu");
	c.is.ifname[0] = '\0';
	refused(&c, -ENOTSUP, "/mtu");
	c.want.set = 0;
	c.vf_want[0].set = BIT(VLAN);
	c.vf_want[0].value = (struct pf_vf){.vid = 1, .proto = 0x8100};
	refused(&c, -ENOTSUP, "/vfs/0/vlan");
	card_fill(&c);
	c.want.set = PF_WANT_ESWITCH;
	c.want.eswitch = PF_ESWITCH_SWITCHDEV;
	refused(&c, -ENOTSUP, "/eswitch");
	c.want.eswitch = PF_ESWITCH_NONE;
	c.is.eswitch = PF_ESWITCH_LEGACY;
	refused(&c, -EINVAL, "/eswitch");
}

static void what_could_not_be_read_back_is_refused(void **state)
{
	struct card c;

	card_fill(&c);
	c.caps = *pf_caps_of("a driver nobody knows");
	c.vf_want[0].set = BIT(RSS_QUERY);
	refused(&c, -ENOTSUP, "/vfs/0/rss-query");
	c.vf[0].known = 0;
	c.vf_want[0].set = BIT(VF_DRIVER);
	refused(&c, -ENOTSUP, "/vfs/0/driver");
}

static void what_was_refused_once_is_refused_beforehand(void **state)
{
	struct card c;

	card_fill(&c);
	c.vf_want[0].set = BIT(TRUST);
	c.vf_want[0].value.trust = true;
	assert_string_equal(planned(&c), "vf 0: trust on");
	c.caps = pf_caps_without(&c.caps, PF_TRUST);
	refused(&c, -ENOTSUP, "/vfs/0/trust");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_differs_nothing_is_done),
		cmocka_unit_test(steps_are_in_the_one_order),
		cmocka_unit_test(the_rest_stays),
		cmocka_unit_test(the_number_of_vfs_goes_through_zero),
		cmocka_unit_test(what_the_driver_had_by_default_is_said_anyway),
		cmocka_unit_test(the_kernel_chooses_while_autoprobe_is_on),
		cmocka_unit_test(a_driver_is_changed_as_little_as_can_be),
		cmocka_unit_test(modes_change_while_there_are_no_vfs),
		cmocka_unit_test(stale_vfs_are_made_neutral),
		cmocka_unit_test(what_cannot_be_is_refused_by_name),
		cmocka_unit_test(what_could_not_be_read_back_is_refused),
		cmocka_unit_test(what_was_refused_once_is_refused_beforehand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

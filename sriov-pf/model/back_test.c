/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *back(struct card *c, const struct pf_state *former, int rc)
{
	struct pf_plan p;

	c->e = (struct err){0};
	assert_int_equal(pf_plan_back(&c->is, former, &c->caps, &p, &c->e), rc);
	card_steps(c, &p);
	pf_plan_clear(&p);
	return c->text;
}

static void going_back_brings_everything(void **state)
{
	struct card c, was;

	card_fill(&c);
	card_fill(&was);
	assert_string_equal(back(&c, &was.is, 0), "");
	was.vf[0].vid = 10;
	was.vf[2].link = PF_LINK_AUTO;
	c.is.numvfs = 0;
	c.is.autoprobe = false;
	c.is.mtu = 9000;
	was.is.numvfs = 1;
	strcpy(was.vf[0].driver, "vfio-pci");
	assert_string_equal(back(&c, &was.is, 0),
			    "numvfs 1; mtu 1500; vf 0: mac 00:00:00:00:00:00; "
			    "vf 0: vlan 10 qos 0; vf 0: min-rate 0 max-rate 0; vf 0: spoofchk on; "
			    "vf 0: trust off; vf 0: driver vfio-pci; vf 0: no override; "
			    "autoprobe on");
}

static void what_cannot_come_back_is_named_and_the_rest_does(void **state)
{
	struct card c, was;

	card_fill(&c);
	card_fill(&was);
	c.caps.zero_mac = false;
	c.vf[0].mac[5] = 1;
	c.vf[1].trust = true;
	assert_string_equal(back(&c, &was.is, -ENOTSUP), "vf 1: trust off");
	assert_string_equal(c.e.path, "/vfs/0/mac");
	/* The mode of a card that has none now. */
	was.is.eswitch = PF_ESWITCH_SWITCHDEV;
	c.vf[0].mac[5] = 0;
	assert_string_equal(back(&c, &was.is, -ENOTSUP), "vf 1: trust off");
	assert_string_equal(c.e.path, "/eswitch");
	/* Nothing can be said to a PF that is in another namespace. */
	was.is.eswitch = PF_ESWITCH_NONE;
	was.is.mtu = 9000;
	c.is.ifname[0] = '\0';
	assert_string_equal(back(&c, &was.is, -ENOTSUP), "");
	assert_string_equal(c.e.path, "/mtu");
}

static void quarantine_says_everything_again(void **state)
{
	struct pf_plan p;
	struct card c;

	card_fill(&c);
	strcpy(c.vf[1].driver, "vfio-pci");
	strcpy(c.vf[1].override, "vfio-pci");
	assert_int_equal(pf_plan_quarantine(&c.is, 1, &c.caps, &p, &c.e), 0);
	assert_string_equal(card_steps(&c, &p),
			    "vf 1: unbind; vf 1: no override; vf 1: reset; "
			    "vf 1: mac 00:00:00:00:00:00; vf 1: vlan 0; "
			    "vf 1: min-rate 0 max-rate 0; vf 1: spoofchk on; vf 1: trust off");
	pf_plan_clear(&p);
	assert_int_equal(pf_plan_quarantine(&c.is, 3, &c.caps, &p, &c.e), -EINVAL);
	/* A card whose VFs, with no address and the check on, could send nothing. */
	c.caps.checks_spoof = false;
	assert_int_equal(pf_plan_quarantine(&c.is, 1, &c.caps, &p, &c.e), 0);
	assert_non_null(strstr(card_steps(&c, &p), "vf 1: spoofchk off"));
	pf_plan_clear(&p);
	/* A MAC that cannot be taken away, if there is one. */
	c.caps.zero_mac = false;
	assert_int_equal(pf_plan_quarantine(&c.is, 1, &c.caps, &p, &c.e), 0);
	pf_plan_clear(&p);
	c.vf[1].mac[0] = 2;
	assert_int_equal(pf_plan_quarantine(&c.is, 1, &c.caps, &p, &c.e), -ENOTSUP);
	assert_string_equal(c.e.path, "/vfs/1/mac");
	assert_int_equal(p.steps, 7);
	pf_plan_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(going_back_brings_everything),
		cmocka_unit_test(what_cannot_come_back_is_named_and_the_rest_does),
		cmocka_unit_test(quarantine_says_everything_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a)	 (sizeof(a) / sizeof((a)[0]))
#define NOBODY		 MTU_NOBODY
#define E(k, up, called) .kind = (k), .parent = (up), .name = called

/* One table of elements and what must come of it. */
struct want {
	uint16_t planned;
	const char *source;
};

static void derives(struct mtu_element *e, size_t n, const struct want *want)
{
	struct mtu_plan p = {e, n};
	char text[400], source[96];

	mtu_plan_derive(&p);
	assert_int_equal(mtu_plan_refusal(&p, text, sizeof(text)), MTU_NOBODY);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(e[i].planned, want[i].planned);
		assert_string_equal(mtu_plan_source(&p, i, source, sizeof(source)), want[i].source);
	}
}

static void nothing_declared(void **state)
{
	struct mtu_element e[] = {
		{E(MTU_SITE, NOBODY, "site")}, {E(MTU_BRIDGE, 0, "br0")}, {E(MTU_VHOST, 1, "vm0")},
		{E(MTU_GUEST, 2, "vm0")},      {E(MTU_PF, 0, "eth0")},	  {E(MTU_VF, 4, "eth0v0")},
	};
	const struct want want[] = {{1500, "default"}, {1500, "default"}, {1500, "default"},
				    {1500, "default"}, {1500, "default"}, {1500, "default"}};

	derives(e, COUNT(e), want);
}

static void a_value_goes_down(void **state)
{
	struct mtu_element e[] = {
		{E(MTU_SITE, NOBODY, "site"), .declared = 9000},
		{E(MTU_BRIDGE, 0, "br0")},
		{E(MTU_HOST, 1, "h0")},
		{E(MTU_VHOST, 1, "vm0"), .declared = 4000},
		{E(MTU_GUEST, 3, "vm0")},
		{E(MTU_BRIDGE, 0, "br1"), .declared = 1500},
		{E(MTU_ETHDEV, 5, "up0"), .max = 9600},
		{E(MTU_INTERFACE, 6, "eth1")},
		{E(MTU_PF, 0, "eth0")},
		{E(MTU_VF, 8, "eth0v0"), .declared = 2000},
	};
	const struct want want[] = {
		{9000, "site"},	      {9000, "site"},	    {9000, "site"},
		{4000, "port vm0"},   {4000, "port vm0"},   {1500, "bridge br1"},
		{1500, "bridge br1"}, {1500, "bridge br1"}, {9000, "site"},
		{2000, "VF eth0v0"},
	};

	derives(e, COUNT(e), want);
}

/* A site that declares nothing bounds nobody; one that does, does. */
static void a_silent_site(void **state)
{
	struct mtu_element e[] = {
		{E(MTU_SITE, NOBODY, "site")},
		{E(MTU_BRIDGE, 0, "br0"), .declared = 9000},
		{E(MTU_HOST, 1, "h0"), .declared = 9000},
		{E(MTU_PF, 0, "eth0"), .declared = 9000},
	};
	const struct want want[] = {
		{1500, "default"}, {9000, "bridge br0"}, {9000, "port h0"}, {9000, "PF eth0"}};

	derives(e, COUNT(e), want);
}

static void refuses(struct mtu_element *e, size_t n, int which, const char *const *says)
{
	struct mtu_plan p = {e, n};
	char text[400] = "";

	mtu_plan_derive(&p);
	assert_int_equal(mtu_plan_refusal(&p, text, sizeof(text)), which);
	for (; *says; says++)
		if (!strstr(text, *says))
			fail_msg("'%s' does not say '%s'", text, *says);
}

static void what_cannot_hold(void **state)
{
	struct mtu_element port[] = {{E(MTU_SITE, NOBODY, "site")},
				     {E(MTU_BRIDGE, 0, "br0")},
				     {E(MTU_HOST, 1, "h0")},
				     {E(MTU_HOST, 1, "h1"), .declared = 9000}};
	struct mtu_element bridge[] = {{E(MTU_SITE, NOBODY, "site"), .declared = 1500},
				       {E(MTU_BRIDGE, 0, "br0"), .declared = 9000}};
	struct mtu_element vf[] = {{E(MTU_SITE, NOBODY, "site")},
				   {E(MTU_PF, 0, "eth0"), .declared = 4000},
				   {E(MTU_VF, 1, "eth0v0"), .declared = 4001}};
	struct mtu_element device[] = {{E(MTU_SITE, NOBODY, "site"), .declared = 9000},
				       {E(MTU_BRIDGE, 0, "br0")},
				       {E(MTU_ETHDEV, 1, "up0"), .max = 3498}};

	refuses(port, COUNT(port), 3,
		(const char *[]){"port h1 declares 9000", "bridge br0", "has 1500 (from: default)",
				 "give port h1 1500 or less, or raise that of bridge br0 to 9000",
				 NULL});
	refuses(bridge, COUNT(bridge), 1,
		(const char *[]){"bridge br0 declares 9000", "site", "1500 (from: site)", NULL});
	refuses(vf, COUNT(vf), 2,
		(const char *[]){"VF eth0v0 declares 4001", "PF eth0", "has 4000", NULL});
	refuses(device, COUNT(device), 2,
		(const char *[]){"port up0 can take 3498", "9000 (from: site)", "3498 or less",
				 NULL});
	/* The same, mended as the sentence says. */
	port[3].declared = 1500;
	bridge[1].declared = 1500;
	vf[2].declared = 4000;
	device[2].declared = 3498;
	refuses(port, COUNT(port), MTU_NOBODY, (const char *[]){NULL});
	refuses(bridge, COUNT(bridge), MTU_NOBODY, (const char *[]){NULL});
	refuses(vf, COUNT(vf), MTU_NOBODY, (const char *[]){NULL});
	refuses(device, COUNT(device), MTU_NOBODY, (const char *[]){NULL});
}

/* PF 1 with VFs 2 and 3, PF 4 with VF 5; what each has, what the PFs declare, what comes first. */
static void order_of_pfs_and_vfs(void **state)
{
	static const struct {
		uint16_t has[6], declares[6];
		int n;
		uint16_t order[6];
	} cases[] = {
		/* raised: the PF, then its VFs */
		{{0, 1500, 1500, 1500, 1500, 1500}, {0, 9000}, 3, {1, 2, 3}},
		/* lowered: the VFs, then their PF */
		{{0, 9000, 9000, 9000, 1500, 1500}, {0, 1500}, 3, {3, 2, 1}},
		/* one raised, one lowered */
		{{0, 1500, 1500, 1500, 9000, 9000}, {0, 9000, 0, 0, 1500}, 5, {5, 4, 1, 2, 3}},
		/* the PF is lowered, one VF with it, and the other raised to where the PF will be
		 */
		{{0, 9000, 9000, 1500, 1500, 1500}, {0, 4000}, 3, {2, 1, 3}},
		/* what is not known, and what is right, is not touched */
		{{0, 9000, 0, 9000, 1500, 0}, {0, 9000}, 0, {0}},
	};

	for (size_t c = 0; c < COUNT(cases); c++) {
		struct mtu_element e[] = {{E(MTU_SITE, NOBODY, "site")}, {E(MTU_PF, 0, "p0")},
					  {E(MTU_VF, 1, "p0v0")},	 {E(MTU_VF, 1, "p0v1")},
					  {E(MTU_PF, 0, "p1")},		 {E(MTU_VF, 4, "p1v0")}};
		struct mtu_plan p = {e, COUNT(e)};
		uint16_t order[COUNT(e)];

		for (size_t i = 0; i < COUNT(e); i++) {
			e[i].actual = cases[c].has[i];
			e[i].declared = cases[c].declares[i];
		}
		mtu_plan_derive(&p);
		assert_int_equal(mtu_plan_order(&p, order), cases[c].n);
		for (int i = 0; i < cases[c].n; i++)
			assert_int_equal(order[i], cases[c].order[i]);
	}
}

/* Whatever there is and is wanted: carried out step by step in that order, no element ever has more
 * than its parent, and in the end all have what is planned. */
static void order_never_breaks_the_rule(void **state)
{
	srand(4711);
	for (int round = 0; round < 2000; round++) {
		struct mtu_element e[24] = {
			{E(MTU_SITE, NOBODY, "site"), .declared = 9600, .actual = 9600}};
		struct mtu_plan p = {e, COUNT(e)};
		uint16_t order[COUNT(e)];
		size_t n;

		for (size_t i = 1; i < COUNT(e); i++) {
			int parent = rand() % (int)i;

			e[i].kind = i % 2 ? MTU_PF : MTU_VF;
			e[i].parent = parent;
			e[i].actual = 576 + (uint32_t)rand() % (e[parent].actual - 575);
			if (rand() % 2)
				e[i].declared = (uint16_t)(576 + rand() % 9025);
		}
		mtu_plan_derive(&p);
		n = mtu_plan_order(&p, order);
		for (size_t s = 0; s < n; s++) {
			e[order[s]].actual = e[order[s]].planned;
			for (size_t i = 1; i < COUNT(e); i++)
				assert_true(e[i].actual <= e[e[i].parent].actual);
		}
		for (size_t i = 0; i < COUNT(e); i++)
			assert_int_equal(e[i].actual, e[i].planned);
	}
}

/* Guests and interfaces beneath devices are told by others. */
static void order_leaves_others_alone(void **state)
{
	struct mtu_element e[] = {{E(MTU_SITE, NOBODY, "site"), .declared = 9000, .actual = 9000},
				  {E(MTU_VHOST, 0, "vm0")},
				  {E(MTU_GUEST, 1, "vm0"), .actual = 1500},
				  {E(MTU_ETHDEV, 0, "up0"), .actual = 1500},
				  {E(MTU_INTERFACE, 3, "eth0"), .actual = 1500}};
	struct mtu_plan p = {e, COUNT(e)};
	uint16_t order[COUNT(e)];

	mtu_plan_derive(&p);
	assert_int_equal(mtu_plan_order(&p, order), 1);
	assert_int_equal(order[0], 3);
}

static void in_force(void **state)
{
	struct mtu_element e[] = {{E(MTU_SITE, NOBODY, "site"), .declared = 9000},
				  {E(MTU_VHOST, 0, "vm0")},
				  {E(MTU_GUEST, 1, "vm0"), .actual = 1500},
				  {E(MTU_VHOST, 0, "vm1")},
				  {E(MTU_GUEST, 3, "vm1"), .actual = 9600},
				  {E(MTU_HOST, 0, "h0"), .actual = 1500}};
	const uint16_t want[] = {9000, 1500, 1500, 9000, 9000, 9000};
	struct mtu_plan p = {e, COUNT(e)};

	mtu_plan_derive(&p);
	for (size_t i = 0; i < COUNT(e); i++)
		assert_int_equal(mtu_plan_in_force(&p, i), want[i]);
}

static void disagreements_and_cures(void **state)
{
	static struct mtu_element e[] = {
		{E(MTU_SITE, NOBODY, "site"), .declared = 9000},
		{E(MTU_BRIDGE, 0, "br0")},
		{E(MTU_HOST, 1, "h0"), .ifname = "eth0", .netns = "blue", .actual = 1500},
		{E(MTU_HOST, 1, "h1"), .ifname = "h1", .actual = 9600},
		{E(MTU_HOST, 1, "h2"), .ifname = "h2", .actual = 9000},
		{E(MTU_HOST, 1, "h3"), .ifname = "h3"},
		{E(MTU_VHOST, 1, "vm0")},
		{E(MTU_GUEST, 6, "vm0"), .actual = 1500},
		{E(MTU_VHOST, 1, "vm1"), .declared = 1500},
		{E(MTU_GUEST, 8, "vm1"), .actual = 4000},
		{E(MTU_VHOST, 1, "vm2"), .declared = 1500},
		{E(MTU_GUEST, 10, "vm2"), .actual = 65535},
		{E(MTU_ETHDEV, 1, "up0"), .actual = 9000},
		{E(MTU_INTERFACE, 12, "eth1"), .ifname = "eth1", .actual = 1400},
		{E(MTU_PF, 0, "eth2"), .ifname = "eth2", .actual = 1500},
		{E(MTU_VF, 14, "eth2v0"), .ifname = "eth2v0", .declared = 4000, .actual = 9000},
		{E(MTU_ETHDEV, 1, "up1"), .actual = 1500},
	};
	static const struct {
		size_t i;
		const char *says, *cure; /* NULL: it agrees */
	} cases[] = {
		{0, NULL, NULL},
		{1, NULL, NULL},
		{2,
		 "interface eth0 (namespace blue) of port h0 has 1500, the plan says 9000 (from: "
		 "site)",
		 "ip -n blue link set dev eth0 mtu 9000"},
		{3, "interface h1 of port h1 has 9600, the plan says 9000",
		 "ip link set dev h1 mtu 9000"},
		{4, NULL, NULL},
		{5, NULL, NULL},
		{6, NULL, NULL},
		{7, "guest of port vm0 uses 1500, the plan says 9000",
		 "flue port set vm0 mtu 1500"},
		{9, "guest of port vm1 may use 4000, the plan says 1500 (from: port vm1)",
		 "flue port set vm1 mtu 4000"},
		{11, "guest of port vm2 may use 65535",
		 "in the guest: ip link set dev eth0 mtu 1500"},
		{12, NULL, NULL},
		{13, "interface eth1 beneath port up0 has 1400", "ip link set dev eth1 mtu 9000"},
		{14, "interface eth2 has 1500", "ip link set dev eth2 mtu 9000"},
		{15, "interface eth2v0 has 9000, the plan says 4000 (from: VF eth2v0)",
		 "ip link set dev eth2v0 mtu 4000"},
		{16, "the device of port up1 has 1500", "flue port set up1 mtu 1500"},
	};
	struct mtu_plan p = {e, COUNT(e)};

	mtu_plan_derive(&p);
	for (size_t c = 0; c < COUNT(cases); c++) {
		struct mtu_problem problem;
		bool wrong = mtu_plan_problem(&p, cases[c].i, &problem);

		assert_int_equal(wrong, cases[c].says != NULL);
		if (!wrong)
			continue;
		if (strncmp(problem.text, cases[c].says, strlen(cases[c].says)) != 0 ||
		    strncmp(problem.cure, cases[c].cure, strlen(cases[c].cure)) != 0)
			fail_msg("%zu: '%s', '%s'", cases[c].i, problem.text, problem.cure);
	}
}

/* Who names an interface must not choose what a copied cure does. */
static void cures_are_quoted(void **state)
{
	static struct mtu_element e[] = {
		{E(MTU_SITE, NOBODY, "site")},
		{E(MTU_HOST, 0, "h0"), .ifname = "x;reboot", .netns = "a b", .actual = 1400},
		{E(MTU_HOST, 0, "h1"), .ifname = "a'$(id)", .actual = 1400},
		{E(MTU_HOST, 0, "h2"), .ifname = "eth0.5@x", .actual = 1400},
	};
	static const char *const want[] = {"", "ip -n 'a b' link set dev 'x;reboot' mtu 1500",
					   "ip link set dev 'a'\\''$(id)' mtu 1500",
					   "ip link set dev eth0.5@x mtu 1500"};
	struct mtu_plan p = {e, COUNT(e)};
	struct mtu_problem problem;

	mtu_plan_derive(&p);
	for (size_t i = 1; i < COUNT(e); i++) {
		assert_true(mtu_plan_problem(&p, i, &problem));
		assert_string_equal(problem.cure, want[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_declared),
		cmocka_unit_test(a_value_goes_down),
		cmocka_unit_test(a_silent_site),
		cmocka_unit_test(what_cannot_hold),
		cmocka_unit_test(order_of_pfs_and_vfs),
		cmocka_unit_test(order_never_breaks_the_rule),
		cmocka_unit_test(order_leaves_others_alone),
		cmocka_unit_test(in_force),
		cmocka_unit_test(disagreements_and_cures),
		cmocka_unit_test(cures_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

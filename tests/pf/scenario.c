/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pf/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALL    (PF_ATTR_BIT(PF_ATTRS) - 1)
#define DRIVER PF_ATTR_BIT(PF_VF_DRIVER)
#define MAC    PF_ATTR_BIT(PF_MAC)
#define NIC    PF_SCENARIO_NIC
#define SIM    "netdevsim0"

const struct pf_scenario pf_scenarios[] = {
	{"igb: none to 4 VFs", "igb", NIC, {0}, {4, 9000, 0, ALL, 1}},
	{"igb: 4 VFs to none", "igb", NIC, {4, 9000, 0, ALL, 1}, {0}},
	{"igb: 4 VFs to 3 others", "igb", NIC, {4, 0, 0, ALL, 1}, {3, 0, 0, ALL, 2}},
	{"igb: other attributes", "igb", NIC, {7, 0, 0, ALL, 1}, {-1, 0, 0, ALL, 2}},
	{"igb: another MTU", "igb", NIC, {2, 1500, 0, ALL, 1}, {-1, 9000, 0, 0, 0}},
	{"ixgbe: none to 6 VFs", "ixgbe", NIC, {0}, {6, 0, 0, ALL, 1}},
	{"ixgbe: 2 VFs to 5", "ixgbe", NIC, {2, 9000, 0, ALL, 1}, {5, 1500, 0, ALL, 2}},
	{"i40e: other drivers", "i40e", NIC, {4, 0, 0, DRIVER, 1}, {-1, 0, 0, ALL, 2}},
	{"i40e: only fewer", "i40e", NIC, {5, 0, 0, ALL, 1}, {2, 0, 0, 0, 0}},
	{"ice: none to 4 VFs", "ice", NIC, {0}, {4, 9000, 0, ALL, 1}},
	{"ice: to switchdev", "ice", NIC, {4, 0, 0, ALL, 1}, {4, 0, PF_ESWITCH_SWITCHDEV, ALL, 2}},
	{"mlx5: none to 5 VFs", "mlx5_core", NIC, {0}, {5, 9000, 0, ALL, 1}},
	{"mlx5: to switchdev",
	 "mlx5_core",
	 NIC,
	 {3, 0, 0, ALL, 1},
	 {5, 0, PF_ESWITCH_SWITCHDEV, ALL, 2}},
	{"mlx5: back to legacy",
	 "mlx5_core",
	 NIC,
	 {4, 0, PF_ESWITCH_SWITCHDEV, ALL, 1},
	 {3, 9000, PF_ESWITCH_LEGACY, ALL, 2}},
	{"netdevsim: 6 VFs to 4 others", "netdevsim", SIM, {6, 0, 0, ALL, 1}, {4, 0, 0, ALL, 2}},
	{"netdevsim: to switchdev",
	 "netdevsim",
	 SIM,
	 {3, 9000, 0, ALL, 1},
	 {4, 0, PF_ESWITCH_SWITCHDEV, ALL, 2}},
	{"netdevsim: none to 500 VFs", "netdevsim", SIM, {0}, {500, 0, 0, MAC, 1}},
	{"netdevsim: other addresses of 500",
	 "netdevsim",
	 SIM,
	 {500, 0, 0, ALL, 1},
	 {-1, 0, 0, MAC, 2}},
};
const unsigned int pf_scenarios_count = sizeof(pf_scenarios) / sizeof(pf_scenarios[0]);

static void fill_vf(struct pf_vf_want *w, unsigned int i, const struct pf_shape *s,
		    const struct pf_caps *caps)
{
	unsigned int seed = s->seed;

	w->set = s->attrs &
		 (s->eswitch == PF_ESWITCH_SWITCHDEV ? caps->switchdev_attrs : caps->attrs);
	memcpy(w->value.mac,
	       (uint8_t[6]){0x52, 0x54, (uint8_t)seed, 0, (uint8_t)(i >> 8), (uint8_t)i}, 6);
	w->value.vid = (uint16_t)(100 * seed + i % 90);
	w->value.qos = (uint8_t)(seed % 8);
	w->value.proto = caps->dot1ad && i % 2 ? 0x88a8 : 0x8100;
	w->value.min_mbps = caps->min_rate ? 10 * seed : 0;
	w->value.max_mbps = 100 * seed + i;
	w->value.spoofchk = seed % 2 == 0;
	w->value.trust = seed % 2;
	w->value.rss_query = seed % 2;
	w->value.link = seed % 2 ? PF_LINK_DISABLE : PF_LINK_AUTO;
	/* By turns that for guests, the kernel's choice, and none. */
	strcpy(w->value.override, (const char *[]){"vfio-pci", "", PF_NO_DRIVER}[(i + seed) % 3]);
}

static void fill(struct pf_want *w, const struct pf_shape *s, unsigned int numvfs,
		 const struct pf_caps *caps)
{
	*w = (struct pf_want){.name = "wan", .numvfs = numvfs, .mtu = s->mtu};
	w->set = (s->vfs < 0 ? 0 : PF_WANT_NUMVFS) | (s->mtu ? PF_WANT_MTU : 0) |
		 (s->eswitch ? PF_WANT_ESWITCH : 0);
	w->eswitch = s->eswitch;
	w->vfs = numvfs;
	w->vf = calloc(numvfs + 1, sizeof(*w->vf));
	assert_non_null(w->vf);
	for (unsigned int i = 0; i < numvfs; i++)
		fill_vf(&w->vf[i], i, s, caps);
}

struct pf_fake *pf_scenario_make(const struct pf_scenario *c, const char *dir, struct pf_want *want)
{
	const struct pf_caps *caps = pf_caps_of(c->profile);
	struct pf_fake *f = pf_fake_new();
	struct pf_backend b = pf_fake_backend(f);
	struct pf_txn t = {.backend = &b, .dir = dir, .boot = PF_SCENARIO_BOOT};
	struct err e = {0};

	assert_int_equal(pf_fake_add(f, c->address, c->profile), 0);
	fill(want, &c->former, (unsigned int)c->former.vfs, caps);
	if (pf_txn_apply(&t, c->address, want, NULL, &e) != 0)
		fail_msg("%s: before: %s: %s", c->name, e.path, e.text);
	pf_want_clear(want);
	fill(want, &c->want, (unsigned int)(c->want.vfs < 0 ? c->former.vfs : c->want.vfs), caps);
	return f;
}

struct pf_fake *pf_scenario_four(const char *dir, struct pf_want *want)
{
	static const struct pf_scenario c = {
		"four", "igb", NIC, {4, 0, 0, ALL, 1}, {4, 0, 0, ALL, 2}};

	return pf_scenario_make(&c, dir, want);
}

struct pf_state pf_scenario_read(struct pf_fake *f, const char *address)
{
	struct pf_backend b = pf_fake_backend(f);
	struct pf_state s = {0};
	struct err e = {0};

	assert_int_equal(b.read(b.ctx, address, &s, &e), 0);
	return s;
}

void pf_scenario_same(const struct pf_state *is, const struct pf_state *expected, const char *when)
{
	char differ[256];

	if (pf_state_differ(is, expected, differ, sizeof(differ)))
		fail_msg("%s: %s", when, differ);
}

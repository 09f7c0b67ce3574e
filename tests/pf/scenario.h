/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans to be tried on the host in memory: a PF as it is before, and what is wanted of it. */
#ifndef TESTS_PF_SCENARIO_H
#define TESTS_PF_SCENARIO_H

#include "sriov-pf/engine/txn.h"
#include "sriov-pf/fake/fake.h"

#define PF_SCENARIO_NIC	 "0000:01:00.0"
#define PF_SCENARIO_BOOT "11111111-2222-3333-4444-555555555555"

/* What is said of a PF, in short. */
struct pf_shape {
	int vfs; /* -1: nothing is said of their number */
	unsigned int mtu;
	enum pf_eswitch eswitch;
	uint32_t attrs;	   /* of those the driver takes */
	unsigned int seed; /* of the values; two seeds differ in each attribute */
};

struct pf_scenario {
	const char *name, *profile, *address;
	struct pf_shape former, want;
};

extern const struct pf_scenario pf_scenarios[];
extern const unsigned int pf_scenarios_count;

/* The PF in its former state; the fake and *want are the caller's. Ends the test when it fails. */
struct pf_fake *pf_scenario_make(const struct pf_scenario *c, const char *dir,
				 struct pf_want *want);
/* A PF of igb at PF_SCENARIO_NIC, with 4 VFs and all they can have, of which something else is
 * wanted. */
struct pf_fake *pf_scenario_four(const char *dir, struct pf_want *want);
/* How the PF is; the caller's. */
struct pf_state pf_scenario_read(struct pf_fake *f, const char *address);
/* Fails the test when they differ. */
void pf_scenario_same(const struct pf_state *is, const struct pf_state *expected, const char *when);

#endif

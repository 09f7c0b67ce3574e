/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second opinion for the test of random operations: what a PF must look like after a plan was
 * carried out, or that it must be refused, from a table of its own and without any steps.
 */
#ifndef SRIOV_PF_FAKE_OPS_H
#define SRIOV_PF_FAKE_OPS_H

#include "sriov-pf/model/plan.h"

#define OPS_VFS 5 /* no more are made */

struct ops_facts {
	const char *driver;
	const char *vf_driver;		   /* NULL: VFs are no PCI functions */
	const char *sets, *switchdev_sets; /* a letter an attribute: m v r s t l q */
	bool modes, service_tag, least_rate, link_up, low_rate, stale;
	bool checks_spoof; /* a VF made anew does */
};

/* One a driver; the last has a NULL name. */
extern const struct ops_facts ops_facts[];

/* *after: as it must be, its vf an array of OPS_VFS. memory: what a driver that keeps the VFs'
 * settings has kept. False: must be refused. */
bool ops_expect(const struct ops_facts *f, const struct pf_state *before,
		const struct pf_want *want, const struct pf_vf memory[OPS_VFS],
		struct pf_state *after);
/* Does the driver set it in that mode? */
bool ops_sets(const struct ops_facts *f, enum pf_eswitch mode, enum pf_attr attr);

#endif

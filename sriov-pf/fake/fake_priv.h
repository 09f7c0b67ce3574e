/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of the host in memory; nobody else's. */
#ifndef SRIOV_PF_FAKE_FAKE_PRIV_H
#define SRIOV_PF_FAKE_FAKE_PRIV_H

#include "sriov-pf/fake/fake.h"
#include "sriov-pf/fake/profile.h"

struct pf_fake_pf {
	const struct pf_fake_profile *profile;
	struct pf_state is; /* its vf: all that there can be, of which numvfs are shown */
	bool *held;	    /* of each */
};

struct pf_fake {
	struct pf_fake_pf *pf;
	unsigned int pfs;
	unsigned int next_ifindex, steps;
	unsigned int fail_in, lie_in; /* the n-th step from now; 0: none */
	int fail_with;
};

struct pf_fake_pf *pf_fake_find(const struct pf_fake *f, const char *address);
/* All VFs as if they had never been. */
void pf_fake_forget(struct pf_fake_pf *p);
/* One step of a PF; as the backend's. */
int pf_fake_do(struct pf_fake_pf *p, const struct pf_step *s, struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host in memory for tests: PFs whose drivers have the quirks of real ones, each by its profile.
 */
#ifndef SRIOV_PF_FAKE_FAKE_H
#define SRIOV_PF_FAKE_FAKE_H

#include "sriov-pf/engine/backend.h"

struct pf_fake;

/* Profiles: "igb", "ixgbe", "i40e", "ice", "mlx5_core", "netdevsim". */
struct pf_fake *pf_fake_new(void);
void pf_fake_free(struct pf_fake *f);
/* A PF without VFs. 0, -EEXIST, -EINVAL: no such profile. */
int pf_fake_add(struct pf_fake *f, const char *address, const char *profile);
struct pf_backend pf_fake_backend(struct pf_fake *f);

/* The n-th step from now fails with that errno and does nothing; 0: none. */
void pf_fake_fail(struct pf_fake *f, unsigned int n, int error);
/* The n-th step from now says 0 and does nothing: a driver that lies. */
void pf_fake_lie(struct pf_fake *f, unsigned int n);
/* Somebody holds the VF's device: unbinding it is -EBUSY (where Linux would block). */
void pf_fake_hold(struct pf_fake *f, const char *address, unsigned int vf, bool held);
/* Somebody else's doing, past the backend: sets one attribute. */
void pf_fake_meddle(struct pf_fake *f, const char *address, unsigned int vf, enum pf_attr attr,
		    const struct pf_vf *value);
/* The PF's driver was bound anew: no VFs, nothing set, another ifindex. */
void pf_fake_reload(struct pf_fake *f, const char *address);
/* How many steps were asked of it, refused ones too. */
unsigned int pf_fake_steps(const struct pf_fake *f);

/* All of it as JSON and back, so that it outlives a process that is killed. */
json_t *pf_fake_json(const struct pf_fake *f);
struct pf_fake *pf_fake_parse(const json_t *json);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* One configuration being applied; shared by apply.c, apply_jobs.c and intent.c. Main thread. */
#ifndef SRIOV_PF_CTRL_APPLY_H
#define SRIOV_PF_CTRL_APPLY_H

#include "sriov-pf/ctrl/ctrl.h"
#include "sriov-pf/ctrl/planning.h"

#define APPLY_EVICT_S 10 /* a guest in the way may take so long to let go, then it is ended */

struct apply;

/* What is to be done to one PF. */
struct job {
	struct apply *apply;
	struct pf_entry *entry;
	char name[PF_NAME]; /* as the new configuration has it */
	size_t index;	    /* in its list of PFs */
	json_t *part;
	struct planning planning;
	json_t *former;	   /* its state before */
	struct err unread; /* why it could not be read just now */
	bool done;
};

struct apply {
	struct ctrl *ctrl;
	struct rpc_reply *reply;
	const char *root; /* JSON pointer of the configuration in the request; NULL: it has keys of
			     one VF instead */
	json_t *config, *changes, *blast;
	bool dry_run, evict, evicted;
	struct job *job;
	unsigned int jobs, pending;
	uint64_t steps;
	struct err e; /* the first thing that went wrong */
};

/* Checks the configuration and makes a->job; only: NULL, or the name of the one PF that counts. 0,
 * or a->e. */
int apply_jobs(struct apply *a, const char *only);

/* Adds to a->changes what is declared otherwise and sets nothing. */
void apply_declared_changes(struct apply *a);

/* Turns the place of an error in a job's part into one in the request. */
void apply_place(const struct apply *a, const struct job *j, struct err *e);

/* The VF that an item of a->blast names. */
struct pf_entry *apply_blast_vf(const struct apply *a, const json_t *item, unsigned int *vf);
/* a->e: who is in the way. */
void apply_blast_err(struct apply *a);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A process that is killed in the middle of a plan, and what it leaves behind: for crash_test.c. */
#ifndef TESTS_PF_CRASH_H
#define TESTS_PF_CRASH_H

#include "tests/pf/scenario.h"

/* What outlives a process: the devices, and the journal of the one PF. */
struct pf_host {
	json_t *devices;
	char *journal; /* NULL: there is none */
	size_t len;
};
void pf_host_clear(struct pf_host *h);

/* A directory for all this (below TMPDIR, or in memory), and its removal. */
void pf_crash_setup(void);
void pf_crash_teardown(void);

/* How many points there are in carrying out the plan (want), or in recovering (NULL). */
unsigned int pf_crash_points(const struct pf_host *h, const char *address,
			     const struct pf_want *want);
/* Does the same in a process of its own that is killed at that point, from 1 on; *left: what it
 * leaves, the caller's. */
void pf_crash_at(const struct pf_host *h, const char *address, const struct pf_want *want,
		 unsigned int point, struct pf_host *left);
/* Puts the journal back where it was; the directory of the journals. */
const char *pf_crash_restore(const struct pf_host *h, const char *address);
/* Devices as they are in the fake, without a journal. */
struct pf_host pf_crash_host(const struct pf_fake *f);

#endif

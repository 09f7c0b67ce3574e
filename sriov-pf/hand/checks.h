/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold before a VF is given to a guest: one function a check, each with its name, what it
 * found and the cure. Nothing is changed, and allow_unsafe_interrupts is never set.
 *
 * They read files and may open the VF's group for a moment: any thread that may wait for the disk.
 */
#ifndef SRIOV_PF_HAND_CHECKS_H
#define SRIOV_PF_HAND_CHECKS_H

#include "base/err.h"
#include "base/json.h"
#include "base/pci/host.h"

#include <stdint.h>
#include <sys/types.h>

#define PF_HAND_RANGES_MAX 8

struct pf_hand_range {
	uint64_t first, last; /* guest-physical, inclusive */
};

/* The guest, as far as it is known. */
struct pf_hand_guest {
	struct pf_hand_range range[PF_HAND_RANGES_MAX]; /* its memory */
	unsigned int ranges;				/* 0: not known where it lies */
	uint64_t bytes;					/* all of it; 0: not known */
	pid_t pid; /* whose RLIMIT_MEMLOCK counts: the process that maps, or its parent; 0: not
		      known */
};

/* Where a host is looked at; tests have trees of their own. */
struct pf_hand_host {
	const char *sysfs, *proc, *dev; /* "/sys", "/proc", "/dev" */
	/* Whether VFIO takes the group's IOMMU. 0; -EPERM: no interrupt remapping; others: it could
	 * not be tried (no member is bound to vfio-pci yet, somebody holds it). */
	int (*trial)(unsigned int group);
};

/* What the checks have in common. */
struct pf_hand_look {
	const struct pf_hand_host *host;
	const char *address;
	unsigned int group;
	const struct pf_hand_guest *guest; /* NULL: unknown */
};

enum pf_hand_result { PF_HAND_OK, PF_HAND_WARNED, PF_HAND_REFUSED };

struct pf_hand_finding {
	enum pf_hand_result result;
	int code; /* refused: negative errno */
	char text[384], cure[384];
};

struct pf_hand_test {
	const char *name;
	void (*run)(const struct pf_hand_look *look, struct pf_hand_finding *f);
};

/* In the order they are made; the last one has no name. The first is the IOMMU, and when it refuses
 * there is no group for the others. */
extern const struct pf_hand_test pf_hand_tests[];

/* Say what was found, in a sentence; and what mends it. */
void pf_hand_ok(struct pf_hand_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void pf_hand_warn(struct pf_hand_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void pf_hand_refuse(struct pf_hand_finding *f, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void pf_hand_cure(struct pf_hand_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* In files of their own. */
void pf_hand_check_remapping(const struct pf_hand_look *look, struct pf_hand_finding *f);
void pf_hand_check_regions(const struct pf_hand_look *look, struct pf_hand_finding *f);
void pf_hand_check_acs(const struct pf_hand_look *look, struct pf_hand_finding *f);
void pf_hand_check_reset(const struct pf_hand_look *look, struct pf_hand_finding *f);
void pf_hand_check_bars(const struct pf_hand_look *look, struct pf_hand_finding *f);

#endif

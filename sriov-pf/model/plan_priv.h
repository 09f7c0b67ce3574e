/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files that make plans; nobody else's. */
#ifndef SRIOV_PF_MODEL_PLAN_PRIV_H
#define SRIOV_PF_MODEL_PLAN_PRIV_H

#include "sriov-pf/model/plan.h"

/* A plan in the making. */
struct pf_making {
	const struct pf_state *is;
	const struct pf_caps *caps;
	struct pf_plan *plan;
	struct err *e;
	/* Going back: what cannot be done is named (rc) and left out, the rest is planned. */
	bool back;
	int rc;
	/* As it will be after the steps so far. */
	enum pf_eswitch eswitch;
	bool autoprobe;
	unsigned int numvfs;
	unsigned int fresh; /* VFs from this one on are made anew */
};

/* 0 or -ENOMEM. */
int pf_making_add(struct pf_making *m, struct pf_step step);
int pf_making_number(struct pf_making *m, enum pf_step_kind kind, unsigned int number);
/* Names what cannot be done, the first time. Returns its code, -ENOTSUP when going back. */
int pf_making_refuse(struct pf_making *m, int code, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Ends it: frees the plan of one that failed. Returns what the caller returns. */
int pf_making_end(struct pf_making *m, int rc);

/* The number of VFs and the mode of the eswitch, and what goes before. */
int pf_making_count(struct pf_making *m, unsigned int numvfs, enum pf_eswitch eswitch);
int pf_making_autoprobe(struct pf_making *m, bool on);
/* Which attributes the driver takes in the mode the eswitch will have. */
uint32_t pf_making_attrs(const struct pf_making *m);

/* The VF as it will be before its own steps; one made anew has only what is sure. */
struct pf_vf pf_making_vf(const struct pf_making *m, unsigned int vf);
/* One attribute other than the driver: when it differs, or in any case. Going back, 0 although it
 * was refused. */
int pf_making_attr(struct pf_making *m, unsigned int vf, const struct pf_vf *now,
		   const struct pf_vf *value, enum pf_attr attr);
int pf_making_set(struct pf_making *m, unsigned int vf, const struct pf_vf *now,
		  const struct pf_vf *value, enum pf_attr attr);
/* vfio-pci, or one of those made for a family of devices (mlx5_vfio_pci). */
bool pf_driver_is_vfio(const char *driver);

#endif

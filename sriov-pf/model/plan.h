/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what is to what is wanted, as a list of single steps. Pure: reads and sets nothing.
 *
 * A wanted PF says only what it cares for; the rest stays. Steps come in the one order that works
 * on all drivers: autoprobe off, eswitch (while there are no VFs), number of VFs (through 0 when
 * both are not 0), the PF's MTU, then VF by VF: unbind when the driver changes, attributes, bind.
 */
#ifndef SRIOV_PF_MODEL_PLAN_H
#define SRIOV_PF_MODEL_PLAN_H

#include "sriov-pf/model/caps.h"
#include "sriov-pf/model/state.h"

#define PF_NAME	     32
#define PF_NO_DRIVER "none" /* the kernel's documentation has this name for it */

struct pf_vf_want {
	uint32_t set; /* PF_ATTR_BIT of those wanted */
	/* PF_VF_DRIVER is override alone: "vfio-pci"; "": the kernel's choice; PF_NO_DRIVER: none,
	 * which is an override that no driver matches. */
	struct pf_vf value;
	char owner[PF_NAME]; /* the guest it is for, "": anyone */
	bool named;	     /* the configuration has an entry for it, perhaps an empty one */
};

/* Which PF is meant: by one of address, ifname, and device. */
struct pf_select {
	char address[PF_ADDRESS];
	char ifname[PF_IFNAME];
	uint16_t vendor, device;
	bool by_device, by_port; /* vendor and device count; port counts, too */
	char serial[PF_SERIAL];	 /* "": any; with vendor and device */
	unsigned int port;
};

enum pf_want_bit { PF_WANT_NUMVFS = 1, PF_WANT_MTU = 2, PF_WANT_ESWITCH = 4 };

struct pf_want {
	char name[PF_NAME];
	struct pf_select select;
	uint32_t set; /* enum pf_want_bit */
	unsigned int numvfs, mtu;
	enum pf_eswitch eswitch;
	bool repair;	       /* drift is repaired, not only reported */
	struct pf_vf_want *vf; /* vfs of them, which is numvfs when that is set */
	unsigned int vfs;
};
void pf_want_clear(struct pf_want *w);

enum pf_step_kind {
	PF_STEP_AUTOPROBE, /* number: 0 or 1 */
	PF_STEP_ESWITCH,   /* number: enum pf_eswitch */
	PF_STEP_NUMVFS,	   /* number */
	PF_STEP_MTU,	   /* number */
	PF_STEP_VF_SET,	   /* vf, attr (not PF_VF_DRIVER), value */
	PF_STEP_VF_UNBIND, /* vf: from whatever driver it has; driver_override stays */
	PF_STEP_VF_BIND,   /* vf, value.override: sets driver_override ("" clears it) and probes */
	PF_STEP_VF_OVERRIDE, /* vf, value.override: the same, and does not probe */
	PF_STEP_VF_RESET,    /* vf: function level reset */
};

struct pf_step {
	enum pf_step_kind kind;
	unsigned int number, vf;
	enum pf_attr attr;
	struct pf_vf value; /* only the attribute counts */
};

struct pf_plan {
	struct pf_step *step;
	unsigned int steps, room;
	bool loses_vfs; /* a step makes the number of VFs smaller, or goes through 0 */
};
void pf_plan_clear(struct pf_plan *p);

/* What leads from `is` to `want`. An empty plan when nothing differs. Refuses by name what the
 * driver is known not to do (caps), what cannot be (more VFs than totalvfs, an index that is not
 * there, min above max, an MTU of 0), and what could not be read back.
 *
 * VFs that are made anew have what is wanted of them and the driver's own defaults, nothing of
 * what VFs of the same number had before; a driver that keeps that is told the neutral value. They
 * are bound to nothing but what is wanted, and autoprobe stays off. The kernel chooses a driver for
 * a VF only while autoprobe is on, so it is on while such VFs are bound.
 *
 * 0, the plan is the caller's; -EINVAL, -ENOTSUP, -ERANGE, -ENOMEM with e->path below ""
 * ("/numvfs", "/vfs/3/mac") and the cure, and no plan. Any thread. */
int pf_plan_make(const struct pf_state *is, const struct pf_want *want, const struct pf_caps *caps,
		 struct pf_plan *plan, struct err *e);

/* What leads back to a former state exactly, with everything it told. 0; -ENOTSUP: e names the
 * first thing that cannot be brought back, and the plan has all the rest, so carry it out all the
 * same; -ENOMEM: no plan. Any thread. */
int pf_plan_back(const struct pf_state *is, const struct pf_state *former,
		 const struct pf_caps *caps, struct pf_plan *plan, struct err *e);

/* What makes one VF neutral (pf_caps_neutral) before its next holder: unbind, reset, each attribute
 * that the driver takes and tells, whatever it is now. Errors as pf_plan_back's; -EINVAL: there is
 * no such VF. */
int pf_plan_quarantine(const struct pf_state *is, unsigned int vf, const struct pf_caps *caps,
		       struct pf_plan *plan, struct err *e);

/* Does the PF look as it must after that step? What cannot be read (PF_STEP_VF_RESET) is done. */
bool pf_step_done(const struct pf_step *s, const struct pf_state *is);

/* "vf 3: mac 52:54:00:00:00:01", "numvfs 4". */
const char *pf_step_text(const struct pf_step *s, char *buf, size_t len);
json_t *pf_step_json(const struct pf_step *s);
int pf_step_parse(const json_t *json, struct pf_step *s, struct err *e);

#endif

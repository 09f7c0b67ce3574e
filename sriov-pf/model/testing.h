/* SPDX-License-Identifier: BSD-3-Clause */
/* A card for the tests of plans. */
#ifndef SRIOV_PF_MODEL_TESTING_H
#define SRIOV_PF_MODEL_TESTING_H

#include "sriov-pf/model/plan.h"

#define BIT(a)	   PF_ATTR_BIT(PF_##a)
#define ALL_BUT(a) (((1u << PF_ATTRS) - 1) & ~(a))
#define VFS	   4

/* An igb with three VFs, made and left alone: autoprobe is on, so its own driver has them. */
struct card {
	struct pf_state is;
	struct pf_vf vf[VFS];
	struct pf_want want;
	struct pf_vf_want vf_want[VFS];
	struct pf_caps caps;
	char text[2048];
	struct err e;
};

/* c must stay where it is. */
void card_fill(struct card *c);
/* The steps as text, joined; also each must come back from JSON. In c->text. */
const char *card_steps(struct card *c, const struct pf_plan *p);

#endif

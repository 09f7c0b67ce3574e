/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files that read the configuration; nobody else's. */
#ifndef SRIOV_PF_MODEL_WANT_PRIV_H
#define SRIOV_PF_MODEL_WANT_PRIV_H

#include "sriov-pf/model/plan.h"

/* "KEY: TEXT" at /LIST/I/KEY; returns code. */
int pf_want_error(struct err *e, int code, const char *list, size_t i, const char *key,
		  const char *text);
/* The i-th of "vfs" into its place; -EEXIST: that was taken. */
int pf_want_vf(const json_t *vf, size_t i, struct pf_vf_want *w, struct err *e);

#endif

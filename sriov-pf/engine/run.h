/* SPDX-License-Identifier: BSD-3-Clause */
/* What plans, going back and quarantine have in common. */
#ifndef SRIOV_PF_ENGINE_RUN_H
#define SRIOV_PF_ENGINE_RUN_H

#include "sriov-pf/engine/journal.h"
#include "sriov-pf/engine/txn.h"

#define PF_STEP_TEXT 160

/* Reads the PF into *s, whose former content is cleared. 0 or negative errno with s all zero. */
int pf_run_read(struct pf_txn *t, const char *address, struct pf_state *s, struct err *e);

/* One step, and what it set is read back into *s, which holds the state before it. 0; the backend's
 * errno; -EIO: it reads back as something else. e->path names the key. */
int pf_run_step(struct pf_txn *t, const char *address, const struct pf_step *step,
		struct pf_state *s, struct err *e);

/* What the PF's driver takes. */
const struct pf_caps *pf_run_caps(const struct pf_txn *t, const struct pf_state *s);

/* Brings the PF from whatever it is to a former state; steps that fail do not keep others from
 * being tried. *s: how it is then. 0: it is as it was; negative errno: e says what is not. */
int pf_run_back(struct pf_txn *t, const char *address, const struct pf_state *former,
		struct pf_state *s, struct err *e);

/* Which start of the host this is, in buf or the caller's of t. NULL with e. */
const char *pf_run_boot(const struct pf_txn *t, char buf[PF_BOOT], struct err *e);

/* Adds {key: value} to the journal; value is consumed. 0 or negative errno. */
int pf_run_note(struct pf_journal *j, const char *key, json_t *value, struct err *e);

#endif

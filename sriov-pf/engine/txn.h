/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plans carried out whole or not at all.
 *
 * Before the first step the journal gets what was (the PF's whole state), and the steps; it is
 * synced, and only then is anything set. Each step is read back. A step that fails, or reads back
 * as something else, ends the plan: the steps that lead from there to the former state exactly are
 * made and carried out. A journal found at start without its end is treated the same way, so a
 * process killed anywhere leaves, after the next start, either all of the plan or nothing.
 *
 * As long as a former state could not be restored its journal stays, and neither a plan nor a
 * quarantine of that PF begins: each tries to restore it first.
 *
 * All calls block as long as the backend and the disk do. One at a time for a PF.
 */
#ifndef SRIOV_PF_ENGINE_TXN_H
#define SRIOV_PF_ENGINE_TXN_H

#include "sriov-pf/engine/backend.h"

struct pf_txn_counts {
	unsigned int steps; /* carried out, those of going back too */
	unsigned int reads;
};

struct pf_txn {
	const struct pf_backend *backend;
	const char *dir;  /* where the journal of this PF is: DIR/ADDRESS.journal */
	const char *boot; /* which start of the host this is; NULL: the kernel's boot id */
	const struct pf_caps *caps; /* what the driver takes; NULL: pf_caps_of() it */
	/* Called before each write to the journal, each sync, each step and each read, with its
	 * name, so that a test can end the process there; NULL: nothing. */
	void (*point)(void *arg, const char *name);
	/* Told what is about to be done, in words; NULL: nobody. */
	void (*progress)(void *arg, const char *text);
	void *arg;
	struct pf_txn_counts counts;
	uint32_t refused; /* PF_ATTR_BIT of what the driver refused as unknown (EOPNOTSUPP), for
			   * pf_caps_without() */
};

/* Makes the PF as wanted. *after (may be NULL): how it is then, the caller's (pf_state_clear); also
 * when it was brought back; all zero when it could not be read. Nothing differs: no step, no write.
 * 0; what the plan was refused with; the failed step's errno with its words, "; what was before is
 * restored" or what could not be; the journal stays when it could not. -EIO: a step said it was
 * done and reads back as something else. e->path: the key at fault, as "/vfs/3/mac". */
int pf_txn_apply(struct pf_txn *t, const char *address, const struct pf_want *want,
		 struct pf_state *after, struct err *e);

/* Makes one VF neutral and reads that back. *after: as above. 0; -EBUSY: a step must wait (somebody
 * holds it); -EIO: it is not neutral, e says in what. Without a journal, as there is nothing to go
 * back to: a VF that was not told to be neutral by a 0 from here is not free. */
int pf_txn_quarantine(struct pf_txn *t, const char *address, unsigned int vf,
		      struct pf_state *after, struct err *e);

/* Makes the PF what it was at another time, for who wrote that down himself: no journal is kept, so
 * it is called again when it was interrupted. *after: as above. 0; e says what is not restored. */
int pf_txn_restore(struct pf_txn *t, const char *address, const struct pf_state *former,
		   struct pf_state *after, struct err *e);

/* At start: brings back what an unfinished journal says was before. 0: done or nothing to do;
 * *restored (may be NULL): was there something? A journal of a card that was replaced by another is
 * removed. Others: the journal stays; call it again later. */
int pf_txn_recover(struct pf_txn *t, const char *address, bool *restored, struct err *e);

#endif

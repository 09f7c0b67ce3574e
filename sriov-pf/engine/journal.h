/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal of one PF: a file of lines, each a JSON object with its CRC-32C before it. A line
 *that is cut short or damaged ends it, as if it had not been written; the first one is there whole
 *or the plan was never begun. begin	boot id, PF address, its former state, the steps step
 *number: about to be carried out back	the former state is being restored end	done; the file is
 *removed next
 */
#ifndef SRIOV_PF_ENGINE_JOURNAL_H
#define SRIOV_PF_ENGINE_JOURNAL_H

#include "base/err.h"
#include "base/json.h"

struct pf_journal;

/* A new journal, which replaces a finished one; the directory is synced, too. NULL with e. */
struct pf_journal *pf_journal_begin(const char *dir, const char *address, const json_t *begin,
				    void (*point)(void *arg, const char *name), void *arg,
				    struct err *e);
/* Appends and syncs. 0 or negative errno: nothing may be set then. */
int pf_journal_add(struct pf_journal *j, const json_t *line, struct err *e);
/* Writes the end and removes it. 0 or negative errno. */
int pf_journal_end(struct pf_journal *j, struct err *e);
/* Leaves it as it is. */
void pf_journal_close(struct pf_journal *j);

/* An unfinished one: *begin its first line, *back: restoring had begun. 0; -ENOENT: there is none
 * (a finished one is removed); -EBADMSG: its first line is damaged, so nothing was set. */
int pf_journal_load(const char *dir, const char *address, json_t **begin, bool *back,
		    struct err *e);

/* The lines of a buffer, as far as they are whole: a JSON array. Pure. NULL: out of memory. */
json_t *pf_journal_parse(const char *buf, size_t len);

#endif

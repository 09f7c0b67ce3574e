/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal of one PF: DIR/ADDRESS.journal, a file of lines, each the CRC-32C of a JSON object as
 * eight hexadecimal digits, a blank, the object, and a newline:
 *
 *   {"version": 1, "boot": ID, "address": PF, "state": its former state, "steps": the plan}
 *   {"step": N}    step N (from 0) is about to be carried out
 *   {"back": true}   the former state is being restored
 *   {"end": true}    done; the file is removed next
 *
 * A line that is cut short or damaged ends it, as if it and those after it had not been written.
 * The file gets its name only when the first line is on the disk, so that line is whole or the plan
 * was never begun. A journal of another start of the host is removed, not used: all that a plan
 * sets is gone after a reboot, and what it was before that is no concern any more.
 *
 * One process uses a PF's journal at a time. All calls wait for the disk.
 */
#ifndef SRIOV_PF_ENGINE_JOURNAL_H
#define SRIOV_PF_ENGINE_JOURNAL_H

#include "base/err.h"
#include "base/json.h"

#define PF_JOURNAL_VERSION 1
#define PF_BOOT		   40 /* "e4f0b2c6-1d0c-4d1a-9c6c-6a7d5b1f0a11" and NUL */

struct pf_journal;

/* Which start of the host this is: /proc/sys/kernel/random/boot_id. 0 or negative errno. */
int pf_journal_boot(char boot[PF_BOOT], struct err *e);

/* A new journal with that first line, which replaces a finished one; the directory is synced, too.
 * point (may be NULL) is called before each thing done to the disk, with its name. NULL with e:
 * nothing may be set then. */
struct pf_journal *pf_journal_begin(const char *dir, const char *address, const json_t *begin,
				    void (*point)(void *arg, const char *name), void *arg,
				    struct err *e);
/* An unfinished one, to go on with it; what is damaged at its end is cut off. NULL with e. */
struct pf_journal *pf_journal_resume(const char *dir, const char *address,
				     void (*point)(void *arg, const char *name), void *arg,
				     struct err *e);
/* Appends, without a sync: what is to be brought back is in the first line, and who loses power
 * loses all VFs as well. 0 or negative errno: nothing may be set then. After -ENOSPC it can be
 * tried again. */
int pf_journal_add(struct pf_journal *j, const json_t *line, struct err *e);
/* Writes the end, removes it, and frees j whatever comes of it. 0 or negative errno: it may be
 * found again, unfinished. */
int pf_journal_end(struct pf_journal *j, struct err *e);
/* Leaves it as it is, and frees j, which may be NULL. */
void pf_journal_close(struct pf_journal *j);

/* An unfinished one of that start of the host (boot): *begin its first line, a new reference;
 * *back: restoring had begun. 0; -ENOENT: there is none (a finished one, and one of another start,
 * is removed); -EBADMSG: its first line is damaged, which no crash does, so that nobody knows what
 * was before: it stays for a person to look at; others when it cannot be read. */
int pf_journal_load(const char *dir, const char *address, const char *boot, json_t **begin,
		    bool *back, struct err *e);

/* The lines of a buffer, as far as they are whole: a JSON array. Pure; any thread. *whole (may be
 * NULL): how many bytes those are. NULL: out of memory. */
json_t *pf_journal_parse(const char *buf, size_t len, size_t *whole);

#endif

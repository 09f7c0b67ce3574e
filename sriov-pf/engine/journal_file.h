/* SPDX-License-Identifier: BSD-3-Clause */
/* The journal's file, for its two halves: the one that writes and the one that reads. */
#ifndef SRIOV_PF_ENGINE_JOURNAL_FILE_H
#define SRIOV_PF_ENGINE_JOURNAL_FILE_H

#include "base/err.h"

#include <stddef.h>

#define PF_JOURNAL_NAME 64

/* Opens the directory, and names the file of that PF in it. The descriptor or negative errno. */
int pf_journal_dir(const char *dir, const char *address, char name[PF_JOURNAL_NAME], struct err *e);

/* The whole file, and free() for it. 0 or negative errno; -ENOENT: there is none. */
int pf_journal_slurp(int dir, const char *name, char **buf, size_t *len, struct err *e);

#endif

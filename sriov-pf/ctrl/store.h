/* SPDX-License-Identifier: BSD-3-Clause */
/* Small files that are whole or as they were before, whenever the process or the host dies. */
#ifndef SRIOV_PF_CTRL_STORE_H
#define SRIOV_PF_CTRL_STORE_H

#include "base/err.h"
#include "base/json.h"

/* Called before each write, sync and rename with its name, so that a test can end the process
 * there; NULL: nothing. */
typedef void (*store_point)(const char *name);

/* Makes DIR/NAME that JSON: written beside it, synced, renamed, and the directory synced. 0 or a
 * negative errno with e; then the file is as it was. Main thread. */
int store_write(const char *dir, const char *name, const json_t *json, store_point point,
		struct err *e);

/* What is in it, a new reference. NULL with e: -ENOENT, -EBADMSG: it is not JSON, others. */
json_t *store_read(const char *dir, const char *name, struct err *e);

/* Makes the directory, 0700, and those above it. 0 or a negative errno with e. */
int store_make_dir(const char *dir, struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that gets what a console says, and never more than twice its limit on the disk. */
#ifndef HV_CORE_CONSOLE_LOG_H
#define HV_CORE_CONSOLE_LOG_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct hv_log {
	int fd; /* -1: none, or it could not be made anew */
	const char *path;
	uint64_t bytes, max_bytes;
};

/* Opens it to append. 0 or negative errno. Main thread, as all here. */
int hv_log_open(struct hv_log *l, const char *path, uint64_t max_bytes, struct err *e);

/* Appends. What is full becomes PATH.1, in place of the one before. A write that fails is said once
 * in the process's own log, and ends the file. */
void hv_log_write(struct hv_log *l, const void *bytes, size_t len);

void hv_log_close(struct hv_log *l);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that lies in RAM. Main thread. */
#ifndef BENCH_LOAD_TARGET_DISK_H
#define BENCH_LOAD_TARGET_DISK_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Makes a file of so many bytes, all allocated, in bench_dir() or /dev/shm, whichever is a tmpfs;
 * path: where. -ENOSPC, -ENOTSUP. */
int target_disk_make(const char *name, uint64_t bytes, char *path, size_t size, struct err *e);

#endif

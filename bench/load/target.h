/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An iSCSI target with a disk in RAM: tgtd of the Debian package tgt, in a namespace, with a
 * control port of its own. Inside a sandbox, whose /run is private. Main thread of flue-bench.
 */
#ifndef BENCH_LOAD_TARGET_H
#define BENCH_LOAD_TARGET_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct target;

struct target_spec {
	const char *name; /* unique in this run; at most 40 characters */
	const char *netns;
	const char *address; /* where it listens, without prefix length; port 3260 */
	uint64_t cpus;	     /* bit mask; 0: all of ours */
	uint64_t disk_bytes;
	const char *chimney; /* flued's socket for its connections (under.h); NULL: none */
	bool header_digest, data_digest; /* accepts CRC32C; else it declines */
};

#define TARGET_IQN "iqn.2000-01.flue-bench:disk"
enum { TARGET_PORT = 3260, TARGET_LUN = 1 };

/* Starts it and waits until it serves. -ENOENT names the package; -ENOSPC: no room for the disk in
 * RAM. */
int target_start(const struct target_spec *spec, struct target **t, struct err *e);
void target_stop(struct target *t); /* NULL: nothing; the disk goes too */

int target_freeze(struct target *t, bool freeze, struct err *e);
uint64_t target_cpu_ns(const struct target *t);

#endif

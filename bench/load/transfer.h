/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads and writes on a session, with so many commands under way all the time (a closed loop), for
 * a window of time or a number of commands. Process of `__iscsi`, its main thread.
 */
#ifndef BENCH_LOAD_TRANSFER_H
#define BENCH_LOAD_TRANSFER_H

#include "base/err.h"
#include "base/hist.h"
#include "bench/load/pattern.h"
#include "bench/load/session.h"

#include <stdbool.h>
#include <stdint.h>

enum { TRANSFER_DEPTH_MAX = 64 };

enum transfer_op { TRANSFER_READ, TRANSFER_WRITE, TRANSFER_MIXED };

struct transfer_spec {
	enum transfer_op op; /* mixed: each command is either, with even odds */
	uint32_t block_bytes;
	unsigned int depth; /* 1 to TRANSFER_DEPTH_MAX */
	bool random;
	bool verify;	     /* write the pattern, check what is read */
	uint64_t span_bytes; /* of the disk, from its beginning; 0: all of it */
	uint64_t seed;
	uint64_t begin_ns, end_ns; /* commands that end within count (clock_now_ns()) … */
	uint64_t commands;	   /* … or, when not 0, so many are made and all count */
	unsigned int silence_ms;   /* a command that takes longer means the path is dead */
};

struct transfer_result {
	uint64_t reads, writes; /* commands that count */
	uint64_t read_bytes, write_bytes;
	uint64_t began_ns, ended_ns; /* of what counts */
	uint64_t cpu_ns;	     /* of this process meanwhile */
	struct pattern_seen seen;    /* everything, not only what counts */
	struct hist latency;	     /* ns from when a command is handed over to its answer */
};

/* 0; -EINVAL: the spec makes no sense here; -ETIMEDOUT: "no answer for 5 s with 12 commands
 * outstanding"; -EINTR: flue-bench wants it to end; -EIO: the target refused a command, or the
 * connection is lost. With commands still outstanding the session is dropped (s->iscsi is NULL). */
int transfer_run(struct session *s, struct pattern *p, const struct transfer_spec *spec,
		 struct transfer_result *r, struct err *e);

#endif

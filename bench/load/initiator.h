/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An iSCSI initiator as a load: a process of ours on libiscsi in a namespace. Main thread of
 * flue-bench; errors come as sentences, and deadlines see to it that they come.
 */
#ifndef BENCH_LOAD_INITIATOR_H
#define BENCH_LOAD_INITIATOR_H

#include "base/err.h"
#include "base/hist.h"
#include "bench/load/window.h"

#include <stdbool.h>
#include <stdint.h>

struct initiator;

struct initiator_spec {
	const char *name; /* unique in this run; at most 40 characters */
	const char *netns;
	uint64_t cpus;	     /* bit mask; 0: all of ours */
	const char *chimney; /* flued's socket for its connections (under.h); NULL: none */
};

struct initiator_disk {
	uint64_t bytes;
	uint32_t sector_bytes;
	bool header_digest; /* as seen on the wire */
};

struct initiator_login {
	const char *address; /* the target's, without prefix length */
	uint16_t port;
	const char *target; /* its name (IQN) */
	int lun;
	bool header_digest, data_digest;
	unsigned int timeout_ms;
};

enum initiator_op { INITIATOR_READ, INITIATOR_WRITE, INITIATOR_MIXED };

struct initiator_load {
	enum initiator_op op; /* mixed: reads and writes with even odds */
	uint32_t block_bytes;
	unsigned int depth; /* commands outstanding at any time, 1 to 64 */
	bool random;	    /* else in order, and again from the beginning */
	bool verify; /* what is written says where and when; what is read is checked against it */
	uint64_t span_bytes; /* from the disk's beginning; 0: all of it */
	uint64_t seed;
	unsigned int silence_ms; /* a command may take so long; 0: 5 s */
};

struct initiator_result {
	char why[200]; /* "" or why it must not be counted: silence, data that is wrong */
	double seconds;
	uint64_t reads, writes, read_bytes, write_bytes;
	uint64_t checked, unknown; /* sectors read that were compared; that nobody knew */
	double cpu;		   /* seconds of CPU time of the initiator's process */
	struct hist latency;	   /* ns, of each command that counts */
	struct window_seen seen;   /* only with a window */
};

int initiator_start(const struct initiator_spec *spec, struct initiator **i, struct err *e);
void initiator_stop(struct initiator *i); /* NULL: nothing */

/* Logs in (again). -ENOTSUP: data digests, which libiscsi 1.19 does not do; -EPROTO: the target
 * declined header digests; -ETIMEDOUT and others as they come. disk may be NULL. */
int initiator_login(struct initiator *i, const struct initiator_login *login,
		    struct initiator_disk *disk, struct err *e);

/* Load for a window (planned here). 0, also when r->why is set. A session that fell silent is gone
 * then: log in again. Negative: the target refused, the connection is lost, the load itself
 * failed. r is large: not for the stack. */
int initiator_run(struct initiator *i, const struct initiator_load *load, struct window *w,
		  struct initiator_result *r, struct err *e);

/* The same for a number of commands, however long they take. */
int initiator_do(struct initiator *i, const struct initiator_load *load, uint64_t commands,
		 struct initiator_result *r, struct err *e);

/* Is there a session? */
bool initiator_logged_in(const struct initiator *i);
int initiator_freeze(struct initiator *i, bool freeze, struct err *e);

#endif

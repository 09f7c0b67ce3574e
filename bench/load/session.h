/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session of libiscsi with one disk, driven with deadlines: libiscsi alone would wait for ever,
 * or reconnect in silence. Process of `__iscsi`, its main thread.
 */
#ifndef BENCH_LOAD_SESSION_H
#define BENCH_LOAD_SESSION_H

#include "base/err.h"

#include <iscsi/iscsi.h>
#include <stdbool.h>
#include <stdint.h>

enum { SESSION_LINK_FD = 3 };

/* An answer that is waited for. It lives as long as the session, since libiscsi may still call back
 * when the wait was given up. */
struct session_wait {
	bool done;
	int status;
};

struct session {
	struct iscsi_context *iscsi; /* NULL: not logged in */
	struct session_wait wait;
	int lun;
	uint64_t sectors;
	uint32_t sector_bytes;
	bool header_digest; /* seen on the wire, not merely asked for */
};

struct session_spec {
	const char *portal; /* "10.0.0.2:3260" */
	const char *target;
	int lun;
	bool header_digest;
	unsigned int timeout_ms;
};

/* Connects, logs in, asks for the capacity. -ETIMEDOUT, -EIO …; then not logged in. */
int session_login(struct session *s, const struct session_spec *spec, struct err *e);

/* Says good-bye, waiting timeout_ms at most, and forgets the session. */
void session_logout(struct session *s, unsigned int timeout_ms);

/* Forgets a session that does not answer any more. What is under way is cancelled first: each
 * command's callback is called. */
void session_drop(struct session *s);

/* Lets libiscsi work once, waiting until_ns (clock_now_ns()) at most. *told: flue-bench has
 * something to say (may be NULL: not looked at). -EIO with libiscsi's reason when the connection
 * is lost. */
int session_turn(struct session *s, uint64_t until_ns, bool *told, struct err *e);

/* Bytes TCP has sent so far, without those sent again. */
uint64_t session_sent(const struct session *s);

#endif

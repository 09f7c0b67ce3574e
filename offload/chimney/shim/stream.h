/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes into and out of a connection's rings, with the meaning that send(2) and recv(2) have for a
 * TCP socket. flags: MSG_PEEK, _WAITALL, _TRUNC, _DONTWAIT; what else there is of them is the
 * caller's to have dealt with.
 *
 * The return is a count of bytes or a negative errno. With CHIM_MOVED some bytes may have passed
 * before: the cursor tells. Any thread; two may send, or receive, at once.
 */
#ifndef OFFLOAD_CHIMNEY_SHIM_STREAM_H
#define OFFLOAD_CHIMNEY_SHIM_STREAM_H

#include "offload/chimney/shim/wait.h"

/* Where in a list of pieces copying is, and what it does beside copying. */
struct chim_cursor {
	const struct iovec *v;
	size_t n;      /* pieces left, the first one in work */
	size_t off;    /* in it */
	size_t left;   /* bytes in all */
	uint32_t *crc; /* not NULL: CRC32C of what is copied goes on there */
};

/* -EINVAL: more pieces than IOV_MAX, or more bytes than ssize_t counts; -EFAULT: a piece lies
 * where no program's memory can. */
int chim_cursor_init(struct chim_cursor *cur, const struct iovec *v, size_t n);

ssize_t chim_recv(struct chim_conn *c, struct chim_cursor *to, int flags,
		  const struct chim_how *how);
/* -EPIPE: the caller raises SIGPIPE. */
ssize_t chim_send(struct chim_conn *c, struct chim_cursor *from, int flags,
		  const struct chim_how *how);

/* One attempt of each, that never waits: 0: nothing is there, no room is left. CHIM_FROZEN: first
 * chim_conn_settle(). */
enum { CHIM_FROZEN = -4097 };
ssize_t chim_take(struct chim_conn *c, struct chim_cursor *to, int flags);
ssize_t chim_put(struct chim_conn *c, struct chim_cursor *from);
/* Bytes that were written behind snd_head already. 0; -EINVAL: there was no room for so many;
 * CHIM_FROZEN. */
int chim_put_in_place(struct chim_conn *c, size_t n);

/* A flag of enum chim_app_flag that goes with the connection, wherever it goes next. 0, or
 * CHIM_FROZEN: it is on its way. */
int chim_set_flag(struct chim_conn *c, uint32_t flag, bool on);

/* shutdown(2). 0; -ENOTCONN: it is reset; CHIM_MOVED. */
int chim_shutdown(struct chim_conn *c, int how);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP connections that flued runs, for programs that want them directly: without a copy where they
 * read or write in place, and with CRC32C computed by the copy where there is one. Link with
 * -lflue-chimney; chimney(3) has an example.
 *
 * A connection begins as an ordinary connected socket that is offered. flued may give it back to
 * the kernel at any time (its path changed, flued ends); the functions then go on with the
 * kernel's socket, and only chimney_info() tells. If flued fails, its connections end with
 * ECONNRESET.
 *
 * Functions return 0 or a count, or a negative errno; none raises SIGPIPE. Any thread may call
 * them; one thread at a time sends, and one receives, on a connection. A connection cannot be
 * shared with a process that is forked: give it back before.
 */
#ifndef API_CHIMNEY_H
#define API_CHIMNEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chimney;	     /* the way to flued */
struct chimney_conn; /* a connection */

/* path: flued's chimney socket; NULL for $FLUE_CHIMNEY_SOCKET or /run/flue/chimney.sock.
 * -ENOENT, -ECONNREFUSED: flued does not run; -EACCES: it may not be asked; -EPROTO: it speaks
 * another version. */
int chimney_open(const char *path, struct chimney **ch);
void chimney_end(struct chimney *ch); /* NULL: nothing; its connections live on */

/* Why flued keeps a connection in the kernel. */
struct chimney_refusal {
	const char *reason;   /* "policy", "no_path" ... */
	uint32_t retry_ms;    /* worth offering again after so long; 0: never */
	uint64_t retry_bytes; /* or after so many bytes; 0: never */
};

/* Offers a connected TCP socket. On success fd belongs to the connection: nobody else may use or
 * close it until chimney_upload() returns it. -EAGAIN: refused, and why (may be NULL) is filled;
 * -ECONNRESET: flued went away; -ENOMEM. */
int chimney_offload(struct chimney *ch, int fd, struct chimney_conn **c,
		    struct chimney_refusal *why);

/* As send(2) and recv(2); flags: MSG_DONTWAIT, and for receiving MSG_PEEK and MSG_WAITALL. The
 * socket's O_NONBLOCK is not looked at. -EAGAIN, -EINTR, -EPIPE, -ECONNRESET ... */
ssize_t chimney_send(struct chimney_conn *c, const void *buf, size_t len, int flags);
ssize_t chimney_sendv(struct chimney_conn *c, const struct iovec *v, int n, int flags);
ssize_t chimney_recv(struct chimney_conn *c, void *buf, size_t len, int flags);

/* The same, and *crc goes on as the CRC32C (RFC 3720 12.1) of the bytes that were moved; it begins
 * with 0. */
ssize_t chimney_send_crc32c(struct chimney_conn *c, const void *buf, size_t len, int flags,
			    uint32_t *crc);
ssize_t chimney_recv_crc32c(struct chimney_conn *c, void *buf, size_t len, int flags,
			    uint32_t *crc);

/* What was received, in place: up to two pieces; v[1] may be empty. Returns their bytes, 0 at the
 * end, -EAGAIN if there is nothing. They stay until chimney_recv_done(), which frees the first len
 * bytes of them. */
ssize_t chimney_recv_peek(struct chimney_conn *c, struct iovec v[2]);
int chimney_recv_done(struct chimney_conn *c, size_t len);

/* Room to be written to in place: up to two pieces. Returns their bytes; -EAGAIN: no room.
 * chimney_send_commit() sends the first len bytes of them. */
ssize_t chimney_send_reserve(struct chimney_conn *c, struct iovec v[2]);
int chimney_send_commit(struct chimney_conn *c, size_t len);

/* Waits for several, as poll(2). timeout_ms: -1: for ever. Returns how many have revents. */
struct chimney_wait {
	struct chimney_conn *conn;
	short events, revents;
};
int chimney_wait(struct chimney_wait *w, int n, int timeout_ms);

/* For a loop of one's own: wants to be told of these events. Returns those that hold already; if
 * none does, *fd becomes ready for *fd_events when it is time to call this again. events 0: no
 * more. */
int chimney_arm(struct chimney_conn *c, short events, int *fd, short *fd_events);

int chimney_shutdown(struct chimney_conn *c, int how); /* as shutdown(2) */

struct chimney_info {
	bool offloaded; /* flued runs it; false: it is back in the kernel, for this reason */
	const char *reason;
	uint32_t rtt_us, cwnd, mss, retrans; /* cwnd: segments; retrans: segments sent again */
	uint64_t unread, unsent;	     /* bytes in the rings; unsent: not acknowledged */
};
int chimney_info(struct chimney_conn *c, struct chimney_info *info);

/* Has the kernel run it again, and ends the use of c. Returns the socket, the caller's again.
 * -ECONNRESET or another errno: it is lost, and c still has to be closed; -ENOTCONN: it was shut
 * down for sending, which cannot be given back. */
int chimney_upload(struct chimney_conn *c);

/* Closes the connection, as close(2) would, and frees c. NULL: nothing. */
void chimney_close(struct chimney_conn *c);

#ifdef __cplusplus
}
#endif

#endif

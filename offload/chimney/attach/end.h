/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a relay speaks to on the connection's side: the kernel's TCP socket, or the rings of a
 * connection that flued runs. Calls never wait. Used by the relay's thread.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_END_H
#define OFFLOAD_CHIMNEY_ATTACH_END_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct att_end;

struct att_end_ops {
	/* Bytes that came; 0: the peer ended; -EAGAIN; -ESTALE: the kernel's socket is the
	 * connection again; or what the connection died of. */
	ssize_t (*read)(struct att_end *end, void *buf, size_t n);
	/* Bytes that were taken, else as read. */
	ssize_t (*write)(struct att_end *end, const void *buf, size_t n);
	int (*shutdown)(struct att_end *end, int how); /* SHUT_RD or SHUT_WR. 0 or -ESTALE */
	bool (*is_stale)(struct att_end *end);	       /* NULL: never */
	/* Before the relay sleeps on fds: says what it waits for. True: there is something already.
	 * And afterwards. NULL: fds tell by themselves. */
	bool (*arm)(struct att_end *end, bool in, bool out);
	void (*disarm)(struct att_end *end);
	/* Gives the connection back to the kernel's socket. 0 or a negative errno. NULL: it is. */
	int (*upload)(struct att_end *end);
	/* Ends it: with FIN after everything that was written, or with RST at once. Frees it. A
	 * connection that is the kernel's socket again is not touched. */
	void (*close)(struct att_end *end, bool reset);
};

struct att_end {
	const struct att_end_ops *ops;
	int fds[2];	     /* to sleep on; -1: none */
	unsigned int events; /* of epoll(7), for each of them */
};

/* The kernel's socket as an end. sock stays the caller's. While it is one, the connection is reset
 * rather than ended if this process dies: what the program wrote may not have been sent yet. NULL
 * with errno set. */
struct att_end *att_end_kernel(int sock);
/* Frees it; the socket goes on with its own SO_LINGER. */
void att_end_kernel_release(struct att_end *end);

#endif

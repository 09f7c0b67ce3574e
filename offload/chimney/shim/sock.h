/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The preload library's view of descriptors: which of them are TCP sockets that are offered, and
 * which connections run in flued.
 *
 * The kernel's socket stays under the application's number all the time; the connection's eventfd
 * has a high number of its own. So a program that reaches the kernel behind the library's back
 * (system calls of its own, io_uring, stdio within libc) meets a socket that is not connected and
 * fails with ENOTCONN or EPIPE; an eventfd there would take eight bytes of its data and say that
 * they were sent. And nothing has to be put in place of a number others may be using at that
 * moment: handing over changes one pointer. In epoll sets the eventfd is registered instead of the
 * socket, so that one epoll_wait() serves mixed sets; poll() passes the eventfd to the kernel in
 * the socket's place.
 *
 * A descriptor that is not tracked costs one load and one branch. Objects are never unmapped and
 * carry a count of who uses them, so that a thread in the middle of a read and one that closes the
 * same descriptor do not meet. Any thread.
 */
#ifndef OFFLOAD_CHIMNEY_SHIM_SOCK_H
#define OFFLOAD_CHIMNEY_SHIM_SOCK_H

#include "offload/chimney/shim/stream.h"

#include <sys/socket.h>

enum { CHIM_FDS = 1 << 20, CHIM_SOCKS = 1 << 16 };

struct chim_watch;
struct chim_epoll;

enum chim_mode {
	CHIM_OFFERABLE, /* the kernel's; offered when it is connected, or due again */
	CHIM_OFFERING,
	CHIM_FAST, /* flued's */
	CHIM_OVER, /* `next` stands in its place; NULL: the kernel's for good */
};

struct chim_name {
	struct sockaddr_storage addr;
	socklen_t len;
};

struct chim_sock {
	_Atomic uint32_t refs; /* 0: free */
	_Atomic int mode;
	_Atomic int fds;       /* descriptors that lead here */
	_Atomic int watches;   /* of epoll sets, that are with its eventfd */
	_Atomic int in_kernel; /* calls that are with the kernel's socket: it is not offered now */
	pthread_mutex_t lock;  /* of changes of mode */
	struct chim_conn *conn;
	struct chim_sock *next;
	bool connecting;
	_Atomic bool untold; /* a connect() that did not wait: the next one returns 0 once */
	int unkept;	     /* how often it had to go back for what only the kernel has */
	uint64_t retry_ns, retry_bytes;
	_Atomic uint64_t moved; /* bytes, since it was refused */

	_Atomic bool stays;	    /* once it is the kernel's again */
	_Atomic uint32_t linger_ms; /* as CHIM_MSG_CLOSE has it */
	_Atomic bool nonblock;
	_Atomic bool cork, more; /* TCP_CORK; the last send had MSG_MORE */
	_Atomic uint32_t lowat;
	_Atomic uint64_t rcv_timeout_ns, snd_timeout_ns;
	struct chim_name local, peer;
	struct chim_sock *free;
};

struct chim_slot {
	_Atomic(struct chim_sock *) sock;
	_Atomic(struct chim_watch *) watches; /* it is in epoll sets */
	_Atomic(struct chim_epoll *) epoll;   /* it is an epoll set */
	_Atomic bool claimed; /* it is the library's own: the application has no such */
};
extern struct chim_slot chim_slots[CHIM_FDS];

static inline struct chim_slot *chim_slot(int fd)
{
	return fd >= 0 && fd < CHIM_FDS ? &chim_slots[fd] : NULL;
}

static inline bool chim_tracked(int fd)
{
	return (unsigned int)fd < CHIM_FDS &&
	       __builtin_expect(
		       atomic_load_explicit(&chim_slots[fd].sock, memory_order_relaxed) != NULL, 0);
}

/* An epoll set that the application made? */
static inline bool chim_is_set(int fd)
{
	return (unsigned int)fd < CHIM_FDS &&
	       atomic_load_explicit(&chim_slots[fd].epoll, memory_order_relaxed) != NULL;
}

/* A call on a tracked descriptor. */
struct chim_call {
	int fd;
	struct chim_sock *sock; /* NULL: not tracked any more */
	struct chim_conn *conn; /* NULL: the kernel's socket is meant */
	struct chim_how how;
};

/* true: flued runs it, k->conn is held. false: the call goes to the kernel. io: the call moves data
 * or asks whether it is connected: it may be offered before. Ends with chim_end(). */
bool chim_begin(struct chim_call *k, int fd, bool io);
void chim_end(struct chim_call *k);
/* The same when the kernel moved n bytes. */
void chim_end_moved(struct chim_call *k, ssize_t n);
/* For chim_how.gone. */
void chim_call_gone(void *call);

/* Tracks a TCP socket that was accepted, or whose connect() returned 0 (connecting: or
 * EINPROGRESS), and offers it. Errors mean that it stays the kernel's. */
void chim_track(int fd, bool connecting);

/* The descriptor is about to be closed, or was made a copy of another. */
void chim_untrack(int fd);
void chim_share(int from, int to);

/* Gives a descriptor's connection back to the kernel, to stay (again: to be offered again at the
 * next call that moves data). 0 or a negative errno. */
int chim_give_back(int fd, enum chim_upload reason, bool again);
/* Of all descriptors, or of those that an exec leaves open; reason FORK. */
void chim_give_back_all(bool only_kept);

/* The connection was seen to be with the kernel again: makes it so here. */
void chim_sock_back(int fd, struct chim_sock *s);

struct chim_sock *chim_sock_get(int fd); /* held; NULL: not tracked */
void chim_sock_put(struct chim_sock *s);

/* In the child of a fork: it has the kernel's sockets, and a link of its own if it needs one. */
void chim_after_fork(void);
/* Is this the process the table is of? A child of vfork() shares the memory, not the descriptors.
 */
bool chim_own_process(void);

/* For offer.c. */
struct chim_sock *chim_sock_new(void); /* held once; NULL: too many */
void chim_slot_fill(int fd, struct chim_sock *s);
void chim_sock_clear(int fd, struct chim_sock *s); /* no more tracked, if that is s */

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Epoll sets with connections that flued runs beside all else.
 *
 * The application's set stays the kernel's. For a connection its eventfd is registered, edge
 * triggered, with data that no application uses (see tag()); what the application gave is kept
 * here. On top of it is what the kernel does within: a list of watches that may be ready, looked at
 * by each epoll_wait(), from which a level-triggered one goes when it is seen not to be ready, and
 * an edge-triggered one when it was reported.
 *
 * All registrations through epoll_ctl() are remembered, those of descriptors that are not offered
 * yet too, because one that is handed over must be taken out of the sets it is in. One lock for all
 * of it. Any thread.
 */
#ifndef OFFLOAD_CHIMNEY_SHIM_EPOLL_H
#define OFFLOAD_CHIMNEY_SHIM_EPOLL_H

#include "offload/chimney/shim/sock.h"

#include <sys/epoll.h>

enum { CHIM_WATCHES = 1 << 18 };

struct chim_watch {
	struct chim_epoll *epoll;	/* NULL: free */
	struct chim_watch *of_fd;	/* the next of this descriptor */
	struct chim_watch *prev, *next; /* of this set's */
	int fd;
	uint16_t generation;
	uint32_t events;
	epoll_data_t data;
	struct chim_sock *sock; /* flued's; NULL: the kernel's */
	bool armed;		/* EPOLLONESHOT: not reported yet */
	bool edge, queued;
	uint32_t parked; /* CHIM_IN, CHIM_OUT */
	struct chim_watch *ready;
};

struct chim_epoll {
	_Atomic uint32_t fds; /* descriptors of the set */
	int fd;		      /* one of them */
	_Atomic uint32_t n_fast;
	_Atomic uint32_t waiters;
	_Atomic bool nested; /* it is waited for itself: it holds none of flued's */
	struct chim_watch *watches;
	struct chim_watch *first, **last; /* may be ready */
	struct chim_watch *hot;		  /* had something to read last */
	struct chim_link *link;		  /* whose socket is in the set as well */
};

extern pthread_mutex_t chim_epoll_lock;

void chim_epoll_new(int fd);		 /* the application made a set */
void chim_epoll_share(int from, int to); /* to is a copy of from, which may be a set */
void chim_epoll_gone(int fd);		 /* is about to be closed */

/* While a socket is offered it is in no set; then flued's, or the kernel's again. */
void chim_epoll_out(int fd, struct chim_sock *s);
void chim_epoll_in(int fd, struct chim_sock *s);
void chim_epoll_to_flued(int fd, struct chim_sock *s);
void chim_epoll_to_kernel(struct chim_sock *s);

/* epoll_ctl() on a set that is known. Return as the call, with errno. */
int chim_epoll_ctl(struct chim_epoll *e, int set, int op, int fd, struct epoll_event *ev);

/* A set is waited for by poll() or by another set: only the kernel can say when it is ready, so
 * what flued runs of it goes back, and nothing in it is offered. No set: nothing. */
void chim_epoll_nest(int set);
bool chim_epoll_is_nested(int fd); /* is the descriptor in such a set? */

/* With the lock held. */
struct chim_watch *chim_watch_find(const struct chim_epoll *e, int fd);
struct chim_watch *chim_watch_new(struct chim_epoll *e, int fd, const struct epoll_event *ev);
void chim_watch_free(struct chim_watch *w);
void chim_watch_attach(struct chim_watch *w, struct chim_sock *s); /* to flued's eventfd */
void chim_watch_detach(struct chim_watch *w);
/* Of one that is attached to s: other events, without asking the kernel. false: it takes detaching.
 */
bool chim_watch_change(struct chim_watch *w, const struct chim_sock *s,
		       const struct epoll_event *ev);
void chim_watch_queue(struct chim_watch *w); /* may be ready */
void chim_watch_unpark(struct chim_watch *w);
void chim_epoll_poke(const struct chim_watch *w);

/* What an event that came out of the kernel means: NULL and false: the application's. */
bool chim_tag_is(uint64_t data, struct chim_epoll *e, struct chim_watch **w);

/* Waits. timeout as epoll_pwait2(); sigmask: NULL: none. */
int chim_epoll_wait(struct chim_epoll *e, int set, struct epoll_event *events, int max,
		    const struct timespec *timeout, const sigset_t *sigmask);

#endif

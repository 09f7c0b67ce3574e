/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/epoll.h"

#include "offload/chimney/shim/real.h"

#include <errno.h>

/* What the kernel says of it is remembered, should the descriptor be offered later. */
static int ctl_kernel(struct chim_epoll *e, int set, int op, int fd, struct epoll_event *ev)
{
	struct chim_watch *w = chim_watch_find(e, fd);
	int rc = REAL(epoll_ctl)(set, op, fd, ev);

	if (rc)
		return rc;
	if (op == EPOLL_CTL_ADD && !w) {
		chim_watch_new(e, fd, ev);
	} else if (op == EPOLL_CTL_MOD && w) {
		w->events = ev->events;
		w->data = ev->data;
		w->armed = true;
	} else if (op == EPOLL_CTL_DEL && w) {
		chim_watch_free(w);
	}
	return 0;
}

static int ctl_fast(struct chim_epoll *e, int op, int fd, struct epoll_event *ev,
		    struct chim_sock *s)
{
	struct chim_watch *w = chim_watch_find(e, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		if (w)
			return -EEXIST;
		w = chim_watch_new(e, fd, ev);
		if (!w)
			return -ENOSPC;
		chim_watch_attach(w, s);
		return 0;
	case EPOLL_CTL_MOD:
		if (!w)
			return -ENOENT;
		chim_watch_detach(w);
		w->events = ev->events;
		w->data = ev->data;
		w->armed = true;
		chim_watch_attach(w, s);
		return 0;
	case EPOLL_CTL_DEL:
		if (!w)
			return -ENOENT;
		chim_watch_free(w);
		return 0;
	default:
		return -EINVAL;
	}
}

/* The kernel reads the event before all else. */
static bool needs_event(int op)
{
	return op == EPOLL_CTL_ADD || op == EPOLL_CTL_MOD;
}

int chim_epoll_ctl(struct chim_epoll *e, int set, int op, int fd, struct epoll_event *ev)
{
	int rc;

	if (!chim_slot(fd) || (needs_event(op) && !ev))
		return REAL(epoll_ctl)(set, op, fd, ev);
	for (;;) {
		struct chim_call k;

		chim_begin(&k, fd, false);
		pthread_mutex_lock(&chim_epoll_lock);
		if (!k.conn) {
			rc = ctl_kernel(e, set, op, fd, ev);
			pthread_mutex_unlock(&chim_epoll_lock);
			chim_end(&k);
			return rc;
		}
		if (atomic_load(&k.sock->mode) == CHIM_FAST) {
			rc = ctl_fast(e, op, fd, ev, k.sock);
			pthread_mutex_unlock(&chim_epoll_lock);
			chim_end(&k);
			if (rc)
				errno = -rc;
			return rc ? -1 : 0;
		}
		pthread_mutex_unlock(&chim_epoll_lock);
		chim_end(&k);
	}
}

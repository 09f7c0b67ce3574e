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
		if (chim_watch_change(w, s, ev))
			return 0;
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

static int fast_in(const struct chim_epoll *e)
{
	int fd = -1;

	pthread_mutex_lock(&chim_epoll_lock);
	for (const struct chim_watch *w = e->watches; w && fd < 0; w = w->next) {
		if (w->sock)
			fd = w->fd;
	}
	pthread_mutex_unlock(&chim_epoll_lock);
	return fd;
}

void chim_epoll_nest(int set)
{
	struct chim_slot *slot = chim_slot(set);
	struct chim_epoll *e = slot ? atomic_load(&slot->epoll) : NULL;
	int fd;

	if (!e || atomic_load(&e->nested))
		return;
	atomic_store(&e->nested, true);
	while ((fd = fast_in(e)) >= 0) {
		if (chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false))
			break;
	}
}

bool chim_epoll_is_nested(int fd)
{
	bool nested = false;

	pthread_mutex_lock(&chim_epoll_lock);
	for (const struct chim_watch *w = atomic_load(&chim_slots[fd].watches); w; w = w->of_fd)
		nested |= atomic_load(&w->epoll->nested);
	pthread_mutex_unlock(&chim_epoll_lock);
	return nested;
}

int chim_epoll_ctl(struct chim_epoll *e, int set, int op, int fd, struct epoll_event *ev)
{
	int rc;

	if (op == EPOLL_CTL_ADD && atomic_load(&e->nested) && chim_tracked(fd))
		chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/epoll.h"

#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sys.h"

static uint32_t mask_of(const struct chim_watch *w)
{
	uint32_t mask = chim_conn_ready(w->sock->conn, atomic_load(&w->sock->lowat));

	return mask & (w->events | EPOLLERR | EPOLLHUP);
}

static uint32_t wants_of(const struct chim_watch *w)
{
	return (w->events & (EPOLLIN | EPOLLRDNORM | EPOLLRDHUP) ? CHIM_IN : 0u) |
	       (w->events & (EPOLLOUT | EPOLLWRNORM) ? CHIM_OUT : 0u);
}

/* Not ready: flued shall say when it is. The events it has after all, or 0. An error or the end is
 * told to who waits for either. */
static uint32_t park(struct chim_watch *w)
{
	uint32_t wants = wants_of(w), mask;

	if (w->edge || w->parked)
		return mask_of(w);
	w->parked = wants ? wants : (uint32_t)CHIM_IN;
	chim_park(w->sock->conn, w->parked);
	mask = mask_of(w);
	if (mask)
		chim_watch_unpark(w);
	return mask;
}

/* Takes from the list what is ready, up to max. */
static int collect(struct chim_epoll *e, struct epoll_event *events, int max)
{
	struct chim_watch *w, *again = NULL, **tail = &again;
	int n = 0;

	while (n < max && (w = e->first)) {
		uint32_t mask;

		e->first = w->ready;
		if (!e->first)
			e->last = &e->first;
		w->queued = false;
		mask = w->armed ? mask_of(w) : 0;
		if (!mask && w->armed)
			mask = park(w);
		if (!mask)
			continue;
		if (mask & EPOLLIN)
			e->hot = w;
		events[n++] = (struct epoll_event){.events = mask, .data = w->data};
		if (w->events & EPOLLONESHOT) {
			w->armed = false;
		} else if (!w->edge) {
			w->ready = NULL;
			*tail = w;
			tail = &w->ready;
		}
	}
	while ((w = again)) {
		again = w->ready;
		chim_watch_queue(w);
	}
	return n;
}

/* An eventfd of a watch, or the link's socket, had something to say. */
static void heard(struct chim_watch *w)
{
	chim_watch_unpark(w);
	if (atomic_load(&w->sock->conn->edge_out) && mask_of(w) & EPOLLOUT)
		chim_disarm_out(w->sock->conn);
	if (w->armed)
		chim_watch_queue(w);
}

/* Of connections that went back to the kernel, the sets get their sockets again. */
static bool settle_one(struct chim_epoll *e)
{
	struct chim_watch *w;
	int fd = -1;

	pthread_mutex_lock(&chim_epoll_lock);
	for (w = e->watches; w && fd < 0; w = w->next) {
		if (w->sock && atomic_load(&w->sock->conn->state) == CHIM_BACK)
			fd = w->fd;
	}
	pthread_mutex_unlock(&chim_epoll_lock);
	/* A call that only begins and ends sees where the connection is. */
	if (fd >= 0) {
		struct chim_call k;

		chim_begin(&k, fd, false);
		chim_end(&k);
	}
	return fd >= 0;
}

/* Keeps the application's events and returns how many. *moved: look where connections are. */
static int sift(struct chim_epoll *e, struct epoll_event *events, int n, bool *moved)
{
	struct chim_watch *w;
	int kept = 0;

	for (int i = 0; i < n; i++) {
		if (!chim_tag_is(events[i].data.u64, e, &w)) {
			events[kept++] = events[i];
			continue;
		}
		if ((uint32_t)events[i].data.u64 == 0) {
			if (e->link)
				chim_link_look(e->link);
			*moved = true;
		} else if (w && w->sock) {
			heard(w);
			*moved |= atomic_load(&w->sock->conn->state) != CHIM_RUNS;
		}
	}
	return kept;
}

static int wait_kernel(int set, struct epoll_event *events, int max, uint64_t until, bool now,
		       const sigset_t *sigmask)
{
	struct timespec ts = {0};
	long rc;

	if (!now && until != UINT64_MAX) {
		uint64_t t = sys_now_ns(), left = until > t ? until - t : 0;

		ts.tv_sec = (time_t)(left / 1000000000u);
		ts.tv_nsec = (long)(left % 1000000000u);
	}
	/* libc's is a point of cancellation and known to all kernels. */
	if (now || until == UINT64_MAX || (!ts.tv_sec && !ts.tv_nsec))
		return REAL(epoll_pwait)(set, events, max, !now && until == UINT64_MAX ? -1 : 0,
					 sigmask);
	rc = syscall(SYS_epoll_pwait2, set, events, max, &ts, sigmask, 8);
	return (int)rc;
}

/* Nothing is ready: looks for a while at the connection that was read last. */
static struct chim_conn *hot(struct chim_epoll *e)
{
	struct chim_conn *c = e->hot && e->hot->sock ? e->hot->sock->conn : NULL;

	if (c)
		chim_conn_hold(c);
	return c;
}

static int spin(struct chim_epoll *e, struct chim_conn *c, struct epoll_event *events, int max)
{
	int n = 0;

	if (!chim_spin(c, CHIM_IN, 1))
		return 0;
	pthread_mutex_lock(&chim_epoll_lock);
	if (e->hot && e->hot->sock && e->hot->sock->conn == c)
		heard(e->hot);
	n = collect(e, events, max);
	pthread_mutex_unlock(&chim_epoll_lock);
	return n;
}

/* What is in the list, or comes while it is looked at; then what the kernel says. n: of the list.
 */
static int wait_both(struct chim_epoll *e, int set, struct epoll_event *events, int max,
		     uint64_t until, const sigset_t *sigmask, int *n)
{
	struct chim_conn *c = NULL;
	uint64_t start = 0;
	int m = 0;

	pthread_mutex_lock(&chim_epoll_lock);
	*n = collect(e, events, max);
	if (!*n && sys_now_ns() < until)
		c = hot(e);
	pthread_mutex_unlock(&chim_epoll_lock);
	if (c) {
		*n = spin(e, c, events, max);
		start = sys_now_ns();
	}
	if (*n < max)
		m = wait_kernel(set, events + *n, max - *n, until, *n > 0, sigmask);
	if (c) {
		chim_spin_learn(c, start);
		chim_conn_drop(c);
	}
	return m;
}

/* Without waiting, once more. */
static int again(struct chim_epoll *e, int set, struct epoll_event *events, int max,
		 const sigset_t *sigmask)
{
	bool moved;
	int m = wait_kernel(set, events, max, 0, true, sigmask);

	pthread_mutex_lock(&chim_epoll_lock);
	m = sift(e, events, m > 0 ? m : 0, &moved);
	m += collect(e, events + m, max - m);
	pthread_mutex_unlock(&chim_epoll_lock);
	return m;
}

int chim_epoll_wait(struct chim_epoll *e, int set, struct epoll_event *events, int max,
		    const struct timespec *timeout, const sigset_t *sigmask)
{
	uint64_t until = UINT64_MAX;
	int n, m;

	if (max <= 0 || !events)
		return REAL(epoll_pwait)(set, events, max, 0, sigmask);
	if (timeout)
		until = sys_now_ns() + (uint64_t)timeout->tv_sec * 1000000000u +
			(uint64_t)timeout->tv_nsec;
	for (;;) {
		bool moved = false;

		atomic_fetch_add(&e->waiters, 1);
		m = wait_both(e, set, events, max, until, sigmask, &n);
		atomic_fetch_sub(&e->waiters, 1);
		if (m < 0)
			return n ? n : m;
		pthread_mutex_lock(&chim_epoll_lock);
		m = sift(e, events + n, m, &moved);
		if (!n && !moved)
			m += collect(e, events + m, max - m);
		pthread_mutex_unlock(&chim_epoll_lock);
		while (moved && settle_one(e))
			;
		n += m;
		/* What went back to the kernel is asked there, even if the time is over. */
		if (moved && !n)
			n = again(e, set, events, max, sigmask);
		if (n)
			return n;
		if (until != UINT64_MAX && sys_now_ns() >= until)
			return 0;
	}
}

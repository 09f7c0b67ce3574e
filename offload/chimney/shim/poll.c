/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/poll.h"

#include "offload/chimney/shim/epoll.h"
#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sock.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>

enum { FEW = 16, AGAIN = -2 };

/* One poll(): the caller's descriptors, what the kernel is asked, and the calls that were begun. */
struct round {
	struct pollfd *fds, *ask; /* ask has one more: flued's socket */
	struct chim_call *calls;
	nfds_t n;
	struct chim_conn *only; /* the one connection that is waited for to be read; or NULL */
	int conns;
};

bool chim_poll_tracked(const struct pollfd *fds, nfds_t n)
{
	bool tracked = false;

	for (nfds_t i = 0; fds && i < n; i++) {
		tracked |= chim_tracked(fds[i].fd);
		if (chim_is_set(fds[i].fd))
			chim_epoll_nest(fds[i].fd);
	}
	return tracked;
}

static uint32_t wants(short events)
{
	return (events & (POLLIN | POLLRDNORM | POLLRDHUP) ? CHIM_IN : 0u) |
	       (events & (POLLOUT | POLLWRNORM) ? CHIM_OUT : 0u);
}

static uint32_t parks(short events)
{
	return wants(events) ? wants(events) : (uint32_t)CHIM_IN;
}

static void begin(struct round *r)
{
	r->conns = 0;
	r->only = NULL;
	r->ask[r->n] = (struct pollfd){.fd = -1, .events = POLLIN};
	for (nfds_t i = 0; i < r->n; i++) {
		struct chim_call *k = &r->calls[i];

		r->ask[i] = (struct pollfd){.fd = r->fds[i].fd, .events = r->fds[i].events};
		*k = (struct chim_call){0};
		if (!chim_tracked(r->fds[i].fd) || !chim_begin(k, r->fds[i].fd, true))
			continue;
		r->ask[i] = (struct pollfd){.fd = k->conn->fd, .events = POLLIN};
		r->ask[r->n].fd = k->conn->link->fd;
		r->only = !r->conns++ && wants(r->fds[i].events) == CHIM_IN ? k->conn : NULL;
	}
}

static void end(struct round *r)
{
	for (nfds_t i = 0; i < r->n; i++)
		chim_end(&r->calls[i]);
}

/* How many of flued's connections are ready; their revents are set. */
static int look(struct round *r)
{
	int ready = 0;

	for (nfds_t i = 0; i < r->n; i++) {
		struct chim_call *k = &r->calls[i];

		if (!k->conn)
			continue;
		r->fds[i].revents = (short)(chim_conn_ready(k->conn, k->how.lowat) &
					    ((uint32_t)r->fds[i].events | POLLERR | POLLHUP));
		ready += r->fds[i].revents != 0;
	}
	return ready;
}

static void park(struct round *r, bool on)
{
	for (nfds_t i = 0; i < r->n; i++) {
		struct chim_conn *c = r->calls[i].conn;

		if (c && on)
			chim_park(c, parks(r->fds[i].events));
		else if (c)
			chim_unpark(c, parks(r->fds[i].events));
	}
}

static int ask_kernel(struct round *r, uint64_t until, bool now, const sigset_t *mask)
{
	struct timespec ts = {0};

	if (!now && until != UINT64_MAX) {
		uint64_t t = sys_now_ns(), left = until > t ? until - t : 0;

		ts.tv_sec = (time_t)(left / 1000000000u);
		ts.tv_nsec = (long)(left % 1000000000u);
	}
	return REAL(ppoll)(r->ask, r->n + 1, now || until != UINT64_MAX ? &ts : NULL, mask);
}

/* The kernel's answers for its own; and eventfds are emptied, which would be ready for ever. */
static int gather(struct round *r)
{
	int ready = 0;

	for (nfds_t i = 0; i < r->n; i++) {
		struct chim_conn *c = r->calls[i].conn;

		if (c && r->ask[i].revents)
			chim_drain(c);
		if (c)
			continue;
		r->fds[i].revents = r->ask[i].revents;
		ready += r->fds[i].revents != 0;
	}
	if (r->ask[r->n].revents) {
		for (nfds_t i = 0; i < r->n; i++) {
			if (r->calls[i].conn && r->calls[i].conn->link->fd == r->ask[r->n].fd)
				chim_link_look(r->calls[i].conn->link);
		}
	}
	return ready;
}

static bool is_back(const struct round *r)
{
	for (nfds_t i = 0; i < r->n; i++) {
		struct chim_conn *c = r->calls[i].conn;

		if (c && atomic_load(&c->state) == CHIM_BACK)
			return true;
	}
	return false;
}

/* How many are ready; AGAIN: where one of them is has changed. */
static int once(struct round *r, uint64_t until, const sigset_t *mask)
{
	uint64_t start = sys_now_ns();
	int ready, rc;

	begin(r);
	ready = look(r);
	if (!ready && r->only && r->n == 1 && start < until && chim_spin(r->only, CHIM_IN, 1))
		ready = look(r);
	park(r, true);
	if (!ready)
		ready = look(r);
	start = sys_now_ns();
	rc = ask_kernel(r, until, ready > 0, mask);
	if (rc >= 0) {
		rc = gather(r);
		/* What went back to the kernel meanwhile is asked there. */
		rc = is_back(r) && !rc ? AGAIN : rc + look(r);
	}
	park(r, false);
	if (r->only)
		chim_spin_learn(r->only, start);
	end(r);
	return rc;
}

int chim_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct pollfd few_ask[FEW + 1];
	struct chim_call few_calls[FEW];
	struct round r = {.fds = fds, .ask = few_ask, .calls = few_calls, .n = n};
	uint64_t until = UINT64_MAX;
	int rc;

	if (n > FEW) {
		r.ask = calloc(n + 1, sizeof(*r.ask));
		r.calls = calloc(n, sizeof(*r.calls));
	}
	if (!r.ask || !r.calls) {
		errno = ENOMEM;
		rc = -1;
		goto free_round;
	}
	if (timeout)
		until = sys_now_ns() + (uint64_t)timeout->tv_sec * 1000000000u +
			(uint64_t)timeout->tv_nsec;
	do
		rc = once(&r, until, mask);
	while (rc == AGAIN || (!rc && (until == UINT64_MAX || sys_now_ns() < until)));
free_round:
	if (n > FEW) {
		free(r.ask);
		free(r.calls);
	}
	return rc;
}

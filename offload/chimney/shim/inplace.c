/* SPDX-License-Identifier: BSD-3-Clause */
/* api/chimney.h: reading and writing in the rings themselves, and waiting for several. */
#include "api/chimney.h"

#include "offload/chimney/shim/direct.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>

static ssize_t pieces(struct iovec v[2], uint8_t *ring, uint32_t size, uint64_t pos, uint64_t n)
{
	uint64_t at = pos & (size - 1), first = size - at < n ? size - at : n;

	v[0] = (struct iovec){ring + at, first};
	v[1] = (struct iovec){ring, n - first};
	return (ssize_t)n;
}

static bool is_back(struct chim_conn *c)
{
	return chim_conn_settle(c) == CHIM_MOVED;
}

CHIM_PUBLIC ssize_t chimney_recv_peek(struct chimney_conn *c, struct iovec v[2])
{
	struct chim_conn *k = c->conn;
	uint32_t flags = chim_conn_flags(k);
	uint64_t n = chim_conn_inq(k);

	if (is_back(k)) {
		uint8_t *buf = chim_direct_bounce(c, true);
		struct iovec all = {buf, CHIM_BOUNCE_BYTES};
		struct chim_cursor cur = {.v = &all, .n = 1, .left = CHIM_BOUNCE_BYTES};
		ssize_t got = buf ? chim_direct_recv(c, &cur, MSG_PEEK | MSG_DONTWAIT) : -ENOMEM;

		v[0] = (struct iovec){buf, got > 0 ? (size_t)got : 0};
		v[1] = (struct iovec){0};
		return got;
	}
	if (n)
		return pieces(v, k->rcv, k->rcv_size, k->rcv_tail, n);
	if (flags & CHIM_FLUED_ERROR)
		return -chim_conn_error(k);
	return (flags & CHIM_FLUED_FIN) || atomic_load(&k->shut_rd) ? 0 : -EAGAIN;
}

/* Bytes that were looked at are taken, from where they are by now. */
CHIM_PUBLIC int chimney_recv_done(struct chimney_conn *c, size_t len)
{
	while (len) {
		struct iovec v = {NULL, len};
		struct chim_cursor cur = {.v = &v, .n = 1, .left = len};
		ssize_t n = chim_take(c->conn, &cur, MSG_TRUNC);

		if (n == CHIM_FROZEN) {
			if (is_back(c->conn))
				n = sys_result(syscall(SYS_recvfrom, c->sock, NULL, len,
						       MSG_TRUNC | MSG_DONTWAIT, NULL, NULL));
			else
				continue;
		}
		if (n <= 0)
			return n ? (int)n : -EINVAL;
		len -= (size_t)n;
	}
	return 0;
}

CHIM_PUBLIC ssize_t chimney_send_reserve(struct chimney_conn *c, struct iovec v[2])
{
	struct chim_conn *k = c->conn;
	uint64_t n = chim_conn_room(k);
	int error;

	c->reserved_back = is_back(k);
	if (c->reserved_back) {
		v[0] = (struct iovec){chim_direct_bounce(c, false), CHIM_BOUNCE_BYTES};
		v[1] = (struct iovec){0};
		return v[0].iov_base ? CHIM_BOUNCE_BYTES : -ENOMEM;
	}
	if ((chim_conn_flags(k) & CHIM_FLUED_ERROR) || atomic_load(&k->shut_wr)) {
		error = chim_conn_error(k);
		return error ? -error : -EPIPE;
	}
	return n ? pieces(v, k->snd, k->snd_size, k->snd_head, n) : -EAGAIN;
}

/* The kernel has it now: what was written in place is sent from there. */
static int commit_direct(struct chimney_conn *c, size_t len, bool in_ring)
{
	struct chim_conn *k = c->conn;
	struct chim_cursor cur;
	struct iovec v[2] = {{chim_direct_bounce(c, false), len}};
	ssize_t n;

	if (in_ring)
		pieces(v, k->snd, k->snd_size, k->snd_head, len);
	chim_cursor_init(&cur, v, 2);
	n = chim_direct_send(c, &cur, 0);
	return n < 0 ? (int)n : 0;
}

CHIM_PUBLIC int chimney_send_commit(struct chimney_conn *c, size_t len)
{
	if (c->reserved_back)
		return commit_direct(c, len, false);
	for (;;) {
		int rc = chim_put_in_place(c->conn, len);

		if (rc != CHIM_FROZEN)
			return rc;
		if (is_back(c->conn))
			return commit_direct(c, len, true);
	}
}

static uint32_t wants(short events)
{
	return (events & (POLLIN | POLLRDHUP) ? CHIM_IN : 0u) | (events & POLLOUT ? CHIM_OUT : 0u);
}

static short ready(struct chimney_conn *c, short events)
{
	if (is_back(c->conn)) {
		struct pollfd p = {.fd = c->sock, .events = events};

		return sys_poll(&p, 1, &(struct timespec){0}) > 0 ? p.revents : 0;
	}
	return (short)(chim_conn_ready(c->conn, 1) & ((uint32_t)events | POLLERR | POLLHUP));
}

CHIM_PUBLIC int chimney_arm(struct chimney_conn *c, short events, int *fd, short *fd_events)
{
	uint32_t want = wants(events);
	bool back;

	if (c->armed)
		chim_unpark(c->conn, c->armed);
	c->armed = want;
	chim_drain(c->conn);
	if (want)
		chim_park(c->conn, want);
	back = is_back(c->conn);
	*fd = back ? c->sock : c->conn->fd;
	*fd_events = back ? events : POLLIN;
	return events ? ready(c, events) : 0;
}

static int look(struct chimney_wait *w, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		w[i].revents = ready(w[i].conn, w[i].events);
		count += w[i].revents != 0;
	}
	return count;
}

static void park(struct chimney_wait *w, int n, struct pollfd *p, bool on)
{
	for (int i = 0; i < n; i++) {
		struct chim_conn *c = w[i].conn->conn;
		uint32_t want = wants(w[i].events) ? wants(w[i].events) : (uint32_t)CHIM_IN;
		bool back = atomic_load(&c->state) == CHIM_BACK;

		if (!on) {
			chim_unpark(c, want);
			if (p[i].revents && p[i].fd == c->fd)
				chim_drain(c);
			continue;
		}
		chim_park(c, want);
		p[i] = (struct pollfd){.fd = back ? w[i].conn->sock : c->fd,
				       .events = back ? w[i].events : POLLIN};
		p[n] = (struct pollfd){.fd = c->link->fd, .events = POLLIN};
	}
}

CHIM_PUBLIC int chimney_wait(struct chimney_wait *w, int n, int timeout_ms)
{
	uint64_t until =
		timeout_ms < 0 ? UINT64_MAX : sys_now_ns() + (uint64_t)timeout_ms * 1000000u;
	struct pollfd *p = calloc((size_t)n + 1, sizeof(*p));
	int count = p ? 0 : -ENOMEM;

	while (p && !(count = look(w, n))) {
		uint64_t now = sys_now_ns(), left = until > now ? until - now : 0;
		struct timespec ts = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
		long rc;

		if (!left)
			break;
		if (n == 1 && wants(w[0].events) == CHIM_IN &&
		    chim_spin(w[0].conn->conn, CHIM_IN, 1))
			continue;
		park(w, n, p, true);
		rc = look(w, n)
			     ? 0
			     : sys_poll(p, (unsigned int)n + 1, until == UINT64_MAX ? NULL : &ts);
		park(w, n, p, false);
		if (n && p[n].revents)
			chim_link_look(w[0].conn->conn->link);
		if (rc < 0) {
			count = (int)rc;
			break;
		}
	}
	free(p);
	return count;
}

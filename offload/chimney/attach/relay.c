/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	PAIR_BYTES = 1 << 20,
	ROUNDS = 16, /* of a buffer each way, before the caller may look at something else */
};

static void widen(int sock)
{
	int bytes = PAIR_BYTES;

	if (setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0)
		setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static int epoll_add(const struct att_relay *r, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events};

	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

static int make_pair(struct att_relay *r)
{
	int pair[2], on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	r->near = pair[0];
	r->far = pair[1];
	widen(r->near);
	widen(r->far);
	/* A byte sent as urgent is a byte of the stream at least. */
	setsockopt(r->near, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	return write(r->far, "", 1) == 1 ? 0 : -errno;
}

int att_relay_init(struct att_relay *r)
{
	int rc;

	*r = (struct att_relay){.near = -1, .far = -1, .feeding = true};
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	rc = r->epoll < 0 ? -errno : make_pair(r);
	if (rc == 0)
		rc = epoll_add(r, r->near, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	r->up.room = r->down.room = ATT_BUFFER;
	r->up.at = malloc(r->up.room);
	r->down.at = malloc(r->down.room);
	if (rc == 0 && (!r->up.at || !r->down.at))
		rc = -ENOMEM;
	if (rc)
		att_relay_fini(r);
	return rc;
}

void att_relay_fini(struct att_relay *r)
{
	char last;

	if (r->over == ATT_ENDED)
		recv(r->near, &last, 1, MSG_DONTWAIT);
	if (r->near >= 0)
		close(r->near);
	if (r->far >= 0)
		close(r->far);
	if (r->epoll >= 0)
		close(r->epoll);
	free(r->up.at);
	free(r->down.at);
	*r = (struct att_relay){.near = -1, .far = -1, .epoll = -1};
}

int att_relay_watch(struct att_relay *r, int fd)
{
	return epoll_add(r, fd, EPOLLIN);
}

int att_relay_use(struct att_relay *r, struct att_end *end)
{
	int rc = 0;

	for (int i = 0; r->end && i < 2; i++) {
		if (r->end->fds[i] >= 0)
			epoll_ctl(r->epoll, EPOLL_CTL_DEL, r->end->fds[i], NULL);
	}
	for (int i = 0; rc == 0 && i < 2; i++) {
		if (end->fds[i] >= 0)
			rc = epoll_add(r, end->fds[i], end->events);
	}
	r->end = end;
	r->moved = false;
	return rc;
}

static int reserve(struct att_queue *q, size_t n)
{
	size_t need = q->off + q->len + n;
	uint8_t *p;

	if (need <= q->room)
		return 0;
	p = realloc(q->at, need);
	if (!p)
		return -ENOMEM;
	q->at = p;
	q->room = need;
	return 0;
}

int att_relay_append(struct att_queue *q, const void *bytes, size_t n)
{
	int rc = reserve(q, n);

	if (rc)
		return rc;
	if (n)
		memcpy(q->at + q->off + q->len, bytes, n);
	q->len += n;
	return 0;
}

static void took(struct att_queue *q, size_t n)
{
	q->off += n;
	q->len -= n;
	if (q->len == 0)
		q->off = 0;
}

/* Bytes that the program wrote, of which the first one was passed on before. */
static size_t waiting(int near)
{
	int n = 0;

	return ioctl(near, SIOCINQ, &n) == 0 && n > 0 ? (size_t)n : 0;
}

/* Takes in at most n bytes (n > 1) and leaves the last of them unread. Behind the queue there must
 * be room for n. */
static size_t take(struct att_relay *r, size_t n)
{
	uint8_t *to = r->up.at + r->up.off + r->up.len;
	size_t there = waiting(r->near);
	ssize_t got;

	if (there <= 1)
		return 0;
	got = recv(r->near, to, there - 1 < n - 1 ? there - 1 : n - 1, MSG_DONTWAIT);
	if (got <= 0 || recv(r->near, to + got, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
		return 0;
	/* The first one was the one that was left last time. */
	memmove(to, to + 1, (size_t)got);
	r->up.len += (size_t)got;
	return (size_t)got;
}

static short state_of(int near)
{
	struct pollfd p = {.fd = near, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

/* The end said something other than a count. */
static void end_failed(struct att_relay *r, ssize_t rc)
{
	if (rc == -ESTALE)
		r->moved = true;
	else if (rc != -EAGAIN && rc != -EINTR)
		r->broken = true;
}

static bool pump_up(struct att_relay *r)
{
	bool moved;

	if (r->up_held)
		return false;
	moved = r->up.len == 0 && take(r, ATT_BUFFER) > 0;
	while (r->up.len && !r->broken) {
		ssize_t n = r->end->ops->write(r->end, r->up.at + r->up.off, r->up.len);

		if (n <= 0) {
			end_failed(r, n);
			break;
		}
		took(&r->up, (size_t)n);
		r->up_bytes += (uint64_t)n;
		moved = true;
	}
	/* What nobody takes any more is thrown away, as the kernel does. */
	if (r->broken)
		took(&r->up, r->up.len);
	return moved;
}

static bool may_feed(const struct att_relay *r)
{
	return (r->feeding || r->allowance) && r->down.len == 0 && !r->peer_ended && !r->moved;
}

static void feed(struct att_relay *r)
{
	size_t most = r->feeding || r->allowance > ATT_BUFFER ? ATT_BUFFER : r->allowance;
	ssize_t n = r->end->ops->read(r->end, r->down.at, most);

	if (n > 0) {
		r->down.len = (size_t)n;
		r->allowance -= r->allowance < (size_t)n ? r->allowance : (size_t)n;
	} else if (n == 0) {
		r->peer_ended = true;
	} else if (n != -EAGAIN && n != -EINTR && n != -ESTALE) {
		r->broken = r->peer_ended = true;
	} else {
		end_failed(r, n);
	}
}

static bool pump_down(struct att_relay *r)
{
	bool moved = false;
	ssize_t n;

	if (may_feed(r))
		feed(r);
	if (r->down.len == 0)
		return false;
	if (r->deaf) {
		took(&r->down, r->down.len);
		return true;
	}
	n = send(r->near, r->down.at + r->down.off, r->down.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0) {
		took(&r->down, (size_t)n);
		r->down_bytes += (uint64_t)n;
		moved = true;
	} else if (errno == EPIPE) {
		r->end->ops->shutdown(r->end, SHUT_RD);
		r->deaf = true;
		moved = true;
	} else if (errno == ECONNRESET) {
		r->over = ATT_RESET; /* told only once, so poll(2) will not say it */
	}
	return moved;
}

/* The program's end, and the peer's, go on to the other side behind the last byte. */
static void pass_ends(struct att_relay *r, short state)
{
	if ((state & POLLRDHUP) && !r->up_ended && r->up.len == 0 && waiting(r->near) <= 1 &&
	    !r->moved) {
		r->moved = r->end->ops->shutdown(r->end, SHUT_WR) == -ESTALE;
		r->up_ended = !r->moved;
	}
	if (r->peer_ended && !r->broken && !r->down_ended && r->down.len == 0) {
		shutdown(r->near, SHUT_WR);
		r->down_ended = true;
	}
}

static void judge(struct att_relay *r, short state)
{
	if (state & POLLERR)
		r->over = ATT_RESET; /* closed by the program with something unread */
	else if ((state & POLLHUP) && r->up_ended)
		r->over = ATT_ENDED;
	else if (r->up_ended && r->down_ended)
		r->over = ATT_ENDED;
	else if (r->broken && r->peer_ended && r->down.len == 0)
		r->over = ATT_RESET;
}

void att_relay_pump(struct att_relay *r)
{
	short state;

	if (r->end->ops->is_stale && r->end->ops->is_stale(r->end))
		r->moved = true;
	r->more = !r->moved;
	for (int i = 0; i < ROUNDS && r->more && !r->moved; i++) {
		r->more = pump_up(r);
		r->more |= pump_down(r);
	}
	/* Asked before the queue is looked at: nothing can come behind an end. */
	state = state_of(r->near);
	pass_ends(r, state);
	judge(r, state);
}

void att_relay_sleep(struct att_relay *r, int timeout_ms)
{
	const struct att_end_ops *ops = r->end->ops;
	bool in = may_feed(r);
	struct epoll_event ev[4];

	if (r->more || (ops->arm && ops->arm(r->end, in, r->up.len > 0)))
		timeout_ms = 0;
	epoll_wait(r->epoll, ev, 4, timeout_ms);
	if (ops->disarm)
		ops->disarm(r->end);
}

bool att_relay_is_read(const struct att_relay *r)
{
	int n = 0;

	return r->down.len == 0 && (r->deaf || (ioctl(r->near, SIOCOUTQ, &n) == 0 && n == 0));
}

int att_relay_take_all(struct att_relay *r)
{
	size_t there;

	while ((there = waiting(r->near)) > 1) {
		if (reserve(&r->up, there) != 0)
			return -ENOMEM;
		if (take(r, there) == 0)
			break;
	}
	return 0;
}

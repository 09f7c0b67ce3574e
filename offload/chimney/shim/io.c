/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/io.h"

#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static ssize_t result(ssize_t n)
{
	if (n >= 0)
		return n;
	errno = (int)-n;
	return -1;
}

/* The pieces that a cursor has left, malloc()ed. */
static struct iovec *rest_of(const struct chim_cursor *cur)
{
	struct iovec *v = malloc((cur->n + 1) * sizeof(*v));

	for (size_t i = 0; v && i < cur->n; i++)
		v[i] = cur->v[i];
	if (v && cur->n) {
		v[0].iov_base = (char *)v[0].iov_base + cur->off;
		v[0].iov_len -= cur->off;
	}
	return v;
}

/* The connection went to the kernel after `done` bytes: the rest is asked there. */
static ssize_t go_on(int fd, const struct chim_cursor *cur, size_t done, int flags, bool sends)
{
	struct iovec *v = rest_of(cur);
	struct msghdr m = {.msg_iov = v, .msg_iovlen = cur->n};
	ssize_t n;

	if (!v)
		return done ? (ssize_t)done : result(-ENOMEM);
	n = sends ? chim_io_send(fd, &m, flags) : chim_io_recv(fd, &m, flags);
	free(v);
	if (n < 0)
		return done ? (ssize_t)done : n;
	return (ssize_t)done + n;
}

static ssize_t recv_fast(struct chim_call *k, struct msghdr *m, int flags)
{
	bool blocks = !k->how.nonblock && !(flags & MSG_DONTWAIT);
	struct chim_cursor cur;
	int fd = k->fd, rc = chim_cursor_init(&cur, m->msg_iov, m->msg_iovlen);
	size_t total;
	ssize_t n;

	/* Nothing is written there. */
	if (rc == -EFAULT && (flags & MSG_TRUNC))
		rc = 0;
	total = cur.left;
	n = rc;
	k->how.timeout_ns = atomic_load(&k->sock->rcv_timeout_ns);
	if (!rc)
		n = chim_recv(k->conn, &cur, flags, &k->how);
	chim_end(k);
	if (n == CHIM_MOVED) {
		size_t done = total - cur.left;

		if (done && !(blocks && (flags & MSG_WAITALL)))
			n = (ssize_t)done;
		else
			return go_on(fd, &cur, done, flags, false);
	}
	if (n >= 0) {
		m->msg_namelen = 0;
		m->msg_controllen = 0;
		m->msg_flags = 0;
	}
	return result(n);
}

/* What only the kernel has. false: it does not get it back, its FIN was sent. */
static bool leave(struct chim_call *k, enum chim_upload reason)
{
	int fd = k->fd;

	chim_end(k);
	return chim_give_back(fd, reason, true) == 0;
}

ssize_t chim_io_recv(int fd, struct msghdr *m, int flags)
{
	bool unkept = flags & (MSG_OOB | MSG_ERRQUEUE);
	struct chim_call k;
	ssize_t n;

	while (chim_begin(&k, fd, !unkept)) {
		if (!unkept)
			return recv_fast(&k, m, flags);
		if (!leave(&k, flags & MSG_OOB ? CHIM_UPLOAD_URGENT : CHIM_UPLOAD_UNKEPT))
			return result(flags & MSG_OOB ? -EINVAL : -EAGAIN);
	}
	n = REAL(recvmsg)(fd, m, flags);
	chim_end_moved(&k, n);
	return n;
}

/* MSG_MORE is a cork for as long as it is said. */
static void cork(struct chim_call *k, bool more)
{
	if (atomic_load_explicit(&k->sock->more, memory_order_relaxed) == more)
		return;
	atomic_store(&k->sock->more, more);
	if (!atomic_load(&k->sock->cork))
		chim_conn_set(k->conn, CHIM_APP_CORK, more);
}

static ssize_t send_fast(struct chim_call *k, const struct msghdr *m, int flags)
{
	bool blocks = !k->how.nonblock && !(flags & MSG_DONTWAIT);
	struct chim_cursor cur;
	int fd = k->fd, rc = chim_cursor_init(&cur, m->msg_iov, m->msg_iovlen);
	size_t total = cur.left;
	ssize_t n = rc;

	k->how.timeout_ns = atomic_load(&k->sock->snd_timeout_ns);
	if (!rc) {
		if (flags & MSG_MORE)
			cork(k, true);
		n = chim_send(k->conn, &cur, flags, &k->how);
		if (!(flags & MSG_MORE))
			cork(k, false);
	}
	chim_end(k);
	if (n == CHIM_MOVED) {
		size_t done = total - cur.left;

		if (!done || blocks)
			return go_on(fd, &cur, done, flags, true);
		n = (ssize_t)done;
	}
	if (n == -EPIPE && !(flags & MSG_NOSIGNAL))
		raise(SIGPIPE);
	return result(n);
}

ssize_t chim_io_send(int fd, const struct msghdr *m, int flags)
{
	bool unkept = (flags & MSG_OOB) || (m->msg_control && m->msg_controllen);
	struct chim_call k;
	ssize_t n;

	while (chim_begin(&k, fd, !unkept)) {
		if (!unkept)
			return send_fast(&k, m, flags);
		if (!leave(&k, flags & MSG_OOB ? CHIM_UPLOAD_URGENT : CHIM_UPLOAD_UNKEPT))
			return result(-EPIPE);
	}
	n = REAL(sendmsg)(fd, m, flags);
	chim_end_moved(&k, n);
	return n;
}

ssize_t chim_io_readv(int fd, const struct iovec *v, size_t n, int flags)
{
	struct msghdr m = {.msg_iov = (struct iovec *)v, .msg_iovlen = n};

	return chim_io_recv(fd, &m, flags);
}

ssize_t chim_io_writev(int fd, const struct iovec *v, size_t n, int flags)
{
	struct msghdr m = {.msg_iov = (struct iovec *)v, .msg_iovlen = n};

	return chim_io_send(fd, &m, flags);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The preload library's functions that make, copy and close descriptors. */
#include "offload/chimney/shim/epoll.h"
#include "offload/chimney/shim/io.h"
#include "offload/chimney/shim/offer.h"
#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>
#include <unistd.h>

static bool is_known(int fd)
{
	const struct chim_slot *s = chim_slot(fd);

	return s && (atomic_load(&s->sock) || atomic_load(&s->watches) || atomic_load(&s->epoll));
}

static bool is_claimed(int fd)
{
	const struct chim_slot *s = chim_slot(fd);

	return s && atomic_load_explicit(&s->claimed, memory_order_relaxed);
}

static int fail(int code)
{
	errno = code;
	return -1;
}

static bool is_inet(const struct sockaddr *to, socklen_t len)
{
	return to && len >= sizeof(to->sa_family) &&
	       (to->sa_family == AF_INET || to->sa_family == AF_INET6);
}

CHIM_EXPORT int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int rc, was;

	if (chim_tracked(fd)) {
		struct chim_call k;
		bool fast = chim_begin(&k, fd, false);
		bool first = fast && is_inet(to, len) && atomic_exchange(&k.sock->untold, false);

		chim_end(&k);
		if (first)
			return 0;
		if (fast && is_inet(to, len))
			return fail(EISCONN);
		if (fast)
			chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
	}
	rc = REAL(connect)(fd, to, len);
	if (!is_inet(to, len) || (rc && errno != EINPROGRESS))
		return rc;
	was = errno;
	chim_track(fd, rc != 0);
	errno = was;
	return rc;
}

static int track(int fd)
{
	int was = errno;

	if (fd >= 0)
		chim_track(fd, false);
	errno = was;
	return fd;
}

CHIM_EXPORT int accept(int fd, struct sockaddr *from, socklen_t *len)
{
	return track(REAL(accept)(fd, from, len));
}

CHIM_EXPORT int accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	return track(REAL(accept4)(fd, from, len, flags));
}

CHIM_EXPORT int listen(int fd, int backlog)
{
	struct chim_call k;
	bool fast = false;

	if (chim_tracked(fd)) {
		fast = chim_begin(&k, fd, false);
		chim_end(&k);
	}
	return fast ? fail(EINVAL) : REAL(listen)(fd, backlog);
}

/* SO_LINGER with a time: close() waits until the peer has all of it. */
static void linger(int fd)
{
	struct chim_call k;

	if (chim_begin(&k, fd, false)) {
		uint32_t ms = atomic_load(&k.sock->linger_ms);
		uint64_t until = sys_now_ns() + ms * 1000000ull;

		if (ms && ms != UINT32_MAX && atomic_load(&k.sock->fds) == 1) {
			while (chim_conn_outq(k.conn) && sys_now_ns() < until &&
			       !(chim_conn_flags(k.conn) & CHIM_FLUED_ERROR))
				usleep(1000);
		}
	}
	chim_end(&k);
}

CHIM_EXPORT int close(int fd)
{
	if (is_claimed(fd))
		return fail(EBADF);
	if (is_known(fd) && chim_own_process()) {
		if (chim_tracked(fd))
			linger(fd);
		chim_untrack(fd);
	}
	return REAL(close)(fd);
}

/* In pieces, around what is the library's own. */
static int close_between(unsigned int first, unsigned int last, int flags)
{
	unsigned int from = first, top = last < CHIM_FDS ? last : CHIM_FDS - 1;

	for (unsigned int fd = first; fd <= top; fd++) {
		if (is_claimed((int)fd)) {
			if (fd > from && REAL(close_range)(from, fd - 1, flags))
				return -1;
			from = fd + 1;
		} else if (!(flags & (int)CLOSE_RANGE_CLOEXEC) && is_known((int)fd) &&
			   chim_own_process()) {
			chim_untrack((int)fd);
		}
	}
	return from <= last ? REAL(close_range)(from, last, flags) : 0;
}

CHIM_EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	if (first > last)
		return REAL(close_range)(first, last, flags);
	return close_between(first, last, flags);
}

void closefrom(int first);
CHIM_EXPORT void closefrom(int first)
{
	close_between(first < 0 ? 0 : (unsigned int)first, ~0u, 0);
}

/* A child of vfork() has descriptors of its own: what it copies, it wants to hand on. */
static bool may_copy(int fd)
{
	if (!is_known(fd))
		return false;
	if (chim_own_process())
		return true;
	if (chim_tracked(fd))
		chim_give_back(fd, CHIM_UPLOAD_FORK, false);
	return false;
}

static int copied(int from, int to, bool known)
{
	if (known && to >= 0 && to != from)
		chim_share(from, to);
	return to;
}

CHIM_EXPORT int dup(int fd)
{
	bool known = may_copy(fd);

	return copied(fd, REAL(dup)(fd), known);
}

static bool replaces(int from, int to)
{
	return from != to && sys_fcntl(from, F_GETFD, 0) >= 0 && is_known(to) && chim_own_process();
}

CHIM_EXPORT int dup2(int from, int to)
{
	bool known = may_copy(from);

	if (is_claimed(to))
		return fail(EBUSY);
	if (replaces(from, to))
		chim_untrack(to);
	return copied(from, REAL(dup2)(from, to), known);
}

CHIM_EXPORT int dup3(int from, int to, int flags)
{
	bool known = may_copy(from);

	if (is_claimed(to))
		return fail(EBUSY);
	if (replaces(from, to))
		chim_untrack(to);
	return copied(from, REAL(dup3)(from, to, flags), known);
}

static int fcntl_known(int fd, int op, long arg)
{
	struct chim_call k;
	int rc;

	switch (op) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC: {
		bool known = may_copy(fd);

		return copied(fd, REAL(fcntl)(fd, op, arg), known);
	}
	case F_SETOWN:
	case F_SETOWN_EX:
	case F_SETSIG:
		chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
		return REAL(fcntl)(fd, op, arg);
	case F_SETFL:
		if (arg & O_ASYNC)
			chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
		chim_begin(&k, fd, false);
		rc = REAL(fcntl)(fd, op, arg);
		if (!rc && k.sock)
			atomic_store(&k.sock->nonblock, arg & O_NONBLOCK);
		chim_end(&k);
		return rc;
	default:
		return REAL(fcntl)(fd, op, arg);
	}
}

/* Whatever the third argument is, it travels as a word. */
static int fcntl_any(int fd, int op, va_list more)
{
	long arg = va_arg(more, long);

	return is_known(fd) ? fcntl_known(fd, op, arg) : REAL(fcntl)(fd, op, arg);
}

CHIM_EXPORT int fcntl(int fd, int op, ...)
{
	va_list more;
	int rc;

	va_start(more, op);
	rc = fcntl_any(fd, op, more);
	va_end(more);
	return rc;
}

CHIM_EXPORT int fcntl64(int fd, int op, ...)
{
	va_list more;
	int rc;

	va_start(more, op);
	rc = fcntl_any(fd, op, more);
	va_end(more);
	return rc;
}

CHIM_EXPORT int shutdown(int fd, int how)
{
	struct chim_call k;
	int rc;

	if (!chim_tracked(fd))
		return REAL(shutdown)(fd, how);
	while (chim_begin(&k, fd, true)) {
		rc = chim_shutdown(k.conn, how);
		chim_end(&k);
		if (rc != CHIM_MOVED)
			return rc ? fail(-rc) : 0;
	}
	/* A connection that is half closed is not handed over. */
	if (k.sock)
		chim_offer_never(k.sock);
	rc = REAL(shutdown)(fd, how);
	chim_end(&k);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The preload library's poll(), select(), epoll and their variants. */
#include "offload/chimney/shim/epoll.h"
#include "offload/chimney/shim/io.h"
#include "offload/chimney/shim/poll.h"
#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>

static const struct timespec *from_ms(int ms, struct timespec *ts)
{
	*ts = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};
	return ms < 0 ? NULL : ts;
}

CHIM_EXPORT int poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec ts;

	if (!chim_poll_tracked(fds, n))
		return REAL(poll)(fds, n, ms);
	return chim_poll(fds, n, from_ms(ms, &ts), NULL);
}

CHIM_EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		      const sigset_t *mask)
{
	if (!chim_poll_tracked(fds, n))
		return REAL(ppoll)(fds, n, timeout, mask);
	return chim_poll(fds, n, timeout, mask);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
		size_t room);

CHIM_EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room)
{
	if (room / sizeof(*fds) < n)
		abort();
	return poll(fds, n, ms);
}

CHIM_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			    const sigset_t *mask, size_t room)
{
	if (room / sizeof(*fds) < n)
		abort();
	return ppoll(fds, n, timeout, mask);
}

/* Linux leaves in the timeout what was not slept. */
static void left_of(struct timeval *tv, uint64_t start)
{
	uint64_t all = (uint64_t)tv->tv_sec * 1000000u + (uint64_t)tv->tv_usec;
	uint64_t gone = (sys_now_ns() - start) / 1000;
	uint64_t left = all > gone ? all - gone : 0;

	tv->tv_sec = (time_t)(left / 1000000u);
	tv->tv_usec = (suseconds_t)(left % 1000000u);
}

CHIM_EXPORT int select(int n, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except,
		       struct timeval *restrict tv)
{
	uint64_t start;
	struct timespec ts;
	int rc;

	if (tv && (tv->tv_sec < 0 || tv->tv_usec < 0))
		return REAL(select)(n, in, out, except, tv);
	start = sys_now_ns();
	if (tv)
		ts = (struct timespec){tv->tv_sec, tv->tv_usec * 1000};
	rc = chim_select(n, in, out, except, tv ? &ts : NULL, NULL);
	if (rc == -2)
		return REAL(select)(n, in, out, except, tv);
	if (tv)
		left_of(tv, start);
	return rc;
}

CHIM_EXPORT int pselect(int n, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except,
			const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
	int rc = chim_select(n, in, out, except, timeout, mask);

	return rc == -2 ? REAL(pselect)(n, in, out, except, timeout, mask) : rc;
}

static struct chim_epoll *set_of(int fd)
{
	const struct chim_slot *s = chim_slot(fd);

	return s ? atomic_load(&s->epoll) : NULL;
}

CHIM_EXPORT int epoll_create(int size)
{
	int fd = REAL(epoll_create)(size);

	if (fd >= 0)
		chim_epoll_new(fd);
	return fd;
}

CHIM_EXPORT int epoll_create1(int flags)
{
	int fd = REAL(epoll_create1)(flags);

	if (fd >= 0)
		chim_epoll_new(fd);
	return fd;
}

CHIM_EXPORT int epoll_ctl(int set, int op, int fd, struct epoll_event *ev)
{
	struct chim_epoll *e = set_of(set);

	if (op == EPOLL_CTL_ADD && chim_is_set(fd))
		chim_epoll_nest(fd);
	if (e)
		return chim_epoll_ctl(e, set, op, fd, ev);
	/* A set that was made elsewhere: the connection must be the kernel's for it. */
	if (chim_tracked(fd))
		chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
	return REAL(epoll_ctl)(set, op, fd, ev);
}

CHIM_EXPORT int epoll_pwait(int set, struct epoll_event *events, int max, int ms,
			    const sigset_t *mask)
{
	struct chim_epoll *e = set_of(set);
	struct timespec ts;

	if (!e)
		return REAL(epoll_pwait)(set, events, max, ms, mask);
	return chim_epoll_wait(e, set, events, max, from_ms(ms, &ts), mask);
}

CHIM_EXPORT int epoll_wait(int set, struct epoll_event *events, int max, int ms)
{
	return epoll_pwait(set, events, max, ms, NULL);
}

int epoll_pwait2(int set, struct epoll_event *events, int max, const struct timespec *timeout,
		 const sigset_t *mask);
CHIM_EXPORT int epoll_pwait2(int set, struct epoll_event *events, int max,
			     const struct timespec *timeout, const sigset_t *mask)
{
	struct chim_epoll *e = set_of(set);

	if (!e)
		return (int)syscall(SYS_epoll_pwait2, set, events, max, timeout, mask, 8);
	return chim_epoll_wait(e, set, events, max, timeout, mask);
}

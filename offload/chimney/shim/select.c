/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/poll.h"
#include "offload/chimney/shim/epoll.h"

#include <errno.h>
#include <stdlib.h>

/* Which of poll()'s answers count for which set, as Linux has it. */
enum {
	IN_SET = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR,
	OUT_SET = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR,
	EXCEPT_SET = POLLPRI,
};

/* Sets may be longer than fd_set: programs with many descriptors allocate their own. */
static bool has(const fd_set *set, int fd)
{
	const unsigned long *words = (const unsigned long *)set;

	return set && (words[fd / 64] >> (fd % 64) & 1);
}

static void clear(fd_set *set, int n)
{
	unsigned long *words = (unsigned long *)set;

	for (int i = 0; set && i < (n + 63) / 64; i++)
		words[i] = 0;
}

static void add(fd_set *set, int fd)
{
	((unsigned long *)set)[fd / 64] |= 1ul << (fd % 64);
}

static int any_tracked(int n, const fd_set *in, const fd_set *out, const fd_set *except)
{
	int tracked = 0;

	for (int fd = 0; fd < n; fd++) {
		if (!has(in, fd) && !has(out, fd) && !has(except, fd))
			continue;
		tracked |= chim_tracked(fd);
		if (chim_is_set(fd))
			chim_epoll_nest(fd);
	}
	return tracked;
}

static nfds_t to_poll(struct pollfd *fds, int n, const fd_set *in, const fd_set *out,
		      const fd_set *except)
{
	nfds_t k = 0;

	for (int fd = 0; fd < n; fd++) {
		short events = (short)((has(in, fd) ? POLLIN | POLLRDNORM | POLLRDBAND : 0) |
				       (has(out, fd) ? POLLOUT | POLLWRNORM | POLLWRBAND : 0) |
				       (has(except, fd) ? POLLPRI : 0));

		if (events)
			fds[k++] = (struct pollfd){.fd = fd, .events = events};
	}
	return k;
}

static bool any_bad(const struct pollfd *fds, nfds_t k)
{
	for (nfds_t i = 0; i < k; i++) {
		if (fds[i].revents & POLLNVAL)
			return true;
	}
	return false;
}

static int from_poll(const struct pollfd *fds, nfds_t k, fd_set *in, fd_set *out, fd_set *except)
{
	int count = 0;

	for (nfds_t i = 0; i < k; i++) {
		const struct pollfd *p = &fds[i];

		if ((p->events & POLLIN) && (p->revents & IN_SET)) {
			add(in, p->fd);
			count++;
		}
		if ((p->events & POLLOUT) && (p->revents & OUT_SET)) {
			add(out, p->fd);
			count++;
		}
		if ((p->events & POLLPRI) && (p->revents & EXCEPT_SET)) {
			add(except, p->fd);
			count++;
		}
	}
	return count;
}

int chim_select(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
		const sigset_t *mask)
{
	struct pollfd *fds;
	nfds_t k;
	int rc;

	if (n <= 0 || n > CHIM_FDS || !any_tracked(n, in, out, except))
		return -2;
	fds = calloc((size_t)n, sizeof(*fds));
	if (!fds) {
		errno = ENOMEM;
		return -1;
	}
	k = to_poll(fds, n, in, out, except);
	rc = chim_poll(fds, k, timeout, mask);
	if (rc >= 0 && any_bad(fds, k)) {
		errno = EBADF;
		rc = -1;
	}
	if (rc >= 0) {
		clear(in, n);
		clear(out, n);
		clear(except, n);
		rc = from_poll(fds, k, in, out, except);
	}
	free(fds);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vhost/sock.h"

#include "base/passfd.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000ull
#define FDS_READ  2 /* one more than any answer has, so that too many are seen */

uint64_t hv_vu_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* A socket, and the address it is to have or to reach. The descriptor or negative errno. */
static int socket_for(const char *path, struct sockaddr_un *a, struct err *e)
{
	int fd = -1;

	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a->sun_path))
		return err_set(e, -ENAMETOOLONG, "'%s' is longer than a socket's path may be, %zu",
			       path, sizeof(a->sun_path) - 1);
	strcpy(a->sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, "socket: %s", strerror(errno));
	return fd;
}

int hv_vu_connect(const char *path, struct err *e)
{
	struct sockaddr_un a = {0};
	int fd = socket_for(path, &a, e), ret;

	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	ret = err_set(e, -errno, "nobody answers at '%s': %s", path, strerror(errno));
	close(fd);
	return ret;
}

/* A socket's file outlives who made it. Nothing but a socket is ever removed. */
static bool remove_left_over(const char *path)
{
	struct stat st;
	struct err e;
	int fd;

	if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = hv_vu_connect(path, &e);
	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED && unlink(path) == 0;
}

int hv_vu_listen(const char *path, struct err *e)
{
	struct sockaddr_un a = {0};
	const struct sockaddr *sa = (struct sockaddr *)&a;
	int fd = socket_for(path, &a, e), ret;

	if (fd < 0)
		return fd;
	ret = bind(fd, sa, sizeof(a));
	if (ret != 0 && errno == EADDRINUSE) {
		if (remove_left_over(path))
			ret = bind(fd, sa, sizeof(a));
		else
			errno = EADDRINUSE;
	}
	if (ret == 0)
		ret = listen(fd, 4);
	if (ret == 0)
		return fd;
	if (errno == EADDRINUSE)
		ret = err_set(
			e, -errno,
			"'%s' is used by another program, or is no socket; choose another path",
			path);
	else
		ret = err_set(e, -errno, "cannot listen at '%s': %s", path, strerror(errno));
	close(fd);
	return ret;
}

static int wait_for(int sock, short what, uint64_t deadline_ns, struct err *e)
{
	struct pollfd p = {.fd = sock, .events = what};
	uint64_t now;

	for (;;) {
		now = hv_vu_now_ns();
		if (now >= deadline_ns)
			return err_set(e, -ETIMEDOUT, "it does not answer");
		if (poll(&p, 1, (int)((deadline_ns - now) / NS_PER_MS) + 1) > 0)
			return 0;
	}
}

int hv_vu_send(int sock, const struct hv_vu_msg *m, const int *fd, unsigned int n_fds,
	       uint64_t deadline_ns, struct err *e)
{
	union passfd_control c;
	const uint8_t *at = (const uint8_t *)m;
	size_t left = HV_VU_HEADER + m->size;

	while (left > 0) {
		struct iovec io = {.iov_base = (void *)at, .iov_len = left};
		struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1};
		ssize_t n;
		int ret;

		passfd_put(&h, &c, fd, n_fds);
		n = sendmsg(sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			at += n;
			left -= (size_t)n;
			n_fds = 0; /* they went with the first byte */
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return err_set(e, -ECONNRESET, "it went away: %s", strerror(errno));
		ret = wait_for(sock, POLLOUT, deadline_ns, e);
		if (ret != 0)
			return ret;
	}
	return 0;
}

/* Receives exactly `bytes`; descriptors go to fd[0..*n_fds), which is added to. */
static int receive(int sock, void *to, size_t bytes, int *fd, unsigned int *n_fds,
		   uint64_t deadline_ns, struct err *e)
{
	uint8_t *at = to;

	while (bytes > 0) {
		union passfd_control c;
		struct iovec io = {.iov_base = at, .iov_len = bytes};
		struct msghdr h = {.msg_iov = &io,
				   .msg_iovlen = 1,
				   .msg_control = &c,
				   .msg_controllen = sizeof(c)};
		ssize_t n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		int got[FDS_READ];
		unsigned int k = 0;
		int ret;

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return err_set(e, -ECONNRESET, "it went away%s%s", n < 0 ? ": " : "",
				       n < 0 ? strerror(errno) : "");
		if (n < 0) {
			ret = wait_for(sock, POLLIN, deadline_ns, e);
			if (ret != 0)
				return ret;
			continue;
		}
		passfd_take(&h, got, &k, FDS_READ);
		for (unsigned int i = 0; i < k; i++) {
			if (*n_fds == 0)
				*fd = got[i];
			else
				close(got[i]);
			++*n_fds;
		}
		if (h.msg_flags & MSG_CTRUNC || *n_fds > 1)
			return err_set(e, -EPROTO, "it sent too many descriptors");
		at += n;
		bytes -= (size_t)n;
	}
	return 0;
}

int hv_vu_recv(int sock, struct hv_vu_msg *m, int *fd, unsigned int *n_fds, uint64_t deadline_ns,
	       struct err *e)
{
	int ret;

	*fd = -1;
	*n_fds = 0;
	ret = receive(sock, m, HV_VU_HEADER, fd, n_fds, deadline_ns, e);
	if (ret == 0)
		ret = hv_vu_header_check(m, e);
	if (ret == 0)
		ret = receive(sock, m->payload, m->size, fd, n_fds, deadline_ns, e);
	if (ret != 0 && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return ret;
}

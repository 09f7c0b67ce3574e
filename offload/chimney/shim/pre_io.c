/* SPDX-License-Identifier: BSD-3-Clause */
/* The preload library's read(), write() and their like, one or several pieces at a time. */
#include "offload/chimney/shim/io.h"
#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sock.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* What the checked variants say of a buffer that is too small. */
static void check(size_t n, size_t room)
{
	if (n > room)
		abort();
}

CHIM_EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	if (!chim_tracked(fd) || !n)
		return REAL(read)(fd, buf, n);
	return chim_io_readv(fd, &(struct iovec){buf, n}, 1, 0);
}

CHIM_EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	if (!chim_tracked(fd))
		return REAL(write)(fd, buf, n);
	return chim_io_writev(fd, &(struct iovec){(void *)buf, n}, 1, 0);
}

static size_t bytes_of(const struct iovec *v, int n)
{
	size_t bytes = 0;

	for (int i = 0; v && i < n; i++)
		bytes += v[i].iov_len;
	return bytes;
}

CHIM_EXPORT ssize_t readv(int fd, const struct iovec *v, int n)
{
	if (!chim_tracked(fd) || n < 0 || n > IOV_MAX || !bytes_of(v, n))
		return REAL(readv)(fd, v, n);
	return chim_io_readv(fd, v, (size_t)n, 0);
}

CHIM_EXPORT ssize_t writev(int fd, const struct iovec *v, int n)
{
	if (!chim_tracked(fd) || n < 0 || n > IOV_MAX)
		return REAL(writev)(fd, v, n);
	return chim_io_writev(fd, v, (size_t)n, 0);
}

CHIM_EXPORT ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	if (!chim_tracked(fd))
		return REAL(recv)(fd, buf, n, flags);
	return chim_io_readv(fd, &(struct iovec){buf, n}, 1, flags);
}

CHIM_EXPORT ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	if (!chim_tracked(fd))
		return REAL(send)(fd, buf, n, flags);
	return chim_io_writev(fd, &(struct iovec){(void *)buf, n}, 1, flags);
}

/* TCP tells nobody's address. */
CHIM_EXPORT ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags,
			     struct sockaddr *restrict from, socklen_t *restrict len)
{
	ssize_t got;

	if (!chim_tracked(fd))
		return REAL(recvfrom)(fd, buf, n, flags, from, len);
	got = chim_io_readv(fd, &(struct iovec){buf, n}, 1, flags);
	if (got >= 0 && from && len)
		*len = 0;
	return got;
}

/* And needs none. */
CHIM_EXPORT ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *to,
			   socklen_t len)
{
	if (!chim_tracked(fd) || (flags & MSG_FASTOPEN))
		return REAL(sendto)(fd, buf, n, flags, to, len);
	return chim_io_writev(fd, &(struct iovec){(void *)buf, n}, 1, flags);
}

ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags, struct sockaddr *from,
		       socklen_t *len);

CHIM_EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t room)
{
	check(n, room);
	return read(fd, buf, n);
}

CHIM_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags)
{
	check(n, room);
	return recv(fd, buf, n, flags);
}

CHIM_EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags,
				   struct sockaddr *from, socklen_t *len)
{
	check(n, room);
	return recvfrom(fd, buf, n, flags, from, len);
}

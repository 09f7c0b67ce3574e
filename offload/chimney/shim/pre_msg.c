/* SPDX-License-Identifier: BSD-3-Clause */
/* The preload library's sendmsg(), recvmsg() and their like, and what copies from files. */
#include "offload/chimney/shim/io.h"
#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { FILE_CHUNK = 1 << 17 };

/* A descriptor that is passed to another process must be the kernel's connection. */
static void give_passed(const struct msghdr *m)
{
	struct cmsghdr *c;

	if (!m || !m->msg_control)
		return;
	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		    c->cmsg_len < CMSG_LEN(0))
			continue;
		for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0);
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if (chim_tracked(fd))
				chim_give_back(fd, CHIM_UPLOAD_FORK, false);
		}
	}
}

CHIM_EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	if (m && m->msg_controllen)
		give_passed(m);
	if (!chim_tracked(fd) || !m)
		return REAL(sendmsg)(fd, m, flags);
	return chim_io_send(fd, m, flags);
}

CHIM_EXPORT ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	if (!chim_tracked(fd) || !m)
		return REAL(recvmsg)(fd, m, flags);
	return chim_io_recv(fd, m, flags);
}

CHIM_EXPORT int sendmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		give_passed(&m[i].msg_hdr);
	if (!chim_tracked(fd))
		return REAL(sendmmsg)(fd, m, n, flags);
	for (i = 0; i < n; i++) {
		ssize_t sent = chim_io_send(fd, &m[i].msg_hdr, flags);

		if (sent < 0)
			return i ? (int)i : -1;
		m[i].msg_len = (unsigned int)sent;
	}
	return (int)i;
}

CHIM_EXPORT int recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags,
			 struct timespec *timeout)
{
	unsigned int i;

	if (!chim_tracked(fd) || timeout)
		return REAL(recvmmsg)(fd, m, n, flags, timeout);
	for (i = 0; i < n; i++) {
		ssize_t got = chim_io_recv(fd, &m[i].msg_hdr, flags & ~MSG_WAITFORONE);

		if (got < 0)
			return i ? (int)i : -1;
		m[i].msg_len = (unsigned int)got;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
	}
	return (int)i;
}

/* Through a buffer: a file that is slow must not hold the ring. */
static ssize_t copy_file(int out, int in, off_t *offset, size_t n)
{
	off_t at = offset ? *offset : lseek(in, 0, SEEK_CUR);
	char *buf = malloc(FILE_CHUNK);
	ssize_t done = 0, got, sent = 0;

	while (buf && (size_t)done < n) {
		size_t k = n - (size_t)done < FILE_CHUNK ? n - (size_t)done : FILE_CHUNK;

		got = pread(in, buf, k, at + done);
		if (got <= 0) {
			sent = got;
			break;
		}
		sent = chim_io_writev(out, &(struct iovec){buf, (size_t)got}, 1, 0);
		if (sent <= 0)
			break;
		done += sent;
		if (sent < got)
			break;
	}
	free(buf);
	if (offset)
		*offset = at + done;
	else if (done)
		lseek(in, at + done, SEEK_SET);
	return done || sent >= 0 ? done : -1;
}

CHIM_EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
	struct chim_call k;
	bool fast;

	if (chim_tracked(in))
		chim_give_back(in, CHIM_UPLOAD_UNKEPT, true);
	if (!chim_tracked(out))
		return REAL(sendfile)(out, in, offset, n);
	fast = chim_begin(&k, out, true);
	if (fast) {
		chim_end(&k);
		/* What cannot be read at a place is the kernel's to refuse. */
		if (lseek(in, 0, SEEK_CUR) >= 0)
			return copy_file(out, in, offset, n);
		chim_give_back(out, CHIM_UPLOAD_UNKEPT, true);
		return REAL(sendfile)(out, in, offset, n);
	}
	{
		ssize_t sent = REAL(sendfile)(out, in, offset, n);

		chim_end_moved(&k, sent);
		return sent;
	}
}

CHIM_EXPORT ssize_t sendfile64(int out, int in, off64_t *offset, size_t n)
{
	return sendfile(out, in, offset, n);
}

CHIM_EXPORT ssize_t splice(int in, off_t *in_at, int out, off_t *out_at, size_t n,
			   unsigned int flags)
{
	if (chim_tracked(in))
		chim_give_back(in, CHIM_UPLOAD_UNKEPT, false);
	if (chim_tracked(out))
		chim_give_back(out, CHIM_UPLOAD_UNKEPT, false);
	return REAL(splice)(in, in_at, out, out_at, n, flags);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls as such. What stands in for libc's read() or close() in an application must not come
 * back to itself when it reads or closes something of its own.
 *
 * Each returns what the call returns, or a negative errno. Any thread, signal handlers too.
 */
#ifndef OFFLOAD_CHIMNEY_SHIM_SYS_H
#define OFFLOAD_CHIMNEY_SHIM_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline long sys_result(long r)
{
	return r < 0 ? -errno : r;
}

static inline long sys_close(int fd)
{
	return sys_result(syscall(SYS_close, fd));
}

static inline long sys_read(int fd, void *buf, size_t n)
{
	return sys_result(syscall(SYS_read, fd, buf, n));
}

static inline long sys_write(int fd, const void *buf, size_t n)
{
	return sys_result(syscall(SYS_write, fd, buf, n));
}

static inline long sys_fcntl(int fd, int op, long arg)
{
	return sys_result(syscall(SYS_fcntl, fd, op, arg));
}

static inline long sys_sendmsg(int fd, const struct msghdr *m, int flags)
{
	return sys_result(syscall(SYS_sendmsg, fd, m, flags));
}

static inline long sys_recvmsg(int fd, struct msghdr *m, int flags)
{
	return sys_result(syscall(SYS_recvmsg, fd, m, flags));
}

/* timeout: NULL for ever. */
static inline long sys_poll(struct pollfd *fds, unsigned int n, const struct timespec *timeout)
{
	struct timespec left = timeout ? *timeout : (struct timespec){0};

	return sys_result(syscall(SYS_ppoll, fds, n, timeout ? &left : NULL, NULL, 8));
}

static inline uint64_t sys_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif

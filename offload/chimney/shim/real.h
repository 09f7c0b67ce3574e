/* SPDX-License-Identifier: BSD-3-Clause */
/* libc's own functions behind those the preload library puts in front of them: REAL(read)(...). Any
 * thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_REAL_H
#define OFFLOAD_CHIMNEY_SHIM_REAL_H

#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#define CHIM_REALS(X)                                                                            \
	X(int, connect, (int, const struct sockaddr *, socklen_t))                               \
	X(int, accept, (int, struct sockaddr *, socklen_t *))                                    \
	X(int, accept4, (int, struct sockaddr *, socklen_t *, int))                              \
	X(int, listen, (int, int))                                                               \
	X(ssize_t, read, (int, void *, size_t))                                                  \
	X(ssize_t, write, (int, const void *, size_t))                                           \
	X(ssize_t, readv, (int, const struct iovec *, int))                                      \
	X(ssize_t, writev, (int, const struct iovec *, int))                                     \
	X(ssize_t, send, (int, const void *, size_t, int))                                       \
	X(ssize_t, recv, (int, void *, size_t, int))                                             \
	X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t)) \
	X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))         \
	X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                   \
	X(ssize_t, recvmsg, (int, struct msghdr *, int))                                         \
	X(int, sendmmsg, (int, struct mmsghdr *, unsigned int, int))                             \
	X(int, recvmmsg, (int, struct mmsghdr *, unsigned int, int, struct timespec *))          \
	X(ssize_t, sendfile, (int, int, off_t *, size_t))                                        \
	X(ssize_t, splice, (int, off_t *, int, off_t *, size_t, unsigned int))                   \
	X(int, poll, (struct pollfd *, nfds_t, int))                                             \
	X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))      \
	X(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                    \
	X(int, pselect,                                                                          \
	  (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))        \
	X(int, epoll_create, (int))                                                              \
	X(int, epoll_create1, (int))                                                             \
	X(int, epoll_ctl, (int, int, int, struct epoll_event *))                                 \
	X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))             \
	X(int, shutdown, (int, int))                                                             \
	X(int, close, (int))                                                                     \
	X(int, close_range, (unsigned int, unsigned int, int))                                   \
	X(int, dup, (int))                                                                       \
	X(int, dup2, (int, int))                                                                 \
	X(int, dup3, (int, int, int))                                                            \
	X(int, fcntl, (int, int, ...))                                                           \
	X(int, ioctl, (int, unsigned long, ...))                                                 \
	X(int, getsockname, (int, struct sockaddr *, socklen_t *))                               \
	X(int, getpeername, (int, struct sockaddr *, socklen_t *))                               \
	X(int, getsockopt, (int, int, int, void *, socklen_t *))                                 \
	X(int, setsockopt, (int, int, int, const void *, socklen_t))                             \
	X(FILE *, fdopen, (int, const char *))                                                   \
	X(int, vdprintf, (int, const char *, va_list))                                           \
	X(int, execve, (const char *, char *const *, char *const *))                             \
	X(int, execvpe, (const char *, char *const *, char *const *))                            \
	X(int, fexecve, (int, char *const *, char *const *))                                     \
	X(int, posix_spawn_file_actions_adddup2, (posix_spawn_file_actions_t *, int, int))       \
	X(int, posix_spawn,                                                                      \
	  (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, \
	   char *const *, char *const *))                                                        \
	X(int, posix_spawnp,                                                                     \
	  (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, \
	   char *const *, char *const *))

struct chim_real {
#define X(type, name, args) type(*name) args;
	CHIM_REALS(X)
#undef X
};
extern struct chim_real chim_real;

/* Finds them all. A library that runs before this one is initialized may come first. */
void chim_real_find(void);

#define REAL(name) \
	((__builtin_expect(!chim_real.name, 0) ? chim_real_find() : (void)0), chim_real.name)

#endif

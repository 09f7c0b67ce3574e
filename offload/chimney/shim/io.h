/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending and receiving on descriptors that are tracked, wherever their connection is. Return as
 * the calls they stand for, with errno, and raise SIGPIPE. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_IO_H
#define OFFLOAD_CHIMNEY_SHIM_IO_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#define CHIM_EXPORT __attribute__((visibility("default")))

ssize_t chim_io_recv(int fd, struct msghdr *m, int flags);
ssize_t chim_io_send(int fd, const struct msghdr *m, int flags);

/* The same for plain pieces. */
ssize_t chim_io_readv(int fd, const struct iovec *v, size_t n, int flags);
ssize_t chim_io_writev(int fd, const struct iovec *v, size_t n, int flags);

#endif

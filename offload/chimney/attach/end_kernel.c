/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/end.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct kernel_end {
	struct att_end end;
	int sock;
	struct linger linger; /* the program's */
};

static int sock_of(struct att_end *end)
{
	return ((struct kernel_end *)end)->sock;
}

static ssize_t kernel_read(struct att_end *end, void *buf, size_t n)
{
	ssize_t got = recv(sock_of(end), buf, n, MSG_DONTWAIT);

	return got < 0 ? -errno : got;
}

static ssize_t kernel_write(struct att_end *end, const void *buf, size_t n)
{
	ssize_t got = send(sock_of(end), buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	return got < 0 ? -errno : got;
}

static int kernel_shutdown(struct att_end *end, int how)
{
	/* It may have ended already. */
	shutdown(sock_of(end), how);
	return 0;
}

static void set_linger(int sock, struct linger l)
{
	setsockopt(sock, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

/* The caller's closing of the socket does the rest. */
static void kernel_close(struct att_end *end, bool reset)
{
	if (!reset)
		att_end_kernel_release(end);
	else
		free(end);
}

void att_end_kernel_release(struct att_end *end)
{
	struct kernel_end *k = (struct kernel_end *)end;

	set_linger(k->sock, k->linger);
	free(k);
}

static const struct att_end_ops kernel_ops = {
	.read = kernel_read,
	.write = kernel_write,
	.shutdown = kernel_shutdown,
	.close = kernel_close,
};

struct att_end *att_end_kernel(int sock)
{
	struct kernel_end *k = calloc(1, sizeof(*k));
	socklen_t len = sizeof(k->linger);

	if (!k)
		return NULL;
	k->end = (struct att_end){.ops = &kernel_ops,
				  .fds = {sock, -1},
				  .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	k->sock = sock;
	getsockopt(sock, SOL_SOCKET, SO_LINGER, &k->linger, &len);
	set_linger(sock, (struct linger){1, 0});
	return &k->end;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/msg.h"

#include "offload/chimney/shim/link.h"
#include "offload/chimney/shim/sys.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int) * CHIM_MSG_FDS)];
};

static void take_fds(struct chim_heard *h, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n && h->n_fds < CHIM_MSG_FDS; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			h->fds[h->n_fds++] = chim_fd_high(fd);
		}
	}
}

int chim_msg_hear(int sock, struct chim_heard *h)
{
	union control control;
	struct iovec v = {&h->msg, sizeof(h->msg)};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	long n;

	h->n_fds = 0;
	do
		n = sys_recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n == -EINTR);
	if (n < 0)
		return (int)n;
	if (!n)
		return -ECONNRESET;
	take_fds(h, &m);
	if (n == sizeof(h->msg) && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	chim_heard_drop(h);
	return -EPROTO;
}

void chim_heard_drop(struct chim_heard *h)
{
	for (int i = 0; i < h->n_fds; i++)
		chim_fd_close(h->fds[i]);
	h->n_fds = 0;
}

int chim_msg_say(int sock, const struct chim_msg *m, int fd)
{
	union control control = {0};
	struct iovec v = {(void *)m, sizeof(*m)};
	struct msghdr msg = {.msg_iov = &v, .msg_iovlen = 1};
	long n;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(fd));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	for (;;) {
		n = sys_sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n != -EINTR && n != -EAGAIN)
			break;
		if (n == -EAGAIN)
			sys_poll(&(struct pollfd){.fd = sock, .events = POLLOUT}, 1,
				 &(struct timespec){.tv_nsec = 10000000});
	}
	return n < 0 ? (int)n : 0;
}

int chim_welcome(struct chim_link *link, struct chim_heard *h)
{
	uint32_t n = h->msg.retry_ms;
	struct chim_bells *bells;
	struct stat st;

	if (h->msg.type != CHIM_MSG_WELCOME || h->msg.conn != CHIM_MSG_VERSION || !n ||
	    n > CHIM_BELL_WORKERS || h->n_fds != (int)n + 1)
		return -EPROTO;
	for (uint32_t i = 0; i <= n; i++) {
		if (h->fds[i] < 0)
			return h->fds[i];
	}
	if (fstat(h->fds[0], &st) || st.st_size < (off_t)sizeof(*bells) ||
	    !(sys_fcntl(h->fds[0], F_GET_SEALS, 0) & F_SEAL_SHRINK))
		return -EPROTO;
	bells = mmap(NULL, sizeof(*bells), PROT_READ | PROT_WRITE, MAP_SHARED, h->fds[0], 0);
	if (bells == MAP_FAILED)
		return -ENOMEM;
	if (bells->magic != CHIM_SHM_MAGIC || bells->version != CHIM_SHM_VERSION ||
	    bells->n_workers != n) {
		munmap(bells, sizeof(*bells));
		return -EPROTO;
	}
	link->bells = bells;
	link->n_workers = n;
	for (uint32_t i = 0; i < n; i++) {
		link->worker_fd[i] = h->fds[i + 1];
		h->fds[i + 1] = -1;
	}
	return 0;
}

void chim_welcome_undo(struct chim_link *link)
{
	if (!link->bells)
		return;
	munmap(link->bells, sizeof(*link->bells));
	for (uint32_t i = 0; i < link->n_workers; i++)
		chim_fd_close(link->worker_fd[i]);
	link->bells = NULL;
}

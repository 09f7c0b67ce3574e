/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/handoff/offerer.h"

#include "api/chim_msg.h"
#include "offload/chimney/names.h"
#include "offload/chimney/state.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TRIES = 100 };

static int say(struct offerer *o, const struct chim_msg *m, int fd, struct err *e)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {(void *)(uintptr_t)m, sizeof(*m)};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *c = &control.align;

		*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(fd)),
				      .cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		h.msg_control = &control;
		h.msg_controllen = sizeof(control.bytes);
	}
	if (sendmsg(o->fd, &h, MSG_NOSIGNAL) == (ssize_t)sizeof(*m))
		return 0;
	return err_set(e, -errno, "flued does not listen any more: %s", strerror(errno));
}

/* The memory and the bells are of no use here: nothing is sent while it is with flued. */
static void drop_fds(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			close(fd);
		}
	}
}

static int hear(struct offerer *o, struct chim_msg *m, struct err *e)
{
	char control[CMSG_SPACE(CHIM_MSG_FDS * sizeof(int))]
		__attribute__((aligned(__alignof__(struct cmsghdr))));
	struct iovec iov = {m, sizeof(*m)};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct pollfd p = {.fd = o->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, OFFERER_MS) <= 0)
		return err_set(e, -ETIMEDOUT, "flued does not answer for %d s", OFFERER_MS / 1000);
	n = recvmsg(o->fd, &h, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return err_set(e, -errno, "flued's socket: %s", strerror(errno));
	drop_fds(&h);
	if (n == (ssize_t)sizeof(*m))
		return 0;
	return err_set(e, -EPIPE, "flued gave the connection up; its log says why");
}

/* Until one of this type comes, or one of the other. */
static int hear_of(struct offerer *o, uint32_t type, uint32_t other, struct chim_msg *m,
		   struct err *e)
{
	int ret;

	do
		ret = hear(o, m, e);
	while (!ret && m->type != type && m->type != other);
	return ret;
}

int offerer_open(struct offerer *o, const char *path, struct err *e)
{
	const struct chim_msg hello = {.type = CHIM_MSG_HELLO, .conn = CHIM_MSG_VERSION};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct chim_msg m;
	int ret;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	o->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (o->fd < 0)
		return err_set(e, -errno, "no socket: %s", strerror(errno));
	if (connect(o->fd, (struct sockaddr *)&a, sizeof(a))) {
		ret = err_set(e, -errno, "%s: %s; is flued started with --chimney-socket?", path,
			      strerror(errno));
		goto close_fd;
	}
	ret = say(o, &hello, -1, e);
	if (!ret)
		ret = hear_of(o, CHIM_MSG_WELCOME, CHIM_MSG_WELCOME, &m, e);
	if (!ret)
		return 0;
close_fd:
	offerer_close(o);
	return ret;
}

void offerer_close(struct offerer *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}

int offerer_offer(struct offerer *o, int sock, struct err *e)
{
	const struct chim_msg offer = {.type = CHIM_MSG_OFFER, .cookie = 1};
	struct chim_msg m;
	int ret = say(o, &offer, sock, e);

	if (!ret)
		ret = hear_of(o, CHIM_MSG_ACCEPTED, CHIM_MSG_REFUSED, &m, e);
	if (ret)
		return ret;
	if (m.type == CHIM_MSG_REFUSED)
		return err_set(e, m.retry_ms || m.retry_bytes ? -EAGAIN : -EPERM,
			       "flued does not take the connection: %s",
			       chim_refusal_name(m.reason));
	o->conn = m.conn;
	return 0;
}

int offerer_upload(struct offerer *o, struct err *e)
{
	const struct chim_msg upload = {
		.type = CHIM_MSG_UPLOAD, .conn = o->conn, .reason = CHIM_UPLOAD_REQUESTED};
	struct chim_msg m = {0};
	int ret = 0;

	/* What cannot be now is asked for again. */
	for (int i = 0; i < TRIES && !ret && m.type != CHIM_MSG_UPLOADED; i++) {
		ret = say(o, &upload, -1, e);
		if (!ret)
			ret = hear_of(o, CHIM_MSG_UPLOADED, CHIM_MSG_KEPT, &m, e);
	}
	if (ret)
		return ret;
	if (m.type == CHIM_MSG_KEPT)
		return err_set(e, -EBUSY, "flued keeps the connection (%d)", (int)m.reason);
	if (m.reason >= 0)
		return 0;
	return err_set(e, -ECONNABORTED, "the connection was lost on its way back (%d)",
		       (int)m.reason);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/wire.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int hv_wire_pair(int fd[2])
{
	int bytes = HV_WIRE_MAX * 2;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(HV_WIRE_FDS * sizeof(int))];
};

static void put_fds(struct msghdr *m, union control *control, const int *fds, unsigned int n)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof(*control));
	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(n * sizeof(int));
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
}

int hv_wire_send(int fd, const json_t *msg, const int *fds, unsigned int n)
{
	char *text = json_dumps(msg, JSON_COMPACT);
	struct iovec iov = {text, text ? strlen(text) : 0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control;
	ssize_t sent;
	int ret = 0;

	if (!text)
		return -ENOMEM;
	if (iov.iov_len > HV_WIRE_MAX || n > HV_WIRE_FDS) {
		free(text);
		return -EMSGSIZE;
	}
	if (n > 0)
		put_fds(&m, &control, fds, n);
	do
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		ret = errno == ECONNRESET ? -EPIPE : -errno;
	free(text);
	return ret;
}

/* What was handed in goes to fds; what has no place there is closed. */
static void take_fds(struct msghdr *m, int *fds)
{
	unsigned int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		const unsigned char *data = CMSG_DATA(c);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, data + at, sizeof(fd));
			if (fds && n < HV_WIRE_FDS)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
}

json_t *hv_wire_receive(int fd, int *fds, int *ret)
{
	char *text = malloc(HV_WIRE_MAX);
	struct iovec iov = {text, HV_WIRE_MAX};
	union control control;
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	json_t *msg = NULL;
	ssize_t n;

	for (int i = 0; fds && i < HV_WIRE_FDS; i++)
		fds[i] = -1;
	if (!text) {
		*ret = -ENOMEM;
		return NULL;
	}
	do
		n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		*ret = n < 0 && errno != ECONNRESET ? -errno : 0;
		goto free_text;
	}
	take_fds(&m, fds);
	*ret = -EBADMSG;
	if (!(m.msg_flags & MSG_TRUNC))
		msg = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
	if (msg && !json_is_object(msg)) {
		json_decref(msg);
		msg = NULL;
	}
	for (int i = 0; !msg && fds && i < HV_WIRE_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
free_text:
	free(text);
	return msg;
}

/* Cut where a text may end amid a character, which JSON would refuse. */
static json_t *text(const char *s)
{
	json_t *v = json_string(s);

	return v ? v : json_string("(a text that is not UTF-8)");
}

json_t *hv_wire_from_err(const struct err *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "code", json_integer(e->code < 0 ? e->code : -EIO));
	json_object_set_new(o, "text", text(e->text));
	json_object_set_new(o, "path", text(e->path));
	return o;
}

void hv_wire_to_err(const json_t *error, struct err *e)
{
	json_int_t code = json_get_int(error, "code", -EIO);

	if (code >= 0 || code < -4095)
		code = -EIO;
	err_at(e, (int)code, json_get_str(error, "path", ""), "%.380s",
	       json_get_str(error, "text", "the guest's process gives no reason"));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/wire.h"

#include "base/passfd.h"

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

int hv_wire_send(int fd, const json_t *msg, const int *fds, unsigned int n)
{
	char *text = json_dumps(msg, JSON_COMPACT);
	struct iovec iov = {text, text ? strlen(text) : 0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union passfd_control control;
	ssize_t sent;
	int ret = 0;

	if (!text)
		return -ENOMEM;
	if (iov.iov_len > HV_WIRE_MAX || n > HV_WIRE_FDS) {
		free(text);
		return -EMSGSIZE;
	}
	passfd_put(&m, &control, fds, fds ? n : 0);
	do
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		ret = errno == ECONNRESET ? -EPIPE : -errno;
	free(text);
	return ret;
}

json_t *hv_wire_receive(int fd, int *fds, int *ret)
{
	char *text = malloc(HV_WIRE_MAX);
	struct iovec iov = {text, HV_WIRE_MAX};
	union passfd_control control;
	unsigned int taken = 0;
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
	passfd_take(&m, fds, &taken, fds ? HV_WIRE_FDS : 0);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/wire.h"

#include "base/passfd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 65536

int pf_wire_pair(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0 ? 0 : -errno;
}

void pf_wire_open(struct pf_wire *l, int fd)
{
	*l = (struct pf_wire){.fd = fd};
}

void pf_wire_close(struct pf_wire *l)
{
	for (unsigned int i = 0; i < l->n_fds; i++)
		close(l->fds[i]);
	if (l->fd >= 0)
		close(l->fd);
	free(l->buf);
	pf_wire_open(l, -1);
}

int pf_wire_receive(struct pf_wire *l)
{
	union passfd_control control;
	struct msghdr m = {.msg_control = &control, .msg_controllen = sizeof(control)};
	struct iovec iov;
	ssize_t n;

	if (l->len > PF_WIRE_MAX)
		return -EMSGSIZE;
	if (l->room - l->len < CHUNK) {
		size_t room = l->len * 2 + CHUNK;
		char *buf = realloc(l->buf, room);

		if (!buf)
			return -ENOMEM;
		l->buf = buf;
		l->room = room;
	}
	iov = (struct iovec){l->buf + l->len, l->room - l->len};
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	do
		n = recvmsg(l->fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	passfd_take(&m, l->fds, &l->n_fds, PF_WIRE_FDS);
	l->len += (size_t)n;
	return (int)n;
}

char *pf_wire_line(struct pf_wire *l, size_t *len)
{
	char *lf;

	/* What the last call gave goes now. */
	if (l->scanned > 0 && l->buf[l->scanned - 1] == '\0') {
		l->len -= l->scanned;
		memmove(l->buf, l->buf + l->scanned, l->len);
		l->scanned = 0;
	}
	lf = l->len > l->scanned ? memchr(l->buf + l->scanned, '\n', l->len - l->scanned) : NULL;
	if (!lf) {
		l->scanned = l->len;
		return NULL;
	}
	*lf = '\0';
	*len = (size_t)(lf - l->buf);
	l->scanned = *len + 1;
	return l->buf;
}

unsigned int pf_wire_take(struct pf_wire *l, int *fds, unsigned int n)
{
	if (n > l->n_fds)
		n = l->n_fds;
	memcpy(fds, l->fds, n * sizeof(int));
	l->n_fds -= n;
	memmove(l->fds, l->fds + n, l->n_fds * sizeof(int));
	return n;
}

int pf_wire_send(int fd, const json_t *msg, const int *fds, unsigned int n)
{
	char *text = json_dumps(msg, JSON_COMPACT);
	struct iovec iov;
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union passfd_control control;
	size_t len, done = 0;
	int ret = 0;

	if (!text || n > PF_WIRE_FDS) {
		free(text);
		return text ? -EMSGSIZE : -ENOMEM;
	}
	len = strlen(text);
	text[len++] = '\n'; /* where the NUL was */
	passfd_put(&m, &control, fds, fds ? n : 0);
	while (ret == 0 && done < len) {
		ssize_t sent;

		iov = (struct iovec){text + done, len - done};
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			ret = errno == ECONNRESET ? -EPIPE : -errno;
		if (sent > 0) {
			done += (size_t)sent;
			m.msg_control = NULL; /* went with the first byte */
			m.msg_controllen = 0;
		}
	}
	free(text);
	return ret;
}

int pf_wire_parse(const char *text, size_t len, struct pf_wire_msg *m)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	int64_t id = json_get_int(root, "id", -1), fds = json_get_int(root, "fds", 0);

	*m = (struct pf_wire_msg){
		.root = root,
		.id = (uint64_t)id,
		.doing = json_get_str(root, "doing", NULL),
		.result = json_object_get(root, "result"),
		.error = json_object_get(root, "error"),
		.state = json_object_get(root, "state"),
		.fds = (unsigned int)fds,
	};
	if (id > 0 && fds >= 0 && fds <= PF_WIRE_FDS &&
	    (m->doing != NULL) + (m->result != NULL) + (m->error != NULL) == 1 &&
	    (!m->result || json_is_object(m->result)) && (!m->error || json_is_object(m->error)) &&
	    (!m->state || json_is_object(m->state)))
		return 0;
	json_decref(root);
	*m = (struct pf_wire_msg){0};
	return -EBADMSG;
}

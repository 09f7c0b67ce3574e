/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/wire.h"

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

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(PF_WIRE_FDS * sizeof(int))];
};

static void keep_fds(struct pf_wire *l, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		const unsigned char *data = CMSG_DATA(c);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, data + at, sizeof(fd));
			if (l->n_fds < PF_WIRE_FDS)
				l->fds[l->n_fds++] = fd;
			else
				close(fd);
		}
	}
}

int pf_wire_receive(struct pf_wire *l)
{
	union control control;
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
	keep_fds(l, &m);
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

int pf_wire_send(int fd, const json_t *msg, const int *fds, unsigned int n)
{
	char *text = json_dumps(msg, JSON_COMPACT);
	struct iovec iov;
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control;
	size_t len, done = 0;
	int ret = 0;

	if (!text || n > PF_WIRE_FDS) {
		free(text);
		return text ? -EMSGSIZE : -ENOMEM;
	}
	len = strlen(text);
	text[len++] = '\n'; /* where the NUL was */
	if (fds && n > 0)
		put_fds(&m, &control, fds, n);
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

/* Cut where a text may end amid a character, which JSON would refuse. */
static json_t *text_json(const char *s)
{
	json_t *v = json_string(s);

	return v ? v : json_string("(a text that is not UTF-8)");
}

json_t *pf_wire_from_err(const struct err *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "code", json_integer(e->code < 0 ? e->code : -EIO));
	json_object_set_new(o, "text", text_json(e->text));
	json_object_set_new(o, "path", text_json(e->path));
	return o;
}

void pf_wire_to_err(const json_t *error, struct err *e)
{
	int64_t code = json_get_int(error, "code", -EIO);

	if (code >= 0 || code < -4095)
		code = -EIO;
	err_at(e, (int)code, json_get_str(error, "path", ""), "%.380s",
	       json_get_str(error, "text", "the agent gives no reason"));
}

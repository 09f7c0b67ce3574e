/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/hand_server.h"

#include "api/serve/rpc_listen.h"
#include "base/log.h"
#include "base/passfd.h"
#include "sriov-pf/ctrl/hand_msg.h"
#include "sriov-pf/ctrl/take.h"

#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNS_MAX 256

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

struct conn {
	struct hand_server *server; /* NULL: the connection has ended, an answer is outstanding */
	int fd;
	pid_t pid;
	struct event *on_read;
	bool waits; /* for an answer; meanwhile nothing is read */
};

struct hand_server {
	struct ctrl *ctrl;
	struct event *on_accept;
	int fd;
	char *path;
	struct conn *conn[CONNS_MAX];
};

static void conn_close(struct conn *k)
{
	struct hand_server *s = k->server;

	for (unsigned int i = 0; s && i < CONNS_MAX; i++)
		if (s->conn[i] == k)
			s->conn[i] = NULL;
	k->server = NULL;
	if (k->on_read)
		event_free(k->on_read);
	k->on_read = NULL;
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	if (!k->waits)
		free(k);
}

static int send_packet(int fd, const json_t *answer, const int *fds, unsigned int n)
{
	char *text = json_dumps(answer, JSON_COMPACT);
	struct iovec iov = {text, text ? strlen(text) : 0};
	union passfd_control control;
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t sent;

	if (!text)
		return -ENOMEM;
	passfd_put(&m, &control, fds, n);
	sent = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	free(text);
	return sent < 0 ? -errno : 0;
}

static int on_answer(void *arg, const json_t *answer, const int *fds, unsigned int n)
{
	struct conn *k = arg;
	int ret = -EPIPE;

	k->waits = false;
	if (!k->server) {
		free(k);
		return ret;
	}
	if (answer)
		ret = send_packet(k->fd, answer, fds, n);
	if (ret == 0)
		event_add(k->on_read, NULL);
	else
		conn_close(k);
	return ret;
}

static void answer_now(struct conn *k, json_t *answer)
{
	k->waits = true;
	on_answer(k, answer, NULL, 0);
	json_decref(answer);
}

/* The process at the other end, by a descriptor that no later process can have. */
static int open_peer(const struct conn *k)
{
	int pidfd = -1;
	socklen_t len = sizeof(pidfd);

	if (getsockopt(k->fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	return pidfd_open(k->pid, 0);
}

static void serve(struct conn *k, const char *text, size_t len)
{
	struct ctrl *c = k->server->ctrl;
	struct err e = {0};
	struct hand_msg m;
	int pidfd;

	if (hand_msg_parse(text, len, &m, &e) != 0) {
		answer_now(k, hand_msg_error(&e));
		return;
	}
	if (!m.take) {
		answer_now(k, take_give(c, &m, k->pid));
		json_decref(m.root);
		return;
	}
	pidfd = open_peer(k);
	if (pidfd < 0) {
		err_set(&e, -ESRCH, "the process that asks has ended");
		answer_now(k, hand_msg_error(&e));
	} else {
		/* Only its end is heard until the answer is there. */
		k->waits = true;
		take_begin(c, &m, k->pid, pidfd, on_answer, k);
	}
	json_decref(m.root);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	char text[HAND_MSG_MAX + 1];
	struct conn *k = arg;
	ssize_t n;

	/* Descriptors that come along are dropped by the kernel: there is no room for them. */
	n = recv(fd, text, sizeof(text), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		event_add(k->on_read, NULL);
		return;
	}
	if (n <= 0 || (size_t)n > sizeof(text)) {
		conn_close(k);
		return;
	}
	serve(k, text, (size_t)n);
}

static struct conn *conn_new(struct hand_server *s, int fd)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	struct conn *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->fd = fd;
	k->server = s;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		k->pid = cred.pid;
	k->on_read = event_new(s->ctrl->base, fd, EV_READ, on_read, k);
	if (k->pid > 0 && k->on_read && event_add(k->on_read, NULL) == 0)
		return k;
	k->fd = -1;
	conn_close(k);
	return NULL;
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct hand_server *s = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned int i = 0;

	if (fd < 0)
		return;
	while (i < CONNS_MAX && s->conn[i])
		i++;
	if (i < CONNS_MAX)
		s->conn[i] = conn_new(s, fd);
	if (i == CONNS_MAX || !s->conn[i]) {
		log_warn("hand-over: no room for another connection");
		close(fd);
	}
}

struct hand_server *hand_server_new(struct ctrl *c, const char *path, const char *group,
				    struct err *e)
{
	struct hand_server *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(e, -ENOMEM, "no memory for the hand-over socket");
		return NULL;
	}
	s->ctrl = c;
	s->fd = rpc_listen_packets(path, group, e);
	s->path = strdup(path);
	if (s->fd >= 0 && s->path)
		s->on_accept = event_new(c->base, s->fd, EV_READ | EV_PERSIST, on_accept, s);
	if (s->on_accept && event_add(s->on_accept, NULL) == 0)
		return s;
	if (s->fd >= 0)
		err_set(e, -ENOMEM, "no memory for the hand-over socket");
	hand_server_free(s);
	return NULL;
}

void hand_server_free(struct hand_server *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < CONNS_MAX; i++)
		if (s->conn[i])
			conn_close(s->conn[i]);
	if (s->on_accept)
		event_free(s->on_accept);
	if (s->fd >= 0) {
		close(s->fd);
		unlink(s->path);
	}
	free(s->path);
	free(s);
}

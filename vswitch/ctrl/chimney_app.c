/* SPDX-License-Identifier: BSD-3-Clause */
/* Applications that offer connections: their socket, their bells, what they say. */
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/chimney_mem.h"
#include "vswitch/ctrl/chimney_shut.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(CHIM_MSG_FDS * sizeof(int))];
};

void chimney_app_tell(struct chim_app *a, const struct chim_msg *m, const int *fds, unsigned int n)
{
	struct iovec iov = {(void *)(uintptr_t)m, sizeof(*m)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control = {0};

	if (a->fd < 0)
		return;
	if (n > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)),
							.cmsg_level = SOL_SOCKET,
							.cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, n * sizeof(int));
	}
	/* One that does not read what it is told is not waited for: it is as good as gone. */
	if (sendmsg(a->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(*m))
		shutdown(a->fd, SHUT_RDWR);
}

/* The clients as they are now, for the lanes. 0 or -ENOMEM. */
static int publish(struct chimney *ch)
{
	struct chim_clients *all, *old;
	struct chim_app *a;
	uint32_t n = 0;

	TAILQ_FOREACH (a, &ch->apps, list)
		n++;
	all = calloc(1, sizeof(*all) + n * sizeof(all->client[0]));
	if (!all)
		return -ENOMEM;
	TAILQ_FOREACH (a, &ch->apps, list)
		if (a->bells.map)
			all->client[all->n++] = &a->client;
	old = atomic_exchange(&ch->clients, all);
	if (old)
		ctrl_free_later(ch->ctrl, old);
	return 0;
}

static void free_app(struct ctrl *c, void *arg)
{
	struct chim_app *a = arg;

	for (uint16_t i = 0; i < c->n_workers; i++)
		if (a->bell_fds[i] >= 0)
			close(a->bell_fds[i]);
	chim_mem_free(&a->bells);
	free(a);
}

void chimney_app_put(struct chim_app *a)
{
	struct chimney *ch = a->chimney;

	if (--a->refs > 0)
		return;
	for (uint16_t i = 0; i < ch->ctrl->n_workers; i++)
		if (a->bell_fds[i] >= 0)
			chim_lane_unwatch(ch->lanes[i], a->bell_fds[i]);
	TAILQ_REMOVE(&ch->apps, a, list);
	ch->n_apps--;
	if (publish(ch) != 0)
		return; /* lanes go on to look at it: it stays */
	ctrl_defer(ch->ctrl, free_app, a);
}

/* Its socket was closed, or it spoke nonsense. */
/* SO_LINGER without time: what is closed, by whomever, is reset, and no peer takes what it got for
 * all. The option is the socket's, wherever its connection runs. */
static bool resets(int sock)
{
	struct linger l = {0};
	socklen_t len = sizeof(l);

	return getsockopt(sock, SOL_SOCKET, SO_LINGER, &l, &len) == 0 && l.l_onoff &&
	       l.l_linger == 0;
}

void chimney_app_gone(struct chim_app *a)
{
	if (a->gone)
		return;
	a->gone = true;
	event_free(a->event);
	chimney_shut_mail(a->fd);
	a->fd = -1;
	for (unsigned int i = 0; i < CHIM_APP_CONNS; i++) {
		struct chim_link *l = a->links[i];

		if (!l)
			continue;
		l->orphan = true;
		chimney_close(l, resets(l->sock), UINT32_MAX);
	}
	chimney_app_put(a);
}

static int make_bells(struct chim_app *a, struct err *e)
{
	struct chimney *ch = a->chimney;
	int ret = chim_mem_bells(&a->bells, ch->ctrl->n_workers, e);

	for (uint16_t i = 0; ret == 0 && i < ch->ctrl->n_workers; i++) {
		a->bell_fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (a->bell_fds[i] < 0)
			return err_set(e, -errno, "no eventfd: %s", strerror(errno));
		ret = chim_lane_watch(ch->lanes[i], a->bell_fds[i], e);
	}
	a->client.bells = a->bells.map;
	return ret;
}

/* 0, or a negative errno with e filled: it is not served. */
static int greet(struct chim_app *a, const struct chim_msg *m, struct err *e)
{
	uint16_t n = a->chimney->ctrl->n_workers;
	const struct chim_msg welcome = {
		.type = CHIM_MSG_WELCOME, .conn = CHIM_MSG_VERSION, .retry_ms = n};
	int fds[CHIM_MSG_FDS], ret;

	if (a->greeted || m->conn != CHIM_MSG_VERSION)
		return err_set(e, -EPROTO, "it speaks version %u, not %d", m->conn,
			       CHIM_MSG_VERSION);
	ret = make_bells(a, e);
	if (ret == 0 && publish(a->chimney) != 0)
		ret = err_set(e, -ENOMEM, "out of memory");
	if (ret != 0)
		return ret;
	a->greeted = true;
	fds[0] = a->bells.fd;
	memcpy(fds + 1, a->bell_fds, n * sizeof(int));
	chimney_app_tell(a, &welcome, fds, n + 1u);
	return 0;
}

/* *sock is its if it takes it. */
static int heard(struct chim_app *a, const struct chim_msg *m, int *sock, struct err *e)
{
	struct chim_link *l = m->conn < CHIM_APP_CONNS ? a->links[m->conn] : NULL;

	if (m->type == CHIM_MSG_HELLO)
		return greet(a, m, e);
	if (!a->greeted)
		return err_set(e, -EPROTO, "it did not say hello");
	switch (m->type) {
	case CHIM_MSG_OFFER:
		if (*sock < 0)
			return err_set(e, -EPROTO, "it offered nothing");
		chimney_offer(a, m, *sock);
		*sock = -1;
		chimney_refill(a->chimney);
		return 0;
	case CHIM_MSG_UPLOAD:
		if (l)
			chimney_asked_upload(l, m->reason);
		chimney_await(a->chimney);
		return 0;
	case CHIM_MSG_CLOSE:
		if (l)
			chimney_close(l, m->reason != 0, m->retry_ms);
		return 0;
	default:
		return err_set(e, -EPROTO, "it sent a message of type %u", m->type);
	}
}

/* Reads one message. 1; 0: none now; negative: it is gone. */
static int hear(struct chim_app *a, struct err *e)
{
	struct chim_msg m;
	union control control;
	struct iovec iov = {&m, sizeof(m)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     /* Not its size, which is rounded up: room for one more. */
			     .msg_controllen = CMSG_LEN(CHIM_MSG_FDS * sizeof(int))};
	int fds[CHIM_MSG_FDS] = {-1}, ret;
	unsigned int n_fds = 0;
	ssize_t n = recvmsg(a->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		unsigned int got = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (unsigned int i = 0; i < got && n_fds < CHIM_MSG_FDS; i++)
			memcpy(&fds[n_fds++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	if (n == 0)
		ret = -ECONNRESET;
	else if (n != (ssize_t)sizeof(m) || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		ret = err_set(e, -EPROTO, "it sent a message of %zd bytes", n);
	else
		ret = heard(a, &m, &fds[0], e);
	for (unsigned int i = 0; i < n_fds; i++)
		if (fds[i] >= 0)
			chimney_shut(fds[i]);
	return ret == 0 ? 1 : ret;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct chim_app *a = arg;
	struct err e = {0};
	int ret;

	/* A few, so that one who talks without end does not keep others waiting. */
	for (int i = 0; i < 16; i++) {
		ret = hear(a, &e);
		if (ret == 0)
			return;
		if (ret < 0) {
			if (e.text[0] && chimney_may_warn(a->chimney))
				log_warn("chimney: %s (process %d) is not served: %s", a->name,
					 (int)a->pid, e.text);
			chimney_app_gone(a);
			return;
		}
	}
}

static void name_of(pid_t pid, char name[16])
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (!f || !fgets(name, 16, f))
		snprintf(name, 16, "?");
	name[strcspn(name, "\n")] = 0;
	/* It chose the name itself: it goes to terminals, and into JSON. */
	for (char *c = name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (f)
		fclose(f);
}

void chimney_app_new(struct chimney *ch, int fd)
{
	struct chim_app *a = chimney_room_for_app(ch) ? calloc(1, sizeof(*a)) : NULL;
	struct ucred who;
	socklen_t len = sizeof(who);

	if (!a || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		goto close_fd;
	a->chimney = ch;
	a->fd = fd;
	a->pid = who.pid;
	a->uid = who.uid;
	a->refs = 1;
	a->bells.fd = -1;
	memset(a->bell_fds, -1, sizeof(a->bell_fds));
	a->client.bell_fds = a->bell_fds;
	name_of(a->pid, a->name);
	a->event = event_new(ch->ctrl->base, fd, EV_READ | EV_PERSIST, on_readable, a);
	if (!a->event || event_add(a->event, NULL) != 0)
		goto close_fd;
	TAILQ_INSERT_TAIL(&ch->apps, a, list);
	ch->n_apps++;
	return;

close_fd:
	close(fd);
	free(a);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/peer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1u << 20)

struct peer {
	struct bufferevent *bev;
	struct event *late;
	const struct peer_ops *ops;
	void *arg;
	pid_t pid;
	bool reading, freed; /* amid reading: then it goes when that is over */
};

static void lose(struct peer *p, int code, const char *text)
{
	struct err e = {0};

	err_set(&e, code, "%s", text);
	p->ops->lost(p->arg, &e);
}

static void on_line(struct peer *p, const char *line)
{
	json_t *msg = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(msg))
		p->ops->message(p->arg, msg);
	else
		lose(p, -EBADMSG, "it talks nonsense");
	json_decref(msg);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct peer *p = arg;
	char *line;

	p->reading = true;
	while (!p->freed && (line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF))) {
		on_line(p, line);
		free(line);
	}
	if (!p->freed && evbuffer_get_length(in) >= LINE_MAX_BYTES)
		lose(p, -EMSGSIZE, "it says too much at once");
	p->reading = false;
	if (p->freed)
		peer_free(p);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		lose(arg, -ECONNRESET, "it hung up");
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	lose(arg, -ETIMEDOUT, "it does not answer");
}

static int dial(const char *path, struct err *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ret;

	if (fd < 0)
		return err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
	if (strlen(path) >= sizeof(sun.sun_path)) {
		close(fd);
		return err_set(e, -ENAMETOOLONG, "the socket's path is too long");
	}
	strcpy(sun.sun_path, path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	ret = err_set(e, -errno, "nobody serves %s: %s", path, strerror(errno));
	close(fd);
	return ret;
}

struct peer *peer_open(struct event_base *base, const char *path, unsigned int timeout_s,
		       const struct peer_ops *ops, void *arg, struct err *e)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	struct peer *p;
	int fd = dial(path, e);

	if (fd < 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		goto close_fd;
	p->ops = ops;
	p->arg = arg;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		p->pid = cred.pid;
	p->late = evtimer_new(base, on_late, p);
	p->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (p->late && p->bev) {
		bufferevent_setcb(p->bev, on_read, NULL, on_event, p);
		bufferevent_setwatermark(p->bev, EV_READ, 0, LINE_MAX_BYTES);
		bufferevent_enable(p->bev, EV_READ | EV_WRITE);
		evtimer_add(p->late, &(struct timeval){.tv_sec = timeout_s});
		return p;
	}
	if (p->bev)
		fd = -1;
	peer_free(p);
close_fd:
	if (fd >= 0)
		close(fd);
	err_set(e, -ENOMEM, "no memory to talk to %s", path);
	return NULL;
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	p->freed = true;
	if (p->reading)
		return;
	if (p->bev)
		bufferevent_free(p->bev);
	if (p->late)
		event_free(p->late);
	free(p);
}

void peer_send(struct peer *p, const json_t *msg)
{
	char *text = json_dumps(msg, JSON_COMPACT);

	if (text)
		evbuffer_add_printf(bufferevent_get_output(p->bev), "%s\n", text);
	free(text);
}

pid_t peer_pid(const struct peer *p)
{
	return p->pid;
}

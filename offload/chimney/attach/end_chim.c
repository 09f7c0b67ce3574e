/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection that flued runs, as a relay's end: its rings, through the application's library. */
#include "offload/chimney/attach/chim.h"

#include "offload/chimney/names.h"
#include "offload/chimney/shim/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { PASSING_MS = 100 };

struct chim_end {
	struct att_end end;
	struct chim_link *link;
	struct chim_conn *conn;
	uint32_t parked;
};

static struct chim_conn *conn_of(struct att_end *end)
{
	return ((struct chim_end *)end)->conn;
}

static ssize_t told(ssize_t n)
{
	return n == CHIM_MOVED ? -ESTALE : n;
}

static ssize_t chim_end_read(struct att_end *end, void *buf, size_t n)
{
	const struct chim_how now = {.nonblock = true};
	struct iovec v = {buf, n};
	struct chim_cursor to;

	chim_cursor_init(&to, &v, 1);
	return told(chim_recv(conn_of(end), &to, 0, &now));
}

static ssize_t chim_end_write(struct att_end *end, const void *buf, size_t n)
{
	const struct chim_how now = {.nonblock = true};
	struct iovec v = {(void *)(uintptr_t)buf, n};
	struct chim_cursor from;

	chim_cursor_init(&from, &v, 1);
	return told(chim_send(conn_of(end), &from, 0, &now));
}

static int chim_end_shutdown(struct att_end *end, int how)
{
	return chim_shutdown(conn_of(end), how) == CHIM_MOVED ? -ESTALE : 0;
}

static bool chim_end_is_stale(struct att_end *end)
{
	return atomic_load(&conn_of(end)->state) == CHIM_BACK;
}

static bool chim_end_arm(struct att_end *end, bool in, bool out)
{
	struct chim_end *c = (struct chim_end *)end;

	c->parked = (in ? CHIM_IN : 0u) | (out ? CHIM_OUT : 0u);
	chim_park(c->conn, c->parked);
	chim_link_look(c->link);
	return (in && chim_wait_over(c->conn, CHIM_IN, 1)) ||
	       (out && chim_wait_over(c->conn, CHIM_OUT, c->conn->snd_size / 4)) ||
	       chim_end_is_stale(end);
}

static void chim_end_disarm(struct att_end *end)
{
	struct chim_end *c = (struct chim_end *)end;

	chim_unpark(c->conn, c->parked);
	chim_drain(c->conn);
	chim_link_look(c->link);
}

static int chim_end_upload(struct att_end *end)
{
	return chim_conn_upload(conn_of(end), CHIM_UPLOAD_REQUESTED);
}

static void chim_end_close(struct att_end *end, bool reset)
{
	struct chim_end *c = (struct chim_end *)end;

	if (atomic_load(&c->conn->state) == CHIM_RUNS)
		chim_conn_close(c->conn, reset ? 0 : UINT32_MAX);
	chim_conn_drop(c->conn);
	chim_link_drop(c->link);
	free(c);
}

static const struct att_end_ops chim_end_ops = {
	.read = chim_end_read,
	.write = chim_end_write,
	.shutdown = chim_end_shutdown,
	.is_stale = chim_end_is_stale,
	.arm = chim_end_arm,
	.disarm = chim_end_disarm,
	.upload = chim_end_upload,
	.close = chim_end_close,
};

int att_chim_open(const char *path, struct chim_link **link, struct err *e)
{
	int rc = chim_link_open(path, link);

	if (rc == 0)
		return 0;
	err_set(e, rc == -ENOENT ? -ECONNREFUSED : rc,
		"flued's chimney socket %s: %s; start flued with --chimney-socket, or name "
		"its socket",
		path ? path : CHIM_SOCKET_PATH, strerror(-rc));
	return e->code;
}

void att_chim_drop(struct chim_link *link)
{
	chim_link_drop(link);
}

static const char *refusal_help(int reason)
{
	const char *help = chim_refusal_help(reason);

	return *help ? help : "it does not say why";
}

/* In a moment it may be otherwise: what changes fast is over, or a queue is shorter. */
static bool is_passing(const struct chim_offer *o)
{
	return o->reason == CHIM_REFUSE_QUEUES || (o->retry_ms && o->retry_ms <= PASSING_MS);
}

static int refusal(const struct chim_offer *o, struct err *e)
{
	if (o->reason < 0)
		return err_set(e, o->reason, "flued did not take the connection: %s",
			       strerror(-o->reason));
	return err_set(e, is_passing(o) ? -EAGAIN : -EOPNOTSUPP,
		       "flued does not take the connection: %s", refusal_help(o->reason));
}

int att_chim_offer(struct chim_link *link, int sock, struct att_end **end, struct err *e)
{
	struct chim_end *c = calloc(1, sizeof(*c));
	struct chim_offer o = {0};
	int rc = c ? chim_link_offer(link, sock, &o) : -ENOMEM;

	if (rc)
		err_set(e, rc, "flued did not take the connection: %s", strerror(-rc));
	else if (!o.conn)
		rc = refusal(&o, e);
	if (rc) {
		free(c);
		return rc;
	}
	chim_link_hold(link);
	*c = (struct chim_end){.end = {.ops = &chim_end_ops,
				       .fds = {o.conn->fd, link->fd},
				       .events = EPOLLIN | EPOLLET},
			       .link = link,
			       .conn = o.conn};
	*end = &c->end;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/serve/rpc_conn.h"

#include "base/log.h"
#include "api/serve/rpc_msg.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many requests of one peer are answered before others get their turn. */
#define LINES_A_TURN 16

struct rpc_conn {
	struct bufferevent *bev;
	struct event *again; /* goes on after a turn */
	const struct rpc_conn_ops *ops;
	void *arg;
	size_t scanned; /* bytes at the start of the input that hold no line feed */
	bool skipping;	/* amid a line that is too long and was answered */
	bool eof;
	bool waiting, answered; /* for an answer that comes later; it is there: */
	json_t *late;
};

static void conn_end(struct rpc_conn *c)
{
	c->ops->closed(c->arg, c);
	rpc_conn_free(c);
}

static void free_line(const void *data, size_t len, void *line)
{
	free(line);
}

/* Takes the reference over. 0, or -ENOBUFS when the connection must end. */
static int conn_send(struct rpc_conn *c, json_t *answer)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	size_t len;
	char *line;

	if (!answer)
		return 0;
	line = rpc_msg_line(answer, &len);
	json_decref(answer);
	if (!line)
		return -ENOBUFS;
	if (evbuffer_get_length(out) + len > RPC_OUT_MAX ||
	    evbuffer_add_reference(out, line, len, free_line, line) != 0) {
		free(line);
		log_warn("rpc: an answer of %zu bytes does not fit; connection closed", len);
		return -ENOBUFS;
	}
	return 0;
}

static int conn_refuse(struct rpc_conn *c, enum rpc_code code, int err, const char *why)
{
	struct err e = {0};

	err_set(&e, err, "%s", why);
	return conn_send(c, rpc_msg_error(NULL, code, &e));
}

/* Handles one line, or part of one to be skipped. 1: did; 0: no whole line is there;
 * negative: the connection must end. */
static int conn_line(struct rpc_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t have = evbuffer_get_length(in), len;
	struct evbuffer_ptr from, lf;
	int ret = 0;

	if (have == c->scanned || evbuffer_ptr_set(in, &from, c->scanned, EVBUFFER_PTR_SET) != 0)
		return 0;
	lf = evbuffer_search_eol(in, &from, NULL, EVBUFFER_EOL_LF);
	len = lf.pos < 0 ? have : (size_t)lf.pos;
	c->scanned = lf.pos < 0 ? have : 0;
	if (!c->skipping && len > RPC_LINE_MAX) {
		ret = conn_refuse(c, RPC_NOT_REQUEST, -EMSGSIZE,
				  "a request may have at most 1 MiB; send several smaller ones");
		c->skipping = true;
	}
	if (c->skipping) {
		evbuffer_drain(in, lf.pos < 0 ? len : len + 1);
		c->scanned = 0;
		c->skipping = lf.pos < 0;
		return ret < 0 ? ret : lf.pos >= 0;
	}
	if (lf.pos < 0)
		return 0;
	/* With its line feed, so that there is always something to pull up. */
	ret = conn_send(
		c, c->ops->line(c->arg, c, (char *)evbuffer_pullup(in, (ev_ssize_t)len + 1), len));
	evbuffer_drain(in, len + 1);
	return ret < 0 ? ret : 1;
}

/* Sends the late answer, if that is there. False: there is still one to wait for. */
static bool conn_late(struct rpc_conn *c, int *ret)
{
	if (!c->waiting)
		return true;
	if (!c->answered)
		return false;
	c->waiting = c->answered = false;
	*ret = conn_send(c, c->late);
	c->late = NULL;
	return true;
}

/* The peer sends no more and all whole lines are answered. 1: the connection has ended. */
static int conn_finish(struct rpc_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);

	if (evbuffer_get_length(in) > 0) {
		evbuffer_drain(in, evbuffer_get_length(in));
		c->scanned = 0;
		if (conn_refuse(c, RPC_NOT_JSON, -EBADMSG,
				"the connection ended within a request; end it with a line feed") !=
		    0)
			return 1;
	}
	return evbuffer_get_length(bufferevent_get_output(c->bev)) == 0;
}

/* Goes on wherever the connection stands: the one function behind all events. */
static void conn_run(struct rpc_conn *c)
{
	int ret = 1;

	for (int i = 0; i < LINES_A_TURN && ret > 0; i++) {
		if (!conn_late(c, &ret))
			return; /* rpc_conn_answer() goes on */
		if (ret < 0)
			break;
		if (evbuffer_get_length(bufferevent_get_output(c->bev)) > RPC_OUT_PAUSE) {
			bufferevent_disable(c->bev, EV_READ);
			return; /* on_writable goes on */
		}
		ret = conn_line(c);
	}
	if (ret < 0)
		conn_end(c);
	else if (ret > 0)
		evtimer_add(c->again, &(struct timeval){0});
	else if (!c->eof)
		bufferevent_enable(c->bev, EV_READ);
	else if (conn_finish(c))
		conn_end(c);
}

static void on_io(struct bufferevent *bev, void *arg)
{
	conn_run(arg);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	conn_run(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct rpc_conn *c = arg;

	if (what & BEV_EVENT_EOF) {
		c->eof = true;
		conn_run(c);
	} else if (what & BEV_EVENT_ERROR) {
		conn_end(c);
	}
}

struct rpc_conn *rpc_conn_new(struct event_base *base, int fd, const struct rpc_conn_ops *ops,
			      void *arg)
{
	struct rpc_conn *c = calloc(1, sizeof(*c));

	if (!c)
		goto close_fd;
	c->ops = ops;
	c->arg = arg;
	c->again = evtimer_new(base, on_again, c);
	if (!c->again)
		goto free_conn;
	c->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev)
		goto free_again;
	bufferevent_setcb(c->bev, on_io, on_io, on_event, c);
	/* A longest line with its line feed fits, and one byte tells that a line is too long. */
	bufferevent_setwatermark(c->bev, EV_READ, 0, RPC_LINE_MAX + 2);
	bufferevent_setwatermark(c->bev, EV_WRITE, RPC_OUT_PAUSE / 2, 0);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	return c;

free_again:
	event_free(c->again);
free_conn:
	free(c);
close_fd:
	close(fd);
	return NULL;
}

void rpc_conn_wait(struct rpc_conn *c)
{
	c->waiting = true;
}

void rpc_conn_answer(struct rpc_conn *c, json_t *answer)
{
	c->late = answer;
	c->answered = true;
	evtimer_add(c->again, &(struct timeval){0});
}

void rpc_conn_free(struct rpc_conn *c)
{
	json_decref(c->late);
	bufferevent_free(c->bev);
	event_free(c->again);
	free(c);
}

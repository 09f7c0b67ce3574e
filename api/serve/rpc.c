/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/serve/rpc.h"

#include "api/schema.h"
#include "base/log.h"
#include "api/serve/rpc_conn.h"
#include "api/serve/rpc_listen.h"
#include "api/serve/rpc_msg.h"

#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct rpc_reply {
	struct rpc_server *server; /* NULL: it is gone, or the connection is */
	unsigned int slot;	   /* which connection */
	json_t *id;		   /* NULL: a notification */
};

struct rpc_server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *resume; /* listens again after descriptors ran out */
	char *path;
	struct stat st; /* of the socket at path when it was made */
	const struct rpc_handler *handlers;
	const struct rpc_later *later; /* or NULL */
	void *ctx;
	struct rpc_conn *conns[RPC_CONNS_MAX];
	struct rpc_reply *replies[RPC_CONNS_MAX]; /* what each connection waits for, or NULL */
	uint64_t numbers[RPC_CONNS_MAX];	  /* of each connection */
	uint64_t last_number, caller;
	void (*gone)(void *ctx, uint64_t caller); /* or NULL */
};

static rpc_fn find_handler(const struct rpc_server *s, const char *method)
{
	for (const struct rpc_handler *h = s->handlers; h->method; h++)
		if (strcmp(h->method, method) == 0)
			return h->fn;
	return NULL;
}

static rpc_later_fn find_later(const struct rpc_server *s, const char *method)
{
	for (const struct rpc_later *h = s->later; h && h->method; h++)
		if (strcmp(h->method, method) == 0)
			return h->fn;
	return NULL;
}

/* One request, carried out: its answer even for a notification. */
static json_t *call(struct rpc_server *s, const struct rpc_request *req)
{
	const struct api_method *m = api_method_find(req->method);
	rpc_fn fn = m ? find_handler(s, req->method) : NULL;
	struct err e = {0};
	json_t *result;

	if (!fn && !find_later(s, req->method)) {
		err_set(&e, -ENOSYS, "there is no method '%.60s'; see 'flue help'", req->method);
		return rpc_msg_error(req->id, RPC_NO_METHOD, &e);
	}
	if (api_check_params(m, req->params, &e) != 0)
		return rpc_msg_error(req->id, RPC_BAD_PARAMS, &e);
	if (!fn) { /* begin_later() took it, had it come by itself and had there been memory */
		err_set(&e, -EINVAL, "%s cannot stand in a batch; send it by itself", req->method);
		return rpc_msg_error(req->id, RPC_FAILED, &e);
	}
	result = fn(s->ctx, req->params, &e);
	if (result)
		return rpc_msg_result(req->id, result);
	if (e.code == 0)
		err_set(&e, -EIO, "%s failed and did not say why; see the log", req->method);
	return rpc_msg_error(req->id, RPC_FAILED, &e);
}

/* One member of a batch, or the only request of a line; NULL when there is nothing to answer. */
static json_t *answer_one(struct rpc_server *s, const json_t *msg)
{
	struct rpc_request req;
	struct err e = {0};
	json_t *answer;

	if (rpc_msg_request(msg, &req, &e) != 0)
		return rpc_msg_error(req.id, RPC_NOT_REQUEST, &e);
	answer = call(s, &req);
	if (req.id)
		return answer;
	json_decref(answer);
	return NULL;
}

static unsigned int slot_of(const struct rpc_server *s, const struct rpc_conn *c)
{
	unsigned int i = 0;

	while (i < RPC_CONNS_MAX && s->conns[i] != c)
		i++;
	return i;
}

/* Begins the request if it is one that is answered later. False: it is not. */
static bool begin_later(struct rpc_server *s, struct rpc_conn *c, const json_t *msg)
{
	unsigned int slot = slot_of(s, c);
	struct rpc_request req;
	struct rpc_reply *r;
	rpc_later_fn fn;

	if (slot == RPC_CONNS_MAX || rpc_msg_request(msg, &req, NULL) != 0)
		return false;
	fn = find_later(s, req.method);
	if (!fn || api_check_params(api_method_find(req.method), req.params, NULL) != 0)
		return false;
	r = calloc(1, sizeof(*r));
	if (!r)
		return false;
	*r = (struct rpc_reply){s, slot, req.id ? json_copy((json_t *)req.id) : NULL};
	s->replies[slot] = r;
	rpc_conn_wait(c);
	fn(s->ctx, req.params, r);
	return true;
}

/* Takes answer over. */
static void reply(struct rpc_reply *r, json_t *answer)
{
	if (r->server) {
		r->server->replies[r->slot] = NULL;
		rpc_conn_answer(r->server->conns[r->slot], r->id ? json_incref(answer) : NULL);
	}
	json_decref(answer);
	json_decref(r->id);
	free(r);
}

void rpc_reply_result(struct rpc_reply *r, json_t *result)
{
	reply(r, rpc_msg_result(r->id, result));
}

void rpc_reply_error(struct rpc_reply *r, const struct err *e)
{
	reply(r, rpc_msg_error(r->id, RPC_FAILED, e));
}

static json_t *answer_batch(struct rpc_server *s, const json_t *msg)
{
	json_t *answer = json_array(), *item;
	size_t i;

	json_array_foreach (msg, i, item) {
		json_t *one = answer_one(s, item);

		if (one)
			json_array_append_new(answer, one);
	}
	if (json_array_size(answer) > 0)
		return answer;
	json_decref(answer);
	return NULL;
}

static json_t *answer_line(void *arg, struct rpc_conn *c, const char *text, size_t len)
{
	struct rpc_server *s = arg;
	unsigned int slot = slot_of(s, c);
	enum rpc_code code;
	struct err e = {0};
	json_t *msg = rpc_msg_parse(text, len, &code, &e), *answer;

	if (!msg)
		return rpc_msg_error(NULL, code, &e);
	s->caller = slot < RPC_CONNS_MAX ? s->numbers[slot] : 0;
	if (json_is_array(msg))
		answer = answer_batch(s, msg);
	else
		answer = begin_later(s, c, msg) ? NULL : answer_one(s, msg);
	s->caller = 0;
	json_decref(msg);
	return answer;
}

static void conn_closed(void *arg, struct rpc_conn *c)
{
	struct rpc_server *s = arg;
	unsigned int slot = slot_of(s, c);

	if (slot == RPC_CONNS_MAX)
		return;
	s->conns[slot] = NULL;
	if (s->replies[slot])
		s->replies[slot]->server = NULL;
	s->replies[slot] = NULL;
	if (s->gone)
		s->gone(s->ctx, s->numbers[slot]);
}

static const struct rpc_conn_ops conn_ops = {.line = answer_line, .closed = conn_closed};

/* Says why and hangs up; the line is short enough for any socket's buffer. */
static void turn_away(int fd)
{
	struct err e = {0};
	json_t *answer;
	size_t len = 0;
	char *line;

	err_set(&e, -EBUSY, "all %d connections are in use; close one", RPC_CONNS_MAX);
	answer = rpc_msg_error(NULL, RPC_FAILED, &e);
	line = answer ? rpc_msg_line(answer, &len) : NULL;
	if (line && send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("rpc: cannot tell a peer that it is one too many: %s", strerror(errno));
	free(line);
	json_decref(answer);
	close(fd);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr, int len,
		      void *arg)
{
	struct rpc_server *s = arg;

	for (int i = 0; i < RPC_CONNS_MAX; i++) {
		if (s->conns[i])
			continue;
		s->conns[i] = rpc_conn_new(s->base, fd, &conn_ops, s);
		s->numbers[i] = ++s->last_number;
		return;
	}
	turn_away(fd);
}

/* Out of descriptors or memory: waits a second, since the connection that cannot be accepted
 * would wake the loop for ever. */
static void on_accept_error(struct evconnlistener *l, void *arg)
{
	struct rpc_server *s = arg;

	log_warn("rpc: cannot accept a connection: %s", strerror(errno));
	evconnlistener_disable(l);
	evtimer_add(s->resume, &(struct timeval){.tv_sec = 1});
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_server *s = arg;

	evconnlistener_enable(s->listener);
}

struct rpc_server *rpc_server_new(struct event_base *base, const char *path, const char *group,
				  const struct rpc_handler *handlers, void *ctx, struct err *e)
{
	struct rpc_server *s = calloc(1, sizeof(*s));
	int fd;

	if (!s)
		goto no_memory;
	s->base = base;
	s->handlers = handlers;
	s->ctx = ctx;
	s->path = strdup(path);
	if (!s->path)
		goto free_server;
	s->resume = evtimer_new(base, on_resume, s);
	if (!s->resume)
		goto free_path;
	fd = rpc_listen(path, group, e);
	if (fd < 0) {
		event_free(s->resume);
		free(s->path);
		free(s);
		return NULL;
	}
	if (lstat(path, &s->st) != 0)
		memset(&s->st, 0, sizeof(s->st));
	s->listener = evconnlistener_new(base, on_accept, s,
					 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!s->listener)
		goto close_fd;
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	signal(SIGPIPE, SIG_IGN);
	return s;

close_fd:
	unlink(path);
	close(fd);
	event_free(s->resume);
free_path:
	free(s->path);
free_server:
	free(s);
no_memory:
	err_set(e, -ENOMEM, "no memory for the control socket");
	return NULL;
}

void rpc_server_later(struct rpc_server *s, const struct rpc_later *later)
{
	s->later = later;
}

uint64_t rpc_server_caller(const struct rpc_server *s)
{
	return s ? s->caller : 0;
}

void rpc_server_on_gone(struct rpc_server *s, void (*gone)(void *ctx, uint64_t caller))
{
	s->gone = gone;
}

void rpc_server_free(struct rpc_server *s)
{
	struct stat st;

	if (!s)
		return;
	for (int i = 0; i < RPC_CONNS_MAX; i++) {
		struct rpc_conn *c = s->conns[i];

		if (!c)
			continue;
		conn_closed(s, c);
		rpc_conn_free(c);
	}
	if (lstat(s->path, &st) == 0 && st.st_dev == s->st.st_dev && st.st_ino == s->st.st_ino)
		unlink(s->path);
	evconnlistener_free(s->listener);
	event_free(s->resume);
	free(s->path);
	free(s);
}

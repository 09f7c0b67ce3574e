/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tap.* methods: what passes between an offloaded connection's engine and the switch, for one
 * client to read.
 *
 * The worker has a tap from the first CHIM_ASK_TAP until it has answered the second one, or until
 * it has forgotten the connection. Only then is the tap freed, or said to be at its end.
 */
#include "vswitch/ctrl/chimney_tap.h"

#include "base/base64.h"
#include "base/endpoint.h"
#include "offload/chimney/names.h"
#include "offload/chimney/run/tap.h"
#include "vswitch/ctrl/flow.h"
#include "vswitch/ctrl/tap_words.h"

#include <stdlib.h>
#include <string.h>

enum {
	WATCHES_MAX = 8,
	RING_BYTES = 1 << 22,
	ANSWER_BYTES = 1 << 19, /* of frames in one answer: more than one of the longest */
	ANSWER_FRAMES = 512,
};

struct chim_watch {
	LIST_ENTRY(chim_watch) list;
	uint64_t caller;	/* who reads; 0: nobody any more */
	struct chim_link *link; /* while its worker may have the tap; else NULL */
	struct chim_tap *tap;
	struct rpc_reply *reply;    /* of tap.start, until the worker has the tap */
	struct rpc_reply *stopping; /* of tap.stop, until it has it no more */
	bool asked;		    /* an answer to CHIM_ASK_TAP is due */
	bool leaving;		    /* the worker is to let go of it */
	bool uploaded;		    /* the connection has gone back to the kernel; else it ended */
	enum chim_upload why;	    /* and why, if it is known */
};

static struct chim_watch *watch_of(const struct chimney *ch, uint64_t caller)
{
	struct chim_watch *w;

	LIST_FOREACH (w, &ch->watches, list)
		if (caller && w->caller == caller)
			return w;
	return NULL;
}

/* It has begun; or it never will. */
static void answer_start(struct chim_watch *w, bool begun)
{
	struct err e = {0};

	if (!w->reply)
		return;
	if (begun) {
		rpc_reply_result(w->reply, json_object());
	} else {
		err_set(&e, -ENOTCONN, "the connection ended before anything was seen of it");
		rpc_reply_error(w->reply, &e);
	}
	w->reply = NULL;
}

static void free_watch(struct chim_watch *w)
{
	answer_start(w, false);
	if (w->stopping)
		rpc_reply_result(w->stopping, json_object());
	LIST_REMOVE(w, list);
	chim_tap_free(w->tap);
	free(w);
}

static void ask(struct chim_watch *w, struct chim_tap *tap)
{
	w->link->conn.want_tap = tap;
	w->asked = true;
	chimney_ask(w->link, CHIM_ASK_TAP);
}

/* Of one that is ending the worker may know nothing any more: it must not be asked for anything,
 * and chimney_tap_stopped() follows. */
static void leave(struct chim_watch *w)
{
	w->leaving = true;
	if (w->link && w->link->conn.want_tap && !w->asked && w->link->phase != CHIM_ENDING)
		ask(w, NULL);
}

/* The worker has it no more. */
static void loose(struct chim_watch *w)
{
	struct chim_link *l = w->link;

	w->uploaded = l->uploaded;
	w->why = l->uploaded ? l->why : CHIM_UPLOAD_NONE;
	w->link = NULL;
	l->watch = NULL;
	answer_start(w, false);
	if (!w->caller)
		free_watch(w);
}

void chimney_tapped(struct chim_link *l)
{
	struct chim_watch *w = l->watch;

	if (!w)
		return;
	w->asked = false;
	if (l->conn.want_tap)
		answer_start(w, true);
	if (!l->conn.want_tap)
		loose(w);
	else if (w->leaving)
		leave(w);
}

void chimney_tap_over(struct chim_link *l)
{
	if (l->watch)
		leave(l->watch);
}

void chimney_tap_stopped(struct chim_link *l)
{
	if (l->watch)
		loose(l->watch);
}

void chimney_tap_fini(struct chimney *ch)
{
	while (!LIST_EMPTY(&ch->watches))
		free_watch(LIST_FIRST(&ch->watches));
}

/* Nobody reads it any more. */
static void abandon(struct chim_watch *w)
{
	w->caller = 0;
	if (w->link)
		leave(w);
	else
		free_watch(w);
}

void tap_caller_gone(void *ctx, uint64_t caller)
{
	struct ctrl *c = ctx;
	struct chim_watch *w = watch_of(c->chimney, caller);

	if (w)
		abandon(w);
}

static bool is_end(const struct endpoint *ep, bool v6, const uint8_t *addr, uint16_t port)
{
	return ep->v6 == v6 && ep->port == port && memcmp(ep->addr, addr, v6 ? 16 : 4) == 0;
}

/* The one connection of that local end, of that peer's where one is given, and of that port. */
static struct chim_link *find_link(struct ctrl *c, const json_t *params, struct err *e)
{
	const char *port = json_get_str(params, "port", NULL);
	bool any_peer = !json_object_get(params, "peer");
	struct endpoint local, peer = {0};
	struct chim_link *l, *found = NULL;
	unsigned int n = 0;

	if (flow_endpoint(params, "local", &local, e) != 0 ||
	    (!any_peer && flow_endpoint(params, "peer", &peer, e) != 0) ||
	    (port && !ctrl_port_get(c, port, e)))
		return NULL;
	TAILQ_FOREACH (l, &c->chimney->links, list) {
		const struct chim_tuple *t = &l->taken.tuple;

		if (l->phase == CHIM_STARTING || l->phase == CHIM_ENDING || l->over || l->emptied ||
		    !is_end(&local, t->v6, t->local, t->local_port) ||
		    (!any_peer && !is_end(&peer, t->v6, t->remote, t->remote_port)) ||
		    (port && strcmp(c->ports[l->port].port.name, port) != 0))
			continue;
		found = l;
		n++;
	}
	if (n == 1)
		return found;
	if (n == 0)
		err_set(e, -ENOENT, "no such connection is offloaded; see 'flue chimney show'");
	else
		err_set(e, -EEXIST, "%u such connections are offloaded; name %s too", n,
			any_peer ? "the peer" : "the port");
	return NULL;
}

/* Is there room for one more? 0, or a negative errno with e filled. */
static int room(const struct chimney *ch, const struct chim_link *l, struct err *e)
{
	const struct chim_watch *w;
	unsigned int n = 0;

	if (l->watch)
		return err_set(e, -EBUSY, "somebody looks at that connection already; one can");
	LIST_FOREACH (w, &ch->watches, list)
		n++;
	if (n < WATCHES_MAX)
		return 0;
	return err_set(e, -EBUSY, "%d connections are looked at already; end one of those taps",
		       WATCHES_MAX);
}

/* 0, or a negative errno with e filled. Main answers `reply` later then. */
static int begin(struct ctrl *c, const json_t *params, struct rpc_reply *reply, struct err *e)
{
	struct chim_link *l = find_link(c, params, e);
	struct chim_watch *w;

	if (!l || room(c->chimney, l, e) != 0)
		return e->code;
	w = calloc(1, sizeof(*w));
	if (w)
		w->tap = chim_tap_new(RING_BYTES, (uint32_t)json_get_int(params, "snaplen", 128));
	if (!w || !w->tap) {
		free(w);
		return err_set(e, -ENOMEM, "no memory for a tap of %d bytes", RING_BYTES);
	}
	w->caller = rpc_server_caller(c->rpc);
	w->reply = reply;
	w->link = l;
	l->watch = w;
	LIST_INSERT_HEAD(&c->chimney->watches, w, list);
	ask(w, w->tap);
	return 0;
}

void tap_start(void *ctx, const json_t *params, struct rpc_reply *reply)
{
	struct ctrl *c = ctx;
	struct chimney *ch = c->chimney;
	struct chim_watch *before = watch_of(ch, rpc_server_caller(c->rpc));
	struct err e = {0};

	if (before) {
		abandon(before);
		chimney_await(ch);
	}
	if (begin(c, params, reply, &e) != 0)
		rpc_reply_error(reply, &e);
}

static json_t *frame_json(const struct chim_tap_record *r, bool text, char *room64)
{
	json_t *o = json_pack("{s:I,s:s,s:i}", "time_ns", (json_int_t)r->time_ns, "way",
			      r->out ? "out" : "in", "len", (int)r->len);
	char words[512];

	if (r->segsz)
		json_object_set_new(o, "segsz", json_integer(r->segsz));
	if (text)
		json_object_set_new(o, "text", json_string(tap_words(r, words, sizeof(words))));
	if (room64) {
		base64_encode(r->data, r->kept, room64);
		json_object_set_new(o, "data", json_stringn_nocheck(room64, BASE64_TEXT(r->kept)));
	}
	return o;
}

/* Of as many as one answer may hold. */
static json_t *frames_json(struct chim_tap *tap, bool text, char *room64)
{
	json_t *all = json_array();
	struct chim_tap_record r;
	uint32_t n = 0, bytes = 0;

	while (n < ANSWER_FRAMES && chim_tap_peek(tap, &r) &&
	       (!room64 || n == 0 || bytes + r.kept <= ANSWER_BYTES)) {
		json_array_append_new(all, frame_json(&r, text, room64));
		chim_tap_next(tap);
		bytes += r.kept;
		n++;
	}
	return all;
}

json_t *tap_read(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct chim_watch *w = watch_of(c->chimney, rpc_server_caller(c->rpc));
	struct chim_tap_record r;
	char *room64 = NULL;
	json_t *out;
	bool more;

	if (!w) {
		err_set(e, -ENOENT, "this client has no tap; begin with tap.start");
		return NULL;
	}
	if (json_get_bool(params, "data", true)) {
		room64 = malloc(BASE64_TEXT(CHIM_TAP_BYTES_MIN) + 1);
		if (!room64) {
			err_set(e, -ENOMEM, "out of memory");
			return NULL;
		}
	}
	out = json_pack("{s:o}", "frames",
			frames_json(w->tap, json_get_bool(params, "text", true), room64));
	free(room64);
	more = chim_tap_peek(w->tap, &r);
	json_object_set_new(out, "lost", json_integer((json_int_t)chim_tap_lost(w->tap)));
	json_object_set_new(out, "more", json_boolean(more));
	json_object_set_new(out, "running", json_boolean(w->link || more));
	if (w->link || more)
		return out;
	json_object_set_new(out, "end", json_string(w->uploaded ? "uploaded" : "closed"));
	if (w->why)
		json_object_set_new(out, "why", json_string(chim_upload_name(w->why)));
	return out;
}

void tap_stop(void *ctx, const json_t *params, struct rpc_reply *reply)
{
	struct ctrl *c = ctx;
	struct chim_watch *w = watch_of(c->chimney, rpc_server_caller(c->rpc));

	if (!w) {
		rpc_reply_result(reply, json_object());
		return;
	}
	w->stopping = reply;
	abandon(w);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/err_json.h"
#include "hv-core/super.h"
#include "hv-core/wire.h"

#include <stdlib.h>
#include <string.h>

struct super_call {
	struct super_call *next;
	struct super *super;
	json_int_t id;
	super_done done;
	void *arg;
	struct event *timeout; /* NULL: none */
};

static void finish(struct super_call *c, const json_t *result, const struct err *e)
{
	struct super_call **at = &c->super->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->done(c->super, c->arg, result, e);
	if (c->timeout)
		event_free(c->timeout);
	free(c);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct err e = {0};

	err_set(&e, -ETIMEDOUT,
		"the guest's process does not answer; 'flue vm kill' ends it, if it stays so");
	finish(arg, NULL, &e);
}

static int send_call(struct super *s, const char *call, const json_t *params, json_int_t id,
		     const int *fds, unsigned int n)
{
	json_t *msg = json_pack("{s:s,s:O*}", "call", call, "params", params);
	int ret = msg ? 0 : -ENOMEM;

	if (ret == 0 && id)
		ret = json_object_set_new(msg, "id", json_integer(id));
	if (ret == 0)
		ret = s->link >= 0 ? hv_wire_send(s->link, msg, fds, n) : -ESRCH;
	json_decref(msg);
	return ret;
}

void super_call(struct super *s, const char *call, const json_t *params, const int *fds,
		unsigned int n, unsigned int timeout_s, super_done done, void *arg)
{
	struct super_call *c = calloc(1, sizeof(*c));
	struct timeval tv = {.tv_sec = timeout_s};
	struct err e = {0};
	int ret = c ? 0 : -ENOMEM;

	if (ret == 0) {
		*c = (struct super_call){s->calls, s, ++s->last_id, done, arg, NULL};
		c->timeout = timeout_s ? evtimer_new(s->loop, on_timeout, c) : NULL;
		if (timeout_s && (!c->timeout || evtimer_add(c->timeout, &tv) != 0))
			ret = -ENOMEM;
	}
	if (ret == 0)
		ret = send_call(s, call, params, c->id, fds, n);
	if (ret == 0) {
		s->calls = c;
		return;
	}
	if (c && c->timeout)
		event_free(c->timeout);
	free(c);
	if (ret == -ESRCH || ret == -EPIPE)
		err_set(&e, -ESRCH, "the guest does not run at the moment");
	else
		err_set(&e, ret, "cannot call the guest's process: %s", strerror(-ret));
	done(s, arg, NULL, &e);
}

void super_tell(struct super *s, const char *call)
{
	/* It is only ever told what a dead one need not know. */
	send_call(s, call, NULL, 0, NULL, 0);
}

void super_hand(struct super *s, const char *call, const json_t *params, int fd)
{
	send_call(s, call, params, 0, &fd, fd >= 0);
}

void super_answered(struct super *s, const json_t *msg)
{
	json_int_t id = json_get_int(msg, "id", 0);
	const json_t *result = json_object_get(msg, "result");
	struct super_call *c = s->calls;
	struct err e = {0};

	while (c && c->id != id)
		c = c->next;
	if (!c) /* it answered too late, or makes it up */
		return;
	if (!json_is_object(result)) {
		result = NULL;
		err_from_json(json_object_get(msg, "error"), "the guest's process gives no reason",
			      &e);
	}
	finish(c, result, &e);
}

void super_calls_fail(struct super *s, const char *why)
{
	struct err e = {0};

	err_set(&e, -ESRCH, "%s", why);
	while (s->calls)
		finish(s->calls, NULL, &e);
}

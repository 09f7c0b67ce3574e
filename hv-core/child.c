/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/child.h"

#include "base/err_json.h"
#include "base/log.h"
#include "hv-core/wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct child {
	const struct hv_config *config;
	struct event_base *loop;
	struct guest *guest;
	int link;
	bool runs; /* the guest does */
};

static void send_event(struct child *c, const char *event, json_t *more)
{
	json_t *msg = more ? more : json_object();
	int ret;

	json_object_set_new(msg, "event", json_string(event));
	ret = hv_wire_send(c->link, msg, NULL, 0);
	if (ret != 0)
		log_warn("cannot tell the supervisor: %s", strerror(-ret));
	json_decref(msg);
}

/* Each returns what the call answers, or NULL with e filled. fds: what was handed in; one that is
 * taken over is set to -1. */
typedef json_t *(*call_fn)(struct child *c, const json_t *params, int *fds, struct err *e);

static json_t *done(int ret)
{
	return ret == 0 ? json_object() : NULL;
}

static json_t *call_show(struct child *c, const json_t *params, int *fds, struct err *e)
{
	json_t *show = guest_show(c->guest, json_get_bool(params, "stats", false));

	if (!show)
		err_set(e, -ENOMEM, "out of memory");
	return show;
}

static json_t *call_power_button(struct child *c, const json_t *params, int *fds, struct err *e)
{
	guest_power_button(c->guest);
	return json_object();
}

static json_t *call_pause(struct child *c, const json_t *params, int *fds, struct err *e)
{
	guest_pause(c->guest);
	return json_object();
}

static json_t *call_resume(struct child *c, const json_t *params, int *fds, struct err *e)
{
	guest_resume(c->guest);
	return json_object();
}

static json_t *call_snapshot(struct child *c, const json_t *params, int *fds, struct err *e)
{
	return done(guest_snapshot(c->guest, fds[0], e));
}

static json_t *call_nic_add(struct child *c, const json_t *params, int *fds, struct err *e)
{
	struct hv_nic_config nic;
	struct hv_nic_fds nic_fds = {-1, -1, -1, -1};
	json_t *keys = json_copy((json_t *)params), *taken;
	int ret;

	/* Of a VF: what flue-pf said of it. */
	taken = json_incref(json_object_get(keys, "taken"));
	json_object_del(keys, "taken");
	ret = hv_config_nic(&nic, keys, e);
	if (ret == 0 && taken) {
		snprintf(nic.address, sizeof(nic.address), "%s",
			 json_get_str(taken, "address", ""));
		nic.epoch = (uint64_t)json_get_int(taken, "epoch", 0);
	}
	json_decref(taken);
	json_decref(keys);
	if (ret != 0)
		return NULL;
	if (nic.model == HV_NIC_DIRECT) {
		nic_fds.container = fds[0];
		nic_fds.group = fds[1];
		fds[1] = -1;
	} else {
		nic_fds.socket = fds[0];
	}
	fds[0] = -1;
	return done(guest_nic_add(c->guest, &nic, &nic_fds, e));
}

static json_t *call_nic_del(struct child *c, const json_t *params, int *fds, struct err *e)
{
	return done(guest_nic_del(c->guest, json_get_str(params, "name", ""), e));
}

/* A connection that ask_dial() asked for, or why there is none. Nobody waits for an answer. */
static json_t *call_dialed(struct child *c, const json_t *params, int *fds, struct err *e)
{
	json_int_t code = json_get_int(params, "code", 0);
	int fd = fds[0];

	fds[0] = -1;
	if (fd < 0)
		fd = code < 0 && code > -4096 ? (int)code : -ENOTCONN;
	guest_dialed(c->guest, json_get_str(params, "nic", ""), fd);
	return json_object();
}

static const struct {
	const char *name;
	call_fn fn;
} calls[] = {
	{"show", call_show},	     {"power-button", call_power_button},
	{"pause", call_pause},	     {"resume", call_resume},
	{"snapshot", call_snapshot}, {"nic-add", call_nic_add},
	{"nic-del", call_nic_del},   {"dialed", call_dialed},
};

static json_t *carry_out(struct child *c, const json_t *msg, int *fds, struct err *e)
{
	const char *call = json_get_str(msg, "call", "");

	/* Until then only switches are waited for. */
	if (!c->guest || (!c->runs && strcmp(call, "dialed") != 0)) {
		err_set(e, -EAGAIN, "the guest does not run yet");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, call) == 0)
			return calls[i].fn(c, json_object_get(msg, "params"), fds, e);
	err_set(e, -ENOSYS, "there is no call '%.40s'", call);
	return NULL;
}

static void answer(struct child *c, const json_t *id, json_t *result, const struct err *e)
{
	json_t *msg = json_object();
	struct err too_long = {0};
	int ret;

	json_object_set(msg, "id", (json_t *)id);
	if (result)
		json_object_set(msg, "result", result);
	else
		json_object_set_new(msg, "error", err_to_json(e));
	ret = hv_wire_send(c->link, msg, NULL, 0);
	if (ret == -EMSGSIZE) {
		err_set(&too_long, ret, "the answer is too long");
		json_object_del(msg, "result");
		json_object_set_new(msg, "error", err_to_json(&too_long));
		ret = hv_wire_send(c->link, msg, NULL, 0);
	}
	if (ret != 0)
		log_warn("cannot answer the supervisor: %s", strerror(-ret));
	json_decref(msg);
}

static void on_link(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	int fds[HV_WIRE_FDS], ret;
	json_t *msg = hv_wire_receive(fd, fds, &ret), *result;
	struct err e = {0};

	if (!msg && ret == -EAGAIN)
		return;
	if (!msg) {
		log_err("the supervisor is gone; ending");
		event_base_loopbreak(c->loop);
		return;
	}
	result = carry_out(c, msg, fds, &e);
	if (json_object_get(msg, "id"))
		answer(c, json_object_get(msg, "id"), result, &e);
	json_decref(result);
	json_decref(msg);
	for (int i = 0; i < HV_WIRE_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	event_base_loopbreak(c->loop);
}

/* This process must not connect to anything; the supervisor may. */
static int ask_dial(void *arg, const char *nic)
{
	struct child *c = arg;
	json_t *msg = json_pack("{s:s,s:s}", "event", "dial", "nic", nic);
	int ret = msg ? hv_wire_send(c->link, msg, NULL, 0) : -ENOMEM;

	json_decref(msg);
	return ret;
}

/* Whoever lent it may have it back. */
static void tell_gone(void *arg, const char *nic)
{
	send_event(arg, "gone", json_pack("{s:s}", "nic", nic));
}

/* Until the guest ends, or the supervisor is gone. */
static int serve(struct child *c, struct err *e)
{
	struct event *end =
		event_new(c->loop, guest_end_fd(c->guest), EV_READ | EV_PERSIST, on_end, c);
	int ret;

	if (end && event_add(end, NULL) == 0) {
		c->runs = true;
		send_event(c, "running", NULL);
		event_base_dispatch(c->loop);
		ret = 0;
	} else {
		ret = err_set(e, -ENOMEM, "no memory for the event loop");
	}
	if (end)
		event_free(end);
	return ret;
}

static int begin(struct child *c, const struct hv_fds *fds, struct err *e)
{
	const struct guest_ops ops = {.dial = ask_dial, .gone = tell_gone, .arg = c};
	int ret = guest_create(&c->guest, c->config, fds, &ops, c->loop, e);

	if (ret != 0)
		return ret;
	if (fds->restore >= 0)
		ret = guest_restore(c->guest, fds->restore, e);
	return ret == 0 ? guest_run(c->guest, e) : ret;
}

static int ended(struct child *c)
{
	static const struct {
		const char *name;
		int status;
	} ends[] = {
		[HV_END_NONE] = {"stopped", HV_CHILD_STOPPED},
		[HV_END_POWER_OFF] = {"power-off", HV_CHILD_POWER_OFF},
		[HV_END_RESET] = {"reset", HV_CHILD_RESET},
		[HV_END_CRASH] = {"crash", HV_CHILD_CRASH},
		[HV_END_STOPPED] = {"stopped", HV_CHILD_STOPPED},
	};
	enum hv_end end = guest_end(c->guest);
	const char *why = guest_why(c->guest);

	send_event(c, "end", json_pack("{s:s,s:s}", "end", ends[end].name, "why", why ? why : ""));
	return ends[end].status;
}

int hv_child_main(const struct hv_config *config, const struct hv_fds *fds, int link,
		  pid_t supervisor)
{
	struct child c = {.config = config, .link = link};
	struct event *on = NULL;
	struct err e = {0};
	int status = HV_CHILD_FAILED, ret;

	/* Whatever becomes of the supervisor, no guest stays behind. It may be gone already. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor)
		return HV_CHILD_FAILED;
	c.loop = event_base_new();
	if (c.loop)
		on = event_new(c.loop, link, EV_READ | EV_PERSIST, on_link, &c);
	ret = on && event_add(on, NULL) == 0 ? begin(&c, fds, &e)
					     : err_set(&e, -ENOMEM, "no event loop");
	if (ret == 0)
		ret = serve(&c, &e);
	if (ret == 0)
		status = ended(&c);
	else
		send_event(&c, "failed", err_to_json(&e));
	guest_destroy(c.guest);
	if (on)
		event_free(on);
	if (c.loop)
		event_base_free(c.loop);
	return status;
}

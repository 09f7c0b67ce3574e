/* SPDX-License-Identifier: BSD-3-Clause */
/* The generator as flue-bench sees it: a process and a conversation. No DPDK. */
#include "bench/traffic/traffic.h"

#include "base/json.h"
#include "bench/machine/proc.h"
#include "bench/traffic/proto.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	START_MS = 60000, /* memory is touched, and may have to be made */
	SLACK_MS = 60000, /* for a machine that is busy */
	STOP_MS = 3000,
};

struct traffic {
	struct proc *proc;
	struct proto proto;
	json_int_t id; /* of the latest question */
	int wait_ms;   /* for the answer to the trial that runs */
};

/* Asks; takes msg. */
static int ask(struct traffic *t, const char *what, json_t *msg, struct err *e)
{
	int ret;

	if (msg) {
		json_object_set_new(msg, "id", json_integer(++t->id));
		json_object_set_new(msg, "do", json_string(what));
	}
	ret = proto_send(&t->proto, msg);
	if (ret == 0)
		return 0;
	/* When it ended, its own last words say more. */
	if (proc_alive(t->proc, e) != 0)
		return -ECHILD;
	return err_set(e, ret, "cannot speak to the traffic generator");
}

/* Waits for the answer to the latest question. */
static int answer(struct traffic *t, int timeout_ms, json_t **msg, struct err *e)
{
	int ret;

	for (;;) {
		ret = proto_receive(&t->proto, timeout_ms, msg);
		if (ret == 0 && json_get_int(*msg, "id", 0) != t->id) {
			json_decref(*msg);
			continue;
		}
		break;
	}
	if (ret == -ETIMEDOUT)
		return err_set(e, ret, "the traffic generator does not answer within %d s",
			       timeout_ms / 1000);
	if (ret != 0 && proc_alive(t->proc, e) != 0)
		return -ECHILD;
	if (ret != 0)
		return err_set(e, ret, "the traffic generator ended the conversation");
	ret = (int)json_get_int(*msg, "error", 0);
	if (ret < 0) {
		err_set(e, ret, "%s", json_get_str(*msg, "text", "the traffic generator failed"));
		json_decref(*msg);
		*msg = NULL;
	}
	return ret;
}

/* Asks and waits for an answer that holds nothing. */
static int demand(struct traffic *t, const char *what, json_t *msg, int timeout_ms, struct err *e)
{
	json_t *reply = NULL;
	int ret = ask(t, what, msg, e);

	if (ret == 0)
		ret = answer(t, timeout_ms, &reply, e);
	json_decref(reply);
	return ret;
}

int traffic_start(const struct traffic_spec *spec, struct traffic **out, struct err *e)
{
	/* This program itself, wherever it lies. */
	const char *const argv[] = {"/proc/self/exe", "__traffic", NULL};
	struct proc_spec proc = {.name = spec->name, .argv = argv, .cpus = spec->cpus};
	struct traffic *t = calloc(1, sizeof(*t));
	int pair[2], ret;

	if (!t)
		return err_set(e, -ENOMEM, "out of memory");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		ret = err_set(e, -errno, "no socket for the traffic generator");
		goto free_traffic;
	}
	proto_init(&t->proto, pair[0]);
	proc.pass_fd = pair[1];
	ret = proc_start(&proc, &t->proc, e);
	close(pair[1]);
	if (ret != 0)
		goto free_proto;
	ret = demand(t, "start", json_pack("{s:o}", "spec", proto_spec_json(spec)), START_MS, e);
	if (ret != 0)
		goto stop_proc;
	*out = t;
	return 0;

stop_proc:
	proc_kill(t->proc);
free_proto:
	proto_free(&t->proto);
free_traffic:
	free(t);
	return ret;
}

void traffic_stop(struct traffic *t)
{
	if (!t)
		return;
	/* The end of the conversation is its end; it has nothing to save. */
	proto_free(&t->proto);
	proc_stop(t->proc, STOP_MS);
	free(t);
}

int traffic_ready(struct traffic *t, unsigned int timeout_ms, struct err *e)
{
	json_t *msg = json_pack("{s:I}", "timeout_ms", (json_int_t)timeout_ms);

	/* It keeps the time itself, but cannot while it waits for a switch to speak. */
	return demand(t, "ready", msg, (int)timeout_ms + 2000, e);
}

static int trial_ms(const struct traffic_trial *trial)
{
	double seconds = trial->seconds + 10 * trial->settle_seconds;

	if (trial->pattern == TRAFFIC_LEARN && trial->pps > 0)
		seconds += trial->flows / trial->pps + trial->flows / 1e4;
	return (int)(seconds * 1000) + SLACK_MS;
}

int traffic_teach(struct traffic *t, const struct traffic_trial *trial, struct err *e)
{
	/* Some rounds of 20 to 100 thousand frames a second each way. */
	int timeout_ms = SLACK_MS + (int)(trial->flows / 2);

	return demand(t, "teach", json_pack("{s:o}", "trial", proto_trial_json(trial)), timeout_ms,
		      e);
}

int traffic_begin(struct traffic *t, const struct traffic_trial *trial, struct err *e)
{
	t->wait_ms = trial_ms(trial);
	return ask(t, "run", json_pack("{s:o}", "trial", proto_trial_json(trial)), e);
}

int traffic_end(struct traffic *t, struct traffic_result *r, struct err *e)
{
	json_t *msg = NULL;
	int ret = answer(t, t->wait_ms, &msg, e);

	if (ret == 0)
		ret = proto_result(json_object_get(msg, "result"), r, e);
	json_decref(msg);
	return ret;
}

int traffic_run(struct traffic *t, const struct traffic_trial *trial, struct traffic_result *r,
		struct err *e)
{
	int ret = traffic_begin(t, trial, e);

	return ret == 0 ? traffic_end(t, r, e) : ret;
}

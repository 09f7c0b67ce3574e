/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/initiator.h"

#include "base/json.h"
#include "bench/load/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond what the process allows itself, so that its message is the one that comes. */
enum { MARGIN_MS = 5000, SILENCE_MS = 5000 };

struct initiator {
	struct agent *agent;
	bool logged_in;
};

int initiator_start(const struct initiator_spec *spec, struct initiator **out, struct err *e)
{
	struct initiator *i = calloc(1, sizeof(*i));
	char name[64];
	int ret;

	if (!i)
		return err_set(e, -ENOMEM, "out of memory");
	snprintf(name, sizeof(name), "%.40s-iscsi", spec->name);
	ret = agent_start(
		&(struct agent_spec){name, "__iscsi", spec->netns, spec->cpus, spec->chimney},
		&i->agent, e);
	if (ret) {
		free(i);
		return ret;
	}
	*out = i;
	return 0;
}

void initiator_stop(struct initiator *i)
{
	if (!i)
		return;
	agent_stop(i->agent);
	free(i);
}

int initiator_login(struct initiator *i, const struct initiator_login *login,
		    struct initiator_disk *disk, struct err *e)
{
	bool v6 = strchr(login->address, ':');
	json_t *reply = NULL;
	char portal[128];
	int ret;

	snprintf(portal, sizeof(portal), "%s%s%s:%u", v6 ? "[" : "", login->address, v6 ? "]" : "",
		 login->port);
	i->logged_in = false;
	ret = agent_ask(i->agent,
			json_pack("{s:s, s:s, s:s, s:i, s:b, s:b, s:i}", "do", "login", "portal",
				  portal, "target", login->target, "lun", login->lun,
				  "header_digest", (int)login->header_digest, "data_digest",
				  (int)login->data_digest, "timeout_ms", (int)login->timeout_ms),
			login->timeout_ms + MARGIN_MS, &reply, e);
	if (ret)
		return ret;
	i->logged_in = true;
	if (disk) {
		disk->sector_bytes = (uint32_t)json_get_int(reply, "sector_bytes", 0);
		disk->bytes = (uint64_t)json_get_int(reply, "sectors", 0) * disk->sector_bytes;
		disk->header_digest = json_get_bool(reply, "header_digest", false);
	}
	json_decref(reply);
	return 0;
}

bool initiator_logged_in(const struct initiator *i)
{
	return i->logged_in;
}

int initiator_freeze(struct initiator *i, bool freeze, struct err *e)
{
	return agent_freeze(i->agent, freeze, e);
}

static unsigned int silence_of(const struct initiator_load *l)
{
	return l->silence_ms ? l->silence_ms : SILENCE_MS;
}

static json_t *request_of(const struct initiator_load *l)
{
	return json_pack("{s:s, s:i, s:I, s:i, s:b, s:b, s:I, s:I, s:i}", "do", "transfer", "op",
			 (int)l->op, "block_bytes", (json_int_t)l->block_bytes, "depth",
			 (int)l->depth, "random", (int)l->random, "verify", (int)l->verify,
			 "span_bytes", (json_int_t)l->span_bytes, "seed", (json_int_t)l->seed,
			 "silence_ms", (int)silence_of(l));
}

static int result_of(const json_t *reply, struct initiator_result *r, struct err *e)
{
	r->seconds = (double)json_get_int(reply, "ns", 0) / 1e9;
	r->reads = (uint64_t)json_get_int(reply, "reads", 0);
	r->writes = (uint64_t)json_get_int(reply, "writes", 0);
	r->read_bytes = (uint64_t)json_get_int(reply, "read_bytes", 0);
	r->write_bytes = (uint64_t)json_get_int(reply, "write_bytes", 0);
	r->checked = (uint64_t)json_get_int(reply, "checked", 0);
	r->unknown = (uint64_t)json_get_int(reply, "unknown", 0);
	r->cpu = (double)json_get_int(reply, "cpu_ns", 0) / 1e9;
	if (json_get_int(reply, "wrong", 0))
		snprintf(r->why, sizeof(r->why), "wrong data: %s; %lld sectors in all",
			 json_get_str(reply, "first_wrong", ""),
			 (long long)json_get_int(reply, "wrong", 0));
	if (hist_from_json(json_object_get(reply, "latency"), &r->latency))
		return err_set(e, -EPROTO, "the initiator's histogram makes no sense");
	return 0;
}

/* Hears how a transfer went. Silence is a result; everything else that goes wrong is not. */
static int hear(struct initiator *i, unsigned int timeout_ms, struct initiator_result *r,
		struct err *e)
{
	struct err why = {0};
	json_t *reply = NULL;
	int ret = agent_hear(i->agent, timeout_ms, &reply, &why);

	if (!ret) {
		ret = result_of(reply, r, e);
		json_decref(reply);
		return ret;
	}
	if (ret == -EINTR) {
		snprintf(r->why, sizeof(r->why), "interrupted");
		return 0;
	}
	i->logged_in = false;
	if (ret == -ETIMEDOUT) {
		snprintf(r->why, sizeof(r->why), "%.190s", why.text);
		return 0;
	}
	return err_set(e, ret, "%s", why.text);
}

/* Any request ends a window early; this one changes nothing, and is answered after it. */
static void cut_short(struct initiator *i, struct initiator_result *r)
{
	struct err ignored;
	json_t *reply = NULL;

	agent_tell(i->agent, json_pack("{s:s}", "do", "logout"), &ignored);
	hear(i, 2 * MARGIN_MS, r, &ignored);
	agent_hear(i->agent, MARGIN_MS, &reply, &ignored);
	json_decref(reply);
	i->logged_in = false;
}

int initiator_run(struct initiator *i, const struct initiator_load *load, struct window *w,
		  struct initiator_result *r, struct err *e)
{
	json_t *request = request_of(load);
	unsigned int timeout;
	int ret;

	memset(r, 0, sizeof(*r));
	window_plan(w);
	timeout = (unsigned int)((w->warmup_seconds + w->seconds) * 1000) + silence_of(load) +
		  MARGIN_MS;
	if (request) {
		json_object_set_new(request, "begin_ns", json_integer((json_int_t)w->begin_ns));
		json_object_set_new(request, "end_ns", json_integer((json_int_t)w->end_ns));
	}
	ret = agent_tell(i->agent, request, e);
	if (ret)
		return ret;
	ret = window_wait(w, &r->seen);
	if (ret) {
		cut_short(i, r);
		snprintf(r->why, sizeof(r->why), "%s", window_why(ret));
		return 0;
	}
	ret = hear(i, timeout, r, e);
	if (!ret && !r->why[0] && !r->latency.total)
		snprintf(r->why, sizeof(r->why), "no command ended within the window");
	return ret;
}

int initiator_do(struct initiator *i, const struct initiator_load *load, uint64_t commands,
		 struct initiator_result *r, struct err *e)
{
	/* As long as it goes on at all; each command has its own limit. */
	uint64_t timeout = (commands / load->depth + 2) * silence_of(load) + MARGIN_MS;
	json_t *request = request_of(load);
	int ret;

	memset(r, 0, sizeof(*r));
	if (request)
		json_object_set_new(request, "commands", json_integer((json_int_t)commands));
	ret = agent_tell(i->agent, request, e);
	return ret ? ret : hear(i, timeout > INT32_MAX ? INT32_MAX : (unsigned int)timeout, r, e);
}

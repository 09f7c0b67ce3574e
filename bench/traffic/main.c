/* SPDX-License-Identifier: BSD-3-Clause */
/* `flue-bench __traffic`: the generator process. */
#include "bench/traffic/traffic.h"

#include "base/json.h"
#include "bench/traffic/jobs.h"
#include "bench/traffic/proto.h"

#include <stdio.h>
#include <stdlib.h>

struct main {
	struct proto proto;
	json_t *start; /* holds the texts of spec */
	struct traffic_spec spec;
	struct tports ports;
	struct gen gen;
	bool started;
};

static int start(struct main *m, json_t *msg, struct err *e)
{
	int ret;

	if (m->started)
		return err_set(e, -EALREADY, "the generator runs already");
	m->start = json_incref(msg);
	ret = proto_spec(json_object_get(msg, "spec"), &m->spec, e);
	if (ret == 0)
		ret = tports_start(&m->spec, &m->ports, e);
	if (ret == 0)
		ret = gen_init(&m->gen, &m->ports, e);
	m->started = ret == 0;
	return ret;
}

static int ready(struct main *m, const json_t *msg, struct err *e)
{
	unsigned int timeout_ms = (unsigned int)json_get_int(msg, "timeout_ms", 0);
	int ret = tports_connect(&m->spec, &m->ports, timeout_ms, e);

	return ret == 0 ? tports_wait(&m->spec, &m->ports, timeout_ms, e) : ret;
}

static int connected(const struct main *m, struct err *e)
{
	for (size_t i = 0; i < m->ports.n; i++)
		if (!m->ports.port[i].connected)
			return err_set(e, -ENOTCONN,
				       "the ports are not connected; ask for `ready`");
	return 0;
}

static int run(struct main *m, const json_t *msg, json_t *reply, struct err *e)
{
	struct traffic_result r = {0};
	struct traffic_trial trial;
	int ret = proto_trial(json_object_get(msg, "trial"), &trial, e);

	if (ret == 0)
		ret = connected(m, e);
	if (ret == 0)
		ret = jobs_run(&m->gen, &trial, &r, e);
	if (ret == 0)
		json_object_set_new(reply, "result", proto_result_json(&r));
	traffic_result_clear(&r);
	return ret;
}

static int teach(struct main *m, const json_t *msg, struct err *e)
{
	struct traffic_trial trial;
	int ret = proto_trial(json_object_get(msg, "trial"), &trial, e);

	if (ret == 0)
		ret = connected(m, e);
	return ret == 0 ? jobs_teach(&m->gen, &trial, e) : ret;
}

static int act(struct main *m, json_t *msg, json_t *reply, struct err *e)
{
	const char *what = json_get_str(msg, "do", "");

	if (strcmp(what, "start") == 0)
		return start(m, msg, e);
	if (!m->started)
		return err_set(e, -EINVAL, "`start` comes first");
	if (strcmp(what, "ready") == 0)
		return ready(m, msg, e);
	if (strcmp(what, "teach") == 0)
		return teach(m, msg, e);
	if (strcmp(what, "run") == 0)
		return run(m, msg, reply, e);
	return err_set(e, -EINVAL, "what is '%s'?", what);
}

int traffic_main(int argc, char **argv)
{
	struct main *m = calloc(1, sizeof(*m));
	json_t *msg;
	int ret;

	if (!m)
		return EXIT_FAILURE;
	proto_init(&m->proto, PROTO_FD);
	while ((ret = proto_receive(&m->proto, -1, &msg)) == 0) {
		json_t *reply = json_pack("{s:I}", "id", (json_int_t)json_get_int(msg, "id", 0));
		struct err e = {0};

		ret = act(m, msg, reply, &e);
		json_decref(msg);
		if (ret != 0) {
			json_object_set_new(reply, "error", json_integer(ret));
			json_object_set_new(reply, "text", json_string(e.text));
		}
		if (proto_send(&m->proto, reply) != 0)
			break;
	}
	/* The devices go with the process: a switch sees a guest go. Tidying up would mean to speak
	 * to a switch that may stand still. */
	fflush(NULL);
	_Exit(ret == -EPIPE ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `flue-bench __iscsi`: an initiator. Requests:
 *	login {portal, target, lun, header_digest, data_digest, timeout_ms}
 *	                               → {sectors, sector_bytes, header_digest}
 *	transfer {op, block_bytes, depth, random, verify, span_bytes, seed, silence_ms,
 *	          begin_ns, end_ns | commands}
 *	                               → what was transferred
 *	logout                         → {}
 * Any request while a transfer is on ends it early.
 */
#include "base/json.h"
#include "bench/load/agent.h"
#include "bench/load/load.h"
#include "bench/load/session.h"
#include "bench/load/transfer.h"

#include <stdlib.h>
#include <string.h>

enum { LOGOUT_MS = 1000 };

struct initiator_end {
	struct session session;
	struct pattern pattern; /* what the disk holds: lives on over logins */
	struct transfer_result result;
};

static int do_login(struct initiator_end *end, const json_t *request, struct err *e)
{
	struct session_spec spec = {
		.portal = json_get_str(request, "portal", ""),
		.target = json_get_str(request, "target", ""),
		.lun = (int)json_get_int(request, "lun", 0),
		.header_digest = json_get_bool(request, "header_digest", false),
		.timeout_ms = (unsigned int)json_get_int(request, "timeout_ms", 5000),
	};
	struct session *s = &end->session;
	int ret;

	if (json_get_bool(request, "data_digest", false))
		return err_set(e, -ENOTSUP,
			       "no data digests: libiscsi 1.19 always offers "
			       "DataDigest=None; header digests work");
	session_logout(s, LOGOUT_MS);
	ret = session_login(s, &spec, e);
	if (ret)
		return ret;
	if (end->pattern.generation && end->pattern.sectors == s->sectors &&
	    end->pattern.sector_bytes == s->sector_bytes)
		return 0;
	pattern_clear(&end->pattern);
	ret = pattern_init(&end->pattern, s->sectors, s->sector_bytes);
	if (!ret)
		return 0;
	session_logout(s, LOGOUT_MS);
	return err_set(e, ret, "a disk of %llu sectors of %u bytes: %s",
		       (unsigned long long)s->sectors, s->sector_bytes, strerror(-ret));
}

static json_t *result_to_json(const struct transfer_result *r)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "ns",
			 (json_int_t)(r->ended_ns - r->began_ns), "reads", (json_int_t)r->reads,
			 "writes", (json_int_t)r->writes, "read_bytes", (json_int_t)r->read_bytes,
			 "write_bytes", (json_int_t)r->write_bytes, "cpu_ns", (json_int_t)r->cpu_ns,
			 "checked", (json_int_t)r->seen.checked, "unknown",
			 (json_int_t)r->seen.unknown, "wrong", (json_int_t)r->seen.wrong,
			 "first_wrong", r->seen.first, "latency", hist_to_json(&r->latency));
}

static json_t *do_transfer(struct initiator_end *end, const json_t *request, struct err *e)
{
	struct transfer_spec spec = {
		.op = (enum transfer_op)json_get_int(request, "op", TRANSFER_READ),
		.block_bytes = (uint32_t)json_get_int(request, "block_bytes", 0),
		.depth = (unsigned int)json_get_int(request, "depth", 0),
		.random = json_get_bool(request, "random", false),
		.verify = json_get_bool(request, "verify", false),
		.span_bytes = (uint64_t)json_get_int(request, "span_bytes", 0),
		.seed = (uint64_t)json_get_int(request, "seed", 1),
		.begin_ns = (uint64_t)json_get_int(request, "begin_ns", 0),
		.end_ns = (uint64_t)json_get_int(request, "end_ns", 0),
		.commands = (uint64_t)json_get_int(request, "commands", 0),
		.silence_ms = (unsigned int)json_get_int(request, "silence_ms", 5000),
	};

	if (transfer_run(&end->session, &end->pattern, &spec, &end->result, e))
		return NULL;
	return result_to_json(&end->result);
}

static json_t *answer(void *arg, const json_t *request)
{
	const char *what = json_get_str(request, "do", "");
	struct initiator_end *end = arg;
	const struct session *s = &end->session;
	struct err e = {0};
	json_t *reply = NULL;

	if (!strcmp(what, "login")) {
		if (!do_login(end, request, &e))
			reply = json_pack("{s:I, s:I, s:b}", "sectors", (json_int_t)s->sectors,
					  "sector_bytes", (json_int_t)s->sector_bytes,
					  "header_digest", (int)s->header_digest);
	} else if (!strcmp(what, "transfer")) {
		reply = do_transfer(end, request, &e);
	} else if (!strcmp(what, "logout")) {
		session_logout(&end->session, LOGOUT_MS);
		reply = json_object();
	} else {
		err_set(&e, -EINVAL, "no request '%s'", what);
	}
	return reply || !e.code ? reply : agent_error(&e);
}

int iscsi_main(int argc, char **argv)
{
	struct initiator_end *end = calloc(1, sizeof(*end));
	int ret;

	if (!end)
		return 1;
	ret = agent_serve(SESSION_LINK_FD, answer, end);
	session_logout(&end->session, LOGOUT_MS);
	pattern_clear(&end->pattern);
	free(end);
	return ret ? 1 : 0;
}

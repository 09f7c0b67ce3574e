/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's side: one request after the other, each of which may take as long as a driver does.
 */
#include "sriov-pf/ctrl/agent.h"

#include "base/err_json.h"
#include "base/log.h"
#include "sriov-pf/ctrl/wire.h"
#include "sriov-pf/engine/txn.h"
#include "sriov-pf/model/want.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct run {
	const struct pf_host *host;
	struct pf_host_agent agent;
	const char *address;
	int fd;
	uint64_t id;
	struct pf_txn txn;
	struct pf_state state; /* as the last operation left it */
	bool has_state;
	int fds[2];
	unsigned int n_fds;
};

/* Each returns the result, or NULL with e filled. */
typedef json_t *(*op_fn)(struct run *r, const json_t *args, struct err *e);

static void send_doing(void *arg, const char *text)
{
	struct run *r = arg;
	json_t *msg = json_pack("{s:I,s:s}", "id", (json_int_t)r->id, "doing", text);

	if (msg)
		pf_wire_send(r->fd, msg, NULL, 0);
	json_decref(msg);
}

static void txn_point(void *arg, const char *name)
{
	struct run *r = arg;

	if (r->host->point)
		r->host->point(name);
}

static json_t *done(struct run *r, int ret)
{
	return ret == 0 ? json_pack("{s:i}", "steps", (int)r->txn.counts.steps) : NULL;
}

static json_t *op_list(struct run *r, const json_t *args, struct err *e)
{
	json_t *list = r->agent.backend.list(r->agent.backend.ctx, e);

	return list ? json_pack("{s:o}", "addresses", list) : NULL;
}

static json_t *op_read(struct run *r, const json_t *args, struct err *e)
{
	int ret = r->agent.backend.read(r->agent.backend.ctx, r->address, &r->state, e);

	r->has_state = ret == 0;
	return done(r, ret);
}

static json_t *op_recover(struct run *r, const json_t *args, struct err *e)
{
	bool restored = false;
	int ret = r->address[0] ? pf_txn_recover(&r->txn, r->address, &restored, e) : 0;
	struct err ignored = {0};

	if (r->address[0])
		json_decref(op_read(r, NULL, &ignored));
	return ret == 0 ? json_pack("{s:b}", "restored", restored) : NULL;
}

/* What a transaction ended with, and how the PF is then, when it could be read. */
static json_t *ended(struct run *r, int ret)
{
	r->has_state = r->state.address[0] != '\0';
	return done(r, ret);
}

static json_t *op_apply(struct run *r, const json_t *args, struct err *e)
{
	struct pf_want *wants;
	json_t *result = NULL;
	unsigned int n;

	if (pf_wants_parse(json_object_get(args, "config"), &wants, &n, e) != 0)
		return NULL;
	if (n == 1)
		result = ended(r, pf_txn_apply(&r->txn, r->address, &wants[0], &r->state, e));
	else
		err_set(e, -EINVAL, "an agent is for one physical function");
	pf_wants_free(wants, n);
	return result;
}

static json_t *op_restore(struct run *r, const json_t *args, struct err *e)
{
	struct pf_state former;
	int ret = pf_state_parse(json_object_get(args, "state"), &former, e);

	if (ret != 0)
		return NULL;
	ret = pf_txn_restore(&r->txn, r->address, &former, &r->state, e);
	pf_state_clear(&former);
	return ended(r, ret);
}

static json_t *op_quarantine(struct run *r, const json_t *args, struct err *e)
{
	int64_t vf = json_get_int(args, "vf", -1);

	if (vf >= 0 && vf < PF_VFS_MAX)
		return ended(
			r, pf_txn_quarantine(&r->txn, r->address, (unsigned int)vf, &r->state, e));
	err_set(e, -EINVAL, "there is no such virtual function");
	return NULL;
}

static json_t *op_open(struct run *r, const json_t *args, struct err *e)
{
	unsigned int group = 0;

	if (r->agent.open(r->agent.ctx, json_get_str(args, "vf", ""),
			  (pid_t)json_get_int(args, "pid", 0), json_object_get(args, "memory"),
			  r->fds, &group, e) != 0)
		return NULL;
	r->n_fds = 2;
	return json_pack("{s:I}", "group", (json_int_t)group);
}

static json_t *op_held(struct run *r, const json_t *args, struct err *e)
{
	return done(r, r->agent.held(r->agent.ctx, json_get_str(args, "vf", ""), e));
}

static const struct {
	const char *name;
	op_fn fn;
} ops[] = {
	{"list", op_list},   {"read", op_read},	      {"recover", op_recover},
	{"apply", op_apply}, {"restore", op_restore}, {"quarantine", op_quarantine},
	{"open", op_open},   {"held", op_held},
};

static json_t *carry_out(struct run *r, const json_t *msg, struct err *e)
{
	const char *op = json_get_str(msg, "op", "");

	r->txn.counts = (struct pf_txn_counts){0};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(ops[i].name, op) == 0)
			return ops[i].fn(r, json_object_get(msg, "args"), e);
	err_set(e, -ENOSYS, "there is no operation '%.40s'", op);
	return NULL;
}

static int answer(struct run *r, json_t *result, const struct err *e)
{
	json_t *msg = json_pack("{s:I}", "id", (json_int_t)r->id);
	int ret;

	if (result)
		json_object_set(msg, "result", result);
	else
		json_object_set_new(msg, "error", err_to_json(e));
	if (r->has_state)
		json_object_set_new(msg, "state", pf_state_json(&r->state));
	if (r->n_fds > 0)
		json_object_set_new(msg, "fds", json_integer(r->n_fds));
	ret = pf_wire_send(r->fd, msg, r->fds, r->n_fds);
	json_decref(msg);
	return ret;
}

static int serve_line(struct run *r, const char *text, size_t len)
{
	json_t *msg = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *result;
	int64_t id = json_get_int(msg, "id", 0);
	struct err e = {0};
	int ret;

	if (id <= 0) {
		json_decref(msg);
		return -EBADMSG;
	}
	r->id = (uint64_t)id;
	result = carry_out(r, msg, &e);
	ret = answer(r, result, &e);
	json_decref(result);
	json_decref(msg);
	for (unsigned int i = 0; i < r->n_fds; i++)
		close(r->fds[i]);
	r->n_fds = 0;
	pf_state_clear(&r->state);
	r->state = (struct pf_state){0};
	r->has_state = false;
	return ret;
}

/* An agent of a daemon that died may still be in a driver, amid a step. The lock is kept until the
 * end; who waits here too long is wedged, as it would be in the driver. */
static void wait_for_others(const char *dir, const char *address)
{
	static int fd; /* open until the end */
	char path[PATH_MAX];

	if (!address[0])
		return;
	snprintf(path, sizeof(path), "%s/%s.lock", dir, address);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		log_err("cannot lock %s: %s", path, strerror(errno));
		_exit(1);
	}
}

void pf_agent_run(const struct pf_host *host, const char *dir, const char *address, int fd)
{
	struct run r = {.host = host, .address = address, .fd = fd};
	struct pf_wire link;
	struct err e = {0};
	size_t len;
	char *line;

	pf_wire_open(&link, fd);
	wait_for_others(dir, address);
	if (host->begin(&r.agent, &e) != 0) {
		log_err("%s: %s", address, e.text);
		_exit(1);
	}
	r.txn = (struct pf_txn){.backend = &r.agent.backend,
				.dir = dir,
				.point = txn_point,
				.progress = send_doing,
				.arg = &r};
	while (pf_wire_receive(&link) > 0)
		while ((line = pf_wire_line(&link, &len)))
			if (serve_line(&r, line, len) != 0)
				_exit(1);
	_exit(0); /* the daemon is gone */
}

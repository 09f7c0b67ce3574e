/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket's methods. What only the guest's process can do is handed on to it. */
#include "hv-core/super.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void super_pass_on(struct super *s, void *arg, const json_t *result, const struct err *e)
{
	if (result)
		rpc_reply_result(arg, json_incref((json_t *)result));
	else
		rpc_reply_error(arg, e);
}

void super_refuse(struct rpc_reply *r, int code, const char *path, const char *text)
{
	struct err e = {0};

	err_at(&e, code, path, "%s", text);
	rpc_reply_error(r, &e);
}

static const char *state_name(const struct super *s, const json_t *guest)
{
	static const char *const names[] = {
		[SUPER_STARTING] = "starting", [SUPER_RUNNING] = "running",
		[SUPER_STOPPING] = "stopping", [SUPER_WAITING] = "waiting",
		[SUPER_ENDED] = "ended",
	};

	if (s->state == SUPER_RUNNING && json_get_bool(guest, "paused", false))
		return "paused";
	return names[s->state];
}

/* What is known here, and what the guest's process adds (NULL: nothing). */
static json_t *show(struct super *s, const json_t *guest)
{
	const struct hv_config *c = s->config;
	uint64_t now = clock_now_ns();
	json_t *o = json_pack(
		"{s:s,s:s,s:i,s:I,s:i,s:i,s:I,s:o}", "name", c->name, "state", state_name(s, guest),
		"pid", (int)getpid(), "uptime_s", (json_int_t)((now - s->born_ns) / 1000000000u),
		"restarts", (int)s->restarts, "cpus", (int)c->cpus, "memory",
		(json_int_t)(c->mem_bytes >> 20), "console", hv_console_show(s->console));

	if (s->pid)
		json_object_set_new(o, "guest_pid", json_integer(s->pid));
	if (s->restarts > 0)
		json_object_set_new(o, "last_end", json_string(hv_how_name(s->how)));
	if (s->why[0])
		json_object_set_new(o, "last_why", json_string(s->why));
	if (guest)
		json_object_update_missing(o, (json_t *)guest);
	return o;
}

static void shown(struct super *s, void *arg, const json_t *result, const struct err *e)
{
	/* A guest that does not run at the moment has nothing to add; one that hangs is an error.
	 */
	if (!result && e->code != -ESRCH)
		rpc_reply_error(arg, e);
	else
		rpc_reply_result(arg, show(s, result));
}

static void vm_show(void *ctx, const json_t *params, struct rpc_reply *r)
{
	struct super *s = ctx;

	if (s->state == SUPER_RUNNING || s->state == SUPER_STOPPING)
		super_call(s, "show", params, NULL, 0, SUPER_CALL_S, shown, r);
	else
		rpc_reply_result(r, show(s, NULL));
}

static void wait_for_end(struct super *s, struct rpc_reply *r)
{
	/* A connection waits for one thing at a time; those that hung up still have a place here.
	 */
	if (s->n_ending < RPC_CONNS_MAX)
		s->ending[s->n_ending++] = r;
	else
		super_refuse(r, -EBUSY, "", "too many wait for the end already");
}

static void vm_stop(void *ctx, const json_t *params, struct rpc_reply *r)
{
	struct super *s = ctx;

	wait_for_end(s, r);
	super_stop(s, (unsigned int)json_get_int(params, "timeout", s->config->stop_timeout_s));
}

static void vm_kill(void *ctx, const json_t *params, struct rpc_reply *r)
{
	wait_for_end(ctx, r);
	super_kill(ctx);
}

void super_tell_end(struct super *s)
{
	for (unsigned int i = 0; i < s->n_ending; i++)
		rpc_reply_result(s->ending[i],
				 json_pack("{s:s,s:s,s:b}", "ended", hv_how_name(s->how), "why",
					   s->why, "forced", s->forced));
	s->n_ending = 0;
}

static void vm_pause(void *ctx, const json_t *params, struct rpc_reply *r)
{
	super_call(ctx, "pause", NULL, NULL, 0, SUPER_CALL_S, super_pass_on, r);
}

static void vm_resume(void *ctx, const json_t *params, struct rpc_reply *r)
{
	super_call(ctx, "resume", NULL, NULL, 0, SUPER_CALL_S, super_pass_on, r);
}

struct snapshot {
	struct rpc_reply *reply;
	int fd;
	char *file, *part; /* where it is to be, and where it is written */
};

static void free_snapshot(struct snapshot *sn)
{
	if (sn->fd >= 0)
		close(sn->fd);
	free(sn->file);
	free(sn->part);
	free(sn);
}

/* It appears under its name only when it is whole and on the disk. */
static void snapshot_done(struct super *s, void *arg, const json_t *result, const struct err *why)
{
	struct snapshot *sn = arg;
	struct err e = {0};
	struct stat st;

	if (!result) {
		rpc_reply_error(sn->reply, why);
	} else if (fsync(sn->fd) != 0 || fstat(sn->fd, &st) != 0 ||
		   rename(sn->part, sn->file) != 0) {
		err_at(&e, -errno, "/file", "file: cannot finish %.200s: %s", sn->file,
		       strerror(errno));
		rpc_reply_error(sn->reply, &e);
		result = NULL;
	} else {
		rpc_reply_result(sn->reply, json_pack("{s:s,s:I}", "file", sn->file, "bytes",
						      (json_int_t)st.st_size));
	}
	if (!result)
		unlink(sn->part);
	free_snapshot(sn);
}

static void vm_snapshot(void *ctx, const json_t *params, struct rpc_reply *r)
{
	struct snapshot *sn = calloc(1, sizeof(*sn));
	const char *file = json_get_str(params, "file", "");
	struct err e = {0};

	if (!sn) {
		super_refuse(r, -ENOMEM, "", "out of memory");
		return;
	}
	sn->reply = r;
	sn->fd = -1;
	sn->file = strdup(file);
	if (asprintf(&sn->part, "%s.part", file) < 0)
		sn->part = NULL;
	if (file[0] != '/' || !sn->file || !sn->part) {
		super_refuse(r, -EINVAL, "/file", "file: give the whole path, from / on");
		free_snapshot(sn);
		return;
	}
	unlink(sn->part);
	sn->fd = open(sn->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (sn->fd < 0) {
		err_at(&e, -errno, "/file", "file: cannot make %.200s: %s", sn->part,
		       strerror(errno));
		rpc_reply_error(r, &e);
		free_snapshot(sn);
		return;
	}
	super_call(ctx, "snapshot", NULL, &sn->fd, 1, 0, snapshot_done, sn);
}

const struct rpc_handler super_handlers[] = {{NULL, NULL}};

const struct rpc_later super_laters[] = {
	{"vm.show", vm_show},	    {"vm.stop", vm_stop},	{"vm.kill", vm_kill},
	{"vm.pause", vm_pause},	    {"vm.resume", vm_resume},	{"vm.snapshot", vm_snapshot},
	{"nic.add", super_nic_add}, {"nic.del", super_nic_del}, {NULL, NULL},
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/agent.h"

#include "base/clock.h"
#include "base/json.h"
#include "bench/load/line.h"
#include "bench/load/under.h"
#include "bench/machine/proc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct agent {
	struct proc *proc;
	struct line line;
	char name[64];
};

int agent_start(const struct agent_spec *spec, struct agent **out, struct err *e)
{
	char self[PATH_MAX];
	const char *argv[] = {self, spec->command, NULL};
	struct agent *a = calloc(1, sizeof(*a));
	struct under under;
	struct proc_spec proc = {
		.name = spec->name, .argv = under.argv, .netns = spec->netns, .cpus = spec->cpus};
	int pair[2], ret;
	ssize_t length;

	if (!a)
		return err_set(e, -ENOMEM, "out of memory");
	snprintf(a->name, sizeof(a->name), "%s", spec->name);
	/* This very program, so that both sides speak the same. */
	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length < 0) {
		ret = err_set(e, -errno, "/proc/self/exe: %s; mount /proc", strerror(errno));
		goto free_agent;
	}
	self[length] = 0;
	ret = under_chimney(&under, spec->chimney, argv, e);
	if (ret)
		goto free_agent;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		ret = err_set(e, -errno, "no socket for %s: %s", spec->name, strerror(errno));
		goto free_agent;
	}
	proc.pass_fd = pair[1];
	ret = proc_start(&proc, &a->proc, e);
	close(pair[1]);
	if (ret)
		goto close_line;
	line_init(&a->line, pair[0]);
	*out = a;
	return 0;

close_line:
	close(pair[0]);
free_agent:
	free(a);
	return ret;
}

void agent_stop(struct agent *a)
{
	if (!a)
		return;
	/* The end of its line is what makes it leave; it does not heed SIGTERM. */
	close(a->line.fd);
	proc_stop(a->proc, 3000);
	line_clear(&a->line);
	free(a);
}

/* It does not speak any more: says why, in the words of its log when there are any. */
static int gone(struct agent *a, int code, struct err *e)
{
	struct err why = {0};

	if (code == -EPIPE && proc_alive(a->proc, &why))
		return err_set(e, -EPIPE, "%s ended: %s", a->name, why.text);
	if (code == -ETIMEDOUT)
		return err_set(e, code, "%s does not answer", a->name);
	return err_set(e, code, "%s: %s", a->name, strerror(-code));
}

int agent_tell(struct agent *a, json_t *request, struct err *e)
{
	int ret = request ? line_send(a->line.fd, request) : -ENOMEM;

	json_decref(request);
	return ret ? gone(a, ret, e) : 0;
}

int agent_hear(struct agent *a, unsigned int timeout_ms, json_t **reply, struct err *e)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * 1000000ull;
	int ret = line_recv(&a->line, deadline, reply);
	const char *error;

	if (ret)
		return gone(a, ret, e);
	error = json_get_str(*reply, "error", NULL);
	if (!error)
		return 0;
	ret = (int)json_get_int(*reply, "code", -EIO);
	err_set(e, ret < 0 ? ret : -EIO, "%s", error);
	json_decref(*reply);
	*reply = NULL;
	return ret < 0 ? ret : -EIO;
}

int agent_ask(struct agent *a, json_t *request, unsigned int timeout_ms, json_t **reply,
	      struct err *e)
{
	json_t *own = NULL;
	int ret = agent_tell(a, request, e);

	if (!ret)
		ret = agent_hear(a, timeout_ms, reply ? reply : &own, e);
	json_decref(own);
	return ret;
}

int agent_freeze(struct agent *a, bool freeze, struct err *e)
{
	return freeze ? proc_freeze(a->proc, e) : proc_thaw(a->proc, e);
}

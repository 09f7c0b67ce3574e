/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/engine/engine.h"
#include "bench/machine/proc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GRACE_MS = 2000 };

struct engine {
	struct proc *proc;
	int fd;
};

int engine_start(const char *name, int cpu, struct engine **out, struct err *e)
{
	const char *argv[] = {bench_program("flue-bench"), "__engine", NULL};
	struct proc_spec spec = {.name = name, .argv = argv, .cpus = UINT64_C(1) << cpu};
	struct engine *engine = calloc(1, sizeof(*engine));
	int fds[2], ret;

	if (!engine)
		return err_set(e, -ENOMEM, "no memory");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
		ret = err_set(e, -errno, "no socket pair: %s", strerror(errno));
		goto free_engine;
	}
	spec.pass_fd = fds[1];
	ret = proc_start(&spec, &engine->proc, e);
	close(fds[1]);
	if (ret != 0)
		goto close_fd;
	engine->fd = fds[0];
	*out = engine;
	return 0;

close_fd:
	close(fds[0]);
free_engine:
	free(engine);
	return ret;
}

int engine_measure(struct engine *engine, const struct engine_case *c, struct engine_result *r,
		   struct err *e)
{
	int ret = engine_ask(engine->fd, c, r, e);

	/* What it said last is worth more than that it went. */
	if (ret == -ECONNRESET && proc_alive(engine->proc, e) != 0)
		return -ECHILD;
	return ret;
}

void engine_stop(struct engine *engine)
{
	if (!engine)
		return;
	close(engine->fd);
	proc_stop(engine->proc, GRACE_MS);
	free(engine);
}

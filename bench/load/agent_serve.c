/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/agent.h"
#include "bench/load/line.h"

#include <signal.h>

json_t *agent_error(const struct err *e)
{
	return json_pack("{s:s, s:i}", "error", e->text, "code", e->code);
}

int agent_serve(int fd, json_t *(*answer)(void *arg, const json_t *request), void *arg)
{
	struct line line;
	int ret;

	/* Ctrl-C reaches every process of the terminal; ours end when flue-bench lets go of them.
	 */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	line_init(&line, fd);
	for (;;) {
		json_t *request, *reply;

		ret = line_recv(&line, 0, &request);
		if (ret)
			break;
		reply = answer(arg, request);
		json_decref(request);
		if (!reply)
			reply = json_pack("{s:s, s:i}", "error", "out of memory", "code", -ENOMEM);
		ret = reply ? line_send(fd, reply) : -ENOMEM;
		json_decref(reply);
		if (ret)
			break;
	}
	line_clear(&line);
	return ret == -EPIPE ? 0 : ret;
}

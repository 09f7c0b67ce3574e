/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/chimney_attach.h"

#include "offload/chimney/attach/hold.h"
#include "offload/chimney/attach/start.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct done {
	struct cli *c;
	pid_t pid;
	int fd;
	const char *what; /* "attached" */
};

static bool number(const char *text, int least, int *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < least || n > INT_MAX)
		return false;
	*value = (int)n;
	return true;
}

static void say(void *arg)
{
	const struct done *d = arg;

	if (d->c->json)
		fprintf(d->c->out, "{\"pid\": %d, \"fd\": %d, \"%s\": true}\n", d->pid, d->fd,
			d->what);
	else
		fprintf(d->c->out, "descriptor %d of process %d is %s\n", d->fd, d->pid, d->what);
	fflush(d->c->out);
}

/* PID FD. */
static bool names_one(int argc, char **argv, struct done *d)
{
	return argc >= 2 && number(argv[0], 1, &d->pid) && number(argv[1], 0, &d->fd);
}

static bool settings(int argc, char **argv, struct att_start *a)
{
	for (int i = 0; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!value)
			return false;
		if (strcmp(argv[i], "socket") == 0)
			a->socket = value;
		else if (strcmp(argv[i], "foreground") == 0 && strcmp(value, "on") == 0)
			a->foreground = true;
		else if (strcmp(argv[i], "foreground") != 0 || strcmp(value, "off") != 0)
			return false;
	}
	return true;
}

int chimney_attach(struct cli *c, int argc, char **argv)
{
	struct done d = {.c = c, .what = "attached"};
	struct att_start a = {0};
	struct err e = {0};
	int rc;

	if (!names_one(argc, argv, &d) || !settings(argc - 2, argv + 2, &a))
		return cli_fail(c, CLI_USAGE,
				"say which process and descriptor: flue chimney attach PID FD "
				"[socket PATH] [foreground on|off]");
	a.pid = d.pid;
	a.fd = d.fd;
	rc = att_start(&a, say, &d, &e);
	if (rc)
		return cli_fail(c, rc == -ECONNREFUSED ? CLI_UNREACHABLE : CLI_REFUSED, "%s",
				e.text);
	return CLI_OK;
}

int chimney_detach(struct cli *c, int argc, char **argv)
{
	struct done d = {.c = c, .what = "detached"};
	struct err e = {0};

	if (!names_one(argc, argv, &d) || argc != 2)
		return cli_fail(c, CLI_USAGE,
				"say which process and descriptor: flue chimney detach PID FD");
	if (att_hold_detach(d.pid, d.fd, &e) != 0)
		return cli_fail(c, CLI_REFUSED, "%s", e.text);
	say(&d);
	return CLI_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What a process wrote, and waiting for it. */
#include "bench/machine/proc_priv.h"

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TAIL_BYTES = 240, LOOK_MS = 5 };

void proc_status_text(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "was ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "ended with status %d", WEXITSTATUS(status));
}

/* The log from `from`, ended with 0; the caller's. NULL: cannot be read. */
static char *log_from(const struct proc *p, long from)
{
	struct stat st;
	char *text = NULL;
	int fd = open(p->log, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (from < p->log_start)
		from = p->log_start;
	if (fstat(fd, &st) != 0)
		goto close;
	size_t size = st.st_size > from ? (size_t)(st.st_size - from) : 0;
	text = malloc(size + 1);
	if (!text)
		goto close;
	ssize_t n = pread(fd, text, size, from);
	text[n > 0 ? n : 0] = '\0';
	/* A process may write anything; what comes after a 0 must be found all the same. */
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
close:
	close(fd);
	return text;
}

int proc_alive(struct proc *p, struct err *e)
{
	char how[64];

	if (!proc_ended(p))
		return 0;
	proc_status_text(p->status, how, sizeof(how));
	char *text = log_from(p, p->log_start);
	size_t size = text ? strlen(text) : 0;
	while (size && text[size - 1] == '\n')
		text[--size] = '\0';
	const char *tail = size > TAIL_BYTES ? text + size - TAIL_BYTES : text;
	if (size > TAIL_BYTES && strchr(tail, '\n'))
		tail = strchr(tail, '\n') + 1;
	err_set(e, -ECHILD, "%s %s; its last words: %s", p->name, how, size ? tail : "none");
	free(text);
	return -ECHILD;
}

long proc_log_end(const struct proc *p)
{
	struct stat st;

	return stat(p->log, &st) == 0 ? (long)st.st_size : 0;
}

static bool stands_in(const char *log, const char *text, unsigned int times)
{
	unsigned int seen = 0;

	for (const char *at = log; seen < times && (at = strstr(at, text)); at += strlen(text))
		seen++;
	return seen >= times;
}

int proc_wait_log(struct proc *p, long from, const char *text, unsigned int times,
		  unsigned int timeout_ms, char **found, struct err *e)
{
	uint64_t end = clock_now_ns() + timeout_ms * 1000000ull;
	struct pollfd pfd = {.fd = p->pidfd, .events = POLLIN};

	for (;;) {
		/* In this order: what was written before the end counts, and a look after the
		 * deadline as well, however late we are. */
		bool late = clock_now_ns() >= end;
		int rc = proc_ended(p) ? -ECHILD : 0;
		char *log = log_from(p, from);
		if (!log)
			return err_set(e, -EIO, "%s cannot be read", p->log);
		if (stands_in(log, text, times)) {
			if (found)
				*found = log;
			else
				free(log);
			return 0;
		}
		free(log);
		if (rc)
			return proc_alive(p, e);
		if (late)
			return err_set(e, -ETIMEDOUT, "%s: \"%s\" is not in its log after %u ms",
				       p->name, text, timeout_ms);
		(void)poll(&pfd, 1, LOOK_MS);
	}
}

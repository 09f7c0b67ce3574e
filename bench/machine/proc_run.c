/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/proc_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_MAX = 16 << 20, END_BYTES = 280 };

/* Everything that comes until the other end closes; the caller's. */
static char *drain(int fd)
{
	size_t size = 0, room = 4096;
	char *text = malloc(room);

	while (text) {
		ssize_t n = read(fd, text + size, room - 1 - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		size += (size_t)n;
		if (size + 1 < room)
			continue;
		char *more = room < RUN_MAX ? realloc(text, room *= 2) : NULL;
		if (!more) {
			free(text);
			return NULL;
		}
		text = more;
	}
	if (text)
		text[size] = '\0';
	return text;
}

int proc_run(const char *const *argv, const char *netns, char **out, struct err *e)
{
	struct proc_spec spec = {.name = argv[0], .argv = argv, .netns = netns};
	int fds[2], status = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_set(e, -errno, "no pipe: %s", strerror(errno));
	int rc = proc_spawn(&spec, -1, fds[1], &pid, e);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return rc;
	}
	char *text = drain(fds[0]);
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!text)
		return err_set(e, -ENOMEM, "%s says more than there is memory for", argv[0]);
	if (status) {
		char how[64];
		size_t size = strlen(text);
		while (size && text[size - 1] == '\n')
			text[--size] = '\0';
		proc_status_text(status, how, sizeof(how));
		err_set(e, -EIO, "%s %s: %s", argv[0], how,
			size > END_BYTES ? text + size - END_BYTES : text);
		free(text);
		return -EIO;
	}
	if (out)
		*out = text;
	else
		free(text);
	return 0;
}

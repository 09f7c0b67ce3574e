/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/vm_dir.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_A 1

static int open_console(const char *kind, const char *path, struct err *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strcmp(kind, "pty") == 0) {
		fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return err_set(e, -errno, "%.200s: %s", path, strerror(errno));
		return fd;
	}
	if (strcmp(kind, "socket") != 0 || strlen(path) >= sizeof(sun.sun_path))
		return err_set(e, -ENXIO, "the guest's console is '%s'; set console socket", kind);
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) != 0) {
		int ret = err_set(e, -errno, "%.200s: %s", path, strerror(errno));

		if (fd >= 0)
			close(fd);
		return ret;
	}
	return fd;
}

static bool put(int fd, const char *p, ssize_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, (size_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* What was typed goes to the guest, but for Ctrl-A and what follows it. False: leave. */
static bool typed(int fd, const char *buf, ssize_t n, bool *escape)
{
	static const char help[] =
		"\r\nCtrl-A x: leave, the guest goes on   Ctrl-A Ctrl-A: Ctrl-A\r\n";

	for (ssize_t i = 0; i < n; i++) {
		bool escaped = *escape;

		*escape = !escaped && buf[i] == CTRL_A;
		if (*escape)
			continue;
		if (!escaped || buf[i] == CTRL_A) {
			if (!put(fd, &buf[i], 1))
				return false;
		} else if (buf[i] == 'x') {
			return false;
		} else if (!put(STDOUT_FILENO, help, sizeof(help) - 1)) {
			return false;
		}
	}
	return true;
}

/* Until one side ends. With an input that has ended (`</dev/null`) it only shows. */
static void relay(int fd, bool raw)
{
	struct pollfd p[2] = {{STDIN_FILENO, POLLIN, 0}, {fd, POLLIN, 0}};
	bool escape = false;
	char buf[4096];
	ssize_t n;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents) {
			n = read(fd, buf, sizeof(buf));
			if (n <= 0 || !put(STDOUT_FILENO, buf, n))
				return;
		}
		if (!p[0].revents)
			continue;
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n <= 0) {
			p[0].fd = -1;
			shutdown(fd, SHUT_WR);
		} else if (raw ? !typed(fd, buf, n, &escape) : !put(fd, buf, n)) {
			return;
		}
	}
}

int vm_console(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *name = json_get_str(params, "name", "");
	struct termios before, raw;
	json_t *show;
	struct err e = {0};
	bool is_tty;
	int fd, ret = vm_call(c, name, "vm.show", NULL, 15000, &show, &e);
	const json_t *console = json_object_get(show, "console");

	if (ret != 0)
		return cli_fail(c, CLI_REFUSED, "%s", e.text);
	fd = open_console(json_get_str(console, "kind", "?"), json_get_str(console, "path", ""),
			  &e);
	json_decref(show);
	if (fd < 0)
		return cli_fail(c, CLI_REFUSED, "console: %s", e.text);
	is_tty = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
	if (is_tty) {
		fprintf(c->err, "the console of %s; Ctrl-A x leaves it\n", name);
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	fflush(c->out);
	relay(fd, is_tty);
	if (is_tty)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	close(fd);
	return CLI_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* `flue chimney run -- COMMAND...`: starts a program with the library that offers its connections.
 */
#include "cli/chimney.h"

#include "api/chim_msg.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUE_CHIMNEY_PRELOAD "libflue-chimney-preload.so"

/* The library of this very build where there is one beside the program, else the installed one. */
static int find_library(char path[PATH_MAX])
{
	const char *given = getenv("FLUE_CHIMNEY_LIBRARY");
	char exe[PATH_MAX / 2], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (given && *given) {
		snprintf(path, PATH_MAX, "%s", given);
		return access(path, R_OK);
	}
	if (n > 0) {
		exe[n] = 0;
		slash = strrchr(exe, '/');
		*slash = 0;
		snprintf(path, PATH_MAX, "%s/../offload/chimney/shim/" FLUE_CHIMNEY_PRELOAD, exe);
		if (access(path, R_OK) == 0)
			return 0;
	}
	snprintf(path, PATH_MAX, FLUE_LIBDIR "/" FLUE_CHIMNEY_PRELOAD);
	return access(path, R_OK);
}

static int usage(struct cli *c)
{
	return cli_fail(
		c, CLI_USAGE,
		"say what to run: flue chimney run [socket PATH] [ports LIST] [log FILE] -- "
		"COMMAND...");
}

int chimney_run(struct cli *c, int argc, char **argv)
{
	static const struct {
		const char *word, *variable;
	} settings[] = {
		{"socket", "FLUE_CHIMNEY_SOCKET"},
		{"ports", "FLUE_CHIMNEY_PORTS"},
		{"log", "FLUE_CHIMNEY_LOG"},
		{"spin-us", "FLUE_CHIMNEY_SPIN_US"},
	};
	const char *before = getenv("LD_PRELOAD"), *socket_path;
	char path[PATH_MAX], preload[2 * PATH_MAX];
	int at = 0;

	for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2) {
		size_t i = 0;

		while (i < sizeof(settings) / sizeof(settings[0]) &&
		       strcmp(argv[at], settings[i].word) != 0)
			i++;
		if (i == sizeof(settings) / sizeof(settings[0]))
			return usage(c);
		setenv(settings[i].variable, argv[at + 1], 1);
	}
	if (at + 1 >= argc || strcmp(argv[at], "--") != 0)
		return usage(c);
	if (find_library(path) != 0)
		return cli_fail(c, CLI_LACKING, "%s: %s; set FLUE_CHIMNEY_LIBRARY", path,
				strerror(errno));
	socket_path = getenv("FLUE_CHIMNEY_SOCKET");
	if (access(socket_path ? socket_path : CHIM_SOCKET_PATH, W_OK) != 0)
		fprintf(c->err,
			"flue: %s: %s; connections stay with the kernel until flued is started "
			"with --chimney-socket\n",
			socket_path ? socket_path : CHIM_SOCKET_PATH, strerror(errno));
	snprintf(preload, sizeof(preload), "%s%s%s", path, before && *before ? ":" : "",
		 before ? before : "");
	setenv("LD_PRELOAD", preload, 1);
	execvp(argv[at + 1], &argv[at + 1]);
	return cli_fail(c, CLI_REFUSED, "%s: %s", argv[at + 1], strerror(errno));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/log.h"

#include "offload/chimney/shim/sys.h"

#include <stdio.h>
#include <stdlib.h>

/* Opened for each line: no descriptor of it is there for the application to close. */
void chim_log(int fd, const char *what, const char *why)
{
	const char *path = secure_getenv("FLUE_CHIMNEY_LOG");
	char line[160];
	long log;
	int n;

	if (!path || !*path)
		return;
	log = sys_result(syscall(SYS_openat, AT_FDCWD, path,
				 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
	if (log < 0)
		return;
	n = snprintf(line, sizeof(line), "%d %d %s %s\n", (int)getpid(), fd, what, why);
	sys_write((int)log, line, (size_t)n);
	sys_close((int)log);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/sockpath.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int sockpath_clear(const char *path, struct err *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stat st;
	int fd, ret;

	if (lstat(path, &st) != 0)
		return errno == ENOENT
			       ? 0
			       : err_set(e, -errno, "socket: '%s': %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, -EEXIST,
			       "socket: '%s' exists and is no socket; choose another path", path);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, "socket: %s", strerror(errno));
	ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : -errno;
	close(fd);
	if (ret != -ECONNREFUSED)
		return err_set(
			e, -EADDRINUSE,
			"socket: another program listens on '%s'; stop it or choose another path",
			path);
	return unlink(path) == 0 ? 0
				 : err_set(e, -errno, "socket: '%s': %s", path, strerror(errno));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/serve/rpc_listen.h"

#include <ctype.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static int find_group(const char *group, gid_t *gid, struct err *e)
{
	struct group *g;
	char *end;

	*gid = (gid_t)-1;
	if (!group)
		return 0;
	/* cppcheck-suppress getgrnamCalled; no other thread runs yet */
	g = getgrnam(group);
	if (g) {
		*gid = g->gr_gid;
		return 0;
	}
	if (isdigit((unsigned char)group[0])) {
		unsigned long n = strtoul(group, &end, 10);

		if (*end == '\0' && n < (gid_t)-1) {
			*gid = (gid_t)n;
			return 0;
		}
	}
	return err_set(e, -ENOENT,
		       "there is no group '%.40s'; make it with 'groupadd --system %.40s'", group,
		       group);
}

/* Only what is directly below /run: it is empty after each boot, so nobody else makes it. */
static int make_run_dir(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	if (!slash || strncmp(path, "/run/", 5) != 0)
		return 0;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	if (strlen(dir) <= 5 || strchr(dir + 5, '/'))
		return 0;
	if (mkdir(dir, 0755) != 0)
		return errno == EEXIST
			       ? 0
			       : err_set(e, -errno, "cannot make %s: %s", dir, strerror(errno));
	if (chmod(dir, 0755) != 0)
		return err_set(e, -errno, "cannot set the mode of %s: %s", dir, strerror(errno));
	return 0;
}

/* Makes the path free if it is a socket that nobody serves any more. */
static int clear_path(const struct sockaddr_un *sun, int type, struct err *e)
{
	struct stat st;
	int fd, ret;

	if (lstat(sun->sun_path, &st) != 0)
		return errno == ENOENT ? 0
				       : err_set(e, -errno, "cannot look at %s: %s", sun->sun_path,
						 strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, -EEXIST,
			       "%s exists and is not a socket; remove it or choose another path",
			       sun->sun_path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
	ret = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ? 0 : errno;
	close(fd);
	/* Any other failure, as a full backlog, still means that somebody is there. */
	if (ret != ECONNREFUSED)
		return err_set(e, -EADDRINUSE,
			       "another process serves %s; stop it or choose another path",
			       sun->sun_path);
	if (unlink(sun->sun_path) != 0 && errno != ENOENT)
		return err_set(e, -errno, "cannot remove the stale socket %s: %s", sun->sun_path,
			       strerror(errno));
	return 0;
}

static int listen_at(const char *path, int type, const char *group, struct err *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	gid_t gid;
	int fd, ret;

	if (path[0] == '\0' || strlen(path) >= sizeof(sun.sun_path))
		return err_set(e, -ENAMETOOLONG,
			       "a socket's path has 1 to %zu bytes; '%.40s' has %zu",
			       sizeof(sun.sun_path) - 1, path, strlen(path));
	strcpy(sun.sun_path, path);
	ret = find_group(group, &gid, e);
	if (ret == 0)
		ret = make_run_dir(path, e);
	if (ret == 0)
		ret = clear_path(&sun, type, e);
	if (ret != 0)
		return ret;

	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
	/* Born without any right for others, given to its group, only then opened to it. */
	mask = umask(0177);
	ret = bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0 ? 0 : -errno;
	umask(mask);
	if (ret != 0) {
		err_set(e, ret, "cannot make the socket %s: %s", path, strerror(-ret));
		goto close_fd;
	}
	if ((gid != (gid_t)-1 && lchown(path, (uid_t)-1, gid) != 0) || chmod(path, 0660) != 0) {
		ret = err_set(e, -errno, "cannot give the socket %s to group '%.40s': %s", path,
			      group ? group : "", strerror(errno));
		goto unlink_path;
	}
	if (listen(fd, BACKLOG) != 0) {
		ret = err_set(e, -errno, "cannot listen on %s: %s", path, strerror(errno));
		goto unlink_path;
	}
	return fd;

unlink_path:
	unlink(path);
close_fd:
	close(fd);
	return ret;
}

int rpc_listen(const char *path, const char *group, struct err *e)
{
	return listen_at(path, SOCK_STREAM, group, e);
}

int rpc_listen_packets(const char *path, const char *group, struct err *e)
{
	return listen_at(path, SOCK_SEQPACKET, group, e);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/store.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void at(store_point point, const char *name)
{
	if (point)
		point(name);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int write_file(int dir, const char *name, const char *text, store_point point)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), ret;

	if (fd < 0)
		return -errno;
	at(point, "store-write");
	ret = write_all(fd, text, strlen(text));
	at(point, "store-sync");
	if (ret == 0 && fsync(fd) != 0)
		ret = -errno;
	if (close(fd) != 0 && ret == 0)
		ret = -errno;
	return ret;
}

int store_write(const char *dir, const char *name, const json_t *json, store_point point,
		struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
	char part[NAME_MAX + 1];

	snprintf(part, sizeof(part), "%.200s.part", name);
	if (fd < 0)
		ret = -errno;
	else
		ret = text ? write_file(fd, part, text, point) : -ENOMEM;
	if (ret == 0) {
		at(point, "store-rename");
		if (renameat(fd, part, fd, name) != 0)
			ret = -errno;
	}
	if (ret == 0) {
		at(point, "store-sync-dir");
		if (fsync(fd) != 0)
			ret = -errno;
	}
	free(text);
	if (fd >= 0)
		close(fd);
	if (ret != 0)
		err_set(e, ret,
			"cannot write %s/%s: %s; see that the file system has room and can be "
			"written",
			dir, name, strerror(-ret));
	return ret;
}

json_t *store_read(const char *dir, const char *name, struct err *e)
{
	char path[PATH_MAX];
	json_error_t where;
	json_t *json;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f) {
		err_set(e, -errno, "cannot open %.300s: %s", path, strerror(errno));
		return NULL;
	}
	json = json_loadf(f, JSON_REJECT_DUPLICATES, &where);
	fclose(f);
	if (!json)
		err_set(e, -EBADMSG, "%.200s is damaged (line %d: %.80s); remove it", path,
			where.line, where.text);
	return json;
}

int store_make_dir(const char *dir, struct err *e)
{
	char path[PATH_MAX];
	char *slash = path;
	int ret = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s", dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "the name of a directory is too long");
	while (ret == 0 && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			ret = -errno;
		*slash = '/';
	}
	if (ret == 0 && mkdir(path, 0700) != 0 && errno != EEXIST)
		ret = -errno;
	return ret == 0 ? 0 : err_set(e, ret, "cannot make %.300s: %s", dir, strerror(-ret));
}

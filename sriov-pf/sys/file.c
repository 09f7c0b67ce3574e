/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAKE_PATH(path, fmt)                            \
	do {                                            \
		va_list ap;                             \
                                                        \
		va_start(ap, fmt);                      \
		vsnprintf(path, sizeof(path), fmt, ap); \
		va_end(ap);                             \
	} while (0)

static int read_line(const char *path, char *to, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	to[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read(fd, to, room - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	to[n] = '\0';
	to[strcspn(to, "\n")] = '\0';
	return (int)strlen(to);
}

int pf_file_read(char *to, size_t room, const char *fmt, ...)
{
	char path[PATH_MAX];

	MAKE_PATH(path, fmt);
	return read_line(path, to, room);
}

bool pf_file_number(unsigned int *value, const char *fmt, ...)
{
	char path[PATH_MAX], text[32], *end;
	unsigned long v;

	MAKE_PATH(path, fmt);
	if (read_line(path, text, sizeof(text)) <= 0 || text[0] == '-')
		return false;
	v = strtoul(text, &end, 0);
	if (*end || v > UINT_MAX)
		return false;
	*value = (unsigned int)v;
	return true;
}

int pf_file_write(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	int fd, rc = 0;

	MAKE_PATH(path, fmt);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

bool pf_file_link(char *to, size_t room, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX], *last;
	ssize_t n;

	MAKE_PATH(path, fmt);
	to[0] = '\0';
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= room)
		return false;
	strcpy(to, last);
	return true;
}

bool pf_file_there(const char *fmt, ...)
{
	char path[PATH_MAX];

	MAKE_PATH(path, fmt);
	return access(path, F_OK) == 0;
}

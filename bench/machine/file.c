/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

long file_read_at(int dir, const char *path, char *text, size_t size)
{
	size_t got = 0;
	ssize_t n = 0;

	text[0] = '\0';
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (got < size - 1 && (n = read(fd, text + got, size - 1 - got)) > 0)
		got += (size_t)n;
	int why = n < 0 ? errno : 0;
	close(fd);
	if (why) {
		text[0] = '\0';
		return -why;
	}
	if (got && text[got - 1] == '\n')
		got--;
	text[got] = '\0';
	return (long)got;
}

long file_read(const char *path, char *text, size_t size)
{
	return file_read_at(AT_FDCWD, path, text, size);
}

bool file_number(const char *path, long long *number)
{
	char text[64], *end;

	if (file_read(path, text, sizeof(text)) <= 0)
		return false;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (end == text || errno)
		return false;
	*number = value;
	return true;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, text, strlen(text));
	int why = n < 0 ? errno : 0;
	close(fd);
	return -why;
}

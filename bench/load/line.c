/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/line.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void line_init(struct line *l, int fd)
{
	*l = (struct line){.fd = fd};
}

void line_clear(struct line *l)
{
	free(l->buf);
	line_init(l, l->fd);
}

int line_send(int fd, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t size, sent = 0;
	int ret = 0;

	if (!text)
		return -ENOMEM;
	size = strlen(text);
	text[size++] = '\n'; /* in the place of the final zero */
	while (sent < size) {
		ssize_t n = send(fd, text + sent, size - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ret = -errno;
			break;
		}
		sent += (size_t)n;
	}
	free(text);
	return ret;
}

/* The first whole line of the buffer. */
static int take(struct line *l, size_t length, json_t **object)
{
	*object = json_loadb(l->buf, length, 0, NULL);
	l->used -= length + 1;
	memmove(l->buf, l->buf + length + 1, l->used);
	if (*object && json_is_object(*object))
		return 0;
	json_decref(*object);
	*object = NULL;
	return -EPROTO;
}

/* 0 when there is something to read. */
static int wait_readable(int fd, uint64_t deadline_ns)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_now_ns();
		uint64_t left_ms = deadline_ns > now ? (deadline_ns - now) / 1000000 + 1 : 0;
		int timeout = !deadline_ns ? -1 : left_ms > 60000 ? 60000 : (int)left_ms;
		int n = poll(&p, 1, timeout);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (deadline_ns && clock_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
}

static int grow(struct line *l)
{
	size_t size = l->size ? l->size * 2 : 4096;
	char *buf;

	if (l->used < l->size)
		return 0;
	if (size > LINE_MAX_BYTES)
		return -EPROTO;
	buf = realloc(l->buf, size);
	if (!buf)
		return -ENOMEM;
	l->buf = buf;
	l->size = size;
	return 0;
}

int line_recv(struct line *l, uint64_t deadline_ns, json_t **object)
{
	size_t seen = 0;

	*object = NULL;
	for (;;) {
		char *end = l->used > seen ? memchr(l->buf + seen, '\n', l->used - seen) : NULL;
		ssize_t n;
		int ret;

		if (end)
			return take(l, (size_t)(end - l->buf), object);
		seen = l->used;
		ret = grow(l);
		if (!ret)
			ret = wait_readable(l->fd, deadline_ns);
		if (ret)
			return ret;
		n = read(l->fd, l->buf + l->used, l->size - l->used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		if (n == 0)
			return -EPIPE;
		l->used += (size_t)n;
	}
}

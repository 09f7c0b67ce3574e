/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/proto.h"

#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 65536 };

void proto_init(struct proto *p, int fd)
{
	*p = (struct proto){.fd = fd};
}

void proto_free(struct proto *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->text);
	p->text = NULL;
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int proto_send(struct proto *p, json_t *msg)
{
	char *text = msg ? json_dumps(msg, JSON_COMPACT) : NULL;
	int ret = text ? send_all(p->fd, text, strlen(text)) : -ENOMEM;

	if (ret == 0)
		ret = send_all(p->fd, "\n", 1);
	free(text);
	json_decref(msg);
	return ret;
}

static int more(struct proto *p)
{
	ssize_t n;

	if (p->size - p->len < CHUNK) {
		char *text =
			p->size < PROTO_LINE_MAX ? realloc(p->text, p->size * 2 + CHUNK) : NULL;

		if (!text)
			return -ENOMEM;
		p->text = text;
		p->size = p->size * 2 + CHUNK;
	}
	n = read(p->fd, p->text + p->len, p->size - p->len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	p->len += (size_t)n;
	return 0;
}

static int take(struct proto *p, json_t **msg)
{
	char *end = p->len ? memchr(p->text, '\n', p->len) : NULL;
	size_t line;

	if (!end)
		return -EAGAIN;
	line = (size_t)(end - p->text);
	*msg = json_loadb(p->text, line, 0, NULL);
	p->len -= line + 1;
	memmove(p->text, end + 1, p->len);
	if (json_is_object(*msg))
		return 0;
	json_decref(*msg);
	*msg = NULL;
	return -EBADMSG;
}

int proto_receive(struct proto *p, int timeout_ms, json_t **msg)
{
	uint64_t end = clock_now_ns() + (uint64_t)timeout_ms * 1000000;
	int ret;

	while ((ret = take(p, msg)) == -EAGAIN) {
		struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
		uint64_t now = clock_now_ns();
		int left = timeout_ms < 0 ? -1 : now < end ? (int)((end - now) / 1000000) + 1 : 0;
		int n = poll(&pfd, 1, left);

		if (n == 0 && left == 0)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
		ret = n > 0 ? more(p) : 0;
		if (ret != 0)
			return ret;
	}
	return ret;
}

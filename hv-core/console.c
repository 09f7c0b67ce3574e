/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/console.h"

#include "hv-core/console_log.h"
#include "hv-core/console_term.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define TYPED_MAX 65536 /* bytes that wait beside those in the pipe */

struct hv_console {
	int in[2], out[2]; /* pipes to and from the guest: [0] is read, [1] is written */
	struct event *on_out, *on_in;
	struct evbuffer *typed;
	struct hv_term *term; /* NULL: off */
	enum hv_console_kind kind;
	struct hv_log log;
	uint64_t dropped;
	size_t said; /* bytes ever; the history's next place is said % its size */
	char history[HV_CONSOLE_HISTORY];
};

static void remember(struct hv_console *c, const char *p, size_t len)
{
	for (size_t n; len > 0; p += n, len -= n, c->said += n) {
		size_t at = c->said % HV_CONSOLE_HISTORY;

		n = len < HV_CONSOLE_HISTORY - at ? len : HV_CONSOLE_HISTORY - at;
		memcpy(c->history + at, p, n);
	}
}

int hv_console_history(const struct hv_console *c, struct iovec piece[2])
{
	size_t at = c->said % HV_CONSOLE_HISTORY;
	char *h = (char *)c->history;

	if (c->said == 0)
		return 0;
	if (c->said <= HV_CONSOLE_HISTORY) {
		piece[0] = (struct iovec){h, c->said};
		return 1;
	}
	piece[0] = (struct iovec){h + at, HV_CONSOLE_HISTORY - at};
	piece[1] = (struct iovec){h, at};
	return at ? 2 : 1;
}

/* Some of what the guest said. False: there is no more for now. */
static bool take_said(struct hv_console *c)
{
	char buf[4096];
	ssize_t n = read(c->out[0], buf, sizeof(buf));

	if (n <= 0)
		return false;
	remember(c, buf, (size_t)n);
	hv_log_write(&c->log, buf, (size_t)n);
	if (c->term)
		c->term->out(c->term, buf, (size_t)n);
	return n == sizeof(buf);
}

static void on_out(evutil_socket_t fd, short what, void *arg)
{
	take_said(arg); /* the rest in the next turn, so that others get theirs */
}

/* The pipe to the guest has room again. */
static void on_in(evutil_socket_t fd, short what, void *arg)
{
	struct hv_console *c = arg;

	if (evbuffer_get_length(c->typed) > 0)
		evbuffer_write(c->typed, c->in[1]);
	if (evbuffer_get_length(c->typed) > 0)
		event_add(c->on_in, NULL);
}

void hv_console_type(struct hv_console *c, const void *bytes, size_t len)
{
	size_t have = evbuffer_get_length(c->typed);
	size_t room = have < TYPED_MAX ? TYPED_MAX - have : 0;
	size_t n = len < room ? len : room;

	if (n < len)
		hv_console_dropped(c, len - n);
	if (n == 0)
		return;
	if (evbuffer_add(c->typed, bytes, n) != 0)
		hv_console_dropped(c, n);
	on_in(c->in[1], EV_WRITE, c);
}

void hv_console_dropped(struct hv_console *c, size_t bytes)
{
	c->dropped += bytes;
}

void hv_console_forget_typed(struct hv_console *c)
{
	char buf[4096];

	evbuffer_drain(c->typed, evbuffer_get_length(c->typed));
	while (read(c->in[0], buf, sizeof(buf)) > 0)
		;
}

int hv_console_guest_in(const struct hv_console *c)
{
	return c->in[0];
}

int hv_console_guest_out(const struct hv_console *c)
{
	return c->out[1];
}

json_t *hv_console_show(const struct hv_console *c)
{
	static const char *const kinds[] = {[HV_CONSOLE_SOCKET] = "socket",
					    [HV_CONSOLE_STDIO] = "stdio",
					    [HV_CONSOLE_PTY] = "pty",
					    [HV_CONSOLE_OFF] = "off"};

	return json_pack("{s:s,s:s*,s:I}", "kind", kinds[c->kind], "path",
			 c->term ? c->term->path : NULL, "dropped_bytes", (json_int_t)c->dropped);
}

static int make_term(struct hv_console *c, struct event_base *loop,
		     const struct hv_console_options *o, struct err *e)
{
	switch (o->kind) {
	case HV_CONSOLE_STDIO:
		c->term = hv_term_stdio(loop, c, o, e);
		break;
	case HV_CONSOLE_SOCKET:
		c->term = hv_term_socket(loop, c, o->path, e);
		break;
	case HV_CONSOLE_PTY:
		c->term = hv_term_pty(loop, c, o->path, e);
		break;
	case HV_CONSOLE_OFF:
		return 0;
	}
	return c->term ? 0 : e->code;
}

struct hv_console *hv_console_new(struct event_base *loop, const struct hv_console_options *o,
				  struct err *e)
{
	struct hv_console *c = calloc(1, sizeof(*c));

	if (!c) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	c->kind = o->kind;
	c->log.fd = c->in[0] = c->in[1] = c->out[0] = c->out[1] = -1;
	if (pipe2(c->in, O_NONBLOCK | O_CLOEXEC) != 0 ||
	    pipe2(c->out, O_NONBLOCK | O_CLOEXEC) != 0) {
		err_set(e, -errno, "cannot make the console's pipes: %s", strerror(errno));
		goto free_console;
	}
	c->typed = evbuffer_new();
	c->on_out = event_new(loop, c->out[0], EV_READ | EV_PERSIST, on_out, c);
	c->on_in = event_new(loop, c->in[1], EV_WRITE, on_in, c);
	if (!c->typed || !c->on_out || !c->on_in || event_add(c->on_out, NULL) != 0) {
		err_set(e, -ENOMEM, "no memory for the console");
		goto free_console;
	}
	if (o->log && hv_log_open(&c->log, o->log, o->log_max_bytes, e) != 0)
		goto free_console;
	if (make_term(c, loop, o, e) != 0)
		goto free_console;
	return c;

free_console:
	hv_console_free(c);
	return NULL;
}

void hv_console_free(struct hv_console *c)
{
	if (!c)
		return;
	if (c->on_out)
		while (take_said(c))
			;
	if (c->term)
		c->term->free(c->term);
	if (c->on_out)
		event_free(c->on_out);
	if (c->on_in)
		event_free(c->on_in);
	if (c->typed)
		evbuffer_free(c->typed);
	hv_log_close(&c->log);
	for (int i = 0; i < 2; i++) {
		if (c->in[i] >= 0)
			close(c->in[i]);
		if (c->out[i] >= 0)
			close(c->out[i]);
	}
	free(c);
}

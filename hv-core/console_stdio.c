/* SPDX-License-Identifier: BSD-3-Clause */
/* The console on this process's own terminal. */
#include "hv-core/console_escape.h"
#include "hv-core/console_term.h"

#include <event2/buffer.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

/* A terminal that is ready takes so much without waiting (n_tty says it is ready from 256 on). */
#define CHUNK	    256
#define PENDING_MAX (1u << 20)

struct term {
	struct hv_term term;
	struct hv_console *console;
	const struct hv_console_options *o;
	struct event *on_in, *on_out; /* NULL: not a thing one waits for: a file, /dev/null */
	struct evbuffer *pending;
	struct termios before;
	bool raw, escape;
};

static bool can_wait_for(int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int ep = epoll_create1(EPOLL_CLOEXEC);
	bool can = ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0;

	if (ep >= 0)
		close(ep);
	return can;
}

/* Writes what the terminal takes now. */
static void flush_out(struct term *t)
{
	while (evbuffer_get_length(t->pending) > 0) {
		struct pollfd p = {STDOUT_FILENO, POLLOUT, 0};

		if (t->on_out && poll(&p, 1, 0) != 1) {
			event_add(t->on_out, NULL);
			return;
		}
		if (evbuffer_write_atmost(t->pending, STDOUT_FILENO, CHUNK) <= 0) {
			/* Nobody will ever read it. */
			evbuffer_drain(t->pending, evbuffer_get_length(t->pending));
			return;
		}
	}
}

static void on_out(evutil_socket_t fd, short what, void *arg)
{
	flush_out(arg);
}

static void out(struct hv_term *term, const void *bytes, size_t len)
{
	struct term *t = (struct term *)term;

	if (evbuffer_get_length(t->pending) + len > PENDING_MAX ||
	    evbuffer_add(t->pending, bytes, len) != 0)
		hv_console_dropped(t->console, len);
	flush_out(t);
}

static void typed(struct term *t, uint8_t byte)
{
	static const char help[] = "\r\nCtrl-A x: end the guest at once   Ctrl-A p: power button   "
				   "Ctrl-A Ctrl-A: Ctrl-A\r\n";

	/* Only a person needs a way out; a pipe may hold any byte. */
	switch (t->raw ? hv_escape(&t->escape, byte) : HV_ESCAPE_PASS) {
	case HV_ESCAPE_PASS:
		hv_console_type(t->console, &byte, 1);
		break;
	case HV_ESCAPE_KILL:
		t->o->kill(t->o->arg);
		break;
	case HV_ESCAPE_POWER:
		t->o->power_button(t->o->arg);
		break;
	case HV_ESCAPE_HELP:
		out(&t->term, help, sizeof(help) - 1);
		break;
	case HV_ESCAPE_NONE:
		break;
	}
}

static void on_in(evutil_socket_t fd, short what, void *arg)
{
	struct term *t = arg;
	uint8_t buf[512];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0 && errno != EAGAIN && errno != EINTR) {
		event_del(t->on_in);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		typed(t, buf[i]);
}

static void free_term(struct hv_term *term)
{
	struct term *t = (struct term *)term;

	flush_out(t);
	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
	if (t->on_in)
		event_free(t->on_in);
	if (t->on_out)
		event_free(t->on_out);
	if (t->pending)
		evbuffer_free(t->pending);
	free(t);
}

struct hv_term *hv_term_stdio(struct event_base *loop, struct hv_console *c,
			      const struct hv_console_options *o, struct err *e)
{
	struct term *t = calloc(1, sizeof(*t));
	struct termios raw;

	if (!t)
		goto no_memory;
	t->term = (struct hv_term){.out = out, .free = free_term};
	t->console = c;
	t->o = o;
	t->pending = evbuffer_new();
	if (!t->pending)
		goto free_it;
	if (can_wait_for(STDIN_FILENO)) {
		t->on_in = event_new(loop, STDIN_FILENO, EV_READ | EV_PERSIST, on_in, t);
		if (!t->on_in || event_add(t->on_in, NULL) != 0)
			goto free_it;
	}
	if (can_wait_for(STDOUT_FILENO)) {
		t->on_out = event_new(loop, STDOUT_FILENO, EV_WRITE, on_out, t);
		if (!t->on_out)
			goto free_it;
	}
	if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &t->before) == 0) {
		raw = t->before;
		cfmakeraw(&raw);
		raw.c_oflag = t->before.c_oflag; /* log lines go there as well */
		t->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
	}
	return &t->term;

free_it:
	free_term(&t->term);
no_memory:
	err_set(e, -ENOMEM, "no memory for the console");
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console on a UNIX socket: raw bytes both ways. Whoever connects first gets the history, then
 * what comes. Several may read and type at the same time, as at one keyboard.
 */
#include "api/serve/rpc_listen.h"
#include "hv-core/console_term.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define READERS	    8
#define PENDING_MAX (256u << 10) /* bytes unread at which a reader misses what comes */

struct term;

struct reader {
	struct term *t;
	struct bufferevent *bev; /* NULL: free */
};

struct term {
	struct hv_term term;
	struct hv_console *console;
	struct event_base *loop;
	struct evconnlistener *listener;
	struct stat st; /* of the socket when it was made */
	struct reader reader[READERS];
};

static void out(struct hv_term *term, const void *bytes, size_t len)
{
	struct term *t = (struct term *)term;

	for (int i = 0; i < READERS; i++) {
		struct bufferevent *bev = t->reader[i].bev;

		if (!bev)
			continue;
		if (evbuffer_get_length(bufferevent_get_output(bev)) + len > PENDING_MAX ||
		    bufferevent_write(bev, bytes, len) != 0)
			hv_console_dropped(t->console, len);
	}
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct reader *r = arg;
	char buf[512];
	size_t n;

	while ((n = bufferevent_read(bev, buf, sizeof(buf))) > 0)
		hv_console_type(r->t->console, buf, n);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct reader *r = arg;

	/* Who only stops typing (`flue vm console g </dev/null`) may read on. */
	if (what & BEV_EVENT_ERROR) {
		bufferevent_free(bev);
		r->bev = NULL;
	}
}

/* Has the peer gone for good? End of file alone does not tell: it may only have stopped typing. A
 * place is taken from such a one when it is needed. */
static struct reader *place(struct term *t)
{
	for (int i = 0; i < READERS; i++)
		if (!t->reader[i].bev)
			return &t->reader[i];
	for (int i = 0; i < READERS; i++) {
		char byte;
		evutil_socket_t fd = bufferevent_getfd(t->reader[i].bev);

		if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
			continue;
		bufferevent_free(t->reader[i].bev);
		t->reader[i].bev = NULL;
		return &t->reader[i];
	}
	return NULL;
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr, int len,
		      void *arg)
{
	static const char full[] = "flue-vm: all places at this console are taken\r\n";
	struct term *t = arg;
	struct reader *r = place(t);
	struct iovec piece[2];

	if (!r) {
		if (send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			hv_console_dropped(t->console, sizeof(full) - 1);
		close(fd);
		return;
	}
	r->t = t;
	r->bev = bufferevent_socket_new(t->loop, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!r->bev) {
		close(fd);
		return;
	}
	bufferevent_setcb(r->bev, on_read, NULL, on_event, r);
	bufferevent_setwatermark(r->bev, EV_READ, 0, 4096);
	for (int i = 0, n = hv_console_history(t->console, piece); i < n; i++)
		bufferevent_write(r->bev, piece[i].iov_base, piece[i].iov_len);
	bufferevent_enable(r->bev, EV_READ | EV_WRITE);
}

static void free_term(struct hv_term *term)
{
	struct term *t = (struct term *)term;
	struct stat st;

	for (int i = 0; i < READERS; i++) {
		struct bufferevent *bev = t->reader[i].bev;

		if (!bev)
			continue;
		/* The last words, as far as they go without waiting. */
		evbuffer_write(bufferevent_get_output(bev), bufferevent_getfd(bev));
		bufferevent_free(bev);
	}
	if (lstat(t->term.path, &st) == 0 && st.st_dev == t->st.st_dev && st.st_ino == t->st.st_ino)
		unlink(t->term.path);
	evconnlistener_free(t->listener);
	free(t);
}

struct hv_term *hv_term_socket(struct event_base *loop, struct hv_console *c, const char *path,
			       struct err *e)
{
	struct term *t = calloc(1, sizeof(*t));
	int fd;

	if (!t) {
		err_set(e, -ENOMEM, "no memory for the console");
		return NULL;
	}
	t->term = (struct hv_term){.out = out, .free = free_term, .path = path};
	t->console = c;
	t->loop = loop;
	fd = rpc_listen(path, NULL, e);
	if (fd < 0)
		goto free_it;
	if (lstat(path, &t->st) != 0)
		memset(&t->st, 0, sizeof(t->st));
	t->listener = evconnlistener_new(loop, on_accept, t,
					 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (t->listener)
		return &t->term;
	err_set(e, -ENOMEM, "no memory for the console");
	unlink(path);
	close(fd);
free_it:
	free(t);
	return NULL;
}

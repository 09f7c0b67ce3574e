/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/chimney_news.h"

#include "vswitch/ctrl/chimney.h"

#include "base/clock.h"
#include "base/log.h"
#include "offload/chimney/slow/watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Connections come and go; opening a namespace takes longer than handing one over. */
enum { IDLE_NS = 2000000000 };

static void tell(void *arg, const struct chim_news *news)
{
	struct chim_space *s = arg;

	s->chimney->counts.news++;
	chim_tree_news(s->chimney->tree, &s->netns, news);
}

static void on_news(evutil_socket_t fd, short what, void *arg)
{
	static const struct chim_news lost = {.kind = CHIM_NEWS_LOST};
	struct chim_space *s = arg;
	int ret;

	ret = chim_watch_read(s->watch, tell, s);
	if (ret != 0) {
		log_warn("chimney: the kernel tells no more of routes and neighbors (%s): restart "
			 "flued to hear of changes again",
			 strerror(-ret));
		event_del(s->event);
		tell(s, &lost);
	}
}

struct chim_space *chimney_space_of(struct chimney *ch, const struct chim_netns *netns)
{
	struct chim_space *s;

	LIST_FOREACH (s, &ch->spaces, list)
		if (chim_netns_same(&s->netns, netns))
			return s;
	return NULL;
}

static void space_free(struct chim_space *s)
{
	if (s->event)
		event_free(s->event);
	chim_watch_close(s->watch);
	if (s->rtnl >= 0)
		close(s->rtnl);
	if (s->diag >= 0)
		close(s->diag);
	free(s);
}

static struct chim_space *space_new(struct chimney *ch, int sock, const struct chim_netns *netns,
				    struct err *e)
{
	struct chim_space *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	*s = (struct chim_space){
		.chimney = ch, .netns = *netns, .rtnl = chim_path_open(sock, e), .diag = -1};
	if (s->rtnl >= 0)
		s->diag = chim_refuse_open(sock, e);
	if (s->diag >= 0)
		s->watch = chim_watch_open(sock, e);
	if (!s->watch)
		goto free_space;
	s->event = event_new(ch->ctrl->base, chim_watch_fd(s->watch), EV_READ | EV_PERSIST, on_news,
			     s);
	if (!s->event || event_add(s->event, NULL) != 0) {
		err_set(e, -ENOMEM, "no memory for events");
		goto free_space;
	}
	LIST_INSERT_HEAD(&ch->spaces, s, list);
	return s;

free_space:
	space_free(s);
	return NULL;
}

struct chim_space *chimney_space_get(struct chimney *ch, int sock, struct err *e)
{
	struct chim_netns netns = {0};
	struct chim_space *s;

	if (chim_netns_of(sock, &netns, e) != 0)
		return NULL;
	s = chimney_space_of(ch, &netns);
	if (!s)
		s = space_new(ch, sock, &netns, e);
	if (s)
		s->refs++;
	return s;
}

void chimney_space_put(struct chim_space *s)
{
	if (--s->refs == 0)
		s->idle_ns = clock_now_ns();
}

void chimney_space_sweep(struct chimney *ch, bool all)
{
	uint64_t now = clock_now_ns();
	struct chim_space *s, *next;

	for (s = LIST_FIRST(&ch->spaces); s; s = next) {
		next = LIST_NEXT(s, list);
		if (!all && (s->refs > 0 || now - s->idle_ns < IDLE_NS))
			continue;
		LIST_REMOVE(s, list);
		space_free(s);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* How an offloaded connection ends. */
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/chimney_shut.h"
#include "vswitch/ctrl/chimney_tap.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIN_AGAIN_NS = 50000000 };

/* The application's number is free again: the worker does not look it up any more. */
static void free_number(struct chim_link *l)
{
	const struct chim_msg m = {.type = CHIM_MSG_CLOSED, .conn = l->number};

	if (l->freed_number)
		return;
	l->freed_number = true;
	l->app->links[l->number] = NULL;
	if (!l->orphan && l->closing)
		chimney_app_tell(l->app, &m, NULL, 0);
}

void chimney_close(struct chim_link *l, bool abort, uint32_t linger_ms)
{
	if (l->closing)
		return;
	l->closing = true;
	l->conn.want_abort = abort;
	l->conn.want_linger_ms = linger_ms;
	switch (l->phase) {
	case CHIM_RUNNING:
		l->phase = CHIM_CLOSING;
		chimney_ask(l, CHIM_ASK_CLOSE);
		free_number(l);
		break;
	case CHIM_OVER:
		free_number(l);
		chimney_end(l);
		break;
	default:
		break; /* chimney_go_on() looks at `closing` */
	}
}

void chimney_go_on(struct chim_link *l)
{
	l->phase = l->over ? CHIM_OVER : CHIM_RUNNING;
	if (l->closing) {
		l->closing = false;
		chimney_close(l, l->conn.want_abort, l->conn.want_linger_ms);
	}
}

void chimney_closed(struct chim_link *l)
{
	l->over = true;
	chimney_tap_over(l);
	if (l->phase == CHIM_CLOSING)
		chimney_end(l);
	else if (l->phase == CHIM_RUNNING)
		/* The application is told by its shared page, and has yet to read what is left. */
		l->phase = CHIM_OVER;
}

static void flow_gone(void *ctx)
{
	struct chim_link *l = ctx;

	l->flow = NULL;
	if (!chimney_fin_due(l))
		chimney_ask(l, CHIM_ASK_STOP);
}

void chimney_redeliver(struct chim_link *l)
{
	if (l->phase != CHIM_ENDING || l->flow || l->fin_until_ns == 0)
		return;
	if (!chimney_fin_due(l)) {
		chimney_ask(l, CHIM_ASK_STOP);
	} else if (clock_now_ns() >= l->fin_again_ns) {
		l->fin_again_ns = clock_now_ns() + FIN_AGAIN_NS;
		chimney_ask(l, CHIM_ASK_DELIVER);
	}
}

void chimney_end(struct chim_link *l)
{
	struct chim_tree_tcp *node = chimney_uproot(l);

	if (l->phase == CHIM_ENDING)
		return;
	l->phase = CHIM_ENDING;
	free_number(l);
	if (!l->flow)
		chimney_ask(l, CHIM_ASK_STOP);
	else if (l->uploaded)
		flow_release(l->flow, flow_gone, l);
	else
		flow_drop(l->flow, flow_gone, l);
	if (node)
		chim_tree_ended(l->chimney->tree, node);
}

void chimney_empty(struct chim_link *l)
{
	if (!l->emptied)
		chim_mem_empty(&l->conn.mem);
	l->emptied = true;
	chimney_tap_over(l);
}

void chimney_evict(struct chimney *ch)
{
	struct chim_link *l;

	TAILQ_FOREACH (l, &ch->links, list) {
		if (l->phase == CHIM_CLOSING && l->emptied) {
			chimney_end(l);
			return;
		}
	}
}

void chimney_stopped(struct chim_link *l)
{
	struct chim_tree_tcp *node = chimney_uproot(l);
	struct chimney *ch = l->chimney;

	l->phase = CHIM_ENDING;
	if (node)
		chim_tree_ended(ch->tree, node);
	if (l->space)
		chimney_space_put(l->space);
	TAILQ_REMOVE(&ch->links, l, list);
	ch->n_links--;
	chimney_forget(l);
	chimney_tap_stopped(l);
	if (l->app->links[l->number] == l)
		l->app->links[l->number] = NULL;
	chimney_app_put(l->app);
	chimney_shut(l->sock);
	close(l->conn.event_fd);
	chim_mem_free(&l->conn.mem);
	free(l);
}

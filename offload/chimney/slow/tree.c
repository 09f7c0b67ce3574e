/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs, one at a time for each connection. */
#include "offload/chimney/slow/tree_impl.h"

#include <errno.h>
#include <stdlib.h>

struct chim_tree *chim_tree_new(const struct chim_tree_ops *ops, void *ctx)
{
	struct chim_tree *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->ops = ops;
	t->ctx = ctx;
	TAILQ_INIT(&t->todo_tcps);
	TAILQ_INIT(&t->todo_paths);
	TAILQ_INIT(&t->todo_neighs);
	return t;
}

void chim_tree_free(struct chim_tree *t)
{
	free(t);
}

const struct chim_tree_counts *chim_tree_counts(const struct chim_tree *t)
{
	return &t->counts;
}

/* What is to be done next with a connection that nothing is under way of. */
static void next_verb(struct chim_tree *t, struct chim_tree_tcp *tcp)
{
	unsigned int what = tcp->dirty;

	if (tcp->fresh) {
		tcp->fresh = false;
		tcp->verb = CHIM_VERB_INITIATE;
		t->ops->initiate(t->ctx, tcp);
	} else if (tcp->upload != CHIM_UPLOAD_NONE) {
		tcp->verb = CHIM_VERB_TERMINATE;
		t->ops->terminate(t->ctx, tcp, tcp->upload);
	} else if (tcp->invalid) {
		tcp->invalid = false;
		t->counts.invalidations++;
		chim_tree_mark_tcp(t, tcp);
		t->ops->invalidate(t->ctx, tcp);
	} else if (what) {
		tcp->dirty = 0;
		tcp->verb = CHIM_VERB_UPDATE;
		t->counts.updates++;
		t->ops->update(t->ctx, tcp, what);
	} else if (tcp->queried) {
		tcp->verb = CHIM_VERB_QUERY;
		t->ops->query(t->ctx, tcp);
	}
}

static bool run_one(struct chim_tree *t)
{
	struct chim_tree_neigh *neigh = TAILQ_FIRST(&t->todo_neighs);
	struct chim_tree_path *path = TAILQ_FIRST(&t->todo_paths);
	struct chim_tree_tcp *tcp = TAILQ_FIRST(&t->todo_tcps);

	if (tcp) {
		TAILQ_REMOVE(&t->todo_tcps, tcp, todo);
		tcp->queued = false;
		if (tcp->verb == CHIM_VERB_NONE)
			next_verb(t, tcp);
	} else if (neigh) {
		TAILQ_REMOVE(&t->todo_neighs, neigh, todo);
		neigh->queued = false;
		if (!neigh->valid)
			t->ops->resolve(t->ctx, neigh);
	} else if (path) {
		TAILQ_REMOVE(&t->todo_paths, path, todo);
		path->queued = false;
		path->looking = true;
		t->counts.looks++;
		t->ops->look(t->ctx, path);
	}
	return tcp || neigh || path;
}

void chim_tree_run(struct chim_tree *t)
{
	/* An op that answers within its call comes here once more. */
	if (t->running)
		return;
	t->running = true;
	while (run_one(t))
		;
	t->running = false;
}

/* It goes: who waits for it is told. */
static void forget(struct chim_tree *t, struct chim_tree_tcp *tcp)
{
	if (tcp->queried)
		tcp->queried(tcp->queried_arg, tcp, -ENOTCONN);
	chim_tree_tcp_free(t, tcp);
}

void chim_tree_initiated(struct chim_tree *t, struct chim_tree_tcp *tcp, enum chim_refusal status)
{
	struct chim_tree_batch *batch = tcp->batch;
	unsigned int block = tcp->block;

	tcp->batch = NULL;
	tcp->verb = CHIM_VERB_NONE;
	if (status == CHIM_REFUSE_NONE) {
		t->counts.initiated++;
		chim_tree_mark_tcp(t, tcp);
		t->ops->forward(t->ctx, tcp);
		chim_tree_answer(batch, block, status, tcp);
	} else {
		t->counts.refused[status]++;
		forget(t, tcp);
		chim_tree_answer(batch, block, status, NULL);
	}
	chim_tree_run(t);
}

void chim_tree_updated(struct chim_tree *t, struct chim_tree_tcp *tcp)
{
	tcp->verb = CHIM_VERB_NONE;
	chim_tree_mark_tcp(t, tcp);
	chim_tree_run(t);
}

int chim_tree_query(struct chim_tree *t, struct chim_tree_tcp *tcp,
		    void (*queried)(void *arg, struct chim_tree_tcp *tcp, int error), void *arg)
{
	if (tcp->queried)
		return -EBUSY;
	tcp->queried = queried;
	tcp->queried_arg = arg;
	chim_tree_mark_tcp(t, tcp);
	chim_tree_run(t);
	return 0;
}

void chim_tree_queried(struct chim_tree *t, struct chim_tree_tcp *tcp, int error)
{
	void (*queried)(void *arg, struct chim_tree_tcp *tcp, int error) = tcp->queried;

	tcp->verb = CHIM_VERB_NONE;
	tcp->queried = NULL;
	chim_tree_mark_tcp(t, tcp);
	queried(tcp->queried_arg, tcp, error);
	chim_tree_run(t);
}

static void wish(struct chim_tree *t, struct chim_tree_tcp *tcp, enum chim_upload why)
{
	if (tcp->upload != CHIM_UPLOAD_NONE)
		return;
	tcp->upload = why;
	chim_tree_mark_tcp(t, tcp);
}

void chim_tree_terminate(struct chim_tree *t, struct chim_tree_tcp *tcp, enum chim_upload why)
{
	wish(t, tcp, why);
	chim_tree_run(t);
}

void chim_tree_terminate_all(struct chim_tree *t, const struct chim_netns *netns,
			     enum chim_upload why)
{
	for (unsigned int i = 0; i < CHIM_TREE_TCPS; i++) {
		struct chim_tree_tcp *tcp;

		LIST_FOREACH (tcp, &t->tcps[i], all)
			if (!netns || chim_netns_same(netns, &tcp->path->netns))
				wish(t, tcp, why);
	}
	chim_tree_run(t);
}

void chim_tree_terminated(struct chim_tree *t, struct chim_tree_tcp *tcp, int error)
{
	if (error == 0)
		t->counts.uploaded[tcp->upload]++;
	else
		t->counts.lost++;
	forget(t, tcp);
	chim_tree_run(t);
}

void chim_tree_kept(struct chim_tree *t, struct chim_tree_tcp *tcp)
{
	tcp->verb = CHIM_VERB_NONE;
	tcp->upload = CHIM_UPLOAD_NONE;
	chim_tree_mark_tcp(t, tcp);
	chim_tree_run(t);
}

void chim_tree_ended(struct chim_tree *t, struct chim_tree_tcp *tcp)
{
	struct chim_tree_batch *batch = tcp->batch;
	unsigned int block = tcp->block;

	t->counts.ended++;
	forget(t, tcp);
	if (batch)
		chim_tree_answer(batch, block, CHIM_REFUSE_NOT_ESTABLISHED, NULL);
	chim_tree_run(t);
}

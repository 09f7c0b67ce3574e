/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that are given together, until the last connection has its answer. */
#include "offload/chimney/slow/tree_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a block that is no connection, until one below it has an answer. */
#define UNDECIDED CHIM_REFUSE_MAX

struct chim_tree_batch {
	struct chim_block *blocks;
	unsigned int n, waiting;
	void (*done)(void *arg, struct chim_block *blocks, unsigned int n);
	void *arg;
};

/* What a block became. */
struct object {
	struct chim_tree_neigh *neigh;
	struct chim_tree_path *path;
};

/* A parent does well if one of its children does, and else as one of them. */
static void decide_parents(struct chim_block *blocks, unsigned int n)
{
	for (unsigned int i = n; i-- > 0;) {
		struct chim_block *b = &blocks[i], *p;

		if (b->status == UNDECIDED)
			b->status = CHIM_REFUSE_NONE;
		if (b->parent < 0)
			continue;
		p = &blocks[b->parent];
		if (p->status == UNDECIDED || b->status == CHIM_REFUSE_NONE)
			p->status = b->status;
	}
}

static void one_less(struct chim_tree_batch *b)
{
	if (--b->waiting > 0)
		return;
	decide_parents(b->blocks, b->n);
	b->done(b->arg, b->blocks, b->n);
	free(b);
}

void chim_tree_answer(struct chim_tree_batch *batch, unsigned int block, enum chim_refusal status,
		      struct chim_tree_tcp *running)
{
	batch->blocks[block].status = status;
	batch->blocks[block].running = running;
	one_less(batch);
}

static bool is_tree(const struct chim_block *blocks, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct chim_block *b = &blocks[i];

		if (b->kind == CHIM_BLOCK_NEIGH) {
			if (b->parent != -1)
				return false;
			continue;
		}
		if (b->kind > CHIM_BLOCK_TCP || b->parent < 0 || (unsigned int)b->parent >= i ||
		    blocks[b->parent].kind != b->kind - 1)
			return false;
	}
	return n > 0;
}

static enum chim_refusal use_neigh(struct chim_tree *t, const struct chim_block *b,
				   struct object *o)
{
	static const uint8_t none[6];

	if (memcmp(b->neigh.mac.remote_mac, none, sizeof(none)) == 0)
		return CHIM_REFUSE_NO_NEIGH;
	o->neigh = chim_tree_neigh(t, &b->neigh.netns, b->neigh.ifindex, b->neigh.next_hop,
				   b->neigh.v6, true);
	if (!o->neigh)
		return CHIM_REFUSE_NO_MEMORY;
	o->neigh->held++;
	chim_tree_set_mac(t, o->neigh, &b->neigh.mac);
	return UNDECIDED;
}

/* What the kernel says now is newer than what is known of a path that is there. */
static enum chim_refusal use_path(struct chim_tree *t, const struct chim_block *b,
				  struct chim_tree_neigh *neigh, struct object *o)
{
	struct chim_tree_path *p = chim_tree_path(t, neigh, b->path.remote, b->path.v6);

	if (!p)
		return CHIM_REFUSE_NO_MEMORY;
	o->path = p;
	p->held++;
	if (p->n_tcps && (p->port_ifindex != b->path.port_ifindex || p->vlan != b->path.vlan))
		chim_tree_upload_path(t, p, CHIM_UPLOAD_PATH);
	chim_tree_set_neigh(t, p, neigh);
	p->port_ifindex = b->path.port_ifindex;
	p->vlan = b->path.vlan;
	p->link_mtu = b->path.link_mtu;
	if (!p->user)
		p->user = b->path.user;
	chim_tree_set_mtu(t, p, b->path.mtu);
	return UNDECIDED;
}

static enum chim_refusal use_tcp(struct chim_tree *t, struct chim_tree_batch *batch, unsigned int i,
				 struct chim_tree_path *path)
{
	const struct chim_block *b = &batch->blocks[i];
	struct chim_tree_tcp *tcp;

	if (chim_tree_find(t, &path->netns, &b->tcp.state.tuple))
		return CHIM_REFUSE_BUSY;
	tcp = chim_tree_tcp(t, path, &b->tcp.state);
	if (!tcp)
		return CHIM_REFUSE_NO_MEMORY;
	tcp->user = b->tcp.user;
	tcp->batch = batch;
	tcp->block = i;
	tcp->fresh = true;
	batch->waiting++;
	chim_tree_mark_tcp(t, tcp);
	return CHIM_REFUSE_NONE;
}

/* What its parent could not be, it cannot either. */
static enum chim_refusal use(struct chim_tree *t, struct chim_tree_batch *batch, unsigned int i,
			     struct object *objects)
{
	struct chim_block *b = &batch->blocks[i];
	const struct chim_block *parent = b->parent < 0 ? NULL : &batch->blocks[b->parent];

	b->running = NULL;
	if (parent && parent->status != UNDECIDED)
		return parent->status;
	if (b->kind == CHIM_BLOCK_NEIGH)
		return use_neigh(t, b, &objects[i]);
	if (b->kind == CHIM_BLOCK_PATH)
		return use_path(t, b, objects[b->parent].neigh, &objects[i]);
	return use_tcp(t, batch, i, objects[b->parent].path);
}

/* What nothing came to lie on goes again. Children before parents. */
static void let_go(struct chim_tree *t, const struct object *objects, unsigned int n)
{
	for (unsigned int i = n; i-- > 0;) {
		if (objects[i].path) {
			objects[i].path->held--;
			chim_tree_prune(t, objects[i].path);
		} else if (objects[i].neigh) {
			objects[i].neigh->held--;
			chim_tree_prune_neigh(t, objects[i].neigh);
		}
	}
}

int chim_tree_initiate(struct chim_tree *t, struct chim_block *blocks, unsigned int n,
		       void (*done)(void *arg, struct chim_block *blocks, unsigned int n),
		       void *arg)
{
	struct chim_tree_batch *batch;
	struct object *objects;

	if (!is_tree(blocks, n))
		return -EINVAL;
	batch = calloc(1, sizeof(*batch));
	objects = calloc(n, sizeof(*objects));
	if (!batch || !objects) {
		free(batch);
		free(objects);
		return -ENOMEM;
	}
	/* One more, so that it is not over before the last block was looked at. */
	*batch = (struct chim_tree_batch){blocks, n, 1, done, arg};
	for (unsigned int i = 0; i < n; i++) {
		blocks[i].status = use(t, batch, i, objects);
		if (blocks[i].kind == CHIM_BLOCK_TCP && blocks[i].status != CHIM_REFUSE_NONE)
			t->counts.refused[blocks[i].status]++;
	}
	let_go(t, objects, n);
	free(objects);
	chim_tree_run(t);
	one_less(batch);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree from within. Nothing here calls the owner but chim_tree_run(): what changes objects only
 * marks them, so that no list changes under whoever walks it. */
#ifndef OFFLOAD_CHIMNEY_SLOW_TREE_IMPL_H
#define OFFLOAD_CHIMNEY_SLOW_TREE_IMPL_H

#include "offload/chimney/slow/tree.h"

enum { CHIM_TREE_TCPS = 16384, CHIM_TREE_PATHS = 1024, CHIM_TREE_NEIGHS = 1024 }; /* buckets */

LIST_HEAD(chim_tcp_list, chim_tree_tcp);
LIST_HEAD(chim_path_list, chim_tree_path);
LIST_HEAD(chim_neigh_list, chim_tree_neigh);

struct chim_tree {
	const struct chim_tree_ops *ops;
	void *ctx;
	struct chim_tree_counts counts;
	bool running;
	TAILQ_HEAD(, chim_tree_tcp) todo_tcps;
	TAILQ_HEAD(, chim_tree_path) todo_paths;
	TAILQ_HEAD(, chim_tree_neigh) todo_neighs;
	struct chim_tcp_list tcps[CHIM_TREE_TCPS];
	struct chim_path_list paths[CHIM_TREE_PATHS];
	struct chim_neigh_list neighs[CHIM_TREE_NEIGHS];
};

static inline bool chim_tuple_same(const struct chim_tuple *a, const struct chim_tuple *b)
{
	return a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       a->v6 == b->v6 && __builtin_memcmp(a->remote, b->remote, 16) == 0 &&
	       __builtin_memcmp(a->local, b->local, 16) == 0;
}

/* tree_object.c. Find, or make where `make` says so; NULL: there is none, or no memory. */
struct chim_tree_neigh *chim_tree_neigh(struct chim_tree *t, const struct chim_netns *netns,
					uint32_t ifindex, const uint8_t next_hop[16], bool v6,
					bool make);
struct chim_tree_path *chim_tree_path(struct chim_tree *t, struct chim_tree_neigh *neigh,
				      const uint8_t remote[16], bool v6);
struct chim_tree_tcp *chim_tree_tcp(struct chim_tree *t, struct chim_tree_path *path,
				    const struct chim_tcp_state *state);
/* Frees it, and what is not used any more above it. */
void chim_tree_tcp_free(struct chim_tree *t, struct chim_tree_tcp *tcp);
void chim_tree_prune(struct chim_tree *t, struct chim_tree_path *path);
void chim_tree_prune_neigh(struct chim_tree *t, struct chim_tree_neigh *neigh);
/* The path has another neighbor now. */
void chim_tree_move(struct chim_tree *t, struct chim_tree_path *path,
		    struct chim_tree_neigh *neigh);

/* tree_update.c. Mark; chim_tree_run() follows. */
void chim_tree_mark_tcp(struct chim_tree *t, struct chim_tree_tcp *tcp);
void chim_tree_mark_path(struct chim_tree *t, struct chim_tree_path *path);
void chim_tree_mark_neigh(struct chim_tree *t, struct chim_tree_neigh *neigh);
/* The neighbor's addresses are these; all that go over it are told if they are others. */
void chim_tree_set_mac(struct chim_tree *t, struct chim_tree_neigh *neigh,
		       const struct chim_neigh *mac);
/* They are not known. */
void chim_tree_set_unknown(struct chim_tree *t, struct chim_tree_neigh *neigh);
void chim_tree_set_mtu(struct chim_tree *t, struct chim_tree_path *path, uint16_t mtu);
/* The path has another neighbor; all that go over it are told. */
void chim_tree_set_neigh(struct chim_tree *t, struct chim_tree_path *path,
			 struct chim_tree_neigh *neigh);
void chim_tree_upload_path(struct chim_tree *t, struct chim_tree_path *path, enum chim_upload why);

/* tree_initiate.c. The answer for one connection of the batch. */
void chim_tree_answer(struct chim_tree_batch *batch, unsigned int block, enum chim_refusal status,
		      struct chim_tree_tcp *running);

/* tree.c. Calls the owner for all that is marked. */
void chim_tree_run(struct chim_tree *t);

#endif

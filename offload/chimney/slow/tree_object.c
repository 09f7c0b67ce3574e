/* SPDX-License-Identifier: BSD-3-Clause */
/* The objects and who holds whom. */
#include "offload/chimney/slow/tree_impl.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, 32 bits. */
static uint32_t hash(uint32_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

static uint32_t hash_at(const struct chim_netns *netns, uint32_t ifindex, const uint8_t addr[16])
{
	uint32_t h = hash(2166136261u, &netns->ino, sizeof(netns->ino));

	return hash(hash(h, &ifindex, sizeof(ifindex)), addr, 16);
}

static uint32_t hash_tcp(const struct chim_netns *netns, const struct chim_tuple *t)
{
	uint32_t h = hash_at(netns, (uint32_t)t->local_port << 16 | t->remote_port, t->remote);

	return hash(h, t->local, 16) % CHIM_TREE_TCPS;
}

struct chim_tree_neigh *chim_tree_neigh(struct chim_tree *t, const struct chim_netns *netns,
					uint32_t ifindex, const uint8_t next_hop[16], bool v6,
					bool make)
{
	struct chim_neigh_list *list =
		&t->neighs[hash_at(netns, ifindex, next_hop) % CHIM_TREE_NEIGHS];
	struct chim_tree_neigh *n;

	LIST_FOREACH (n, list, all)
		if (n->ifindex == ifindex && n->v6 == v6 && chim_netns_same(&n->netns, netns) &&
		    memcmp(n->next_hop, next_hop, 16) == 0)
			return n;
	n = make ? calloc(1, sizeof(*n)) : NULL;
	if (!n)
		return NULL;
	n->netns = *netns;
	n->ifindex = ifindex;
	n->v6 = v6;
	memcpy(n->next_hop, next_hop, 16);
	LIST_INIT(&n->paths);
	LIST_INSERT_HEAD(list, n, all);
	t->counts.neighbors++;
	return n;
}

struct chim_tree_path *chim_tree_path(struct chim_tree *t, struct chim_tree_neigh *neigh,
				      const uint8_t remote[16], bool v6)
{
	struct chim_path_list *list =
		&t->paths[hash_at(&neigh->netns, neigh->ifindex, remote) % CHIM_TREE_PATHS];
	struct chim_tree_path *p;

	LIST_FOREACH (p, list, all)
		if (p->ifindex == neigh->ifindex && p->v6 == v6 &&
		    chim_netns_same(&p->netns, &neigh->netns) && memcmp(p->remote, remote, 16) == 0)
			return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->netns = neigh->netns;
	p->ifindex = neigh->ifindex;
	p->v6 = v6;
	memcpy(p->remote, remote, 16);
	LIST_INIT(&p->tcps);
	LIST_INSERT_HEAD(list, p, all);
	p->neigh = neigh;
	LIST_INSERT_HEAD(&neigh->paths, p, siblings);
	t->counts.paths++;
	return p;
}

struct chim_tree_tcp *chim_tree_find(const struct chim_tree *t, const struct chim_netns *netns,
				     const struct chim_tuple *tuple)
{
	struct chim_tree_tcp *tcp;

	LIST_FOREACH (tcp, &t->tcps[hash_tcp(netns, tuple)], all)
		if (chim_tuple_same(&tcp->state.tuple, tuple) &&
		    chim_netns_same(&tcp->path->netns, netns))
			return tcp;
	return NULL;
}

struct chim_tree_tcp *chim_tree_tcp(struct chim_tree *t, struct chim_tree_path *path,
				    const struct chim_tcp_state *state)
{
	struct chim_tree_tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return NULL;
	tcp->state = *state;
	tcp->state.neigh = path->neigh->mac;
	tcp->state.path.mtu = path->mtu;
	tcp->state.path.ifindex = path->ifindex;
	tcp->path = path;
	path->n_tcps++;
	LIST_INSERT_HEAD(&path->tcps, tcp, siblings);
	LIST_INSERT_HEAD(&t->tcps[hash_tcp(&path->netns, &state->tuple)], tcp, all);
	t->counts.tcps++;
	return tcp;
}

void chim_tree_prune_neigh(struct chim_tree *t, struct chim_tree_neigh *neigh)
{
	if (!LIST_EMPTY(&neigh->paths) || neigh->held)
		return;
	if (neigh->queued)
		TAILQ_REMOVE(&t->todo_neighs, neigh, todo);
	LIST_REMOVE(neigh, all);
	t->counts.neighbors--;
	free(neigh);
}

/* A path that is being looked for stays until the answer, which comes with its address. */
void chim_tree_prune(struct chim_tree *t, struct chim_tree_path *path)
{
	struct chim_tree_neigh *neigh = path->neigh;

	if (path->n_tcps || path->held || path->looking)
		return;
	if (path->queued)
		TAILQ_REMOVE(&t->todo_paths, path, todo);
	LIST_REMOVE(path, siblings);
	LIST_REMOVE(path, all);
	t->counts.paths--;
	free(path);
	chim_tree_prune_neigh(t, neigh);
}

void chim_tree_tcp_free(struct chim_tree *t, struct chim_tree_tcp *tcp)
{
	struct chim_tree_path *path = tcp->path;

	if (tcp->queued)
		TAILQ_REMOVE(&t->todo_tcps, tcp, todo);
	LIST_REMOVE(tcp, siblings);
	LIST_REMOVE(tcp, all);
	path->n_tcps--;
	t->counts.tcps--;
	free(tcp);
	chim_tree_prune(t, path);
}

void chim_tree_move(struct chim_tree *t, struct chim_tree_path *path, struct chim_tree_neigh *neigh)
{
	struct chim_tree_neigh *old = path->neigh;

	LIST_REMOVE(path, siblings);
	path->neigh = neigh;
	LIST_INSERT_HEAD(&neigh->paths, path, siblings);
	chim_tree_prune_neigh(t, old);
}

void chim_tree_each(struct chim_tree *t, void (*each)(void *arg, struct chim_tree_tcp *tcp),
		    void *arg)
{
	bool was = t->running;

	/* What it asks for is done behind the last one. */
	t->running = true;
	for (unsigned int i = 0; i < CHIM_TREE_TCPS; i++) {
		struct chim_tree_tcp *tcp;

		LIST_FOREACH (tcp, &t->tcps[i], all)
			each(arg, tcp);
	}
	t->running = was;
	chim_tree_run(t);
}

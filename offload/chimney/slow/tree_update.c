/* SPDX-License-Identifier: BSD-3-Clause */
/* Cached variables: what changed, and for whom. */
#include "offload/chimney/slow/tree_impl.h"

#include <string.h>

void chim_tree_mark_tcp(struct chim_tree *t, struct chim_tree_tcp *tcp)
{
	if (tcp->queued)
		return;
	tcp->queued = true;
	TAILQ_INSERT_TAIL(&t->todo_tcps, tcp, todo);
}

void chim_tree_mark_path(struct chim_tree *t, struct chim_tree_path *path)
{
	if (path->looking) {
		path->again = true;
	} else if (!path->queued) {
		path->queued = true;
		TAILQ_INSERT_TAIL(&t->todo_paths, path, todo);
	}
}

void chim_tree_mark_neigh(struct chim_tree *t, struct chim_tree_neigh *neigh)
{
	if (neigh->queued)
		return;
	neigh->queued = true;
	TAILQ_INSERT_TAIL(&t->todo_neighs, neigh, todo);
}

static void path_mac(struct chim_tree *t, struct chim_tree_path *path)
{
	struct chim_tree_tcp *tcp;

	LIST_FOREACH (tcp, &path->tcps, siblings) {
		tcp->state.neigh = path->neigh->mac;
		tcp->invalid = false;
		tcp->dirty |= CHIM_UPDATE_MAC;
		chim_tree_mark_tcp(t, tcp);
	}
}

void chim_tree_set_mac(struct chim_tree *t, struct chim_tree_neigh *neigh,
		       const struct chim_neigh *mac)
{
	struct chim_tree_path *path;

	if (neigh->valid && memcmp(&neigh->mac, mac, sizeof(*mac)) == 0)
		return;
	neigh->mac = *mac;
	neigh->valid = true;
	LIST_FOREACH (path, &neigh->paths, siblings)
		path_mac(t, path);
}

void chim_tree_set_neigh(struct chim_tree *t, struct chim_tree_path *path,
			 struct chim_tree_neigh *neigh)
{
	if (neigh == path->neigh)
		return;
	chim_tree_move(t, path, neigh);
	/* Others may know this neighbor; those of this path do not. */
	if (neigh->valid)
		path_mac(t, path);
}

void chim_tree_set_unknown(struct chim_tree *t, struct chim_tree_neigh *neigh)
{
	struct chim_tree_path *path;
	struct chim_tree_tcp *tcp;

	if (!neigh->valid)
		return;
	neigh->valid = false;
	chim_tree_mark_neigh(t, neigh);
	LIST_FOREACH (path, &neigh->paths, siblings)
		LIST_FOREACH (tcp, &path->tcps, siblings) {
			tcp->invalid = true;
			tcp->dirty &= ~(unsigned int)CHIM_UPDATE_MAC;
			chim_tree_mark_tcp(t, tcp);
		}
}

void chim_tree_set_mtu(struct chim_tree *t, struct chim_tree_path *path, uint16_t mtu)
{
	struct chim_tree_tcp *tcp;

	if (path->told_mtu && path->told_mtu < mtu)
		mtu = path->told_mtu;
	if (path->mtu == mtu)
		return;
	path->mtu = mtu;
	LIST_FOREACH (tcp, &path->tcps, siblings) {
		tcp->state.path.mtu = mtu;
		tcp->dirty |= CHIM_UPDATE_MTU;
		chim_tree_mark_tcp(t, tcp);
	}
}

void chim_tree_upload_path(struct chim_tree *t, struct chim_tree_path *path, enum chim_upload why)
{
	struct chim_tree_tcp *tcp;

	LIST_FOREACH (tcp, &path->tcps, siblings)
		if (tcp->upload == CHIM_UPLOAD_NONE) {
			tcp->upload = why;
			chim_tree_mark_tcp(t, tcp);
		}
}

bool chim_tree_path_mtu(struct chim_tree *t, struct chim_tree_path *path, uint16_t mtu)
{
	if (mtu >= path->mtu)
		return false;
	path->told_mtu = mtu;
	chim_tree_set_mtu(t, path, mtu);
	chim_tree_run(t);
	return true;
}

void chim_tree_forget_mtu(struct chim_tree *t, struct chim_tree_path *path)
{
	path->told_mtu = 0;
	chim_tree_mark_path(t, path);
	chim_tree_run(t);
}

static bool resolved(const struct chim_neigh *mac)
{
	static const uint8_t none[6];

	return memcmp(mac->remote_mac, none, sizeof(none)) != 0;
}

/* Another way out, or none: the engine cannot follow. */
static bool elsewhere(const struct chim_tree_path *p, const struct chim_look *f)
{
	return !f->found || f->ifindex != p->ifindex || f->port_ifindex != p->port_ifindex ||
	       f->vlan != p->vlan;
}

static void found_again(struct chim_tree *t, struct chim_tree_path *path, const struct chim_look *f)
{
	struct chim_tree_neigh *neigh =
		chim_tree_neigh(t, &path->netns, path->ifindex, f->next_hop, f->next_hop_v6, true);

	if (!neigh) {
		chim_tree_upload_path(t, path, CHIM_UPLOAD_FAILURE);
		return;
	}
	path->link_mtu = f->link_mtu;
	chim_tree_set_mtu(t, path, f->mtu);
	chim_tree_set_neigh(t, path, neigh);
	if (resolved(&f->mac)) {
		chim_tree_set_mac(t, neigh, &f->mac);
	} else {
		neigh->valid = true;
		chim_tree_set_unknown(t, neigh);
	}
}

void chim_tree_looked(struct chim_tree *t, struct chim_tree_path *path,
		      const struct chim_look *found)
{
	path->looking = false;
	if (path->n_tcps == 0) {
		chim_tree_prune(t, path);
	} else if (path->again) {
		/* It may be old already. */
		path->again = false;
		chim_tree_mark_path(t, path);
	} else if (elsewhere(path, found)) {
		chim_tree_upload_path(t, path, CHIM_UPLOAD_PATH);
	} else {
		found_again(t, path, found);
	}
	chim_tree_run(t);
}

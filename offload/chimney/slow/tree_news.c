/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What news mean. A neighbor's new address and a smaller MTU are taken over as they are. Where a
 * route may lead elsewhere the path is looked for anew, for only the kernel knows its rules. What
 * cannot go on is uploaded: its interface is down or gone, or its address.
 */
#include "offload/chimney/slow/tree_impl.h"

#include <string.h>

struct change {
	struct chim_tree *t;
	const struct chim_netns *netns;
	const struct chim_news *news;
};

static void each_path(const struct change *c,
		      void (*each)(const struct change *c, struct chim_tree_path *path))
{
	for (unsigned int i = 0; i < CHIM_TREE_PATHS; i++) {
		struct chim_tree_path *path;

		LIST_FOREACH (path, &c->t->paths[i], all)
			if (chim_netns_same(&path->netns, c->netns))
				each(c, path);
	}
}

/* Our own address is the neighbor objects' too: frames to it begin with it. */
static void new_local_mac(const struct change *c, struct chim_tree_path *path)
{
	struct chim_neigh mac = path->neigh->mac;

	memcpy(mac.local_mac, c->news->mac, sizeof(mac.local_mac));
	if (path->neigh->valid)
		chim_tree_set_mac(c->t, path->neigh, &mac);
	else
		path->neigh->mac = mac;
}

static void link_changed(const struct change *c, struct chim_tree_path *path)
{
	static const uint8_t none[6];
	const struct chim_news *n = c->news;
	uint16_t mtu = n->mtu < UINT16_MAX ? (uint16_t)n->mtu : UINT16_MAX;

	if (path->ifindex != n->ifindex && path->port_ifindex != n->ifindex)
		return;
	if (n->gone || !n->up) {
		chim_tree_upload_path(c->t, path, CHIM_UPLOAD_PATH);
		return;
	}
	if (path->ifindex != n->ifindex)
		return;
	if (memcmp(n->mac, none, sizeof(none)) != 0)
		new_local_mac(c, path);
	if (mtu == 0 || mtu == path->link_mtu)
		return;
	path->link_mtu = mtu;
	if (mtu < path->mtu)
		chim_tree_set_mtu(c->t, path, mtu);
	else
		/* How much of it the route allows is not said here. */
		chim_tree_mark_path(c->t, path);
}

static void neigh_changed(const struct change *c)
{
	const struct chim_news *n = c->news;
	struct chim_tree_neigh *neigh =
		chim_tree_neigh(c->t, c->netns, n->ifindex, n->addr, n->v6, false);
	struct chim_neigh mac;

	if (!neigh)
		return;
	if (!n->usable) {
		chim_tree_set_unknown(c->t, neigh);
		return;
	}
	mac = neigh->mac;
	memcpy(mac.remote_mac, n->mac, sizeof(mac.remote_mac));
	chim_tree_set_mac(c->t, neigh, &mac);
}

static bool covers(const struct chim_news *n, const struct chim_tree_path *path)
{
	unsigned int whole = n->bits / 8, rest = n->bits % 8;

	return n->v6 == path->v6 && memcmp(n->addr, path->remote, whole) == 0 &&
	       (rest == 0 || (n->addr[whole] ^ path->remote[whole]) >> (8 - rest) == 0);
}

static void route_changed(const struct change *c, struct chim_tree_path *path)
{
	if (covers(c->news, path))
		chim_tree_mark_path(c->t, path);
}

static void address_gone(const struct change *c, struct chim_tree_path *path)
{
	struct chim_tree_tcp *tcp;

	if (c->news->v6 != path->v6)
		return;
	LIST_FOREACH (tcp, &path->tcps, siblings)
		if (tcp->upload == CHIM_UPLOAD_NONE &&
		    memcmp(tcp->state.tuple.local, c->news->addr, 16) == 0) {
			tcp->upload = CHIM_UPLOAD_PATH;
			chim_tree_mark_tcp(c->t, tcp);
		}
}

static void anything_changed(const struct change *c, struct chim_tree_path *path)
{
	chim_tree_mark_path(c->t, path);
}

void chim_tree_news(struct chim_tree *t, const struct chim_netns *netns,
		    const struct chim_news *news)
{
	const struct change c = {t, netns, news};

	switch (news->kind) {
	case CHIM_NEWS_LINK:
		each_path(&c, link_changed);
		break;
	case CHIM_NEWS_NEIGH:
		neigh_changed(&c);
		break;
	case CHIM_NEWS_ROUTE:
		each_path(&c, route_changed);
		break;
	case CHIM_NEWS_ADDR:
		if (news->gone)
			each_path(&c, address_gone);
		break;
	case CHIM_NEWS_RULE:
	case CHIM_NEWS_LOST:
		each_path(&c, anything_changed);
		break;
	}
	chim_tree_run(t);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is offloaded is a tree of neighbors, paths and connections (offload/chimney/slow/tree.h).
 * Here are its verbs, as the switch carries them out. */
#include "vswitch/ctrl/chimney.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A neighbor whose connections move is confirmed that often, which costs the host one ARP request
 * a half of its reachable_time at most. One that is not known is asked for each second, as the
 * kernel would with each packet. A path's MTU that ICMP told is tried anew after ten minutes
 * (RFC 1191 6.3, RFC 8201 4). */
static const uint64_t CONFIRM_NS = 10000000000, RESOLVE_NS = 1000000000, FORGET_NS = 600000000000;

static void initiate(void *ctx, struct chim_tree_tcp *tcp)
{
	struct chim_link *l = tcp->user;
	enum chim_refusal why;

	l->node = tcp;
	if (tcp->path->neigh->user_ns == 0)
		tcp->path->neigh->user_ns = clock_now_ns(); /* it was just looked up */
	why = chimney_take(l);
	if (why != CHIM_REFUSE_NONE)
		chim_tree_initiated(l->chimney->tree, tcp, why);
}

static void forward(void *ctx, struct chim_tree_tcp *tcp)
{
	chimney_forward(tcp->user);
}

static void update(void *ctx, struct chim_tree_tcp *tcp, unsigned int what)
{
	struct chim_link *l = tcp->user;
	struct chimney *ch = ctx;

	/* Its flow is found by the address that the peer sends to. */
	if (memcmp(tcp->state.neigh.local_mac, l->taken.neigh.local_mac, 6) != 0) {
		chim_tree_terminate(ch->tree, tcp, CHIM_UPLOAD_PATH);
		chim_tree_updated(ch->tree, tcp);
		return;
	}
	chimney_put_eth(l, &tcp->state.neigh);
	l->conn.want_mtu = tcp->state.path.mtu;
	chimney_ask(l, CHIM_ASK_UPDATE);
}

void chimney_updated(struct chim_link *l)
{
	if (l->node)
		chim_tree_updated(l->chimney->tree, l->node);
}

static void queried(void *arg, struct chim_tree_tcp *tcp, int error)
{
	chimney_informed(arg); /* what was known before, where it is going */
}

void chimney_query(struct chim_link *l)
{
	if (l->node)
		/* Where it is being queried already, that answer will do. */
		chim_tree_query(l->chimney->tree, l->node, queried, l);
	else
		chimney_ask(l, CHIM_ASK_INFO);
}

void chimney_answered(struct chim_link *l)
{
	struct chim_tree_tcp *tcp = l->node;

	if (!tcp || tcp->verb != CHIM_VERB_QUERY) {
		chimney_informed(l);
		return;
	}
	if (l->conn.info.phase) {
		struct chim_tcp_state cached = tcp->state;

		tcp->state = l->conn.info.state;
		tcp->state.neigh = cached.neigh;
		tcp->state.path = cached.path;
	}
	chim_tree_queried(l->chimney->tree, tcp, 0);
}

static void invalidate(void *ctx, struct chim_tree_tcp *tcp)
{
	/* It goes on with the address it has: where nobody answers there, nothing is lost but what
	 * would have waited, and where somebody does, the kernel was only wrong for a moment. */
}

static void query(void *ctx, struct chim_tree_tcp *tcp)
{
	chimney_ask(tcp->user, CHIM_ASK_INFO);
}

static void terminate(void *ctx, struct chim_tree_tcp *tcp, enum chim_upload why)
{
	struct chim_link *l = tcp->user;

	if (l->phase == CHIM_RUNNING && !l->orphan)
		chimney_go_back(l, why);
	else
		chimney_kept(l, -ENOTCONN);
}

/* chimney_tend() asks, and not at once: where the interface's own address has changed that is told
 * next, and by the question the peer would learn it, and send where its flow is not looked for,
 * before the connection is back. */
static void resolve(void *ctx, struct chim_tree_neigh *neigh)
{
	neigh->user_ns = clock_now_ns();
}

static void ask_kernel(struct chimney *ch, struct chim_tree_neigh *neigh)
{
	struct chim_space *s = chimney_space_of(ch, &neigh->netns);

	neigh->user_ns = clock_now_ns();
	if (s)
		chim_path_use(s->rtnl, neigh->ifindex, neigh->next_hop, neigh->v6);
}

/* As one of its connections would find it. */
static void look(void *ctx, struct chim_tree_path *path)
{
	struct chim_link *l = LIST_FIRST(&path->tcps)->user;
	struct chimney *ch = ctx;
	const struct ctrl_port *p;
	struct chim_look out = {0};
	struct chim_found f;
	struct err e = {0};
	int ret = chim_path_find_on(l->space->rtnl, l->sock, &l->facts.tuple, &f, &e);

	if (ret == 0 || ret == -EAGAIN) {
		p = chimney_way_port(ch->ctrl, &f);
		out = (struct chim_look){
			.found = p && p->port.id == l->port,
			.ifindex = f.ifindex,
			.port_ifindex = f.port_ifindex,
			.vlan = f.vlan,
			.mtu = f.mtu,
			.link_mtu = f.link_mtu,
			.next_hop_v6 = f.next_hop_v6,
			.mac = f.neigh,
		};
		memcpy(out.next_hop, f.next_hop, sizeof(out.next_hop));
	}
	chim_tree_looked(ch->tree, path, &out);
}

static const struct chim_tree_ops ops = {
	.initiate = initiate,
	.forward = forward,
	.update = update,
	.invalidate = invalidate,
	.query = query,
	.terminate = terminate,
	.resolve = resolve,
	.look = look,
};

int chimney_tree_init(struct chimney *ch)
{
	ch->tree = chim_tree_new(&ops, ch);
	return ch->tree ? 0 : -ENOMEM;
}

enum { NEIGH, PATH, TCP, BLOCKS };

static void planted(void *arg, struct chim_block *blocks, unsigned int n)
{
	enum chim_refusal why = blocks[TCP].status;
	struct chim_link *l = arg;

	free(l->blocks);
	l->blocks = NULL;
	if (why == CHIM_REFUSE_NONE || l->phase == CHIM_ENDING)
		return;
	l->node = NULL;
	chimney_refused(l, why);
}

int chimney_plant(struct chim_link *l)
{
	const struct chim_found *f = &l->way.found;
	struct chim_block *b = calloc(BLOCKS, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b[NEIGH].kind = CHIM_BLOCK_NEIGH;
	b[NEIGH].parent = -1;
	b[NEIGH].neigh.netns = f->netns;
	b[NEIGH].neigh.ifindex = f->ifindex;
	memcpy(b[NEIGH].neigh.next_hop, f->next_hop, sizeof(f->next_hop));
	b[NEIGH].neigh.v6 = f->next_hop_v6;
	b[NEIGH].neigh.mac = f->neigh;
	b[PATH].kind = CHIM_BLOCK_PATH;
	b[PATH].parent = NEIGH;
	b[PATH].path.port_ifindex = f->port_ifindex;
	b[PATH].path.vlan = f->vlan;
	b[PATH].path.mtu = f->mtu;
	b[PATH].path.link_mtu = f->link_mtu;
	memcpy(b[PATH].path.remote, l->facts.tuple.remote, sizeof(l->facts.tuple.remote));
	b[PATH].path.v6 = l->facts.tuple.v6;
	b[TCP].kind = CHIM_BLOCK_TCP;
	b[TCP].parent = PATH;
	b[TCP].tcp.state.tuple = l->facts.tuple;
	b[TCP].tcp.user = l;
	l->blocks = b;
	if (chim_tree_initiate(l->chimney->tree, b, BLOCKS, planted, l) == 0)
		return 0;
	l->blocks = NULL;
	free(b);
	return -ENOMEM;
}

struct chim_tree_tcp *chimney_uproot(struct chim_link *l)
{
	struct chim_tree_tcp *node = l->node;

	l->node = NULL;
	return node;
}

static void tend(struct chim_link *l, uint64_t now)
{
	struct chim_tree_path *path = l->node->path;
	struct flow_counts n;

	if (path->told_mtu && now - path->user_ns > FORGET_NS)
		chim_tree_forget_mtu(l->chimney->tree, path);
	if (now - path->neigh->user_ns < (path->neigh->valid ? CONFIRM_NS : RESOLVE_NS))
		return;
	flow_counts(l->flow, &n);
	if (path->neigh->valid && n.packets == l->seen.packets)
		return;
	l->seen.packets = n.packets;
	ask_kernel(l->chimney, path->neigh);
}

void chimney_tend(struct chimney *ch)
{
	uint64_t now = clock_now_ns();
	struct chim_link *l;

	TAILQ_FOREACH (l, &ch->links, list)
		if (l->node && l->flow && l->phase == CHIM_RUNNING)
			tend(l, now);
	chimney_space_sweep(ch, false);
}

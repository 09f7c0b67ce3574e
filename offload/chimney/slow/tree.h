/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is offloaded, as a TCP chimney has it: neighbors, paths over them, and TCP connections over
 * those. Each has variables that are constant, cached (the host's; the tree keeps them up to date)
 * and delegated (the engine's while it runs the connection).
 *
 * The tree decides and remembers; it does nothing by itself. Whoever owns it gives it the verbs
 * that reach the engine and the kernel (struct chim_tree_ops), and tells it when each is done:
 * within the call or any time later. A connection has one verb under way at a time; what comes up
 * meanwhile waits, and an upload goes before an update. Connections end by upload, or by
 * themselves; a path goes with its last connection, a neighbor with its last path.
 *
 * Pure: no I/O. All: main.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_TREE_H
#define OFFLOAD_CHIMNEY_SLOW_TREE_H

#include "offload/chimney/slow/netns.h"
#include "offload/chimney/slow/news.h"
#include "offload/chimney/state.h"

#include <sys/queue.h>

struct chim_tree;

enum chim_update {
	CHIM_UPDATE_MAC = 1 << 0, /* state.neigh */
	CHIM_UPDATE_MTU = 1 << 1, /* state.path.mtu */
};

enum chim_tcp_verb {
	CHIM_VERB_NONE, /* it runs, and nothing is under way */
	CHIM_VERB_INITIATE,
	CHIM_VERB_UPDATE,
	CHIM_VERB_QUERY,
	CHIM_VERB_TERMINATE,
};

/* The objects. To be read by the owner; only the tree changes them, but for `user`, `user_ns` and,
 * of a TCP object, the delegated variables of `state`. */
struct chim_tree_neigh {
	/* constant */
	struct chim_netns netns;
	uint32_t ifindex;
	uint8_t next_hop[16];
	bool v6;
	/* cached */
	struct chim_neigh mac;
	bool valid; /* false: it was asked for anew, nothing may be sent to mac */

	uint64_t user_ns;  /* the owner's: when it last had the address confirmed */
	unsigned int held; /* by blocks that are being initiated */
	LIST_HEAD(, chim_tree_path) paths;
	LIST_ENTRY(chim_tree_neigh) all;
	TAILQ_ENTRY(chim_tree_neigh) todo;
	bool queued;
};

struct chim_tree_path {
	/* constant */
	struct chim_netns netns;
	uint32_t ifindex, port_ifindex; /* the route's; the port's, below a VLAN interface */
	uint16_t vlan;
	uint8_t remote[16];
	bool v6;
	/* cached */
	struct chim_tree_neigh *neigh;
	uint16_t mtu, link_mtu;
	uint16_t told_mtu; /* by ICMP, a bound of mtu; 0: none */

	uint64_t user_ns; /* the owner's: when it was told */
	unsigned int n_tcps, held;
	LIST_HEAD(, chim_tree_tcp) tcps;
	LIST_ENTRY(chim_tree_path) siblings, all;
	TAILQ_ENTRY(chim_tree_path) todo;
	bool queued;
	bool looking; /* ops.look was called, chim_tree_looked() not yet */
	bool again;   /* and something changed since */
	void *user;
};

struct chim_tree_tcp {
	struct chim_tcp_state state;
	struct chim_tree_path *path;
	enum chim_tcp_verb verb; /* what is under way */
	void *user;

	bool fresh;		 /* ops.initiate is to be called */
	unsigned int dirty;	 /* enum chim_update: to be told */
	bool invalid;		 /* ops.invalidate is to be called */
	enum chim_upload upload; /* why it is to go back; CHIM_UPLOAD_NONE: it is not */
	void (*queried)(void *arg, struct chim_tree_tcp *tcp, int error);
	void *queried_arg;
	struct chim_tree_batch *batch;
	unsigned int block; /* of the batch */
	LIST_ENTRY(chim_tree_tcp) siblings, all;
	TAILQ_ENTRY(chim_tree_tcp) todo;
	bool queued;
};

/* What the owner does. Each but `forward` and `invalidate` is answered by the function named. */
struct chim_tree_ops {
	/* Hand it over: chim_tree_initiated(). */
	void (*initiate)(void *ctx, struct chim_tree_tcp *tcp);
	/* It runs: what was held for it may go to it. */
	void (*forward)(void *ctx, struct chim_tree_tcp *tcp);
	/* Cached variables changed (state holds the new ones): chim_tree_updated(). */
	void (*update)(void *ctx, struct chim_tree_tcp *tcp, unsigned int what);
	/* The neighbor's address is not known for now: send nothing until the next update. */
	void (*invalidate)(void *ctx, struct chim_tree_tcp *tcp);
	/* Fill the delegated variables of state: chim_tree_queried(). */
	void (*query)(void *ctx, struct chim_tree_tcp *tcp);
	/* Upload: chim_tree_terminated(), or chim_tree_kept(). */
	void (*terminate)(void *ctx, struct chim_tree_tcp *tcp, enum chim_upload why);
	/* Ask for the neighbor's address (chim_path_use()); the answer comes as news. */
	void (*resolve)(void *ctx, struct chim_tree_neigh *neigh);
	/* Look for the path anew (chim_path_find()): chim_tree_looked(). */
	void (*look)(void *ctx, struct chim_tree_path *path);
};

/* Sums, since the tree was made. */
struct chim_tree_counts {
	uint64_t initiated, refused[CHIM_REFUSE_MAX], uploaded[CHIM_UPLOAD_MAX], lost, ended,
		updates, invalidations, looks;
	uint32_t tcps, paths, neighbors; /* now */
};

/* NULL: no memory. */
struct chim_tree *chim_tree_new(const struct chim_tree_ops *ops, void *ctx);
/* Of an empty tree. */
void chim_tree_free(struct chim_tree *t);

/* One block of a tree to be offloaded. Parents come before their children: a neighbor's is -1, a
 * path's is a neighbor's index, a connection's a path's. */
enum chim_block_kind { CHIM_BLOCK_NEIGH, CHIM_BLOCK_PATH, CHIM_BLOCK_TCP };

struct chim_block {
	enum chim_block_kind kind;
	int parent;
	union {
		struct {
			struct chim_netns netns;
			uint32_t ifindex;
			uint8_t next_hop[16];
			bool v6;
			struct chim_neigh mac; /* remote all zero: not resolved */
		} neigh;
		struct {
			uint32_t port_ifindex;
			uint16_t vlan, mtu, link_mtu;
			uint8_t remote[16];
			bool v6;
			void *user;
		} path;
		struct {
			struct chim_tcp_state state; /* cached variables are filled in */
			void *user;
		} tcp;
	};
	/* The answer. Of a block that is not a connection: did any below it succeed? */
	enum chim_refusal status;
	struct chim_tree_tcp *running; /* of a connection that runs */
};

/* Offloads what can be: the connections whose status is CHIM_REFUSE_NONE in done(), which is called
 * once, maybe within the call; blocks are the tree's until then. 0, or, and done is not called:
 * -EINVAL (no tree), -ENOMEM. */
int chim_tree_initiate(struct chim_tree *t, struct chim_block *blocks, unsigned int n,
		       void (*done)(void *arg, struct chim_block *blocks, unsigned int n),
		       void *arg);

/* Fetches the delegated variables; queried() is called when state has them (error 0) or will not
 * have them (negative errno; it is going or gone). 0, or -EBUSY: it is being queried. */
int chim_tree_query(struct chim_tree *t, struct chim_tree_tcp *tcp,
		    void (*queried)(void *arg, struct chim_tree_tcp *tcp, int error), void *arg);

/* Gives it back to the kernel, for the first reason that was said. Also what the engine's wish
 * becomes. */
void chim_tree_terminate(struct chim_tree *t, struct chim_tree_tcp *tcp, enum chim_upload why);
/* All, or (netns not NULL) all of one namespace. */
void chim_tree_terminate_all(struct chim_tree *t, const struct chim_netns *netns,
			     enum chim_upload why);

/* Something changed in that namespace. */
void chim_tree_news(struct chim_tree *t, const struct chim_netns *netns,
		    const struct chim_news *news);

/* Cached variables changed by what the switch saw itself: an ICMP "packet too big". mtu lowers the
 * path's, and bounds it whatever the kernel says; larger ones are ignored. Did it change? */
bool chim_tree_path_mtu(struct chim_tree *t, struct chim_tree_path *path, uint16_t mtu);
/* That was long ago (RFC 1191 6.3): the path is looked for anew. */
void chim_tree_forget_mtu(struct chim_tree *t, struct chim_tree_path *path);

/* Answers of the ops. After a refusal, chim_tree_terminated() and chim_tree_ended() the object is
 * gone. */
void chim_tree_initiated(struct chim_tree *t, struct chim_tree_tcp *tcp, enum chim_refusal status);
void chim_tree_updated(struct chim_tree *t, struct chim_tree_tcp *tcp);
void chim_tree_queried(struct chim_tree *t, struct chim_tree_tcp *tcp, int error);
/* error: negative errno of a connection that was lost on the way; 0. */
void chim_tree_terminated(struct chim_tree *t, struct chim_tree_tcp *tcp, int error);
/* It cannot be given back now, and goes on; it may be asked for again. */
void chim_tree_kept(struct chim_tree *t, struct chim_tree_tcp *tcp);
/* Its connection is over; whatever was under way is not answered any more. */
void chim_tree_ended(struct chim_tree *t, struct chim_tree_tcp *tcp);

/* What chim_tree_ops.look found. */
struct chim_look {
	bool found;
	uint32_t ifindex, port_ifindex;
	uint16_t vlan, mtu, link_mtu;
	uint8_t next_hop[16];
	bool next_hop_v6;
	struct chim_neigh mac; /* remote all zero: not resolved */
};
void chim_tree_looked(struct chim_tree *t, struct chim_tree_path *path,
		      const struct chim_look *found);

/* The connection, or NULL. */
struct chim_tree_tcp *chim_tree_find(const struct chim_tree *t, const struct chim_netns *netns,
				     const struct chim_tuple *tuple);
/* Calls each for every connection, which it may end by none of the functions above but
 * chim_tree_terminate(). */
void chim_tree_each(struct chim_tree *t, void (*each)(void *arg, struct chim_tree_tcp *tcp),
		    void *arg);
const struct chim_tree_counts *chim_tree_counts(const struct chim_tree *t);

#endif

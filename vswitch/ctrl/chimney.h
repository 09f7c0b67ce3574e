/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chimney: main's side. Applications offer connections over a socket of their own (api/chim_msg.h);
 * each that may be offloaded is taken out of the kernel and run by a lane of a worker
 * (offload/chimney/run), until it ends or goes back.
 *
 * A connection's life, in chim_link.phase:
 *
 *   STARTING → RUNNING → FREEZING → ENDING → gone     uploaded
 *                 │  ↖─ stuck ┘
 *                 ├─ CLOSING ──→ ENDING → gone          closed by the application
 *                 └─ OVER ─────→ ENDING → gone          over before that
 *
 * All functions: main.
 */
#ifndef VSWITCH_CTRL_CHIMNEY_H
#define VSWITCH_CTRL_CHIMNEY_H

#include "api/chim_msg.h"
#include "base/hist.h"
#include "offload/chimney/run/lane.h"
#include "offload/chimney/slow/path.h"
#include "offload/chimney/slow/policy.h"
#include "offload/chimney/slow/refuse.h"
#include "offload/chimney/slow/tree.h"
#include "offload/chimney/steer/flow.h"
#include "vswitch/ctrl/chimney_news.h"
#include "vswitch/ctrl/chimney_way.h"
#include "vswitch/ctrl/ctrl.h"

#include <sys/queue.h>

enum chim_phase {
	CHIM_STARTING, /* the worker has yet to take it */
	CHIM_RUNNING,
	CHIM_FREEZING, /* it stands still, and its state is awaited */
	CHIM_OVER,     /* reset, or closed by the peer; the application has yet to close it */
	CHIM_CLOSING,  /* closed by the application; what it wrote is still sent */
	CHIM_ENDING,
};

enum { CHIM_SPARES = 4 };

struct chim_app;
struct chim_watch;

/* An offloaded connection, as main knows it. */
struct chim_link {
	struct chim_conn conn; /* first: mail is found by it */
	TAILQ_ENTRY(chim_link) list;
	struct chimney *chimney;
	struct chim_app *app;
	bool orphan;	   /* nobody is there to be told */
	bool freed_number; /* the application may use its number for another one */
	bool asked_back;   /* the application waits for its upload */
	bool closing;	   /* the application closed it */
	bool emptied;	   /* its rings' memory was given back */
	bool over;	   /* the engine has nothing to do for it any more */
	enum chim_phase phase;
	int sock; /* the kernel's socket, silent meanwhile */
	uint64_t cookie;
	uint32_t number;
	uint32_t snd_size, rcv_size; /* of the rings */
	uint16_t worker;
	struct flow *flow;
	struct chim_space *space;
	struct chim_tree_tcp *node;  /* NULL: it is not (any more) in the tree */
	struct chim_block *blocks;   /* while it is planted there */
	struct chim_tcp_state taken; /* as it left the kernel */
	struct chim_facts facts;
	struct chim_way way;
	uint16_t port, bridge;
	uint64_t since_ns;
	uint64_t held_ns; /* since when its packets are held */
	/* ENDING: how long its peer's FIN is delivered, and when once more; 0: it is not due. */
	uint64_t fin_until_ns, fin_again_ns;
	enum chim_upload why; /* FREEZING: the reason */
	bool uploaded;
	unsigned int tries;
	struct chim_show *asked;  /* who waits for info */
	struct chim_watch *watch; /* chimney_tap.h; NULL: nobody looks on */
	uint16_t quoted_mtu;	  /* of a "packet too big" that the worker looks at; 0: of none */
	struct {
		uint64_t segs_out, retrans, moved, moved_ns;
		uint64_t packets; /* of its flow */
		struct chim_activity_way in, out;
	} seen; /* when its policy was last looked at, and there was enough of each to tell */
};

struct chim_app {
	TAILQ_ENTRY(chim_app) list;
	struct chimney *chimney;
	int fd;
	struct event *event;
	pid_t pid;
	uid_t uid;
	char name[16];
	bool greeted, gone;
	unsigned int refs; /* links, and the socket */
	struct chim_mem bells;
	int bell_fds[FWD_WORKERS_MAX];
	struct chim_client client;
	struct chim_link *links[CHIM_APP_CONNS];
};

struct chimney_counts {
	uint64_t offloads, uploads, failed_uploads, news, too_big, unreachable, forged;
	uint64_t refused[CHIM_REFUSE_MAX];
	uint64_t uploaded[CHIM_UPLOAD_MAX];
};

struct chimney {
	struct ctrl *ctrl;
	const char *path;
	int listen_fd;
	struct event *listening, *mail, *timer;
	int says_fd, quotes_fd;
	struct event *quotes;
	struct chim_mailbox says;
	struct chim_lane *lanes[FWD_WORKERS_MAX];
	_Atomic(struct chim_clients *) clients;
	struct flow_table *flows;
	struct chim_tree *tree; /* what is offloaded: neighbors, paths, connections */
	LIST_HEAD(, chim_space) spaces;
	TAILQ_HEAD(, chim_app) apps;
	TAILQ_HEAD(, chim_link) links;
	LIST_HEAD(, chim_watch) watches;
	uint32_t n_links, max_links;
	uint32_t n_apps;
	uint32_t max_fds; /* how many may be open for all this */
	bool resting;	  /* no more applications until the next tick: there are no descriptors */
	unsigned int said, unsaid; /* warnings since the last tick */
	bool stopping;
	struct hist handoffs, uploads;	    /* ns that nothing of a connection moves */
	struct chim_mem spare[CHIM_SPARES]; /* connections' memory, made before it is needed */
	unsigned int spares;
	uint32_t awaited; /* answers to START, FREEZE and TAP that are due */
	uint32_t ticks;
	struct chimney_counts counts;
};

/* chimney.c. Makes the lanes; before workers run. 0, or a negative errno with e filled. */
int chimney_init(struct chimney *ch, struct ctrl *c, uint32_t max, struct err *e);

/* Listens at `path` (NULL: nowhere; nothing is offloaded then). */
int chimney_listen(struct chimney *ch, const char *path, const char *group, struct err *e);

/* Takes no more, and gives all there are back to the kernel, while workers still run. Blocks for a
 * second at most; what could not be given back is reset. */
void chimney_stop(struct chimney *ch);

/* Frees it all; no worker runs. */
void chimney_fini(struct chimney *ch);

/* Waits until every worker has passed a quiescent state. -ETIMEDOUT after 20 ms. */
int chimney_grace(struct chimney *ch);

/* Takes in what workers said. */
void chimney_take_mail(struct chimney *ch);

void chimney_ask(struct chim_link *l, uint32_t asks);

/* Waits a moment for answers to START, FREEZE and TAP, and takes all mail in: links may be gone
 * then. */
void chimney_await(struct chimney *ch);

/* chimney_limit.c: what applications can use up. */

/* Lets flued have as many descriptors as it may and needs. */
void chimney_limit_init(struct chimney *ch);
bool chimney_room_for_link(const struct chimney *ch);
bool chimney_room_for_app(const struct chimney *ch);
/* May a warning be written that an application can cause at will? */
bool chimney_may_warn(struct chimney *ch);
void chimney_limit_tick(struct chimney *ch);

/* chimney_app.c */
void chimney_app_new(struct chimney *ch, int fd);
void chimney_app_gone(struct chim_app *a); /* its socket was closed, or it spoke nonsense */
void chimney_app_tell(struct chim_app *a, const struct chim_msg *m, const int *fds, unsigned int n);
void chimney_app_put(struct chim_app *a); /* one reference less */

/* chimney_offload.c. Takes sock over. */
void chimney_offer(struct chim_app *a, const struct chim_msg *m, int sock);
enum chim_refusal chimney_take(struct chim_link *l); /* NONE: chimney_started() or not_ follows */
void chimney_refused(struct chim_link *l, enum chim_refusal why);
void chimney_started(struct chim_link *l);
void chimney_not_started(struct chim_link *l);
void chimney_forward(struct chim_link *l); /* the engine has it */
void chimney_put_eth(struct chim_link *l, const struct chim_neigh *mac);

void chimney_steal(struct chim_link *l); /* what was held and what comes is the engine's */

/* chimney_tree.c. The tree of what is offloaded, and what it wants done. */
int chimney_tree_init(struct chimney *ch); /* 0 or -ENOMEM */
/* chimney_take() when it is there, or chimney_refused(). 0, or -ENOMEM and neither. */
int chimney_plant(struct chim_link *l);
struct chim_tree_tcp *chimney_uproot(struct chim_link *l); /* to be told to the tree; or NULL */
void chimney_updated(struct chim_link *l);
void chimney_query(struct chim_link *l); /* chimney_informed() follows */
void chimney_answered(struct chim_link *l);
void chimney_tend(struct chimney *ch); /* once a second */

/* chimney_icmp.c. What ICMP says of connections that the host's kernel has not got. 0 or a negative
 * errno with e filled. */
int chimney_icmp_init(struct chimney *ch, struct err *e);
void chimney_icmp_fini(struct chimney *ch);
void chimney_quoted(struct chim_link *l);

/* chimney_upload.c. Has the tree give it back. -EBUSY: it is closing, or over. */
int chimney_upload(struct chim_link *l, enum chim_upload why);
void chimney_go_back(struct chim_link *l, enum chim_upload why); /* of a running one: at once */
void chimney_kept(struct chim_link *l, int error);		 /* it stays, for now */
/* The port is about to go: what runs over it goes back, while it can. Blocks until 200 ms pass in
 * which none did; what is left then is reset. */
void chimney_port_gone(struct chimney *ch, uint16_t port);
void chimney_asked_upload(struct chim_link *l, int32_t reason); /* by its application */
void chimney_dumped(struct chim_link *l);
bool chimney_fin_due(struct chim_link *l);   /* its socket has yet to get the peer's FIN */
void chimney_redeliver(struct chim_link *l); /* of a flow that is gone: that, or the end */
void chimney_stuck(struct chim_link *l);

/* chimney_policy.c */
struct chim_verdict chimney_policy(const struct chim_link *l);
bool chimney_policy_cares(const struct chim_link *l); /* it may have to go for what it does */
void chimney_policy_look(struct chim_link *l);	      /* conn.info is new */

/* chimney_close.c */
void chimney_close(struct chim_link *l, bool abort, uint32_t linger_ms);
void chimney_closed(struct chim_link *l);
void chimney_go_on(struct chim_link *l);   /* it runs; what was asked of it meanwhile is done */
void chimney_empty(struct chim_link *l);   /* nothing is to be sent any more */
void chimney_evict(struct chimney *ch);	   /* ends what waited longest in TIME-WAIT */
void chimney_end(struct chim_link *l);	   /* the flow is released: asks the worker to forget it */
void chimney_stopped(struct chim_link *l); /* frees it */

/* chimney_show.c */
void chimney_informed(struct chim_link *l); /* conn.info is what the worker knows */
void chimney_forget(struct chim_link *l);   /* it is about to be freed */
json_t *chimney_summary(const struct chimney *ch);
void chimney_ends(const struct chim_tuple *t, char local[64], char remote[64]);
void chimney_show(void *ctx, const json_t *params, struct rpc_reply *reply);
/* flow.show, with what is known of the connections that flows belong to. */
void chimney_show_flows(void *ctx, const json_t *params, struct rpc_reply *reply);
json_t *chimney_upload_rpc(void *ctx, const json_t *params, struct err *e);

#endif

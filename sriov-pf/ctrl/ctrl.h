/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon: one process with a loop, which only ever tells what it knows and asks agents to do
 * things. Shared by the files of this folder; all of it runs on the main thread.
 *
 * What is written down, and when:
 *	state-dir/config.json	the configuration last applied, after it was
 *	state-dir/epoch.json	the last epoch given, before it is used
 *	state-dir/X.journal	an agent's unfinished transaction (engine/journal.h)
 *	run-dir/leases.json	who has which VF, before anybody gets or loses one
 */
#ifndef SRIOV_PF_CTRL_CTRL_H
#define SRIOV_PF_CTRL_CTRL_H

#include "api/serve/rpc.h"
#include "sriov-pf/ctrl/agent.h"
#include "sriov-pf/ctrl/host.h"
#include "sriov-pf/ctrl/lease.h"

#include <event2/event.h>
#include <sys/queue.h>

struct ctrl_setup {
	const struct pf_host *host;
	const char *socket, *hand_socket;
	const char *group; /* that may use both; NULL: the process's own */
	const char *state_dir, *run_dir;
	const char *vm_dir;	  /* where guests' control sockets are, as GUEST.sock */
	const char *metrics;	  /* ADDRESS:PORT, or NULL */
	unsigned int deadline_ms; /* of an agent */
};

struct ctrl;
struct hand_server;
struct http_text;

/* A PF of this host, or one that was declared and is not there. */
struct pf_entry {
	TAILQ_ENTRY(pf_entry) entry;
	struct ctrl *ctrl;
	char name[PF_NAME]; /* as configured; else its interface's, or its address */
	char address[PF_ADDRESS];
	struct pf_agent *agent;
	struct pf_state state;
	bool known;	/* state is what was last told */
	bool missing;	/* it was there once */
	bool settled;	/* recovered, and what was declared is applied, or why not is known */
	json_t *config; /* of this PF, {"pfs": [one], "vfs": [..]}; NULL: not declared */
	uint64_t generation;
	unsigned int changing; /* calls of ours that may change its VFs */
	bool planned;	       /* a configuration is being applied that has steps for it */
	char failed[256];      /* why it is not as declared; "": it is, as far as known */
	json_t *drift;	       /* [{what, is, want}] */
	json_t *faults;	       /* by the VF's index as text: {count, last, at} */
	struct event *look;    /* reads it again, a moment after it changed */
	uint64_t repaired_ns;
};
TAILQ_HEAD(pf_entries, pf_entry);

/* Who gave a VF back by himself, as a guest's monitor does when its guest is reset: he may take it
 * again without being assigned it anew, as long as nobody else had it. */
struct given {
	char pf[PF_ADDRESS];
	unsigned int vf;
	char guest[PF_NAME]; /* "": none */
	pid_t pid;
	uint64_t start;
};
#define CTRL_GIVEN 64 /* the last ones; a VF is remembered once */

struct waiter;
TAILQ_HEAD(waiters, waiter);
struct release;
TAILQ_HEAD(releases, release);

struct ctrl {
	struct event_base *base;
	const struct ctrl_setup *setup;
	struct pf_agent *lister;
	struct pf_entries pfs;
	struct lease_table leases;
	json_t *intent; /* how PFs were that are to be brought back, by address (intent.h) */
	json_t *config; /* {"pfs": [..], "vfs": [..]} */
	struct waiters waiters;
	struct releases releases;
	struct given given[CTRL_GIVEN];
	unsigned int next_given;
	struct rpc_server *rpc;
	struct hand_server *hand;
	struct http_text *metrics;
	void *watch;
	json_t *generations; /* as the last run wrote them down, of this boot */
	bool listed;	     /* the PFs of this host */
	bool applying;	     /* pf.apply or vf.set is under way */
	bool ready;
	struct err failed; /* why it could not start */
};

/* Runs until a signal ends it. 0, or why it could not start. */
int ctrl_run(const struct ctrl_setup *setup, struct err *e);

/* Something that the start waits for has happened. */
void ctrl_progress(struct ctrl *c);

void ctrl_point(const struct ctrl *c, const char *name);
int64_t ctrl_now(void); /* seconds since 1970 */

/* The RPC's tables (rpc_vf.c, show.c, apply.c). */
extern const struct rpc_handler ctrl_handlers[];
extern const struct rpc_later ctrl_laters[];
json_t *ctrl_pf_show(void *ctx, const json_t *params, struct err *e);
json_t *ctrl_vf_show(void *ctx, const json_t *params, struct err *e);
void ctrl_pf_apply(void *ctx, const json_t *params, struct rpc_reply *r);
void ctrl_vf_set(void *ctx, const json_t *params, struct rpc_reply *r);

#endif

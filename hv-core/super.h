/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The supervisor: flue-vm's first process. It opens what a guest needs, hands it to a process that
 * runs the guest, serves the control socket and the console, and says what follows when the guest
 * ends. A guest that wants a reset gets a new process with everything fresh.
 *
 * One thread, one loop. The struct is shared by super*.c only.
 */
#ifndef HV_CORE_SUPER_H
#define HV_CORE_SUPER_H

#include "api/serve/rpc.h"
#include "hv-core/config.h"
#include "hv-core/console.h"
#include "hv-core/options.h"
#include "hv-core/restart.h"

#include <event2/event.h>
#include <sys/types.h>

enum super_state {
	SUPER_STARTING, /* there is a process; its guest does not run yet */
	SUPER_RUNNING,
	SUPER_STOPPING, /* the power button was pressed */
	SUPER_WAITING,	/* until a guest is started anew */
	SUPER_ENDED,
};

struct super_call;
struct super_lease;
struct super_ask;
struct hv_pf_taken;

struct super {
	struct event_base *loop;
	struct hv_config *config;
	const struct hv_options *options;
	struct hv_console *console;
	struct hv_console_options console_options;
	char console_path[128]; /* when the configuration names none */
	struct rpc_server *rpc;
	int listen[HV_NICS_MAX]; /* sockets that cards serve; they outlive a guest's process */
	struct event *on_term[3], *on_child, *deadline, *again;

	enum super_state state;
	pid_t pid; /* 0: none */
	int link;  /* -1: none */
	struct event *on_link;
	struct super_call *calls; /* that the guest's process has not answered */
	json_int_t last_id;

	bool first;  /* no guest has run yet */
	bool told;   /* to end it */
	bool forced; /* we killed it */
	bool wants_reset;
	uint64_t born_ns, began_ns; /* of this process; of the guest's */
	unsigned int restarts, quick;
	enum hv_how how;
	char why[256];
	struct super_lease *leases; /* of flue-pf's, that the guest's process has */
	struct super_ask *asks;	    /* that flue-pf has not answered */
	uint64_t asked_ns;	    /* since when a start waits for flue-pf; 0: none does */
	struct rpc_reply *ending[RPC_CONNS_MAX]; /* who waits for the end */
	unsigned int n_ending;
};

/* Runs a guest to its end. Returns an enum hv_exit_status; what went wrong is logged. config: may
 * be changed, by cards that come and go. */
int super_run(struct hv_config *config, const struct hv_options *options);

/* Presses the power button; ends the guest by force after timeout_s (0: never). Again: at once. */
void super_stop(struct super *s, unsigned int timeout_s);
void super_kill(struct super *s);

/* super_call.c: calls of the guest's process. done gets result (borrowed), or NULL and e. timeout_s
 * 0: waits for ever. fds: n of them, not taken over. */
#define SUPER_CALL_S 10
typedef void (*super_done)(struct super *s, void *arg, const json_t *result, const struct err *e);
void super_call(struct super *s, const char *call, const json_t *params, const int *fds,
		unsigned int n, unsigned int timeout_s, super_done done, void *arg);
void super_tell(struct super *s, const char *call); /* wants no answer */
/* The same with parameters (borrowed) and at most one descriptor (-1: none; not taken over). */
void super_hand(struct super *s, const char *call, const json_t *params, int fd);
void super_answered(struct super *s, const json_t *msg);
void super_calls_fail(struct super *s, const char *why);

/* super_dial.c: the guest's process asks for a connection of a card's. */
void super_dial(struct super *s, const char *nic);

/* super_pf.c: virtual functions that flue-pf lends. t: the caller's descriptors, or NULL and e. */
typedef void (*super_taken)(struct super *s, void *arg, const struct hv_pf_taken *t,
			    const struct err *e);
/* For a guest that runs; done is called once, perhaps from within. */
void super_pf_take(struct super *s, const struct hv_nic_config *nic, super_taken done, void *arg);
/* The guest's process has that card's VF, by its epoch; and those of all cards it began with. */
void super_pf_has(struct super *s, const struct hv_nic_config *nic);
void super_pf_started(struct super *s);
/* It has it no more: flue-pf is told. epoch 0: whichever it is. False: it had none. All: its
 * process has ended. */
bool super_pf_give(struct super *s, const char *nic, uint64_t epoch);
void super_pf_give_all(struct super *s);
/* A start failed with that error. True: it is made again soon, as the VF is on its way back. */
bool super_pf_wait(struct super *s, int code);
void super_pf_end(struct super *s);

/* super_nic.c: cards that come and go while the guest runs. */
void super_nic_add(void *ctx, const json_t *params, struct rpc_reply *r);
void super_nic_del(void *ctx, const json_t *params, struct rpc_reply *r);
/* The guest's process says that the host's function is the guest's no more. */
void super_nic_gone(struct super *s, const char *name);

/* super_rpc.c */
extern const struct rpc_handler super_handlers[];
extern const struct rpc_later super_laters[];
void super_refuse(struct rpc_reply *r, int code, const char *path, const char *text);
/* A super_done whose arg is the call that waits for it. */
void super_pass_on(struct super *s, void *arg, const json_t *result, const struct err *e);
void super_tell_end(struct super *s); /* answers who waited for it */

#endif

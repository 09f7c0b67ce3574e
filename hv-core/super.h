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

/* super_rpc.c */
extern const struct rpc_handler super_handlers[];
extern const struct rpc_later super_laters[];
void super_tell_end(struct super *s); /* answers who waited for it */

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* One agent as the daemon has it; shared by agent.c (what it is asked) and agent_start.c (its
 * process). */
#ifndef SRIOV_PF_CTRL_AGENT_IMPL_H
#define SRIOV_PF_CTRL_AGENT_IMPL_H

#include "sriov-pf/ctrl/agent.h"
#include "sriov-pf/ctrl/wire.h"

#include <sys/queue.h>

struct call {
	TAILQ_ENTRY(call) entry;
	uint64_t id;
	const char *op;
	json_t *args;
	pf_agent_done done;
	void *arg;
	struct err refused; /* among those that are refused */
};
TAILQ_HEAD(calls, call);

struct pf_agent {
	struct pf_agent_setup s;
	pid_t pid; /* 0: none */
	int pidfd;
	struct pf_wire link;
	struct evbuffer *out;
	struct event *on_read, *on_write, *on_gone; /* of one process */
	struct event *late, *again, *refuse;
	struct calls calls;	 /* the first is with the agent when `asked` */
	struct calls refused;	 /* to be told in the next turn */
	uint64_t last_id, asked; /* id of what it was asked; 0: nothing */
	uint64_t since_ns;
	bool wedged;
	unsigned int deaths; /* in a row */
	char doing[96];
};

/* agent.c */
void agent_arm(struct event *timer, unsigned int ms);
/* Takes c, which is in no list; it is told in the next turn. */
void agent_refuse(struct pf_agent *a, struct call *c, const struct err *e);
/* Gives the agent the next thing to do, if it has nothing. */
void agent_ask(struct pf_agent *a);
void agent_on_read(evutil_socket_t fd, short what, void *arg);
void agent_on_write(evutil_socket_t fd, short what, void *arg);

/* agent_start.c */
void agent_start(struct pf_agent *a);
/* Forgets the process, which has ended or is to end unheard. */
void agent_forget(struct pf_agent *a);
void agent_on_again(evutil_socket_t fd, short what, void *arg);
void agent_drop_event(struct event **ev);

#endif

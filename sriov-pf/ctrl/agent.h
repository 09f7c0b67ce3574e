/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent: the process that touches one PF, so that a driver that hangs hangs there. The daemon
 * asks it one thing after the other and never waits for it.
 *
 * An agent that says nothing for its deadline is wedged: what it was asked is given up, what is
 * asked of it later is refused at once, and after the same time again it is killed. A new one
 * starts when it is gone, which a process inside a driver may take long to be; it first brings
 * back what an unfinished journal tells.
 */
#ifndef SRIOV_PF_CTRL_AGENT_H
#define SRIOV_PF_CTRL_AGENT_H

#include "sriov-pf/ctrl/host.h"

#include <event2/event.h>

struct pf_agent;

struct pf_agent_setup {
	struct event_base *base;
	const struct pf_host *host;
	const char *dir;	  /* for journals; all of these outlive the agent */
	const char *address;	  /* of its PF; "": it only lists */
	unsigned int deadline_ms; /* without a word */
	/* Told how the PF is with each answer that says so, late ones too, before that call's
	 * done(). */
	void (*told)(void *arg, const json_t *state);
	/* How recovering went, once after each start: NULL, or why it could not be. */
	void (*recovered)(void *arg, bool restored, const struct err *e);
	void *arg;
};

enum pf_agent_how { PF_AGENT_READY, PF_AGENT_BUSY, PF_AGENT_WEDGED };

/* Starts it. NULL with e. Main thread, as all here. */
struct pf_agent *pf_agent_new(const struct pf_agent_setup *setup, struct err *e);
/* Ends it; calls that are not answered are dropped without a word. */
void pf_agent_free(struct pf_agent *a);

/* result: borrowed, NULL: e says why. fds: n of them that came with it; one that is kept is set to
 * -1, the others are closed. */
typedef void (*pf_agent_done)(void *arg, const json_t *result, int *fds, unsigned int n,
			      const struct err *e);

/* Asks it; args are taken over (NULL: none). done is called once, later, never from here. */
void pf_agent_call(struct pf_agent *a, const char *op, json_t *args, pf_agent_done done, void *arg);

/* What it does ("" when nothing) and for how long. */
enum pf_agent_how pf_agent_how(const struct pf_agent *a, const char **doing, unsigned int *for_ms);

/* The agent's side (agent_run.c): serves fd until the daemon is gone. Never returns. */
void pf_agent_run(const struct pf_host *host, const char *dir, const char *address, int fd)
	__attribute__((noreturn));

#endif

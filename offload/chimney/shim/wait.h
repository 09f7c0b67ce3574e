/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for a connection. A waiter says with CHIM_APP_WAIT_IN or _OUT that it wants to be woken,
 * looks once more, and sleeps on the connection's eventfd. As a wake-up costs far more than a short
 * wait, it first looks again and again for a while, but only where that was worth it lately.
 */
#ifndef OFFLOAD_CHIMNEY_SHIM_WAIT_H
#define OFFLOAD_CHIMNEY_SHIM_WAIT_H

#include "offload/chimney/shim/conn.h"

/* Who waits, and how. */
struct chim_how {
	bool nonblock;
	uint32_t lowat;	      /* SO_RCVLOWAT; 0 as 1 */
	uint64_t timeout_ns;  /* SO_RCVTIMEO or SO_SNDTIMEO; 0: none */
	void (*gone)(void *); /* the thread was cancelled while it slept; NULL: nothing to undo */
	void *arg;
};

/* Nanoseconds of looking before sleeping: FLUE_CHIMNEY_SPIN_US, 50 µs if it is not set. */
uint64_t chim_spin_ns(void);

/* Looks again and again, if that was worth it lately. true: the wait is over. */
bool chim_spin(struct chim_conn *c, enum chim_want want, uint64_t need);
/* A sleep that began at start is over: would looking have been enough? */
void chim_spin_learn(struct chim_conn *c, uint64_t start);

/* Is there reason to look again: want's bytes are there, the end, an error, or it is frozen or
 * gone? */
bool chim_wait_over(const struct chim_conn *c, enum chim_want want, uint64_t need);

/* Waits for that. until: sys_now_ns(), UINT64_MAX for ever. 0: look again; -EAGAIN: the time is
 * over; -EINTR: a signal's handler ran that wants the call to end. A point of cancellation. */
int chim_wait(struct chim_conn *c, enum chim_want want, uint64_t need, uint64_t until,
	      const struct chim_how *how);

/* The same in pieces, for those who wait for several: after park, look; then sleep on the eventfd;
 * then unpark. drain: takes the eventfd's count out, and passes it on to others who wait for what
 * has come. */
void chim_park(struct chim_conn *c, uint32_t wants);
void chim_unpark(struct chim_conn *c, uint32_t wants);
void chim_drain(struct chim_conn *c);

/* Wakes others that wait, if there is something left for them. */
void chim_pass_on(struct chim_conn *c);

/* A non-blocking send met a full ring: whoever watches for edges must hear of room. True: there is
 * room again already, try once more. */
bool chim_arm_out(struct chim_conn *c);
void chim_disarm_out(struct chim_conn *c);

/* poll() or its like was interrupted: would the kernel take a blocking call up again? It would if
 * the handler was installed with SA_RESTART. Which one ran cannot be known afterwards: yes only if
 * all that are installed want it. */
bool chim_restarts(void);

#endif

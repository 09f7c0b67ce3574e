/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's interrupt thread, on which drivers are told of what happens at their sockets and devices.
 *
 * Some of them take no lock against whoever closes the device meanwhile. What runs on that thread
 * itself meets none of their handlers half-way.
 */
#ifndef VSWITCH_PORT_INTRTHREAD_H
#define VSWITCH_PORT_INTRTHREAD_H

#include "base/err.h"

/* Makes the thread take calls. 0, or a negative errno with e filled. Main, once, when DPDK runs. */
int intrthread_start(struct err *e);

/* Runs fn(arg) on the thread and waits for it. Main. */
void intrthread_run(void (*fn)(void *arg), void *arg);

/* Waits until the thread has seen all that happened before the call, and sleeps or is about to.
 * rte_eal_cleanup() unmaps DPDK's memory and does not stop it. Main. */
void intrthread_settle(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is left to a guest's process when it runs a guest: the descriptors it was handed, and a
 * short list of system calls for each kind of thread. docs/hv-sandbox.md has both as tables.
 *
 * In two steps. hv_sandbox_enter() takes away identity, capabilities and the file system, before
 * anything is opened that the guest can reach. hv_sandbox_thread() then gives each thread its list:
 * a call that is not on it ends the whole process by SIGSYS.
 */
#ifndef HV_CORE_SANDBOX_SANDBOX_H
#define HV_CORE_SANDBOX_SANDBOX_H

#include "base/err.h"

#include <sys/types.h>

/* Who a process that starts as root becomes where nothing else is said. */
#define HV_SANDBOX_NOBODY 65534u

/* The calling process, from now on: no new privileges by any execve(), no capability, no file to be
 * opened by any path, no core dump, and its memory is nobody else's to read. uid, gid: who it is to
 * be; (uid_t)-1: as it is. A kernel without Landlock is said in the log; the lists of calls hold
 * there all the same. 0 or negative errno; then the process must end. On its only thread, before
 * hv_sandbox_thread(). It starts a thread that makes the lists and ends; hv_sandbox_thread() waits
 * for that. */
int hv_sandbox_enter(uid_t uid, gid_t gid, struct err *e);

/* In the order of what they may do. A thread gets its list on top of that of the thread that made
 * it: main's holds all that a card's has, because cards come while a guest runs. */
enum hv_sandbox_kind {
	HV_SANDBOX_MAIN,
	HV_SANDBOX_VCPU,
	HV_SANDBOX_DISK,
	HV_SANDBOX_CARD,
	HV_SANDBOX_KINDS
};

/* The calling thread gets its list, for good. 0 or negative errno; then the thread must not touch
 * anything of the guest's. The thread itself. */
int hv_sandbox_thread(enum hv_sandbox_kind kind, struct err *e);

#endif

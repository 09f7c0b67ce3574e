/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The process that holds a VF: noticed when it ends, whatever it ends of; and taking a VF back.
 *
 * A process is known by its number and start time in what is written down, and by a pidfd while we
 * run, so that no other process is ever taken for it.
 */
#ifndef SRIOV_PF_CTRL_HOLDER_H
#define SRIOV_PF_CTRL_HOLDER_H

#include "sriov-pf/ctrl/ctrl.h"

/* When a process began, in ticks since boot (/proc/PID/stat, field 22); 0: there is none. */
uint64_t holder_start_time(pid_t pid);
/* The same of a text like that of /proc/PID/stat. Pure. */
uint64_t holder_parse_stat(const char *text);

/* Watches l->pid, whose pidfd this is (taken over; -1: opened here, if it is still the process
 * that l says). Its end puts the VF into quarantine. 0; -ESRCH: it has ended. */
int holder_watch(struct ctrl *c, struct lease *l, int pidfd);
/* Ends it by force. */
void holder_kill(struct lease *l);
/* No longer watched. */
void holder_forget(struct lease *l);

#endif

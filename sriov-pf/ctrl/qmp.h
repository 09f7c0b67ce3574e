/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VFs for a running QEMU, through its QMP socket (QEMU Machine Protocol: a greeting,
 * qmp_capabilities, then commands and events, a JSON object a line). Main thread, never waits.
 */
#ifndef SRIOV_PF_CTRL_QMP_H
#define SRIOV_PF_CTRL_QMP_H

#include "sriov-pf/ctrl/ctrl.h"

/* Called once, at once or later. */
typedef void (*qmp_done)(void *arg, const struct err *e);

/* device_add of the VF l->pf, l->vf, whose lease is held by the process behind l->qmp. */
void qmp_plug(struct ctrl *c, const struct lease *l, const char *address, unsigned int timeout_s,
	      qmp_done done, void *arg);
/* device_del, and waits for DEVICE_DELETED. */
void qmp_unplug(struct ctrl *c, const struct lease *l, unsigned int timeout_s, qmp_done done,
		void *arg);

/* The process that serves that socket; 0: none, and e says why. */
pid_t qmp_pid(struct event_base *base, const char *path, struct err *e);

#endif

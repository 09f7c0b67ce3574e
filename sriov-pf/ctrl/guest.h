/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking a guest's monitor to unplug a VF. Main thread; waits for nothing. */
#ifndef SRIOV_PF_CTRL_GUEST_H
#define SRIOV_PF_CTRL_GUEST_H

#include "sriov-pf/ctrl/ctrl.h"

/* e NULL: the guest was asked; else nobody could be. */
typedef void (*guest_asked)(void *arg, const struct err *e);

/* Asks flue-vm's control socket (nic.del), or QEMU's (device_del). asked is called once, at once
 * or within timeout_s. */
void guest_unplug(struct ctrl *c, const struct lease *l, unsigned int timeout_s, guest_asked asked,
		  void *arg);

#endif

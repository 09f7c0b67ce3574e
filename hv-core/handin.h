/* SPDX-License-Identifier: BSD-3-Clause */
/* What the supervisor opens for a guest's process, which then opens nothing itself. Main thread. */
#ifndef HV_CORE_HANDIN_H
#define HV_CORE_HANDIN_H

#include "hv-core/config.h"
#include "hv-core/guest.h"

/* Opens /dev/kvm, what boots, the snapshot (NULL: none), the functions of the host that are
 * cards, and the disks, each of which is locked for as long as a process has it open: two guests
 * must not write to one image. All descriptors are close-on-exec. On error none is left open;
 * e->path says which key. c: cards with a VF get its address and epoch (hv_handin_direct). */
int hv_handin_open(struct hv_fds *fds, struct hv_config *c, const char *restore, struct err *e);
void hv_handin_close(struct hv_fds *fds);

/* The socket a card serves: listening, of the supervisor's group, in place of one that nobody
 * listens on; -1 for a card that connects. 0 or negative errno with e filled. */
int hv_handin_listen(int *fd, const struct hv_nic_config *nic, struct err *e);

#endif

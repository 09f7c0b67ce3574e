/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory in a snapshot: sections named "memory", each a piece of it; what is all zero is left
 * out. */
#ifndef HV_CORE_MACHINE_MEM_STATE_H
#define HV_CORE_MACHINE_MEM_STATE_H

#include "hv-core/machine/mem.h"
#include "hv-core/state/snap.h"

/* vCPUs parked, devices quiesced. Errors of writing are s's. 0 or -ENOMEM. Main thread. */
int hv_mem_save(const struct hv_mem *m, struct hv_snap_out *s, struct err *e);

/* One section into memory that is still untouched. 0 or -EINVAL. Main thread. */
int hv_mem_load(struct hv_mem *m, const struct hv_snap_section *x, struct err *e);

#endif

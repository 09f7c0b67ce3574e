/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists as programs; the room's own. */
#ifndef HV_CORE_SANDBOX_FILTER_H
#define HV_CORE_SANDBOX_FILTER_H

#include "base/err.h"

/* Makes the programs for this process; hv_sandbox_thread() uses them. Main thread. */
int hv_filters_make(struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists as programs; the room's own. */
#ifndef HV_CORE_SANDBOX_FILTER_H
#define HV_CORE_SANDBOX_FILTER_H

#include "base/err.h"

/* Begins to make the programs for this process; hv_sandbox_thread() waits for them. Once, on the
 * main thread. */
int hv_filters_begin(struct err *e);

#endif

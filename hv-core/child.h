/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's process: makes the guest, serves the supervisor's calls, ends with the guest. */
#ifndef HV_CORE_CHILD_H
#define HV_CORE_CHILD_H

#include "hv-core/config.h"
#include "hv-core/guest.h"

#include <sys/types.h>

/* How this process ends; the supervisor reads it. */
enum hv_child_exit {
	HV_CHILD_POWER_OFF = 0,
	HV_CHILD_FAILED = 1, /* could not begin; it said why */
	HV_CHILD_RESET = 10,
	HV_CHILD_CRASH = 11,
	HV_CHILD_STOPPED = 12,
};

/* Runs the guest. Everything comes in as descriptors: fds, and link, the socket to the supervisor
 * (hv-core/wire.h); all others are closed. Returns what the process is to end with. Called in a new
 * process, on its only thread. */
int hv_child_main(const struct hv_config *config, const struct hv_fds *fds, int link,
		  pid_t supervisor);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A new process for a guest, with nothing open but what it is handed. */
#ifndef HV_CORE_SPAWN_H
#define HV_CORE_SPAWN_H

#include "hv-core/config.h"
#include "hv-core/guest.h"

#include <sys/types.h>

/* Forks; the new process runs hv_child_main() with fds and ends. *link: the supervisor's end of the
 * socket between them (hv-core/wire.h). 0 or negative errno. Main thread, the only one. */
int hv_spawn(const struct hv_config *config, const struct hv_fds *fds, pid_t *pid, int *link,
	     struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The file system away; the room's own. */
#ifndef HV_CORE_SANDBOX_LANDLOCK_H
#define HV_CORE_SANDBOX_LANDLOCK_H

#include "base/err.h"

/* Denies the calling thread and all it makes every access by a path, every TCP port, and signals
 * and abstract sockets beyond itself, as far as this kernel's Landlock knows them. no_new_privs is
 * set. 0; -EOPNOTSUPP: the kernel has no Landlock; or negative errno with e filled. */
int hv_landlock(struct err *e);

#endif

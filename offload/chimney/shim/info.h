/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP_INFO of a connection that flued runs. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_INFO_H
#define OFFLOAD_CHIMNEY_SHIM_INFO_H

#include "offload/chimney/shim/conn.h"

enum { CHIM_INFO_BYTES = 512 };

/* A copy of what flued said last, whole. */
void chim_info_read(const struct chim_conn *c, struct chim_shm_info *out);

/* As getsockopt(TCP_INFO) tells it. Returns its bytes, CHIM_INFO_BYTES at most. */
size_t chim_info_fill(const struct chim_conn *c, char *to);

#endif

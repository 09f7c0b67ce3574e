/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments of an offloaded connection that the engine does not take, but a kernel would: in
 * fragments, or with IP options (packet/odd.h). Passed on to the host they were answered with a
 * reset, for its kernel has no such connection. So they are lost, and the connection is to go back
 * before the peer sends them again.
 */
#ifndef OFFLOAD_CHIMNEY_RUN_ODD_H
#define OFFLOAD_CHIMNEY_RUN_ODD_H

#include "offload/chimney/run/conn.h"

#include <rte_mbuf.h>

/* m, of this connection, is none that chim_unit_parse() takes; the caller frees it. Returns why the
 * connection is to go back (FRAGMENTATION, IP_OPTIONS), at most ten times a second; or NONE, then
 * it is broken or forged, and counted. Worker. */
enum chim_upload chim_odd_take(struct chim_engine *e, struct chim_conn *c, const struct rte_mbuf *m,
			       uint64_t now);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP sockets with the congestion control asked for. Any thread; each returns a descriptor or a
 * negative errno with e set. cc: "cubic"; NULL: the kernel's default. */
#ifndef BENCH_LOAD_TCP_SOCKET_H
#define BENCH_LOAD_TCP_SOCKET_H

#include "base/err.h"

#include <stdint.h>

/* address: IPv4 or IPv6, without prefix length. *port: which one it got. */
int tcp_socket_listen(const char *address, const char *cc, uint16_t *port, struct err *e);
int tcp_socket_accept(int listener, unsigned int timeout_ms, struct err *e);
int tcp_socket_connect(const char *address, uint16_t port, const char *cc, unsigned int timeout_ms,
		       struct err *e);

#endif

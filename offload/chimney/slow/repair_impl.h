/* SPDX-License-Identifier: BSD-3-Clause */
/* What taking a connection out and putting it in have in common. All: main. */
#ifndef OFFLOAD_CHIMNEY_SLOW_REPAIR_IMPL_H
#define OFFLOAD_CHIMNEY_SLOW_REPAIR_IMPL_H

#include "offload/chimney/slow/repair.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>

/* TCP's states as the kernel counts them (include/net/tcp_states.h is not for user space). */
enum { CHIM_LINUX_ESTABLISHED = 1, CHIM_LINUX_CLOSE_WAIT = 8 };

union chim_addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* An option's value; def if it cannot be read. */
int chim_opt(int fd, int level, int name, int def);
/* 0 or negative errno. */
int chim_opt_set(int fd, int level, int name, int value);

/* The socket address of one end, as a socket of that domain (AF_INET or AF_INET6) wants it. Returns
 * its length. scope: an interface, for link-local addresses. */
socklen_t chim_addr_of(union chim_addr *to, int domain, const uint8_t addr[16], bool v6,
		       uint16_t port, uint32_t scope);

/* TCP_INFO; what this kernel does not tell is 0. 0 or negative errno. */
int chim_info(int fd, struct tcp_info *info);

/* Which queue TCP_QUEUE_SEQ, reads and writes are about: TCP_SEND_QUEUE etc. 0 or negative errno.
 */
int chim_queue(int fd, int which);

/* The clock that Linux' TCP timestamps count, in milliseconds. */
uint32_t chim_ts_clock(void);

/* Switches repair off without a word, and gives the socket its SO_REUSEADDR, which TCP_REPAIR
 * takes. how: TCP_REPAIR_OFF or TCP_REPAIR_OFF_NO_WP. */
int chim_repair_off(int fd, int how, bool reuseaddr);

/* The connection is lost: whoever reads or writes it is told (ECONNABORTED). */
void chim_repair_lose(int fd, bool reuseaddr);

#endif

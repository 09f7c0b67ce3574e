/* SPDX-License-Identifier: BSD-3-Clause */
/* A netlink socket on which the kernel gives its reasons (NETLINK_EXT_ACK), one request at a time.
 */
#ifndef SRIOV_PF_SYS_TALK_H
#define SRIOV_PF_SYS_TALK_H

#include "base/err.h"
#include "sriov-pf/sys/ack.h"

#include <libmnl/libmnl.h>

/* Room for any request made here. */
#define PF_NL_REQUEST 512

struct pf_nl {
	struct mnl_socket *socket;
	uint32_t seq;
	uint8_t *buf; /* grows to the largest answer */
	size_t room;
};

/* bus: NETLINK_ROUTE or NETLINK_GENERIC. 0 or negative errno. */
int pf_nl_open(struct pf_nl *nl, int bus, struct err *e);
/* Also of one that was never opened, all zero. */
void pf_nl_close(struct pf_nl *nl);

/* Sends the request (NLM_F_REQUEST and, but for a dump, NLM_F_ACK are added) and gives each message
 * of the answer to `each` (NULL: none is expected), which returns 0 or a negative errno that ends
 * up here. Answers may be of any size. Returns 0; the kernel's errno, with ack filled; another
 * negative errno with ack->error the same. Blocks as long as the driver does. */
int pf_nl_talk(struct pf_nl *nl, struct nlmsghdr *request,
	       int (*each)(void *arg, const void *msg, size_t len), void *arg, struct pf_ack *ack);

#endif

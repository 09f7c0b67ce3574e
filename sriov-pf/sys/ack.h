/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's answer to a request over netlink: its errno and, where the driver gave any, words.
 */
#ifndef SRIOV_PF_SYS_ACK_H
#define SRIOV_PF_SYS_ACK_H

#include <stddef.h>

struct pf_ack {
	int error;	/* 0 or negative errno */
	char text[192]; /* NLMSGERR_ATTR_MSG, or "" */
};

/* Reads NLMSG_ERROR, and NLMSG_DONE, which ends a dump. 1: it is one of them; 0: it is another
 * message; -EBADMSG: it says less than it must. Pure; any thread. */
int pf_ack_parse(const void *msg, size_t len, struct pf_ack *ack);

/* What the kernel said: its words, else those of the errno. Any thread. */
const char *pf_ack_words(const struct pf_ack *ack);

#endif

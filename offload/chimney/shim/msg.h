/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of api/chim_msg.h as they pass the socket, with their descriptors. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_MSG_H
#define OFFLOAD_CHIMNEY_SHIM_MSG_H

#include "api/chim_msg.h"

struct chim_link;

/* A message that came. What uses one of its descriptors puts -1 in its place. */
struct chim_heard {
	struct chim_msg msg;
	int n_fds;
	int fds[CHIM_MSG_FDS];
};

/* 0; -EAGAIN: none is there; -ECONNRESET: the other side has gone; -EPROTO: it has another size;
 * or another negative errno. */
int chim_msg_hear(int sock, struct chim_heard *h);
void chim_heard_drop(struct chim_heard *h); /* closes the descriptors nobody took */

/* With a descriptor; -1: without. Waits for room. 0 or a negative errno. */
int chim_msg_say(int sock, const struct chim_msg *m, int fd);

/* Takes WELCOME's memory and eventfds over. 0; -EPROTO: they contradict themselves; -ENOMEM. */
int chim_welcome(struct chim_link *link, struct chim_heard *h);
void chim_welcome_undo(struct chim_link *link);

#endif

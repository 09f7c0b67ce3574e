/* SPDX-License-Identifier: BSD-3-Clause */
/* A conversation in lines of JSON over somebody's UNIX socket, without waiting for it. Main thread.
 */
#ifndef SRIOV_PF_CTRL_PEER_H
#define SRIOV_PF_CTRL_PEER_H

#include "base/err.h"
#include "base/json.h"

#include <event2/event.h>

struct peer;

struct peer_ops {
	/* A message came; the callee may free the peer. */
	void (*message)(void *arg, const json_t *msg);
	/* It hung up, was silent for too long, or talks nonsense; the callee frees the peer. */
	void (*lost)(void *arg, const struct err *e);
};

/* NULL with e: nobody is there. The whole conversation may take timeout_s. */
struct peer *peer_open(struct event_base *base, const char *path, unsigned int timeout_s,
		       const struct peer_ops *ops, void *arg, struct err *e);
void peer_free(struct peer *p);

void peer_send(struct peer *p, const json_t *msg);
/* The process that listens there; 0: not known. */
pid_t peer_pid(const struct peer *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * May this socket be offloaded at all? What the engine has not got, or TCP_REPAIR does not move,
 * stays in the kernel. Not seen, for the kernel tells nobody: BPF programs and sockmaps that the
 * socket is a part of, and urgent data that is still to be sent. All: main; nothing blocks.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_REFUSE_H
#define OFFLOAD_CHIMNEY_SLOW_REFUSE_H

#include "base/err.h"
#include "offload/chimney/state.h"

#include <stdint.h>

/* What a policy looks at. */
struct chim_facts {
	struct chim_tuple tuple;
	uint64_t bytes; /* acknowledged by the peer and received from it, since it is established */
	uint32_t rtt_us;	       /* smoothed; 0: not known yet */
	uint32_t snd_queue, rcv_queue; /* bytes */
	uint32_t age_ms;	       /* the caller's: the kernel does not tell it */
};

/* A socket for chim_refuse(), in sockfd's network namespace, which it keeps alive. Or a negative
 * errno. */
int chim_refuse_open(int sockfd, struct err *e);

/* CHIM_REFUSE_NONE, and facts but for age_ms; or why not, and e says it in words. diag: of
 * chim_refuse_open(), or -1: one for this once. */
enum chim_refusal chim_refuse(int diag, int fd, struct chim_facts *facts, struct err *e);

#endif

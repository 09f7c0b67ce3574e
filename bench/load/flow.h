/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One TCP connection under load: a thread that sends while it is told to, and one that always
 * receives. Both block when there is nothing to do. Process of `__tcp`; its main thread calls.
 */
#ifndef BENCH_LOAD_FLOW_H
#define BENCH_LOAD_FLOW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { FLOW_WRITE_BYTES = 256 * 1024, FLOWS_MAX = 64 };

/* What all connections of the process share: whether to send. */
struct flow_gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_bool sending, ending;
};

struct flow {
	int fd;
	struct flow_gate *gate;
	pthread_t sender, receiver;
	bool threads; /* they run */
	atomic_ullong sent, received;
	atomic_int error;   /* errno of the first failure of either thread */
	atomic_bool closed; /* the other end closed it */
};

void flow_gate_init(struct flow_gate *g);
void flow_gate_send(struct flow_gate *g, bool on);

/* Takes over a connected socket and starts the threads. 0 or a negative errno (fd is closed). */
int flow_start(struct flow *f, struct flow_gate *g, int fd);

/* Ends the threads and closes; the gate was told by flow_gate_end(). */
void flow_stop(struct flow *f);
void flow_gate_end(struct flow_gate *g);

/* What the kernel knows: segments sent again so far, round-trip time (us), payload of a segment. */
struct flow_info {
	uint64_t retransmits;
	uint32_t rtt_us, mss_bytes;
};
struct flow_info flow_info(const struct flow *f);

/* Bytes the other end has not acknowledged yet. */
uint64_t flow_pending(const struct flow *f);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports that make packets late, or lose them, for tests (base/impair.h). What is late waits in a
 * queue of the worker's, ordered by when it leaves; a poller sends it.
 *
 * Each packet that leaves by such a port is lost, or doubled, or neither; then it waits for those
 * before it where there is a rate, and on top of that for delay and jitter. Packets keep their
 * order, whatever jitter says, but for those that reorder picks: these do not wait for the delay.
 * Chance comes from a generator of the port's on this worker, and of four numbers a packet, so that
 * a seed gives the same again where one worker gets the same packets.
 */
#ifndef PIPELINES_IMPAIR_H
#define PIPELINES_IMPAIR_H

#include "packet/burst.h"
#include "pipelines/poller.h"

/* NULL: no memory. Main. */
struct impair_queue *impair_queue_new(void);
void impair_queue_free(struct impair_queue *q); /* Main, when the worker has ended */

/* Decides on the packets of a burst that is about to leave by b->port, which is impaired. Those
 * that leave at once stay in it; the burst may grow by doubled ones. Worker. */
void impair_burst(struct pkt_burst *b);

/* The same at a time that is given. For tests. */
void impair_burst_at(struct pkt_burst *b, uint64_t now_ns);

/* What sends late packets; it is to be added to the worker that has q. Any thread. */
struct worker_poller impair_poller(struct impair_queue *q);

#endif

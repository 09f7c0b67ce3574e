/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop that offers and receives frames. A worker has some of the ports, both ways, and all that
 * it writes is its own; what concerns all is in the job, which nobody changes while it runs.
 */
#ifndef BENCH_TRAFFIC_GEN_H
#define BENCH_TRAFFIC_GEN_H

#include "base/hist.h"
#include "bench/traffic/frame.h"
#include "bench/traffic/ports.h"
#include "bench/traffic/sched.h"
#include "bench/traffic/window.h"

#include <stdatomic.h>

enum { GEN_NOBODY = 255, GEN_SIZES = 3, GEN_BURST = 32, GEN_RX_BURST = 64 };

/* What is done at one go: each sending port's stream, and which stream may come to which port. */
struct gen_job {
	uint16_t trial;
	unsigned int frame_bytes; /* as in struct traffic_trial */
	uint32_t flows;
	double pps;	 /* of each sending port; 0: as fast as it goes */
	uint64_t frames; /* of each sending port; 0 with pps 0 */
	double seconds;	 /* with pps 0 */
	double settle_seconds;
	bool latency, track, content;
	struct {
		bool sends;
		struct frame_ends ends;
		uint8_t from; /* the stream that is to come here, or GEN_NOBODY */
	} port[PORTS_MAX];
};

/* Of one worker or, added, of all. */
struct gen_count {
	uint64_t offered, sent, refused, received, stray, duplicated, reordered, corrupt;
	uint64_t unit_bytes; /* payload of units and their segments */
};

struct gen_port {
	struct tport *t;
	uint8_t number;
	struct frame_image image[GEN_SIZES];
	const uint8_t *order; /* which image each frame has, SCHED_IMIX of them */
	struct sched sched;
	uint32_t flow, turn; /* of the next frame */
	struct window window;
	uint8_t from;
	bool sends;
};

struct gen_worker {
	struct gen *gen;
	struct gen_port *ports[PORTS_MAX];
	size_t n_ports;
	struct gen_count count;
	uint64_t busy, turns_cycles; /* cycles with work, and all, while it sent */
	uint64_t late, gap;	     /* cycles */
	uint64_t first_due, last_due;
	uint64_t looked; /* frames, for the sample whose content is looked at */
	struct hist *corrected, *raw;
	uint64_t watched, watched_at; /* cycles it looked for silence; when it did last */
	_Atomic uint64_t last_rx;     /* when something came last, cycles since the beginning */
};

struct gen {
	struct tports *ports;
	struct gen_job job;
	uint64_t start; /* TSC */
	double ns_per_cycle;
	struct gen_port port[PORTS_MAX];
	struct gen_worker workers[PORTS_MAX];
	atomic_uint sending; /* workers that still send */
	atomic_uint running;
	_Atomic uint64_t sent_at; /* when the last frame was sent */
	atomic_bool unsettled;	  /* frames came and came */
	int done_fd;		  /* an eventfd: the last worker is done */
};

int gen_init(struct gen *g, struct tports *ports, struct err *e);

/* Runs a job to its end on all workers; sleeps meanwhile. Adds to *r, and to its histograms where
 * the job has latency (made when NULL). Main thread of the generator. */
int gen_run(struct gen *g, const struct gen_job *job, struct traffic_result *r, struct err *e);

/* For gen.c: takes what came to a port, and accounts for it. How many frames; worker. */
uint32_t gen_receive(struct gen_worker *w, struct gen_port *p);
/* For gen.c: sends what is due. How many were offered; worker. */
uint32_t gen_send(struct gen_worker *w, struct gen_port *p, uint64_t now);

#endif

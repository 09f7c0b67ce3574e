/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One end of a connection in an engine of its own: the memory its application shares, the
 * application's reads and writes of a known stream, and the way out of the engine and in again.
 * Everything that is sent is checked against what was written, and against the peer's window.
 * Any thread, one at a time.
 */
#ifndef TESTS_CHIM_END_H
#define TESTS_CHIM_END_H

#include "offload/chimney/fast/engine.h"
#include "offload/chimney/fast/hdr.h"
#include "offload/chimney/state.h"
#include "tests/chim/link.h"

#include <stdbool.h>
#include <stdint.h>

struct end {
	const char *name;
	struct chim_engine *e;
	struct chim_tcp *c; /* NULL: it does not run now */
	struct chim_shm *shm;
	struct chim_tcp_state state; /* what it was started with last, or dumped as */
	uint32_t stream_out, stream_in;
	uint32_t snd_size, rcv_size;   /* of the rings of the next start */
	uint32_t snd_first, rcv_first; /* sequence numbers of the streams' first bytes */
	uint64_t wrote, read;	       /* bytes of the streams */
	uint64_t snd_base, rcv_base;   /* which of them lie at position 0 of the rings */
	uint32_t edge;		       /* how far the peer's window has ever reached */
	bool edge_set;
	uint32_t told;	  /* how far our own window has ever reached, to the peer's knowledge */
	struct link *out; /* where to send */
	bool eof, shut;
	bool woken;  /* by ops.wake, since it was cleared */
	bool closed; /* ops.closed was called */
	int error;   /* with it, or CHIM_FLUED_ERROR's */
	enum chim_upload wish;
	uint32_t refuse_ppm; /* sends that find no buffer */
	uint64_t refused, sent, bad;
	char why[200]; /* the first thing that was wrong; "" */
	struct rng rng;
	uint64_t now;
};

struct end_conf {
	uint32_t stream_out, stream_in, snd_size, rcv_size, refuse_ppm;
	bool tso;
	uint32_t time_wait_ms;
	struct chim_engine
		*engine; /* of an end before it, whose memory is reused; NULL: a new one */
};

/* Aborts without memory. */
void end_init(struct end *x, const char *name, const struct end_conf *conf, struct link *out,
	      uint64_t seed);
void end_free(struct end *x);
/* All but the engine, which is returned: for the next end at the same place in memory. */
struct chim_engine *end_leave(struct end *x);

/* Runs it from x->state on. What is in the queues is of the streams: their places follow from
 * x->wrote and x->read. false: the engine refused. */
bool end_start(struct end *x, uint64_t now);

/* Freezes and dumps it into x->state, and ends it. false: it cannot be dumped; it runs on. */
bool end_take(struct end *x, uint64_t now);

/* A round of its engine. */
void end_run(struct end *x, uint64_t now);

/* A packet has come. */
void end_input(struct end *x, const struct packet *p, uint64_t now);

/* The application. Bytes written or read; at most len. Both ring. */
uint32_t end_write(struct end *x, uint32_t len, uint64_t now);
uint32_t end_read(struct end *x, uint32_t len, uint64_t now);
void end_flags(struct end *x, uint32_t set, uint32_t clear, uint64_t now);
void end_close(struct end *x, bool abort, uint64_t now);

/* Is there something to read or an end to be seen; room to write? */
bool end_readable(const struct end *x);
bool end_writable(const struct end *x);

/* len bytes at position pos of a ring, which lies at off and has size bytes, are made those of the
 * stream from `at` on; or are they? */
void end_ring_fill(const struct end *x, uint64_t off, uint32_t size, uint64_t pos, uint32_t stream,
		   uint64_t at, uint32_t len);
bool end_ring_check(const struct end *x, uint64_t off, uint32_t size, uint64_t pos, uint32_t stream,
		    uint64_t at, uint32_t len);

/* What is wrong. The first is kept. */
void end_fail(struct end *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An answer to a packet for a connection that is gone: a reset, on x->out. */
void end_refuse(struct end *x, const struct packet *p, uint64_t now);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests: one connection of an engine whose peer, application and clock are a script. Each line
 * is one thing that happens or is expected; what the engine sends is kept until the script expects
 * it, in order, and a script fails if something is left at its end.
 *
 * Sequence numbers in scripts count from 0 in both directions, whatever the real ones are: each
 * script is run with several beginnings, one of which wraps. Bytes are a pattern of their position,
 * and are compared wherever they come out.
 *
 *   conf NAME N ...            before anything else, see conf_names in wire_script.c
 *   < FLAGS SEQ[:END] ...      the peer sends; then a round of the engine is run. << : no round
 *   > FLAGS SEQ[:END] ...      the engine has sent. FLAGS: F S R P E W U, and . for ACK; - : any
 *       ack N  win N  sack A-B,C-D  ts VAL ECR  ect  ce  segs N  segsz N  nots
 *                              in expectations only what is given is compared (`sack -`: none)
 *   +N                         so many ms pass, a round each ms;  +Nus in one step
 *   run                        a round
 *   none                       nothing was sent that was not expected already
 *   skip                       whatever was sent is forgotten
 *   write N, read N            the application does, and rings; read compares
 *   wants in|out|none          it sleeps for that
 *   set FLAG, unset FLAG       nodelay cork shut_wr shut_rd quickack keepalive, and rings
 *   wakes N                    it was woken so often since the last such line
 *   in N, freed N, unsent N    what the memory tells it: received, acknowledged, not sent bytes
 *   fin                        CHIM_FLUED_FIN is set
 *   phase NAME, ca NAME        as chim_engine_info() says
 *   cwnd N, pipe N             bytes;  cwnd< N: less
 *   rto N, retrans N           ms; segments
 *   counts NAME N              a member of chim_engine_info()'s traffic
 *   closed N, upload NAME      the engine said so (errno; name of chim_upload)
 *   open                       it said nothing of the kind
 *   close LINGER, abort        the application does; LINGER: ms, or - for none
 *   freeze, thaw               it goes back to the kernel, or stays after all
 *   mtu N, nobufs N            the path's MTU changes; the next N sendings find no buffer
 *   # ...                      what the lines below are about
 */
#ifndef OFFLOAD_CHIMNEY_FAST_WIRE_H
#define OFFLOAD_CHIMNEY_FAST_WIRE_H

#include "offload/chimney/fast/engine.h"
#include "offload/chimney/fast/tcp.h"

enum { WIRE_KEPT = 512, WIRE_RING = 1 << 16 };

/* Something the engine sent. */
struct wire_sent {
	struct chim_seg seg; /* opts point into headers; no pieces */
	struct chim_opts opts;
	uint8_t headers[CHIM_OUT_HEADERS];
	uint16_t segsz;
	uint64_t at;
};

struct wire {
	struct chim_engine *e;
	struct chim_tcp *c;
	struct chim_tcp_state state; /* to begin with */
	struct chim_shm *shm;
	uint32_t snd_size, rcv_size;
	uint32_t local, remote; /* real sequence numbers of byte 0 */
	bool tso, quick;
	uint32_t time_wait_ms;
	uint64_t now;
	struct wire_sent sent[WIRE_KEPT];
	uint32_t n_sent, n_seen;
	uint32_t wakes, nobufs;
	int closed; /* -1: not */
	enum chim_upload upload;
	const char *line; /* being played */
	int number;
};

/* Plays a script with each of the beginnings; fails the test with the line's number. */
void wire_play(const char *script);

/* The parts, for tests that do something else between the lines. local: the number of byte 0. */
void wire_init(struct wire *w, uint32_t local, uint32_t remote);
void wire_begin(struct wire *w); /* the first line does, if nobody did */
void wire_lines(struct wire *w, const char *script);
void wire_end(struct wire *w);

uint8_t wire_byte(uint64_t pos); /* the pattern */
void wire_input(struct wire *w, const struct chim_seg *seg);
void wire_write(struct wire *w, uint32_t len);
void wire_read(struct wire *w, uint32_t len);
#define wire_fail(w, ...) wire_failed((w), __FILE__, __LINE__, __VA_ARGS__)
void wire_failed(const struct wire *w, const char *file, int line, const char *why, ...)
	__attribute__((format(printf, 4, 5), noreturn));

#endif

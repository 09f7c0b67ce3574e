/* SPDX-License-Identifier: BSD-3-Clause */
/* Two TCP sockets over a struct net, and streams between them whose every byte is checked. */
#ifndef OFFLOAD_CHIMNEY_SLOW_TEST_PAIR_H
#define OFFLOAD_CHIMNEY_SLOW_TEST_PAIR_H

#include "offload/chimney/slow/repair.h"
#include "offload/chimney/slow/test_net.h"

enum { PAIR_ROOM = 16 << 20 };

enum pair_kind { PAIR_V4, PAIR_V6, PAIR_MAPPED, PAIR_KINDS, PAIR_LINK_LOCAL = PAIR_KINDS };

struct pair_end {
	int fd;
	uint64_t sent, got; /* bytes of the stream from here, and to here */
	uint64_t limit;	    /* sends so many */
	bool deaf;	    /* does not read */
};

struct pair {
	struct net *net;
	enum pair_kind kind;
	uint16_t port;
	int listener;		/* on side 1 */
	struct pair_end end[2]; /* connected; accepted */
	uint32_t random;
	uint8_t *snd, *rcv; /* PAIR_ROOM each: where a connection's queues are while it is out */
};

/* Connects end 0 (side 0) to end 1 (side 1), both non-blocking. */
void pair_open(struct pair *p, struct net *net, enum pair_kind kind);
void pair_close(struct pair *p);

/* A socket of the kind on that side, connected to the listener or on its way. */
int pair_connect(struct pair *p, int side);

uint32_t pair_random(struct pair *p, uint32_t below);

/* Writes, reads and checks what goes, then lets frames move. Returns how many bytes moved. */
uint64_t pair_step(struct pair *p);
/* Steps until nothing moves. */
void pair_settle(struct pair *p);
/* Steps until both streams have arrived. */
void pair_finish(struct pair *p);

/* Takes that end out, checks what was in its queues against the streams. */
void pair_take(struct pair *p, int end, struct chim_tcp_state *s);
/* The end's application writes so many bytes more while it is out. */
void pair_append(struct pair *p, int end, struct chim_tcp_state *s, uint32_t bytes);
void pair_restore(struct pair *p, int end, const struct chim_tcp_state *s);
/* Out and in again. */
void pair_move(struct pair *p, int end);

#endif

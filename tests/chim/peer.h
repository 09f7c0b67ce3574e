/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection between an end in an engine and a socket of Linux in a namespace, with a bad way
 * between them; both in this thread, in real time. Main thread.
 */
#ifndef TESTS_CHIM_PEER_H
#define TESTS_CHIM_PEER_H

#include "tests/chim/end.h"
#include "tests/chim/tun.h"

struct peer_conf {
	struct link_conf out, in; /* to Linux, to the engine */
	bool v6, no_ts, no_sack, no_wscale, ecn, no_tso;
	const char *cc;	  /* of the engine; NULL: cubic */
	uint32_t ring;	  /* bytes; 0: 4 MiB */
	int linux_rcvbuf; /* 0: as it is */
	uint64_t seed;
};

struct peer {
	struct end end;
	struct link out, in;
	int tun, sock;
	uint64_t sent, got; /* by the socket, bytes of its streams */
	bool sock_eof;
	int sock_error;
	bool bad; /* it read wrong bytes */
};

enum { PEER_STREAM_OUT = 7, PEER_STREAM_IN = 8 };

/* Connects: a handshake by hand, on ports of its own, and the engine goes on. Fails the test. */
void peer_open(struct peer *p, int tun, uint8_t net, const struct peer_conf *conf);
void peer_close(struct peer *p);

/* What there is to do now; waits for it up to wait_ms. */
void peer_step(struct peer *p, int wait_ms);

/* The socket's application. Bytes; 0 when nothing is possible now. */
uint32_t peer_sock_write(struct peer *p, uint32_t len);
uint32_t peer_sock_read(struct peer *p, uint32_t len);

uint64_t peer_now(void);

#endif

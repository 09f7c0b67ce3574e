/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stands in for flued behind the chimney socket, so that what an application loads can be tested
 * alone. The connection stays the kernel's: what is in the send ring is sent on the socket that was
 * offered; what comes is only peeked at (SO_PEEK_OFF, Linux 6.9) and taken when the application
 * has read it, so that the kernel's queue is what was not read at any moment, and giving the
 * connection back is giving up the rings.
 */
#ifndef TESTS_CHIM_STANDIN_H
#define TESTS_CHIM_STANDIN_H

#include "api/chim_msg.h"
#include "api/chim_shm.h"

#include <stdbool.h>
#include <stdint.h>

struct app;

struct conn {
	struct app *app;
	uint32_t no;
	int sock, wake;
	struct chim_shm *shm;
	uint64_t bytes;
	uint64_t taken; /* of what was received, out of the kernel */
	bool ended;	/* our FIN was given to the kernel */
	bool over;	/* the peer's was seen, or an error */
	bool closing;	/* the application closed it: the rest is sent */
	uint32_t linger_ms;
	uint64_t next_upload_ns;
};

struct app {
	int link, bell; /* the socket; the eventfd */
	struct chim_bells *bells;
	struct conn *conns[CHIM_APP_CONNS];
	struct app *next;
};

struct options {
	uint32_t ring;	    /* bytes */
	uint32_t upload_ms; /* give each connection back that often; 0: never */
	bool random;	    /* at random times around that */
	uint32_t refuse;    /* so many first offers are refused, for 1 ms */
	uint32_t again_ms;  /* an upload says: offer again after this */
};
extern struct options options;
extern int standin_events; /* the epoll set it waits in */

/* conn.c */
struct conn *conn_new(struct app *a, uint32_t no, int sock, int fds[2]);
bool conn_pump(struct conn *c); /* moves what can be moved; false: it is done with and freed */
void conn_free(struct conn *c);
/* Freezes it and gives it back. Returns what UPLOADED says in `reason`; it is not freed. */
int conn_upload(struct conn *c, int reason, bool asked);

uint64_t now_ns(void);

/* A system call failed that never does. */
void stand_die(const char *where, int line);
#define die() stand_die(__FILE__, __LINE__)

#endif

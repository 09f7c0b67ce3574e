/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The application's end of flued's chimney socket (api/chim_msg.h): offers, uploads, closes, and
 * the bells of flued's workers.
 *
 * There is no thread of its own: whoever waits for an answer reads the socket, for the others too.
 * A link whose flued has gone is dead for good; its connections are lost, and a new link is opened
 * for new ones.
 */
#ifndef OFFLOAD_CHIMNEY_SHIM_LINK_H
#define OFFLOAD_CHIMNEY_SHIM_LINK_H

#include "api/chim_msg.h"
#include "api/chim_shm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct chim_conn;

struct chim_offer {
	uint64_t cookie;
	bool answered;
	struct chim_conn *conn; /* accepted: held for who offered */
	int32_t reason;		/* else: enum chim_refusal, or a negative errno */
	uint32_t retry_ms;
	uint64_t retry_bytes;
	struct chim_offer *next;
};

struct chim_link {
	_Atomic uint32_t refs;
	int fd;
	_Atomic bool dead;
	uint32_t n_workers;
	struct chim_bells *bells;
	int worker_fd[CHIM_BELL_WORKERS];

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t answered;
	bool led; /* somebody reads the socket */
	uint64_t cookie;
	struct chim_offer *offers;
	struct chim_conn *conns[CHIM_APP_CONNS];
};

/* Called for each descriptor the library takes for itself (mine) and gives up again: the preload
 * library hides them from the application. NULL: nobody is told. Set before the first link. */
extern void (*chim_fd_claim)(int fd, bool mine);

/* Moves a descriptor above those the application expects to get, close-on-exec. The new one, or a
 * negative errno; fd is closed either way. */
int chim_fd_high(int fd);
void chim_fd_close(int fd); /* of one that was moved; -1: nothing */

/* Connects to flued. path: NULL for $FLUE_CHIMNEY_SOCKET or CHIM_SOCKET_PATH. On success *link is
 * held once. 0; -ENOENT, -ECONNREFUSED (flued does not run), -EACCES, -EPROTO (it speaks another
 * version or contradicts itself), -ETIMEDOUT, -ENOMEM or another negative errno. Any thread. */
int chim_link_open(const char *path, struct chim_link **link);
void chim_link_hold(struct chim_link *link);
void chim_link_drop(struct chim_link *link);

/* Offers a connected socket and waits for the answer, which is in o. While it waits nobody may use
 * the socket. 0: answered (o->conn is NULL if it was refused); -ECONNRESET: flued went away or
 * answered nothing for 10 s. Any thread. */
int chim_link_offer(struct chim_link *link, int sock, struct chim_offer *o);

/* Says something about connection conn. 0 or a negative errno; the link is dead then. */
int chim_link_say(struct chim_link *link, uint32_t type, uint32_t conn, int32_t reason,
		  uint32_t ms);

/* Reads what flued said, without waiting. */
void chim_link_look(struct chim_link *link);

/* Waits until done(arg), which is called with the lock held; at most timeout_ms, -1: for ever.
 * 0; -ETIMEDOUT; -ECONNRESET: the link is dead and done() is still false. Signals are not looked
 * at: flued answers within milliseconds. */
int chim_link_wait(struct chim_link *link, bool (*done)(void *arg), void *arg, int timeout_ms);

/* Rings a worker's bell for connection conn: it looks at the indices and flags soon. */
void chim_link_ring(struct chim_link *link, uint32_t worker, uint32_t conn);

/* In the child of a fork: lets go of everything without a word to flued. */
void chim_link_forget(struct chim_link *link);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection that flued runs, as the application holds it: the shared memory of
 * api/chim_shm.h and what the application must remember beside it.
 *
 * It goes through these states once and never back: CHIM_RUNS, while flued may freeze it; then
 * CHIM_BACK, the kernel's socket is the connection again, or CHIM_LOST, nobody has it any more.
 * What is mapped stays mapped until the last hold is dropped, so that a thread that still copies
 * never touches memory that is gone.
 *
 * Functions return 0 or a negative errno, and CHIM_MOVED when the kernel has the connection and
 * must be asked instead. Any thread.
 */
#ifndef OFFLOAD_CHIMNEY_SHIM_CONN_H
#define OFFLOAD_CHIMNEY_SHIM_CONN_H

#include "api/chim_shm.h"
#include "offload/chimney/shim/link.h"
#include "offload/chimney/state.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { CHIM_MOVED = -4096 };

enum chim_conn_state { CHIM_RUNS, CHIM_BACK, CHIM_LOST };

enum chim_want { CHIM_IN = 1, CHIM_OUT = 2 };

struct chim_conn {
	_Atomic uint32_t refs;
	struct chim_link *link;
	struct chim_shm *shm;
	size_t bytes;
	uint8_t *snd, *rcv; /* the rings */
	uint32_t snd_size, rcv_size, no, worker;
	int fd; /* its eventfd */

	_Atomic int state;	  /* enum chim_conn_state */
	_Atomic int lost;	  /* CHIM_LOST: the errno */
	_Atomic int back_reason;  /* CHIM_BACK: enum chim_upload */
	uint32_t retry_ms;	  /* CHIM_BACK: when it may be offered again; 0: never */
	_Atomic bool error_taken; /* the application was told */
	_Atomic bool asked;	  /* an upload was asked for */
	_Atomic bool shut_rd, shut_wr;

	pthread_mutex_t snd_lock, rcv_lock; /* one each way: who copies */
	uint64_t snd_head, rcv_tail;	    /* as in shm, which others can spoil */
	uint64_t rung_tail;		    /* rcv_tail as flued was told last */

	_Atomic int waits_in, waits_out; /* who sleeps, or watches in an epoll set */
	_Atomic int edges;		 /* edge-triggered watches: CHIM_APP_WAIT_IN stays set */
	_Atomic bool edge_out;		 /* one of them met a full ring */
	_Atomic int spin;		 /* how well looking again and again went lately */
};

/* Takes over what ACCEPTED brought. The new one is held once, for who offered. -EPROTO: it
 * contradicts itself. With the link's lock held. */
struct chim_heard;
int chim_conn_new(struct chim_link *link, struct chim_heard *h, struct chim_conn **out);
void chim_conn_hold(struct chim_conn *c);
void chim_conn_drop(struct chim_conn *c);

/* What came from flued: with the link's lock held. */
void chim_conn_lost(struct chim_conn *c, int error);
struct chim_msg;
void chim_conn_uploaded(struct chim_conn *c, const struct chim_msg *m);

/* flued froze it: waits until it is known where it is. 0: it runs (or is lost, which looks like
 * an error of the connection); CHIM_MOVED. */
int chim_conn_settle(struct chim_conn *c);

/* Has it back in the kernel. 0: it is there; -ECONNRESET or another errno: it is lost. */
int chim_conn_upload(struct chim_conn *c, enum chim_upload reason);

/* The application needs it no more. linger_ms as in api/chim_msg.h. */
void chim_conn_close(struct chim_conn *c, uint32_t linger_ms);

/* flued's flags, as they are or, of a lost one, as they must look. */
uint32_t chim_conn_flags(const struct chim_conn *c);

/* The connection's error, told once as SO_ERROR tells it; 0: none, or it was told already. */
int chim_conn_error(struct chim_conn *c);

/* Bytes that can be taken out, and put in, now. */
static inline uint64_t chim_conn_inq(const struct chim_conn *c)
{
	uint64_t n = atomic_load_explicit(&c->shm->rcv_head, memory_order_acquire) -
		     atomic_load_explicit(&c->shm->rcv_tail, memory_order_relaxed);

	return n <= c->rcv_size ? n : 0;
}

static inline uint64_t chim_conn_outq(const struct chim_conn *c)
{
	uint64_t n = atomic_load_explicit(&c->shm->snd_head, memory_order_relaxed) -
		     atomic_load_explicit(&c->shm->snd_tail, memory_order_acquire);

	return n <= c->snd_size ? n : c->snd_size;
}

static inline uint64_t chim_conn_room(const struct chim_conn *c)
{
	return c->snd_size - chim_conn_outq(c);
}

/* As poll(2) says it of a TCP socket: POLLIN POLLOUT POLLRDHUP POLLHUP POLLERR. lowat:
 * SO_RCVLOWAT. */
uint32_t chim_conn_ready(const struct chim_conn *c, uint32_t lowat);

void chim_conn_ring(struct chim_conn *c);			 /* flued looks at it soon */
void chim_conn_set(struct chim_conn *c, uint32_t flag, bool on); /* CHIM_APP_*; and rings */

#endif

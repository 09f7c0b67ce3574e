/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this room share: the front end's object, and how it talks. */
#ifndef HV_CORE_VHOST_VU_H
#define HV_CORE_VHOST_VU_H

#include "hv-core/vhost/front.h"
#include "hv-core/vhost/msg.h"

#include <pthread.h>
#include <stdatomic.h>

#define HV_VU_NS_PER_S	  1000000000ull
#define HV_VU_NEGOTIATION (1 * HV_VU_NS_PER_S) /* how long the main loop may be held up */
#define HV_VU_ORDERS	  (2 * HV_VU_NS_PER_S) /* starting or stopping all rings, in all */

struct hv_vu {
	/* Constant after hv_vu_new(). */
	struct event_base *loop;
	const struct hv_vu_ops *ops;
	void *self;
	char path[108]; /* "": only the descriptor that was handed in */
	enum hv_vu_mode mode;
	uint64_t mask; /* of features */
	unsigned int queues_max;
	uint16_t mtu_told;
	unsigned int reconnect_ms;
	int (*dial)(void *arg);
	void *dial_arg;

	/* The main thread's. */
	int listener; /* SERVE */
	int given;    /* CONNECT: a connected socket that was handed in, until it is used */
	struct event *accept_ev, *retry_ev, *read_ev, *back_ev, *fault_ev;
	unsigned int failures; /* in a row, since a back end was there */
	bool dialing;	       /* asked, not answered */
	bool waiting_said;
	bool bound; /* the socket's file is ours */

	/* Under the lock, as is what is sent and received. */
	pthread_mutex_t lock;
	int fd, back; /* the connection; our end of the back end's own channel. -1: none */
	int faults;   /* an eventfd that the back end signals when it cannot serve a ring */
	bool broken;  /* to be dropped by the loop; why says what it did */
	char why[384];
	uint64_t protocol;    /* features of it that both have */
	uint64_t deadline_ns; /* of what is being said */

	/* What the back end said. Written with the lock held, read without. */
	_Atomic bool connected;
	_Atomic uint64_t offered;
	_Atomic unsigned int queue_pairs, mtu;

	bool running;
	uint64_t features;
	struct hv_vu_ring ring[HV_VU_RINGS];
	unsigned int rings;

	/* Kept when the back end goes, for its successor: the record of buffers in flight. */
	int record_fd;
	struct hv_vu_record record;

	/* The dirty log. */
	int log_fd;
	uint8_t *log;
	uint64_t log_bytes, log_words; /* of the file; that have bits */
};

/* All of these: lock held. What fails marks the connection as broken, once, and shuts it down, so
 * that the loop sees it. */

/* Sends, and where the back end acknowledges (and `ack`), waits for its yes. */
int hv_vu_tell(struct hv_vu *v, struct hv_vu_msg *m, const int *fd, unsigned int n_fds, bool ack,
	       struct err *e);
/* Sends, and receives an answer into m. *fd: what came with it, the caller's; *n_fds: how many. */
int hv_vu_ask(struct hv_vu *v, struct hv_vu_msg *m, int *fd, unsigned int *n_fds, struct err *e);
int hv_vu_ask_u64(struct hv_vu *v, enum hv_vu_request r, uint64_t *value, struct err *e);
/* Gives up the connection for that reason; returns e->code. */
int hv_vu_give_up(struct hv_vu *v, const struct err *e);

/* What does it offer? Right after the connection. */
int hv_vu_negotiate(struct hv_vu *v, struct err *e);

/* The record of buffers in flight: asks for one where there is none that fits, and hands it over.
 */
int hv_vu_record_give(struct hv_vu *v, const struct hv_vu_ring *ring, unsigned int rings,
		      struct err *e);
void hv_vu_record_drop(struct hv_vu *v);

/* Hands the dirty log over where it is on. */
int hv_vu_log_give(struct hv_vu *v, struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An offloaded connection, as main and the worker that runs it share it. Each field belongs to one
 * of them; what passes between them passes by mail (mail.h).
 */
#ifndef OFFLOAD_CHIMNEY_RUN_CONN_H
#define OFFLOAD_CHIMNEY_RUN_CONN_H

#include "offload/chimney/fast/engine.h"
#include "offload/chimney/run/mail.h"
#include "offload/chimney/run/mem.h"

#include <stdint.h>

/* What main asks of the worker. Carried out in this order where several were posted. */
enum chim_ask {
	CHIM_ASK_START = 1 << 0,   /* state and rings are there: run it. Answer: STARTED, FAILED */
	CHIM_ASK_UPDATE = 1 << 1,  /* want_* below changed. Answer: UPDATED */
	CHIM_ASK_THAW = 1 << 2,	   /* the upload did not succeed: go on */
	CHIM_ASK_FREEZE = 1 << 3,  /* stand still and dump. Answer: DUMPED, STUCK or CLOSED */
	CHIM_ASK_CLOSE = 1 << 4,   /* the application closed it. Answer, later: CLOSED */
	CHIM_ASK_INFO = 1 << 5,	   /* answer: INFO */
	CHIM_ASK_DELIVER = 1 << 6, /* want_frame goes to the kernel as from the peer. No answer */
	CHIM_ASK_STOP = 1 << 7,	   /* forget it. Answer: STOPPED, the last one */
	CHIM_ASK_QUOTES = 1 << 8,  /* did it send quoted_seq? Answer: QUOTED */
	CHIM_ASK_TAP = 1 << 9,	   /* copy into want_tap, and nowhere else. Answer: TAPPED */
};

/* What the worker says. */
enum chim_say {
	CHIM_SAY_STARTED = 1 << 0,
	CHIM_SAY_FAILED = 1 << 1, /* error: a negative errno; it does not run */
	CHIM_SAY_DUMPED = 1 << 2, /* state is what it was frozen with; still frozen */
	CHIM_SAY_STUCK = 1 << 3,  /* the application kept copying, or lied: error says which */
	CHIM_SAY_WISH = 1 << 4,	  /* the engine wishes an upload: wish */
	CHIM_SAY_CLOSED = 1 << 5, /* reset, or both sides closed it */
	CHIM_SAY_INFO = 1 << 6,
	CHIM_SAY_STOPPED = 1 << 7,
	CHIM_SAY_UPDATED = 1 << 8,
	CHIM_SAY_QUOTED = 1 << 9, /* quotes: an ICMP error may be meant for it */
	CHIM_SAY_TAPPED =
		1 << 10, /* want_tap is in use; a tap that was before it is not any more */
};

enum { CHIM_FRAME_ROOM = 128 };

struct chim_lane;
struct chim_tap;

struct chim_conn {
	/* Constant once it was started. */
	struct chim_lane *lane;
	struct chim_mem mem;
	int event_fd;	 /* the application waits on it */
	uint32_t number; /* among the application's */
	uint16_t port;	 /* where its frames come from, as the switch sees it */
	uint16_t bridge;
	_Atomic(struct chim_conn *) *slot; /* where the worker finds it by its number */

	struct chim_mail ask, say;

	/* Whose turn it is: main's before START and after what answers it. */
	struct chim_tcp_state state;
	int error;
	_Atomic enum chim_upload wish; /* the latest */
	struct chim_tcp_info info;
	bool quotes;

	/* Main writes before it asks. */
	uint8_t want_eth[18]; /* the Ethernet header of what it sends */
	uint8_t want_eth_len;
	uint16_t want_mtu;
	uint32_t quoted_seq;
	bool want_abort;
	uint32_t want_linger_ms;
	uint8_t want_frame[CHIM_FRAME_ROOM]; /* an Ethernet frame without tag, of want_frame_len
						bytes */
	uint16_t want_frame_len;
	struct chim_tap *want_tap; /* NULL: none. Not to be changed before the answer */

	/* The worker's. */
	struct chim_tcp *tcp; /* NULL: it does not run */
	struct chim_tap *tap; /* who looks on; NULL: nobody */
	uint8_t eth[18];
	uint8_t eth_len;
	struct chim_conn *next_frozen;
	uint64_t frozen_until;
	bool dumping;
	uint64_t bad_csum;
	uint64_t odd_ns; /* when main was asked last to take it back because of odd segments */
	/* Where its peer's packets come from, and in which VLAN. Main says so at first. */
	uint16_t peer_port, peer_vlan;

	void *user; /* main's */
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory that flued shares with an application whose TCP connections it runs: for each
 * connection two rings and a page of control, for each application one set of bells.
 *
 * Each is a memfd of its own, sealed against shrinking, made by flued and handed over with
 * chim_msg.h. Everything the application can write is untrusted: flued keeps copies of every index
 * and believes a new one only if it lies where it may (chim_ring_check()).
 *
 * Positions are counts of bytes since the connection was offloaded and never wrap; the byte at
 * position p lies at offset p & (size - 1) of its ring.
 */
#ifndef API_CHIM_SHM_H
#define API_CHIM_SHM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	CHIM_SHM_MAGIC = 0x4d494843, /* "CHIM" */
	CHIM_SHM_VERSION = 1,
	CHIM_SHM_PAGE = 4096,
	CHIM_RING_MIN = 1 << 16,
	CHIM_RING_MAX = 1 << 26,
	CHIM_APP_CONNS = 4096, /* connections of one application */
	CHIM_BELL_WORKERS = 16,
};

/* Set by the application. */
enum chim_app_flag {
	CHIM_APP_WAIT_IN = 1 << 0,  /* tell me when there is something to read, or the end */
	CHIM_APP_WAIT_OUT = 1 << 1, /* tell me when there is room again */
	CHIM_APP_SHUT_WR = 1 << 2,  /* FIN behind what was written */
	CHIM_APP_SHUT_RD = 1 << 3,  /* what arrives is thrown away */
	CHIM_APP_NODELAY = 1 << 4,
	CHIM_APP_CORK = 1 << 5,
	CHIM_APP_QUICKACK = 1 << 6,
	CHIM_APP_KEEPALIVE = 1 << 7,
};

/* Set by flued. */
enum chim_flued_flag {
	CHIM_FLUED_FIN = 1 << 0,    /* the peer ended: end of file behind rcv_head */
	CHIM_FLUED_ERROR = 1 << 1,  /* the connection is gone; `error` says why */
	CHIM_FLUED_FROZEN = 1 << 2, /* it is going back to the kernel: touch nothing, wait for
				     * CHIM_MSG_UPLOADED */
};

/* What TCP_INFO and flow show tell; flued writes it a few times a second at most. */
struct chim_shm_info {
	_Atomic uint32_t seq; /* odd while it is written */
	uint32_t rtt_us, rttvar_us, min_rtt_us, rto_us;
	uint32_t cwnd, ssthresh, snd_wnd, rcv_wnd; /* cwnd, ssthresh: segments; windows: bytes */
	uint32_t mss, rcv_mss, pmtu;
	uint32_t unacked, sacked, lost, retrans, reordering; /* segments now */
	uint32_t total_retrans, state; /* state: TCP_ESTABLISHED ... as in linux/tcp.h */
	uint64_t bytes_acked, bytes_received, segs_out, segs_in, bytes_retrans;
	uint64_t delivery_rate; /* bytes a second */
	uint8_t options;	/* TCPI_OPT_* */
	uint8_t snd_wscale, rcv_wscale, ca_state;
	uint32_t last_data_sent_ms, last_data_recv_ms; /* before info was written */
};

/* The first page of a connection's memory. */
struct chim_shm {
	/* Constant, written before the application sees it. */
	uint32_t magic, version;
	uint32_t conn;		     /* its number among the application's, 0..CHIM_APP_CONNS-1 */
	uint32_t worker;	     /* whose bell is to be rung */
	uint32_t snd_size, rcv_size; /* bytes of each ring, powers of two */
	uint64_t snd_off, rcv_off;   /* where they lie in this memory */
	uint64_t bytes;		     /* of the whole */
	uint8_t pad0[16];

	/* Written by the application. snd_busy and rcv_busy are not zero while it copies: set
	 * first, then CHIM_FLUED_FROZEN is looked at (both sequentially consistent), so that a
	 * connection that is frozen and not busy stands still. */
	_Atomic uint64_t snd_head; /* bytes put into the send ring */
	_Atomic uint64_t rcv_tail; /* bytes taken out of the receive ring */
	_Atomic uint32_t app_flags;
	_Atomic uint32_t snd_busy, rcv_busy;
	uint8_t pad1[36];

	/* Written by flued. */
	_Atomic uint64_t snd_tail; /* bytes acknowledged by the peer: their room is free */
	_Atomic uint64_t rcv_head; /* bytes received in order */
	_Atomic uint32_t flued_flags;
	_Atomic int32_t error;	   /* errno, as SO_ERROR would tell; 0: none */
	_Atomic uint64_t snd_sent; /* bytes sent at least once (SIOCOUTQNSD) */
	uint8_t pad2[32];

	struct chim_shm_info info;
};

_Static_assert(sizeof(struct chim_shm_info) == 144, "laid out alike on both sides");
_Static_assert(__builtin_offsetof(struct chim_shm, snd_head) == 64, "lines do not mix");
_Static_assert(__builtin_offsetof(struct chim_shm, snd_tail) == 128, "lines do not mix");
_Static_assert(__builtin_offsetof(struct chim_shm, info) == 192, "laid out alike on both sides");
_Static_assert(sizeof(struct chim_shm) <= CHIM_SHM_PAGE, "one page");

/* One worker's bell: which of the application's connections want to be looked at. The application
 * sets the connection's bit, then the bit of its word; and when the worker is asleep it writes to
 * the worker's eventfd. flued takes words out with an exchange. */
struct chim_bell {
	_Atomic uint64_t words;	 /* bit w: bits[w] is not zero */
	_Atomic uint32_t asleep; /* flued: write to the eventfd after ringing */
	uint8_t pad[52];
	_Atomic uint64_t bits[CHIM_APP_CONNS / 64];
};

struct chim_bells {
	uint32_t magic, version;
	uint32_t n_workers;
	uint8_t pad[52];
	struct chim_bell bell[CHIM_BELL_WORKERS];
};

_Static_assert(sizeof(struct chim_bell) == 576, "laid out alike on both sides");
_Static_assert(sizeof(struct chim_bells) == 64 + 16 * 576, "laid out alike on both sides");

/* May the other side's index be believed? `mine` is the index this side moves, `last` what the
 * other side said before. Of the send ring, for flued: head moves on and stays within a ring of
 * tail. */
static inline bool chim_ring_head_ok(uint64_t head, uint64_t last, uint64_t tail, uint32_t size)
{
	return head >= last && head - tail <= size;
}

/* Of the receive ring, for flued: tail moves on and does not overtake head. */
static inline bool chim_ring_tail_ok(uint64_t tail, uint64_t last, uint64_t head)
{
	return tail >= last && tail <= head;
}

#endif

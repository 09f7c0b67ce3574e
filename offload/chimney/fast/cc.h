/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control: CUBIC (RFC 9438) and NewReno (RFC 5681), both with HyStart++ (RFC 9406) in
 * their first slow start. Windows are bytes, so that acknowledgments of whole units and of small
 * segments count for what they are. Integer arithmetic only.
 *
 * What the caller does: it says when an acknowledgment, a loss, a timeout or a mark came, and keeps
 * cwnd during a fast recovery itself (prr.h). How losses are found is not this file's matter.
 *
 *   open      chim_cc_ack() for each acknowledgment of something new
 *   recovery  chim_cc_loss() at its begin; cwnd is the caller's (PRR); chim_cc_recovered() at its
 *             end, or chim_cc_undo() if it was spurious
 *   loss      chim_cc_rto(); chim_cc_ack() goes on (slow start up to ssthresh); chim_cc_undo() if
 *             it was spurious
 *   ECN       chim_cc_ecn(), at most once a round trip
 *
 * All functions: the worker.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_CC_H
#define OFFLOAD_CHIMNEY_FAST_CC_H

#include <stdbool.h>
#include <stdint.h>

enum chim_cc_kind { CHIM_CC_CUBIC, CHIM_CC_RENO };

enum chim_cc_slow_start {
	CHIM_SS_HYSTART, /* looking for a delay that grows */
	CHIM_SS_CSS,	 /* RFC 9406: conservative slow start */
	CHIM_SS_PLAIN,	 /* after the first slow start */
};

enum { CHIM_CC_MAX = 1 << 30 }; /* cwnd, bytes, at most */

struct chim_cc {
	uint32_t cwnd, ssthresh; /* bytes; ssthresh UINT32_MAX: none yet */
	uint32_t mss;		 /* payload of a full segment, options taken off */
	uint8_t kind;		 /* enum chim_cc_kind */
	uint8_t slow_start;	 /* enum chim_cc_slow_start */
	bool epoch_set;		 /* CUBIC: a congestion avoidance stage runs */
	bool fresh;		 /* ... the next is not one after a fast recovery: K is 0 */

	/* CUBIC; times are in 1/1024 s and wrap. */
	uint32_t epoch;	     /* when the stage began; later, by time that was not used */
	uint32_t last;	     /* the last acknowledgment */
	uint32_t w_max;	     /* bytes */
	uint32_t k;	     /* 1/1024 s */
	uint32_t w_est;	     /* bytes: what Reno would have */
	uint32_t cwnd_prior; /* at the last reduction */
	uint32_t est_rest;   /* what remained of divisions by cwnd */
	uint32_t grow_rest;

	/* To be put back if a reduction was spurious (RFC 9438 4.9); undo_cwnd 0: nothing. */
	uint32_t undo_cwnd, undo_ssthresh, undo_w_max, undo_k, undo_w_est, undo_epoch;

	/* HyStart++ */
	uint32_t round_end;		       /* sequence number */
	uint32_t last_rtt, round_rtt, css_rtt; /* minima, us; UINT32_MAX: none */
	uint8_t samples, css_rounds;
	bool undo_epoch_set;
};
_Static_assert(sizeof(struct chim_cc) <= 96, "there may be many");

/* What an acknowledgment brought. */
struct chim_cc_ack {
	uint64_t now;	/* ns */
	uint32_t acked; /* bytes newly acknowledged (snd_una's advance); SACKed ones if the caller
			 * counts them when they are SACKed, and then not again */
	uint32_t una, nxt; /* after it: snd_una and snd_nxt */
	uint32_t rtt_us;   /* this one's sample; 0: none */
	uint32_t srtt_us;  /* 0: not known */
	bool cwnd_limited; /* cwnd, not the application or the peer's window, kept more from being
			    * sent in the last round; else cwnd does not grow (RFC 7661) */
};

/* cwnd, ssthresh in bytes; 0: not known: the initial window (RFC 6928), and none. nxt: snd_nxt. */
void chim_cc_init(struct chim_cc *cc, enum chim_cc_kind kind, uint32_t mss, uint32_t cwnd,
		  uint32_t ssthresh, uint32_t nxt, uint64_t now);

/* RFC 6928: ten segments, or less of large ones; bytes. */
uint32_t chim_cc_initial(uint32_t mss);

/* The path's MTU changed: cwnd keeps its segments if they become smaller, else its bytes. */
void chim_cc_set_mss(struct chim_cc *cc, uint32_t mss);

void chim_cc_ack(struct chim_cc *cc, const struct chim_cc_ack *a);

/* A fast recovery begins. flight: bytes in flight, SACKed ones too (snd_nxt - snd_una). Sets
 * ssthresh, remembers what is to be undone, leaves cwnd alone. */
void chim_cc_loss(struct chim_cc *cc, uint32_t flight, uint64_t now);

/* It ends: cwnd = ssthresh (RFC 6582 3.2 step 3, RFC 9937). */
void chim_cc_recovered(struct chim_cc *cc);

/* The retransmission timer expired: cwnd becomes one segment. first: no other timeout came before
 * it for the same data, so ssthresh is reduced as well (RFC 5681 3.1); in_recovery: chim_cc_loss()
 * had done so already for this window. */
void chim_cc_rto(struct chim_cc *cc, uint32_t flight, bool first, bool in_recovery, uint64_t now);

/* The peer reports congestion (RFC 3168 6.1.2): cwnd = ssthresh = reduced, at once. */
void chim_cc_ecn(struct chim_cc *cc, uint32_t flight, uint64_t now);

/* The last reduction was spurious: cwnd and the rest as before it, cwnd not less than now. Nothing
 * to undo: no effect. */
void chim_cc_undo(struct chim_cc *cc);

/* Nothing more can be undone: the data of the reduction was really lost. */
static inline void chim_cc_forget(struct chim_cc *cc)
{
	cc->undo_cwnd = 0;
}

/* About to send after idle_ns without anything in flight: RFC 2861 and 7661: cwnd halves for each
 * rto_ns down to the initial window, ssthresh keeps three quarters; CUBIC's clock stands still for
 * the time. */
void chim_cc_idle(struct chim_cc *cc, uint64_t idle_ns, uint64_t rto_ns);

static inline bool chim_cc_in_slow_start(const struct chim_cc *cc)
{
	return cc->cwnd < cc->ssthresh;
}

/* "cubic", "reno". */
const char *chim_cc_name(enum chim_cc_kind kind);

/* From a socket's TCP_CONGESTION; what is not known is CUBIC. */
enum chim_cc_kind chim_cc_kind(const char *name);

#endif

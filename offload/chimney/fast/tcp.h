/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection as the engine's files know it, and what they offer each other. Private to the room.
 *
 *	engine.c	slots, marks, the round, the timers' glue
 *	tcp_start.c	state in, state out
 *	tcp_input.c	what a segment is: accepted, old, an attack
 *	tcp_data.c	payload and FIN
 *	tcp_ooo.c	data out of order
 *	tcp_order.c	what was reordered, and written at a time: counted
 *	tcp_ack.c	acknowledgments
 *	tcp_loss.c	RACK, TLP, recovery
 *	tcp_output.c	what may be sent
 *	tcp_send.c	how one thing is sent
 *	tcp_timer.c	what happens when a time has come
 *	tcp_close.c	the ways to end
 *	rings.c		the application's memory
 *
 * All functions: the worker that owns the engine. A sequence number of data and a position in a
 * ring belong together: snd_una and snd_tail, snd_nxt and snd_sent, rcv_nxt and rcv_head.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_TCP_H
#define OFFLOAD_CHIMNEY_FAST_TCP_H

#include "offload/chimney/fast/cc.h"
#include "offload/chimney/fast/engine.h"
#include "offload/chimney/fast/flight.h"
#include "offload/chimney/fast/hdr.h"
#include "offload/chimney/fast/opts.h"
#include "offload/chimney/fast/prr.h"
#include "offload/chimney/fast/rtt.h"
#include "offload/chimney/fast/seq.h"
#include "offload/chimney/fast/wheel.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)
#define NEVER	  UINT64_MAX

enum {
	TCP_RCV_LEAST = 1 << 20, /* of the window, if the ring has it */
	TCP_DELACK_MS = 40,
	TCP_CORK_MS = 200, /* tcp(7): what is corked waits no longer */
	TCP_TIME_WAIT_MS = 60000,
	TCP_FIN_WAIT_2_MS = 60000, /* of a connection nobody has any more */
	TCP_RETRIES = 15,	   /* RFC 1122 4.2.3.5: R2 */
	TCP_RETRIES_UPLOAD = 8,	   /* from then on the kernel is to wait */
	TCP_QUICK_ACKS = 8,
	TCP_DUP_THRESH = 3,
	TCP_REORDERING_MAX = 16, /* quarters of the least RTT that RACK waits at most */
	TCP_CHALLENGES = 10,	 /* a second: RFC 5961 7 */
	TCP_OOO_RANGES = 32,
	TCP_RECENT = 4,
	TCP_RUN_BYTES = 256 << 10, /* sent for one connection before the next one's turn */
	TCP_PATIENCE_MS = 2,	   /* for an answer before it goes back, if not two round trips */
	TCP_TS_AHEAD_MS = 10000,   /* as far as Linux lets a paced segment wait */
	TCP_TELL_MS = 250,	   /* between two updates of shm->info */
};

enum chim_phase {
	PHASE_ESTAB,
	PHASE_CLOSE_WAIT,
	PHASE_FIN_WAIT_1,
	PHASE_FIN_WAIT_2,
	PHASE_CLOSING,
	PHASE_LAST_ACK,
	PHASE_TIME_WAIT,
	PHASE_CLOSED,
};

/* Congestion, RFC 5681 and 6582. */
enum chim_tcp_ca { CA_OPEN, CA_CWR, CA_RECOVERY, CA_LOSS };

/* What is to be done in the next round. */
enum chim_tcp_mark {
	MARK_OUT = 1 << 0,   /* see whether something may be sent */
	MARK_ACK = 1 << 1,   /* an acknowledgment is due now */
	MARK_RINGS = 1 << 2, /* the application moved something */
};

/* What the surroundings are told at the end of a round. */
enum chim_tcp_event {
	EVENT_IN = 1 << 0,
	EVENT_OUT = 1 << 1,
	EVENT_END = 1 << 2, /* wake, whatever it waits for */
	EVENT_UPLOAD = 1 << 3,
	EVENT_CLOSED = 1 << 4,
};

/* What kept data from being sent. */
enum chim_tcp_limit { LIMIT_APP, LIMIT_CWND, LIMIT_WND };

struct chim_tcp {
	/* Where it is. */
	struct chim_tcp *next_marked, *next_event;
	struct chim_shm *shm;
	uint8_t *snd_ring, *rcv_ring;
	void *user;
	uint32_t snd_mask, rcv_mask; /* size - 1 */
	uint8_t phase, marks, events, ca, limit;
	uint8_t app_flags;	   /* as last seen */
	uint8_t upload;		   /* enum chim_upload: wished for last */
	uint16_t asked;		   /* bits of reasons it was ever wished for */
	uint8_t flags, flags_said; /* flued_flags; as published */
	bool queued, queued_event;
	bool used, frozen, halted; /* halted: stands still until it is uploaded */
	bool orphan;		   /* the application closed it */
	bool discard;		   /* SHUT_RD: what arrives is thrown away */
	bool fin_wanted, fin_sent, fin_acked;
	bool has_rcv_fin; /* the peer's FIN is known, at rcv_fin */

	/* Receiving. */
	uint32_t rcv_nxt, rcv_wup; /* rcv_wup: rcv_nxt when it was acknowledged last */
	uint32_t rcv_edge;	   /* the right edge of the window that was announced */
	uint32_t rcv_most;	   /* bytes of the ring that are used */
	uint32_t rcv_fin;
	uint64_t rcv_head, rcv_tail, rcv_said; /* positions; said: published */
	uint32_t ts_recent;
	uint32_t ts_recent_ms; /* when it was set; RFC 7323 5.5 */
	uint16_t rcv_mss;      /* the largest segment seen */
	bool ts_recent_valid;
	uint8_t quick;	  /* segments that are acknowledged at once */
	uint8_t ack_segs; /* not acknowledged yet; stops at 255 */
	bool pingpong;	  /* what we send answers what we get */
	bool pushed;	  /* ... and the last had PSH */
	bool ecn_demand;  /* ECE until CWR comes */
	uint8_t n_ooo;
	uint32_t ooo; /* ranges of data behind a hole: records of the pool, in order */
	uint32_t recent[TCP_RECENT]; /* a sequence number of each range, the latest first */
	struct chim_sack dsack;
	bool has_dsack;
	bool high_ts_valid;
	uint32_t high, high_ts; /* the end of what was received farthest; its TSval */
	uint64_t hole_ns;	/* since when something is missing before that */

	/* Sending. */
	bool nodelay, cork, keepalive;
	bool corked;	   /* persist_due is for what cork keeps */
	bool cwr_pending;  /* ECN: say CWR with the next new data */
	bool cwnd_limited; /* at cwnd_limited_seq */
	bool may_sack, may_ts, may_ecn;
	uint8_t snd_wscale, rcv_wscale;
	uint16_t mss; /* payload of a segment without options, path included */
	uint16_t ipid;
	uint32_t snd_una, snd_nxt, snd_wnd, snd_wl1, max_window;
	uint32_t snd_small; /* the end of the last segment that was not full (Minshall) */
	uint32_t cwnd_limited_seq;
	uint32_t peak, peak_seq; /* the most that was in flight in the last round trip, until
				  * peak_seq is acknowledged */
	uint64_t snd_tail, snd_sent, snd_head; /* positions */
	uint64_t snd_said, sent_said;	       /* published */
	uint32_t ts_offset;
	uint32_t notsent_lowat;
	struct chim_flight flight;
	struct chim_cc cc;
	struct chim_rtt rtt;

	/* Losses. */
	uint32_t recover; /* recovery, loss or CWR end when this is acknowledged */
	uint32_t dup_acks;
	uint32_t dup_bytes; /* without SACK: what duplicate acknowledgments stand for */
	struct chim_prr prr;
	uint64_t rack_ns; /* RFC 8985: RACK.xmit_ts */
	uint32_t rack_end, rack_rtt_us;
	uint8_t reo_mult, reo_persist;
	bool reo_seen;
	bool tlp_out, tlp_retrans; /* a probe is out; it was a retransmission */
	bool undo_set, undo_again; /* something could be undone; something was sent again */
	uint8_t retries, probes;   /* RTOs, zero-window or keepalive probes without an answer */
	uint8_t persist_shift;	   /* how often a closed window was asked for */
	uint32_t tlp_end;
	uint32_t dsack_round;
	uint32_t undo_una, undo_bytes, undo_ts;

	/* Times, ns; NEVER: not set. */
	struct chim_timer timer;
	uint64_t rto_due, tlp_due, reo_due, persist_due, ack_due, end_due, keep_due;
	uint64_t last_rcv, last_data_rcv, last_snd, stuck_ns; /* stuck: when the head was first
							       * sent again */
	uint64_t limit_ns, told_ns, challenge_ns;
	uint8_t challenges;

	/* For show. */
	uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retrans, segs_in, segs_out;
	uint64_t wnd_limited_ns, app_limited_ns;
	uint64_t rate_ns, rate_bytes; /* since when, and from how many acknowledged */
	uint64_t rate;		      /* bytes a second */
	uint32_t retrans, rtos, tlps, dsacks, n_ooo_in, dup_in, ecn_marks;
	struct chim_tcp_traffic traffic;
	int error;

	struct chim_hdr_template tmpl;
	struct chim_tcp_state was; /* what it began with: of constant and cached variables */
};
_Static_assert(sizeof(struct chim_tcp) <= 1152, "100 000 of them are 115 MB");

struct chim_engine {
	struct chim_engine_conf conf;
	uint64_t now;
	struct chim_tcp *conns;
	uint32_t n_used, n_live;     /* slots ever used; connections */
	struct chim_tcp *free_conns; /* by next_marked */
	struct chim_tcp *marked, **marked_end;
	struct chim_tcp *told, **told_end; /* have events; by next_event */
	struct chim_pool pool;
	struct chim_wheel wheel;
	struct chim_engine_stats stats;
};

/* engine.c */

/* A slot, zero but for `used` and the flight; NULL: none. And back. */
struct chim_tcp *chim_tcp_slot_take(struct chim_engine *e);
void chim_tcp_slot_give(struct chim_engine *e, struct chim_tcp *c);

/* To be looked at in the next round. */
void chim_tcp_mark(struct chim_engine *e, struct chim_tcp *c, uint8_t marks);
/* The surroundings are told at the end of the round. */
void chim_tcp_event(struct chim_engine *e, struct chim_tcp *c, uint8_t events);
/* Its earliest time may have changed. */
void chim_tcp_arm(struct chim_engine *e, struct chim_tcp *c);
/* A mandatory reason to go back to the kernel: stands still. false: it was asked for that reason
 * already, the host could not, and it must do without. */
bool chim_tcp_halt(struct chim_engine *e, struct chim_tcp *c, enum chim_upload reason);
/* It neither sends nor accepts anything. */
static inline bool chim_tcp_still(const struct chim_tcp *c)
{
	return c->frozen || c->halted || c->phase == PHASE_CLOSED;
}

/* rings.c */

/* Takes what the application wrote over. false: it lied, and the connection was reset. */
bool chim_rings_take(struct chim_engine *e, struct chim_tcp *c);
/* Tells it what has come and gone. */
void chim_rings_tell(struct chim_engine *e, struct chim_tcp *c);
/* Bytes that fit behind rcv_nxt. */
uint32_t chim_rings_room(const struct chim_tcp *c);
/* Copies len bytes of seg's payload, from offset skip on, to position pos of the receive ring. */
void chim_rings_put(struct chim_tcp *c, uint64_t pos, const struct chim_seg *seg, uint32_t skip,
		    uint32_t len);
/* The pieces of the send ring from position pos on. Returns how many. */
uint8_t chim_rings_pieces(const struct chim_tcp *c, uint64_t pos, uint32_t len,
			  struct iovec out[CHIM_OUT_PIECES]);

/* tcp_data.c */

/* Payload and FIN of an acceptable segment. */
void chim_tcp_data(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		   const struct chim_opts *o);

/* tcp_order.c */

/* Payload of seg that is new, and ends at `end`, is about to be taken in. */
void chim_tcp_order_in(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		       const struct chim_opts *o, uint32_t end);
/* The peer has told that so many bytes arrived later than what was sent later. */
void chim_tcp_order_out(struct chim_engine *e, struct chim_tcp *c, uint32_t bytes);

/* tcp_ooo.c */

/* [seq, end) lies in the ring, behind a hole. false: it is one range too many. */
bool chim_ooo_add(struct chim_engine *e, struct chim_tcp *c, uint32_t seq, uint32_t end);
/* rcv_nxt has moved: takes what follows it without a hole. Returns the new rcv_nxt. */
uint32_t chim_ooo_join(struct chim_engine *e, struct chim_tcp *c, uint32_t nxt);
/* Is all of [seq, end) there already? */
bool chim_ooo_has(const struct chim_engine *e, const struct chim_tcp *c, uint32_t seq,
		  uint32_t end);
/* SACK blocks, RFC 2018 4 and 2883 4: at most max. Returns how many. */
uint8_t chim_ooo_blocks(const struct chim_engine *e, const struct chim_tcp *c,
			struct chim_sack *out, uint8_t max);
void chim_ooo_forget(struct chim_engine *e, struct chim_tcp *c);

/* tcp_ack.c */

/* The acknowledgment in an acceptable segment. false: the connection is gone or the segment is to
 * be dropped. */
bool chim_tcp_ack(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		  const struct chim_opts *o);

/* tcp_loss.c */

/* What an acknowledgment brought. */
struct chim_tcp_acked {
	uint32_t una;			 /* snd_una before it */
	uint32_t bytes;			 /* it moved on by */
	uint32_t delivered;		 /* acknowledged or SACKed */
	uint32_t pipe, sacked;		 /* before it */
	bool dsack, dup, ece, sacks, ts; /* dup: a duplicate in RFC 5681's sense */
	uint32_t tsecr, ack;
	struct chim_sack dsack_block;
	uint32_t rtt_us; /* 0: no sample */
	struct chim_delivery d;
};

/* Bytes in the network (RFC 6675: pipe). */
static inline uint32_t chim_tcp_pipe(const struct chim_tcp *c)
{
	uint32_t out = c->snd_nxt - c->snd_una,
		 gone = c->flight.sacked + c->flight.lost + c->dup_bytes;

	return out > gone ? out - gone : 0;
}

/* Finds losses, begins and ends recoveries, grows the window. */
void chim_tcp_loss_ack(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_acked *a);
/* RACK's timer is due. */
void chim_tcp_loss_reo(struct chim_engine *e, struct chim_tcp *c);
/* The retransmission timer is due: what is lost, and cwnd. */
void chim_tcp_loss_rto(struct chim_engine *e, struct chim_tcp *c);
/* The peer never saw what is in flight, for no reason of congestion. */
void chim_tcp_loss_unseen(struct chim_engine *e, struct chim_tcp *c);
/* When a tail loss probe is due, after something was sent or acknowledged. */
void chim_tcp_loss_pto(struct chim_engine *e, struct chim_tcp *c);
/* Something of [seq, seq + bytes) was sent again. */
void chim_tcp_loss_resent(struct chim_engine *e, struct chim_tcp *c, uint32_t bytes);

/* tcp_output.c */

/* Sends what may be sent now. */
void chim_tcp_output(struct chim_engine *e, struct chim_tcp *c);
/* RFC 8985 7.3. */
void chim_tcp_output_tlp(struct chim_engine *e, struct chim_tcp *c);
/* One segment of what is in flight once more, whose answer shows what is missing. */
void chim_tcp_output_again(struct chim_engine *e, struct chim_tcp *c);
/* The first segment again, whatever the window is. */
void chim_tcp_output_head(struct chim_engine *e, struct chim_tcp *c);
/* A part of a segment into a small window, or what is corked; false: there is no room for it. */
bool chim_tcp_output_forced(struct chim_engine *e, struct chim_tcp *c);
/* Payload of a segment now: options taken off. */
uint32_t chim_tcp_mss(const struct chim_tcp *c);
/* The same, of segments that carry no SACK blocks: what congestion control counts with. */
uint32_t chim_tcp_full_mss(const struct chim_tcp *c);

/* tcp_send.c */

/* One thing to be sent. */
struct chim_tcp_unit {
	uint32_t seq, len; /* bytes of payload */
	uint64_t pos;	   /* of the first, in the send ring */
	uint32_t segsz;
	uint8_t flags; /* beside ACK and ECE */
	uint8_t ecn;
};
/* 0, -ENOBUFS. It acknowledges, so an acknowledgment is not due any more. */
int chim_tcp_send(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_unit *u);
/* Without payload. 0, -ENOBUFS: then it is marked. */
int chim_tcp_send_ack(struct chim_engine *e, struct chim_tcp *c);
/* RFC 5961: not more often than it may. */
void chim_tcp_send_challenge(struct chim_engine *e, struct chim_tcp *c);
/* An old byte's place: the peer answers (keepalive, zero-window probe). */
void chim_tcp_send_probe(struct chim_engine *e, struct chim_tcp *c);
void chim_tcp_send_rst(struct chim_engine *e, struct chim_tcp *c);
/* How far the window could be opened beyond what was announced, bytes. */
uint32_t chim_tcp_window_growth(const struct chim_tcp *c);
/* Is the window all but shut to the peer's knowledge, although there is room? (engine.c) */
bool chim_tcp_shut_in_vain(const struct chim_tcp *c);
/* Milliseconds of the clock that TSvals are taken from, offset included. */
static inline uint32_t chim_tcp_ts_now(const struct chim_engine *e, const struct chim_tcp *c)
{
	return (uint32_t)(e->now / NS_PER_MS) + c->ts_offset;
}

/* tcp_timer.c */

/* Whatever is due at e->now. */
void chim_tcp_timer(struct chim_engine *e, struct chim_tcp *c);
/* The peer's window keeps the rest: asks it now and then. */
void chim_tcp_timer_persist(struct chim_engine *e, struct chim_tcp *c);
/* (Re)starts the retransmission timer, or stops it when nothing is in flight. */
void chim_tcp_timer_rto(struct chim_engine *e, struct chim_tcp *c);
void chim_tcp_timer_keep(struct chim_engine *e, struct chim_tcp *c);

/* tcp_close.c */

/* It is over: error tells the application why; 0: closed by both. */
void chim_tcp_gone(struct chim_engine *e, struct chim_tcp *c, int error);
/* RST, and gone. */
void chim_tcp_abort(struct chim_engine *e, struct chim_tcp *c, int error);
/* The peer's FIN is in order. */
void chim_tcp_got_fin(struct chim_engine *e, struct chim_tcp *c);
/* It came once more: our acknowledgment was lost, TIME-WAIT begins anew. */
void chim_tcp_fin_again(struct chim_engine *e, struct chim_tcp *c);
/* Ours was sent; and was acknowledged. */
void chim_tcp_fin_sent(struct chim_tcp *c);
void chim_tcp_fin_acked(struct chim_engine *e, struct chim_tcp *c);

/* tcp_info.c */

/* Keeps account of what limits it. */
void chim_tcp_limit(struct chim_engine *e, struct chim_tcp *c, enum chim_tcp_limit limit);
/* Writes shm->info. */
void chim_tcp_tell_info(struct chim_engine *e, struct chim_tcp *c);

/* tcp_start.c: mss and cwnd after the path or options changed. */
void chim_tcp_set_mss(struct chim_tcp *c, uint16_t mtu);
/* The state as it is; without what only the application's indices tell. */
void chim_tcp_state(const struct chim_tcp *c, struct chim_tcp_state *s);

#endif

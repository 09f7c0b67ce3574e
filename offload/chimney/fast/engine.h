/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine: a TCP for connections that are established, on one worker. It knows no mbufs and no
 * sockets: segments come in as parsed headers and pieces of payload (struct chim_seg), units to be
 * sent go out as headers and pieces of the send ring (struct chim_out), and the application is met
 * in the memory it shares (api/chim_shm.h), which is believed in nothing.
 *
 * Standards: RFC 9293 (data transfer, closing), 7323 (timestamps, windows), 2018, 6675 and 2883
 * (SACK), 8985 (RACK-TLP), 6298 (RTO), 9438 and 5681 (CUBIC, NewReno), 9406 (HyStart++), 6937
 * (PRR), 3168 (ECN), 5961 (blind attacks), 1122 (delayed ACK, Nagle, persist, keepalive).
 *
 * All functions: the worker that owns the engine, but for what says otherwise. Time is in
 * nanoseconds of CLOCK_MONOTONIC and given by the caller; it must not go back. TSvals count its
 * milliseconds (and ts_offset).
 *
 * ops.send() is called from within the functions below and must not call them for the same engine.
 * The other callbacks come at the end of chim_engine_run() and may call all but that.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_ENGINE_H
#define OFFLOAD_CHIMNEY_FAST_ENGINE_H

#include "api/chim_shm.h"
#include "offload/chimney/state.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct chim_engine;
struct chim_tcp; /* a connection */

enum {
	CHIM_OUT_HEADERS = 40 + 60,    /* IP and TCP with options */
	CHIM_OUT_PIECES = 2,	       /* a ring wraps once */
	CHIM_SEG_PIECES = 48,	       /* of a unit that came in */
	CHIM_UNIT_BYTES = 65535 - 100, /* payload of the largest unit */
};

/* A segment, or a unit of several, that came in for a connection. The caller has checked that its
 * checksum holds, that it is no fragment and has no IP options. */
struct chim_seg {
	uint32_t seq, ack;
	uint16_t wnd;	     /* as in the header, not scaled */
	uint8_t flags;	     /* TCP's: CWR ECE URG ACK PSH RST SYN FIN, from bit 7 down */
	uint8_t tos;	     /* the IP header's, ECN bits included */
	const uint8_t *opts; /* TCP options, opts_len bytes of them, contiguous */
	uint16_t opts_len;
	uint16_t segs; /* frames it stands for; 1: an ordinary one */
	uint32_t len;  /* payload bytes: the sum of the pieces */
	uint16_t n_data;
	const struct iovec *data;
};

/* Something to send. IP and TCP headers are complete (lengths, id, IPv4 header checksum; the TCP
 * checksum field holds the pseudo-header's sum with no length for units and with it otherwise, as
 * offload intent wants it), the caller puts Ethernet before them. The payload lies in the send ring
 * and is valid during the call only. */
struct chim_out {
	uint8_t headers[CHIM_OUT_HEADERS];
	uint8_t l3_len, l4_len;
	uint16_t segsz; /* payload bytes of each frame; 0: one frame */
	uint32_t len;	/* payload bytes */
	uint8_t n_data;
	struct iovec data[CHIM_OUT_PIECES];
};

/* What the engine asks of its surroundings. `user` is what chim_engine_start() was given. */
struct chim_engine_ops {
	/* 0: sent, or lost as the network may lose it. -ENOBUFS: not sent; it is tried again. */
	int (*send)(void *ctx, void *user, const struct chim_out *out);

	/* The application waits for what now holds: write to its eventfd. At most once for each
	 * connection in a chim_engine_run(). */
	void (*wake)(void *ctx, void *user);

	/* The engine wishes an upload for that reason, once a reason: the host decides. Of
	 * mandatory reasons (FAILURE INVALID_STATE URGENT TIMEOUT) the connection stands still
	 * until then. The engine itself says URGENT (the segment was not taken) and TIMEOUT (eight
	 * retransmissions or window probes in a row without an answer). */
	void (*want_upload)(void *ctx, void *user, enum chim_upload reason);

	/* It is over: reset (error: ECONNRESET, ETIMEDOUT, EPIPE ...), or closed by both sides and
	 * done with TIME-WAIT (error 0). The engine uses nothing of it any more after
	 * chim_engine_stop(), which the host calls. */
	void (*closed)(void *ctx, void *user, int error);
};

struct chim_engine_conf {
	uint32_t max_conns;
	const struct chim_engine_ops *ops;
	void *ctx;
	bool tso;	       /* send units of up to CHIM_UNIT_BYTES; else single segments */
	uint32_t time_wait_ms; /* 0: 60 s */
};

/* Main. NULL: no memory. Takes max_conns times CHIM_TCP_BYTES and the wheel. */
struct chim_engine *chim_engine_new(const struct chim_engine_conf *conf);
void chim_engine_free(struct chim_engine *e); /* Main, when no worker uses it */

/* Runs a connection from this state on. The queues lie in the rings already: snd_len bytes from
 * position 0 of the send ring (snd_head says so), rcv_len bytes from position 0 of the receive ring
 * (rcv_head says so). Sends an ACK if one is owed, and what is to be sent at once. shm->flued_flags
 * and indices are the engine's from here on. NULL: as many run as may (or the state contradicts
 * itself: errno EINVAL). */
struct chim_tcp *chim_engine_start(struct chim_engine *e, const struct chim_tcp_state *s,
				   struct chim_shm *shm, void *user, uint64_t now);

/* Ends it here without a word to the peer, and frees its slot. */
void chim_engine_stop(struct chim_engine *e, struct chim_tcp *c);

/* Stands still, to be uploaded: shm's CHIM_FLUED_FROZEN is set and nothing is sent or accepted
 * until chim_engine_stop() or chim_engine_thaw(). What is owed to the peer is sent before, and a
 * segment once more if it did not answer. */
void chim_engine_freeze(struct chim_engine *e, struct chim_tcp *c, uint64_t now);
void chim_engine_thaw(struct chim_engine *e, struct chim_tcp *c, uint64_t now);

/* Of a frozen connection whose application does not copy (snd_busy, rcv_busy are 0): its whole
 * state; the indices of the rings are taken from shm once more. Positions of queues in the rings:
 * send: [snd_tail, snd_tail + s->snd_len), receive: [rcv_head - s->rcv_len, rcv_head).
 * 0; -EPROTO: the application's indices cannot be; -ENOTCONN: a phase the kernel cannot be given
 * (our FIN was sent or the connection is gone). Out-of-order data is forgotten; the peer sends it
 * again (it was only SACKed, RFC 2018 8 allows that). Room that was made since it was frozen is
 * announced. */
int chim_engine_dump(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_state *s);

/* A segment came in. What follows from it is sent by the next chim_engine_run(), or at once where
 * the standard wants it. */
void chim_engine_input(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		       uint64_t now);

/* A segment with this sequence number came for it that only a kernel takes, because of `why`:
 * FRAGMENTATION or IP_OPTIONS. It is counted and lost; the peer sends it again. true: the peer may
 * have sent it (it begins in the window, or not more than a window before), so the connection is
 * to go to the kernel. */
bool chim_engine_odd(struct chim_engine *e, struct chim_tcp *c, enum chim_upload why, uint32_t seq);

/* The application rang: it wrote, read, or changed a flag. Also only marks. */
void chim_engine_rung(struct chim_engine *e, struct chim_tcp *c, uint64_t now);

/* Sends for all that are marked, runs timers that are due, wakes applications. Returns how much
 * there was to do (0: nothing). */
uint32_t chim_engine_run(struct chim_engine *e, uint64_t now);

/* When the next timer is due; UINT64_MAX: none. May be early by the wheel's granularity. */
uint64_t chim_engine_next(const struct chim_engine *e);

/* The application closed it (close() or its end). abort, or unread data: RST. Else FIN, and what
 * was written is still sent; linger_ms bounds that (UINT32_MAX: as long as TCP tries). Later comes
 * ops.closed. The application's side of shm is not looked at any more. */
void chim_engine_close(struct chim_engine *e, struct chim_tcp *c, bool abort, uint32_t linger_ms,
		       uint64_t now);

/* Updates of cached and constant variables, as the kernel tells them. */
void chim_engine_set_mtu(struct chim_engine *e, struct chim_tcp *c, uint16_t mtu, uint64_t now);
void chim_engine_set_tso(struct chim_engine *e, bool tso);

/* An ICMP "packet too big" or "unreachable" quoted this sequence number: may it be meant for the
 * connection (RFC 5927 4.1: it lies between snd_una and snd_nxt)? */
bool chim_engine_quotes(const struct chim_tcp *c, uint32_t seq);

/* What goes over it, for a policy to look at. Segments are those with payload. */
struct chim_tcp_traffic {
	uint64_t data_in, data_out;	/* those sent again each time */
	uint64_t pushes_in, pushes_out; /* that end what was written (PSH), for the first time */
	/* Reordered, RFC 4737 3.3: received later than one that was sent later, and not because
	 * they were lost. Received ones say so by a timestamp that is older than that of the one
	 * that overtook them, or by coming sooner than anything could come that was sent again. Of
	 * those sent the peer's acknowledgments say so: by SACK (RFC 8985 6.2), or as duplicates of
	 * what was sent again for nothing (RFC 3708). */
	uint64_t reordered_in, reordered_out;
};

/* What is known of it. */
struct chim_tcp_info {
	struct chim_tcp_state state; /* as chim_engine_dump() would say */
	const char *phase;	     /* "ESTAB", "FIN-WAIT-1", ..., as ss prints them */
	const char *cc, *ca_state;   /* "cubic", "reno"; "open", "disorder", "recovery", "loss" */
	uint32_t cwnd, ssthresh, rto_us, srtt_us, rttvar_us, min_rtt_us;
	uint32_t inflight, sacked, lost, reordering; /* segments */
	uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retrans;
	uint64_t segs_in, segs_out, retrans, rtos, tlps, dsacks, ooo, dup_in, ecn_marks;
	struct chim_tcp_traffic traffic;
	uint64_t wnd_limited_ns, app_limited_ns;
	bool frozen;
};
void chim_engine_info(const struct chim_engine *e, const struct chim_tcp *c,
		      struct chim_tcp_info *out, uint64_t now);

/* Sums over all connections, ended ones too. Any thread may read; each is written by the worker. */
struct chim_engine_stats {
	uint64_t started, stopped, segs_in, segs_out, units_out, bytes_in, bytes_out, retrans, rtos,
		tlps, recoveries, spurious, ooo, dup_in, challenge_acks, paws, bad_ack, persist,
		keepalives, wakes, hostile, reordered_in, reordered_out, fragments, ip_options,
		odd_forged, ts_behind;
};
const struct chim_engine_stats *chim_engine_stats(const struct chim_engine *e);

/* Bytes one connection takes in the engine. */
extern const size_t chim_tcp_bytes;

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was sent and is not acknowledged: records of ranges of sequence numbers that were sent at
 * the same time and share a fate (in flight, SACKed, lost), in order of sequence numbers, without
 * gaps between snd_una and snd_nxt. It is the scoreboard of RFC 6675 and what RACK (RFC 8985) knows
 * of times. A burst is one record however many segments it has; neighbours that became alike are
 * merged, so there are about as many records as holes and bursts.
 *
 * Records come from the engine's pool. Each connection can always have CHIM_FLIGHT_RESERVE of them,
 * which is enough to go on with; when the pool has no more, neighbours are merged and what is known
 * of them becomes coarser.
 *
 * All functions: the worker.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_FLIGHT_H
#define OFFLOAD_CHIMNEY_FAST_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CHIM_FLIGHT_RESERVE = 2,
	CHIM_NO_REC = 0, /* an index that stands for none; record 0 is not used */
};

enum chim_rec_state {
	CHIM_REC_SENT,	 /* in the network, as far as is known */
	CHIM_REC_SACKED, /* the peer has it, but could still forget it (RFC 2018 8) */
	CHIM_REC_LOST,	 /* to be sent again */
};

struct chim_rec {
	uint32_t next; /* index in the pool */
	uint32_t seq, end;
	uint8_t state;	 /* enum chim_rec_state */
	uint8_t retrans; /* times it was sent again; stops at 255 */
	uint16_t pad;
	uint64_t sent_ns; /* last time */
};
_Static_assert(sizeof(struct chim_rec) == 24, "there are many");

/* The records of all connections of an engine. */
struct chim_pool {
	struct chim_rec *recs;
	uint32_t size, used_to; /* records from used_to on were never used */
	uint32_t free_list, n_free;
	uint32_t promised; /* what connections may still take of their reserves */
};

struct chim_flight {
	uint32_t head, tail;   /* indices; CHIM_NO_REC: empty */
	uint32_t n;	       /* records */
	uint32_t sacked, lost; /* bytes */
	uint32_t fack;	       /* the end of what was SACKed highest */
	bool fack_valid;
};

/* What an acknowledgment told of what was in flight. */
struct chim_delivery {
	uint32_t acked, sacked; /* bytes: newly acknowledged that had not been SACKed; newly SACKed
				 */
	uint64_t first_ns;	/* when the oldest of it was sent, if once only; 0: none such */
	uint64_t last_ns;	/* when the youngest of it was sent (that RACK may use); 0: none */
	uint32_t last_end;	/* and its end */
	bool resent;		/* something was acknowledged, not SACKed, that was sent again: the
				 * rest may have waited behind that hole */
	bool reordered;		/* something sent once only came after what was sent later */
	uint32_t late;		/* bytes of that */
	uint64_t old_ns;	/* a retransmission that was sent after this is not the one that
				 * was delivered (RFC 8985 6.2 step 2); UINT64_MAX: any may be */
};

int chim_pool_init(struct chim_pool *p, uint32_t size); /* 0, -ENOMEM. Main. */
void chim_pool_free(struct chim_pool *p);		/* Main. */

/* Takes a record beyond any reserve, for other uses; CHIM_NO_REC: there is none. */
uint32_t chim_pool_take(struct chim_pool *p);
void chim_pool_give(struct chim_pool *p, uint32_t index);

/* A connection begins: promises its reserve. false: the pool is too small. And it ends. */
bool chim_flight_init(struct chim_pool *p, struct chim_flight *f);
void chim_flight_fini(struct chim_pool *p, struct chim_flight *f);

/* [seq, end) was sent now, for the first time (or is taken over: retrans). seq is the end of what
 * is in flight. */
void chim_flight_sent(struct chim_pool *p, struct chim_flight *f, uint32_t seq, uint32_t end,
		      uint64_t now, bool retrans);

/* Everything before ack is acknowledged. */
void chim_flight_ack(struct chim_pool *p, struct chim_flight *f, uint32_t ack,
		     struct chim_delivery *d);

/* The peer has [start, end), which lies within what is in flight. */
void chim_flight_sack(struct chim_pool *p, struct chim_flight *f, uint32_t start, uint32_t end,
		      struct chim_delivery *d);

/* The first that is lost, from record `from` on (CHIM_NO_REC: from the first); or CHIM_NO_REC. */
uint32_t chim_flight_next_lost(const struct chim_pool *p, const struct chim_flight *f,
			       uint32_t from);

/* The first `bytes` of lost record r are sent again now. false: no record for what remains; nothing
 * was changed. */
bool chim_flight_resent(struct chim_pool *p, struct chim_flight *f, uint32_t r, uint32_t bytes,
			uint64_t now);

/* It was not sent after all. */
void chim_flight_relose(struct chim_flight *f, struct chim_rec *r);

/* The same of [seq, snd_nxt), whatever its state, for a tail loss probe. Returns false as above. */
bool chim_flight_probed(struct chim_pool *p, struct chim_flight *f, uint32_t seq, uint64_t now);

/* Marks lost, if in flight: up to `bytes` of the first record, or all of it if there is no record
 * for the rest. Returns newly lost bytes. */
uint32_t chim_flight_lose_head(struct chim_pool *p, struct chim_flight *f, uint32_t bytes);

/* Marks lost whatever is not SACKed. Forgets what was SACKed too if `reneged`. */
void chim_flight_lose_all(struct chim_pool *p, struct chim_flight *f, bool reneged);

/* RFC 8985 6.2 step 5: what was sent before (sent_ns, end) by more than `window_ns` and is still in
 * flight is lost. wait_ns: how long until more is, 0: nothing waits. Returns newly lost bytes. */
uint32_t chim_flight_rack(struct chim_pool *p, struct chim_flight *f, uint64_t sent_ns,
			  uint32_t end, uint64_t window_ns, uint64_t now, uint64_t *wait_ns);

/* Nothing is lost any more: it is in flight as it was. */
void chim_flight_unlose(struct chim_pool *p, struct chim_flight *f);

#endif

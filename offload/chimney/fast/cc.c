/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/cc.h"
#include "offload/chimney/fast/cc_kinds.h"

#include <string.h>

enum { CSS_DIVISOR = 4, INITIAL_SEGMENTS = 10, INITIAL_BYTES = 14600 };

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

uint32_t chim_cc_initial(uint32_t mss)
{
	return min(INITIAL_SEGMENTS * mss, max(2 * mss, INITIAL_BYTES));
}

void chim_cc_init(struct chim_cc *cc, enum chim_cc_kind kind, uint32_t mss, uint32_t cwnd,
		  uint32_t ssthresh, uint32_t nxt, uint64_t now)
{
	memset(cc, 0, sizeof(*cc));
	cc->kind = (uint8_t)kind;
	cc->mss = mss;
	cc->cwnd = cwnd ? min(max(cwnd, mss), CHIM_CC_MAX) : chim_cc_initial(mss);
	cc->ssthresh = ssthresh ? ssthresh : UINT32_MAX;
	cc->fresh = true;
	cc->last = cc_ticks(now);
	cc_hystart_init(cc, nxt);
	if (ssthresh != 0)
		cc->slow_start = CHIM_SS_PLAIN;
}

static uint32_t scaled(uint32_t bytes, uint32_t num, uint32_t den)
{
	return (uint32_t)((uint64_t)bytes * num / den);
}

void chim_cc_set_mss(struct chim_cc *cc, uint32_t mss)
{
	uint32_t old = cc->mss;

	cc->mss = mss;
	if (mss < old) {
		cc->cwnd = scaled(cc->cwnd, mss, old);
		cc->w_max = scaled(cc->w_max, mss, old);
		cc->w_est = scaled(cc->w_est, mss, old);
		if (cc->ssthresh != UINT32_MAX)
			cc->ssthresh = max(scaled(cc->ssthresh, mss, old), 2 * mss);
	}
	cc->cwnd = max(cc->cwnd, mss);
}

/* Returns the bytes that are left over for congestion avoidance. There is no limit to what one
 * acknowledgment may bring (RFC 3465's L): they stand for whole units as a rule. */
static uint32_t slow_start(struct chim_cc *cc, uint32_t acked)
{
	uint32_t divisor = cc->slow_start == CHIM_SS_CSS ? CSS_DIVISOR : 1;
	uint32_t room = cc->ssthresh - cc->cwnd;

	if (acked / divisor <= room) {
		cc->cwnd += acked / divisor;
		return 0;
	}
	cc->cwnd += room;
	return acked - room * divisor;
}

/* RFC 5681 3.1: a segment each round trip. */
static void reno_ack(struct chim_cc *cc, uint32_t acked)
{
	uint64_t add = (uint64_t)acked * cc->mss + cc->grow_rest;

	cc->grow_rest = (uint32_t)(add % cc->cwnd);
	cc->cwnd += (uint32_t)(add / cc->cwnd);
}

void chim_cc_ack(struct chim_cc *cc, const struct chim_cc_ack *a)
{
	uint32_t now = cc_ticks(a->now), since = now - cc->last, acked = a->acked;

	cc->last = now;
	if (cc->slow_start != CHIM_SS_PLAIN && chim_cc_in_slow_start(cc))
		cc_hystart_ack(cc, a);
	if (!a->cwnd_limited) {
		/* RFC 9438 5.8: that time does not count. */
		cc->epoch += since;
		return;
	}
	if (chim_cc_in_slow_start(cc))
		acked = slow_start(cc, acked);
	if (acked > 0 && cc->kind == CHIM_CC_CUBIC)
		cc_cubic_ack(cc, acked, a->srtt_us, now);
	else if (acked > 0)
		reno_ack(cc, acked);
	cc->cwnd = min(cc->cwnd, CHIM_CC_MAX);
}

static void remember(struct chim_cc *cc)
{
	cc->undo_cwnd = cc->cwnd;
	cc->undo_ssthresh = cc->ssthresh;
	cc->undo_w_max = cc->w_max;
	cc->undo_k = cc->k;
	cc->undo_w_est = cc->w_est;
	cc->undo_epoch = cc->epoch;
	cc->undo_epoch_set = cc->epoch_set;
}

/* Of what was used of the window: one that was not filled says nothing (RFC 5681 3.1, RFC 9438
 * 4.6). */
static void reduce(struct chim_cc *cc, uint32_t flight)
{
	uint32_t base = min(cc->cwnd, flight), to;

	remember(cc);
	to = cc->kind == CHIM_CC_CUBIC ? cc_cubic_reduce(cc, base) : base / 2;
	cc->ssthresh = max(to, 2 * cc->mss);
	cc->epoch_set = false;
	cc->slow_start = CHIM_SS_PLAIN;
}

void chim_cc_loss(struct chim_cc *cc, uint32_t flight, uint64_t now)
{
	reduce(cc, flight);
	cc->fresh = false;
	cc->last = cc_ticks(now);
}

void chim_cc_recovered(struct chim_cc *cc)
{
	cc->cwnd = max(cc->ssthresh, cc->mss);
}

void chim_cc_rto(struct chim_cc *cc, uint32_t flight, bool first, bool in_recovery, uint64_t now)
{
	if (first && !in_recovery)
		reduce(cc, flight);
	cc->epoch_set = false;
	cc->fresh = true;
	cc->slow_start = CHIM_SS_PLAIN;
	cc->cwnd = cc->mss;
	cc->last = cc_ticks(now);
}

void chim_cc_ecn(struct chim_cc *cc, uint32_t flight, uint64_t now)
{
	chim_cc_loss(cc, flight, now);
	chim_cc_forget(cc);
	cc->cwnd = min(cc->cwnd, cc->ssthresh);
}

void chim_cc_undo(struct chim_cc *cc)
{
	if (cc->undo_cwnd == 0)
		return;
	cc->cwnd = max(cc->cwnd, cc->undo_cwnd);
	cc->ssthresh = cc->undo_ssthresh;
	cc->w_max = cc->undo_w_max;
	cc->k = cc->undo_k;
	cc->w_est = cc->undo_w_est;
	cc->epoch = cc->undo_epoch;
	cc->epoch_set = cc->undo_epoch_set;
	cc->undo_cwnd = 0;
}

void chim_cc_idle(struct chim_cc *cc, uint64_t idle_ns, uint64_t rto_ns)
{
	uint32_t restart = min(chim_cc_initial(cc->mss), cc->cwnd), ticks = cc_ticks(idle_ns);

	cc->epoch += ticks;
	cc->last += ticks;
	if (idle_ns <= rto_ns)
		return;
	cc->ssthresh = max(cc->ssthresh, cc->cwnd - cc->cwnd / 4);
	while (idle_ns > rto_ns && cc->cwnd > restart) {
		idle_ns -= rto_ns;
		cc->cwnd = max(cc->cwnd / 2, restart);
	}
}

const char *chim_cc_name(enum chim_cc_kind kind)
{
	return kind == CHIM_CC_RENO ? "reno" : "cubic";
}

enum chim_cc_kind chim_cc_kind(const char *name)
{
	return strcmp(name, "reno") == 0 ? CHIM_CC_RENO : CHIM_CC_CUBIC;
}

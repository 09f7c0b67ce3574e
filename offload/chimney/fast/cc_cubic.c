/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC (RFC 9438). After a reduction the window follows W(t) = C (t - K)^3 + W_max: fast back to
 * near where the loss was, slowly past it, then faster and faster. K is the time at which W_max is
 * reached again. Where Reno would be faster (short round trips, little bandwidth), its window is
 * taken. With C = 0.4 segments/s^3, beta = 0.7.
 *
 * Bytes and ticks of 1/1024 s: C t^3 is 0.4 mss t^3 / 2^30. Times count up to 2^18 ticks (256 s):
 * past that the window is at its bound anyway, and the cube fits 54 bits.
 */
#include "offload/chimney/fast/cc_kinds.h"

enum {
	TICKS_MAX = 1 << 18,
	STAGE_MAX = 1 << 30, /* a stage without losses; time must not wrap beneath it */
	BETA_NUM = 7,
	BETA_DEN = 10,
	/* alpha = 3 (1 - beta) / (1 + beta) */
	ALPHA_NUM = 9,
	ALPHA_DEN = 17,
};

/* The largest r with r^3 <= v: digit by digit, once a congestion event. */
static uint32_t cube_root(uint64_t v)
{
	uint64_t r = 0;

	for (int bit = 20; bit >= 0; bit--) {
		uint64_t with = r | UINT64_C(1) << bit;

		if (with * with * with <= v)
			r = with;
	}
	return (uint32_t)r;
}

/* A congestion avoidance stage begins (4.2, 4.8, 4.10). */
static void begin(struct chim_cc *cc, uint32_t now)
{
	cc->epoch = now;
	cc->epoch_set = true;
	cc->w_est = cc->cwnd;
	cc->est_rest = 0;
	cc->grow_rest = 0;
	if (cc->fresh || cc->cwnd >= cc->w_max) {
		cc->w_max = cc->cwnd;
		cc->k = 0;
	} else {
		/* (W_max - cwnd) / (0.4 mss) s^3, in ticks: times 2^30. */
		uint64_t gap = cc->w_max - cc->cwnd;

		cc->k = cube_root(gap * 5 * (UINT64_C(1) << 29) / cc->mss);
	}
	cc->fresh = false;
}

/* Figure 1, t ticks into the stage; bytes. */
static uint32_t w_cubic(const struct chim_cc *cc, uint64_t t)
{
	bool before = t < cc->k;
	uint64_t d = before ? cc->k - t : t - cc->k, cube, off;

	if (d > TICKS_MAX)
		d = TICKS_MAX;
	cube = d * d * d;
	off = ((cube >> 10) * cc->mss * 2 / 5) >> 20;
	if (before)
		return cc->w_max > off ? cc->w_max - (uint32_t)off : 0;
	return off < CHIM_CC_MAX - cc->w_max ? cc->w_max + (uint32_t)off : CHIM_CC_MAX;
}

/* 4.3: what Reno with this beta would have. */
static void reno_friendly(struct chim_cc *cc, uint32_t acked)
{
	uint64_t add = (uint64_t)acked * cc->mss;

	if (cc->w_est < cc->cwnd_prior)
		add = add * ALPHA_NUM / ALPHA_DEN;
	add += cc->est_rest;
	cc->est_rest = (uint32_t)(add % cc->cwnd);
	add /= cc->cwnd;
	cc->w_est = add < CHIM_CC_MAX - cc->w_est ? cc->w_est + (uint32_t)add : CHIM_CC_MAX;
}

/* 4.4 and 4.5: by (target - cwnd) / cwnd for each byte that was acknowledged. */
static void grow(struct chim_cc *cc, uint32_t target, uint32_t acked)
{
	uint64_t add;

	if (target > cc->cwnd + cc->cwnd / 2)
		target = cc->cwnd + cc->cwnd / 2;
	if (target <= cc->cwnd)
		return;
	if (acked > cc->cwnd)
		acked = cc->cwnd;
	add = (uint64_t)(target - cc->cwnd) * acked + cc->grow_rest;
	cc->grow_rest = (uint32_t)(add % cc->cwnd);
	cc->cwnd += (uint32_t)(add / cc->cwnd);
}

/* How long the stage has lasted, in ticks. */
static uint32_t stage_time(struct chim_cc *cc, uint32_t now)
{
	int32_t t = (int32_t)(now - cc->epoch);

	if (t < 0)
		return 0; /* idle time was rounded up */
	if (t > STAGE_MAX)
		cc->epoch = now - STAGE_MAX;
	return (uint32_t)t;
}

void cc_cubic_ack(struct chim_cc *cc, uint32_t acked, uint32_t srtt_us, uint32_t now)
{
	uint32_t t;

	if (!cc->epoch_set)
		begin(cc, now);
	t = stage_time(cc, now);
	reno_friendly(cc, acked);
	if (w_cubic(cc, t) < cc->w_est) {
		if (cc->cwnd < cc->w_est)
			cc->cwnd = cc->w_est;
	} else {
		uint64_t ahead = (uint64_t)srtt_us * 1024 / 1000000;

		grow(cc, w_cubic(cc, t + ahead), acked);
	}
}

uint32_t cc_cubic_reduce(struct chim_cc *cc, uint32_t base)
{
	cc->cwnd_prior = cc->cwnd;
	/* Fast convergence: it did not get back to where it was: leave room to others. */
	if (cc->cwnd < cc->w_max)
		cc->w_max = (uint32_t)((uint64_t)cc->cwnd * (BETA_DEN + BETA_NUM) / (2 * BETA_DEN));
	else
		cc->w_max = cc->cwnd;
	return (uint32_t)((uint64_t)base * BETA_NUM / BETA_DEN);
}

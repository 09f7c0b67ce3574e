/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HyStart++ (RFC 9406 4.2): a round trip whose least delay is clearly longer than the one's before
 * shows a queue that grows. Then the window grows by a quarter of the pace for five rounds, and
 * slow start ends unless the delay turns out to have shrunk again.
 */
#include "offload/chimney/fast/cc_kinds.h"
#include "offload/chimney/fast/seq.h"

enum {
	MIN_THRESH_US = 4000,
	MAX_THRESH_US = 16000,
	THRESH_DIVISOR = 8,
	SAMPLES = 8,
	CSS_ROUNDS = 5,
};

void cc_hystart_init(struct chim_cc *cc, uint32_t nxt)
{
	cc->slow_start = CHIM_SS_HYSTART;
	cc->round_end = nxt;
	cc->last_rtt = UINT32_MAX;
	cc->round_rtt = UINT32_MAX;
	cc->css_rtt = UINT32_MAX;
	cc->samples = 0;
	cc->css_rounds = 0;
}

static void new_round(struct chim_cc *cc, uint32_t nxt)
{
	cc->round_end = nxt;
	cc->last_rtt = cc->round_rtt;
	cc->round_rtt = UINT32_MAX;
	cc->samples = 0;
	if (cc->slow_start == CHIM_SS_CSS && ++cc->css_rounds >= CSS_ROUNDS) {
		cc->slow_start = CHIM_SS_PLAIN;
		cc->ssthresh = cc->cwnd;
	}
}

static uint32_t threshold(uint32_t rtt)
{
	uint32_t t = rtt / THRESH_DIVISOR;

	if (t < MIN_THRESH_US)
		return MIN_THRESH_US;
	return t > MAX_THRESH_US ? MAX_THRESH_US : t;
}

/* Enough samples of this round: what do they say? */
static void judge(struct chim_cc *cc)
{
	if (cc->slow_start == CHIM_SS_CSS) {
		if (cc->round_rtt < cc->css_rtt) {
			cc->css_rtt = UINT32_MAX;
			cc->slow_start = CHIM_SS_HYSTART;
		}
	} else if (cc->last_rtt != UINT32_MAX &&
		   cc->round_rtt >= cc->last_rtt + threshold(cc->last_rtt)) {
		cc->css_rtt = cc->round_rtt;
		cc->css_rounds = 0;
		cc->slow_start = CHIM_SS_CSS;
	}
}

void cc_hystart_ack(struct chim_cc *cc, const struct chim_cc_ack *a)
{
	if (a->rtt_us > 0) {
		if (a->rtt_us < cc->round_rtt)
			cc->round_rtt = a->rtt_us;
		if (cc->samples < SAMPLES)
			cc->samples++;
		if (cc->samples == SAMPLES)
			judge(cc);
	}
	if (seq_past(cc->round_end, a->una, a->nxt))
		new_round(cc, a->nxt);
}

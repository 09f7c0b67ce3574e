/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a connection, for the application and for show. */
#include "offload/chimney/fast/tcp.h"

/* As in linux/tcp.h and include/net/tcp_states.h: what TCP_INFO tells. */
enum {
	INFO_TIMESTAMPS = 1,
	INFO_SACK = 2,
	INFO_WSCALE = 4,
	INFO_ECN = 8,
};

static const struct {
	const char *name;
	uint8_t linux_state;
} phases[] = {
	[PHASE_ESTAB] = {"ESTAB", 1},		[PHASE_CLOSE_WAIT] = {"CLOSE-WAIT", 8},
	[PHASE_FIN_WAIT_1] = {"FIN-WAIT-1", 4}, [PHASE_FIN_WAIT_2] = {"FIN-WAIT-2", 5},
	[PHASE_CLOSING] = {"CLOSING", 11},	[PHASE_LAST_ACK] = {"LAST-ACK", 9},
	[PHASE_TIME_WAIT] = {"TIME-WAIT", 6},	[PHASE_CLOSED] = {"CLOSED", 7},
};

static const struct {
	const char *name;
	uint8_t linux_state;
} cas[] = {
	[CA_OPEN] = {"open", 0},
	[CA_CWR] = {"cwr", 2},
	[CA_RECOVERY] = {"recovery", 3},
	[CA_LOSS] = {"loss", 4},
};

static bool disordered(const struct chim_tcp *c)
{
	return c->ca == CA_OPEN && (c->flight.sacked || c->dup_acks);
}

void chim_tcp_limit(struct chim_engine *e, struct chim_tcp *c, enum chim_tcp_limit limit)
{
	uint64_t ns = e->now - c->limit_ns;

	if (c->limit == LIMIT_WND)
		c->wnd_limited_ns += ns;
	else if (c->limit == LIMIT_APP)
		c->app_limited_ns += ns;
	c->limit = limit;
	c->limit_ns = e->now;
}

static uint32_t segs(const struct chim_tcp *c, uint32_t bytes)
{
	uint32_t mss = chim_tcp_full_mss(c);

	return (bytes + mss - 1) / mss;
}

static uint32_t reordering(const struct chim_tcp *c)
{
	return c->reo_seen ? TCP_DUP_THRESH * c->reo_mult : TCP_DUP_THRESH;
}

/* Bytes a second since the last time, if enough has passed to tell. */
static void measure_rate(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t ns = e->now - c->rate_ns;

	if (ns < NS_PER_MS)
		return;
	c->rate = c->rate_bytes * NS_PER_S / ns;
	c->rate_bytes = 0;
	c->rate_ns = e->now;
}

static void fill(struct chim_engine *e, struct chim_tcp *c, struct chim_shm_info *i)
{
	uint32_t out = c->snd_nxt - c->snd_una;

	i->rtt_us = chim_rtt_srtt_us(&c->rtt);
	i->rttvar_us = chim_rtt_var_us(&c->rtt);
	i->min_rtt_us = chim_rtt_min_us(&c->rtt);
	i->rto_us = chim_rtt_rto_us(&c->rtt);
	i->cwnd = segs(c, c->cc.cwnd);
	i->ssthresh = c->cc.ssthresh == UINT32_MAX ? INT32_MAX : segs(c, c->cc.ssthresh);
	i->snd_wnd = c->snd_wnd;
	i->rcv_wnd = seq_gt(c->rcv_edge, c->rcv_nxt) ? c->rcv_edge - c->rcv_nxt : 0;
	i->mss = chim_tcp_full_mss(c);
	i->rcv_mss = c->rcv_mss;
	i->pmtu = c->was.path.mtu;
	i->unacked = segs(c, out);
	i->sacked = segs(c, c->flight.sacked);
	i->lost = segs(c, c->flight.lost);
	i->retrans = segs(c, c->undo_set ? c->undo_bytes : 0);
	i->reordering = reordering(c);
	i->total_retrans = c->retrans;
	i->state = phases[c->phase].linux_state;
	i->bytes_acked = c->bytes_acked;
	i->bytes_received = c->bytes_received;
	i->segs_out = c->segs_out;
	i->segs_in = c->segs_in;
	i->bytes_retrans = c->bytes_retrans;
	i->delivery_rate = c->rate;
	i->options = (c->may_ts ? INFO_TIMESTAMPS : 0) | (c->may_sack ? INFO_SACK : 0) |
		     (c->was.wscale ? INFO_WSCALE : 0) | (c->may_ecn ? INFO_ECN : 0);
	i->snd_wscale = c->snd_wscale;
	i->rcv_wscale = c->rcv_wscale;
	i->ca_state = disordered(c) ? 1 : cas[c->ca].linux_state;
	i->last_data_sent_ms = (uint32_t)((e->now - c->last_snd) / NS_PER_MS);
	i->last_data_recv_ms = (uint32_t)((e->now - c->last_data_rcv) / NS_PER_MS);
}

void chim_tcp_tell_info(struct chim_engine *e, struct chim_tcp *c)
{
	struct chim_shm_info *i = &c->shm->info;
	uint32_t seq;

	if (c->orphan || (e->now - c->told_ns < TCP_TELL_MS * NS_PER_MS && !c->frozen))
		return;
	c->told_ns = e->now;
	measure_rate(e, c);
	/* The application could write it as well: its own reader is deceived by that, nobody
	 * else. */
	seq = atomic_load_explicit(&i->seq, memory_order_relaxed) | 1;
	atomic_store_explicit(&i->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	fill(e, c, i);
	atomic_store_explicit(&i->seq, seq + 1, memory_order_release);
}

void chim_engine_info(const struct chim_engine *e, const struct chim_tcp *c,
		      struct chim_tcp_info *out, uint64_t now)
{
	*out = (struct chim_tcp_info){
		.phase = phases[c->phase].name,
		.cc = chim_cc_name((enum chim_cc_kind)c->cc.kind),
		.ca_state = disordered(c) ? "disorder" : cas[c->ca].name,
		.cwnd = segs(c, c->cc.cwnd),
		.ssthresh = c->cc.ssthresh == UINT32_MAX ? 0 : segs(c, c->cc.ssthresh),
		.rto_us = chim_rtt_rto_us(&c->rtt),
		.srtt_us = chim_rtt_srtt_us(&c->rtt),
		.rttvar_us = chim_rtt_var_us(&c->rtt),
		.min_rtt_us = chim_rtt_min_us(&c->rtt),
		.inflight = segs(c, chim_tcp_pipe(c)),
		.sacked = segs(c, c->flight.sacked),
		.lost = segs(c, c->flight.lost),
		.reordering = reordering(c),
		.bytes_sent = c->bytes_sent,
		.bytes_acked = c->bytes_acked,
		.bytes_received = c->bytes_received,
		.bytes_retrans = c->bytes_retrans,
		.segs_in = c->segs_in,
		.segs_out = c->segs_out,
		.retrans = c->retrans,
		.rtos = c->rtos,
		.tlps = c->tlps,
		.dsacks = c->dsacks,
		.ooo = c->n_ooo_in,
		.dup_in = c->dup_in,
		.ecn_marks = c->ecn_marks,
		.traffic = c->traffic,
		.wnd_limited_ns =
			c->wnd_limited_ns + (c->limit == LIMIT_WND ? now - c->limit_ns : 0),
		.app_limited_ns =
			c->app_limited_ns + (c->limit == LIMIT_APP ? now - c->limit_ns : 0),
		.frozen = c->frozen,
	};
	chim_tcp_state(c, &out->state);
}

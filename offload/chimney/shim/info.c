/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/info.h"

#include <linux/tcp.h>
#include <string.h>

_Static_assert(sizeof(struct tcp_info) <= CHIM_INFO_BYTES, "there is room for it");

enum { TRIES = 1000, STATE_ESTABLISHED = 1 };

void chim_info_read(const struct chim_conn *c, struct chim_shm_info *out)
{
	const struct chim_shm_info *in = &c->shm->info;

	for (int i = 0; i < TRIES; i++) {
		uint32_t seq = atomic_load_explicit(&in->seq, memory_order_acquire);

		memcpy(out, in, sizeof(*out));
		atomic_thread_fence(memory_order_acquire);
		if (!(seq & 1) && atomic_load(&in->seq) == seq)
			return;
	}
}

size_t chim_info_fill(const struct chim_conn *c, char *to)
{
	struct chim_shm_info in;
	struct tcp_info t = {0};

	chim_info_read(c, &in);
	t.tcpi_state = (uint8_t)(in.state ? in.state : STATE_ESTABLISHED);
	t.tcpi_ca_state = in.ca_state;
	t.tcpi_options = in.options;
	t.tcpi_snd_wscale = in.snd_wscale & 15;
	t.tcpi_rcv_wscale = in.rcv_wscale & 15;
	t.tcpi_rto = in.rto_us;
	t.tcpi_snd_mss = in.mss;
	t.tcpi_rcv_mss = in.rcv_mss;
	t.tcpi_advmss = in.mss;
	t.tcpi_unacked = in.unacked;
	t.tcpi_sacked = in.sacked;
	t.tcpi_lost = in.lost;
	t.tcpi_retrans = in.retrans;
	t.tcpi_last_data_sent = in.last_data_sent_ms;
	t.tcpi_last_data_recv = in.last_data_recv_ms;
	t.tcpi_pmtu = in.pmtu;
	t.tcpi_snd_ssthresh = in.ssthresh;
	t.tcpi_rtt = in.rtt_us;
	t.tcpi_rttvar = in.rttvar_us;
	t.tcpi_min_rtt = in.min_rtt_us;
	t.tcpi_snd_cwnd = in.cwnd;
	t.tcpi_reordering = in.reordering;
	t.tcpi_total_retrans = in.total_retrans;
	t.tcpi_bytes_acked = in.bytes_acked;
	t.tcpi_bytes_received = in.bytes_received;
	t.tcpi_segs_out = (uint32_t)in.segs_out;
	t.tcpi_segs_in = (uint32_t)in.segs_in;
	t.tcpi_bytes_retrans = in.bytes_retrans;
	t.tcpi_delivery_rate = in.delivery_rate;
	t.tcpi_bytes_sent = atomic_load(&c->shm->snd_sent) + in.bytes_retrans;
	t.tcpi_notsent_bytes =
		(uint32_t)(atomic_load(&c->shm->snd_head) - atomic_load(&c->shm->snd_sent));
	t.tcpi_snd_wnd = in.snd_wnd;
	memcpy(to, &t, sizeof(t));
	return sizeof(t);
}

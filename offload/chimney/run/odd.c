/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/odd.h"

#include "packet/odd.h"

enum { AGAIN_NS = 100000000, SEQ = 4 /* in TCP's header */ };

enum chim_upload chim_odd_take(struct chim_engine *e, struct chim_conn *c, const struct rte_mbuf *m,
			       uint64_t now)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	enum chim_upload why;
	struct pkt_headers h;
	enum pkt_odd odd;
	uint32_t at, seq;

	pkt_parse(data, m->data_len, m->pkt_len, &h);
	odd = pkt_odd_tcp(data, m->data_len, &h, &at);
	if (odd == PKT_ODD_NONE) {
		c->bad_csum++;
		return CHIM_UPLOAD_NONE;
	}
	why = odd == PKT_ODD_FRAGMENT ? CHIM_UPLOAD_FRAGMENTATION : CHIM_UPLOAD_IP_OPTIONS;
	seq = (uint32_t)pkt_be16(data + at + SEQ) << 16 | pkt_be16(data + at + SEQ + 2);
	if (!chim_engine_odd(e, c->tcp, why, seq) || (c->odd_ns && now - c->odd_ns < AGAIN_NS))
		return CHIM_UPLOAD_NONE;
	c->odd_ns = now;
	return why;
}

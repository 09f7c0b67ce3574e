/* SPDX-License-Identifier: BSD-3-Clause */
/* What a too large packet of a stranger leads to: an answer "packet too big" is a whole packet with
 * right sums that nobody answers in turn; and a SYN whose MSS is lowered stays what it was but for
 * that. The input is 8 bytes (limit, room, tso_segsz, kind, how the frame lies in segments), then
 * the frame. */
#include "jumbo/mss.h"
#include "jumbo/mtu.h"
#include "jumbo/ptb.h"

#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/test_eal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATA_MBUFS = 1023, REQUEST_LEN = 8 };

static struct rte_mempool *pool;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	test_eal_init();
	pool = test_pool("data", DATA_MBUFS, 2048);
	return 0;
}

static uint16_t an_mtu(const uint8_t *p)
{
	return MTU_MIN + pkt_be16(p) % (MTU_MAX - MTU_MIN + 1);
}

static void check_answer(struct rte_mbuf *a, const struct ptb_packet *p, uint16_t room)
{
	const uint8_t *d = rte_pktmbuf_mtod(a, const uint8_t *), *l3, *l4;
	struct ptb_packet again;
	struct pkt_headers h;
	const char *why;
	uint32_t len;

	if (rte_mbuf_check(a, 1, &why) != 0 || pkt_parse(d, a->pkt_len, a->pkt_len, &h) != 0)
		abort();
	l3 = d + h.l2_len;
	l4 = l3 + h.l3_len;
	len = a->pkt_len - h.l2_len;
	if (h.ip_version != p->h.ip_version || h.l2_len != p->h.l2_len || a->l2_len != h.l2_len ||
	    a->l3_len != h.l3_len || mtu_size(a) > room ||
	    len > (h.ip_version == 4 ? PTB_QUOTE4_MAX : PTB_QUOTE6_MAX))
		abort();
	if (h.ip_version == 4 && (pkt_be16(l3 + 2) != len || test_sum(l3, 20, 0) != 0xffff ||
				  test_sum(l4, len - 20, 0) != 0xffff || p->mtu < MTU_MIN - 16))
		abort();
	if (h.ip_version == 6 && (pkt_be16(l3 + 4) + 40u != len || p->mtu < PTB_MTU6_MIN ||
				  pkt_csum_mbuf(a, h.l2_len + 40, len - 40,
						pkt_csum_pseudo(l3, 6, 58, len - 40)) != 0xffff))
		abort();
	if (pkt_be16(l4 + 6) != p->mtu || p->ip_size <= p->mtu)
		abort();
	/* Were it too large itself, this would be the end of it. */
	if (ptb_judge(a, MTU_MIN, &again) != (h.ip_version == 4 ? PTB_NOT_DF : PTB_ICMP_ERROR))
		abort();
}

static bool sum_right(const struct rte_mbuf *m, const struct mss_syn *syn)
{
	uint8_t copy[PKT_PARSE_MAX];
	uint32_t seen = RTE_MIN(m->pkt_len, (uint32_t)PKT_PARSE_MAX), total;
	const uint8_t *d = rte_pktmbuf_read(m, 0, seen, copy);
	struct pkt_headers h;

	if (pkt_parse(d, seen, m->pkt_len, &h) != 0 || h.l4 != PKT_L4_TCP ||
	    h.l2_len + h.l3_len != syn->tcp_at || syn->tcp_at + h.l4_len != syn->headers)
		abort();
	total = h.ip_version == 4 ? pkt_be16(d + h.l2_len + 2) : 40u + pkt_be16(d + h.l2_len + 4);
	total -= h.l3_len;
	return pkt_csum_mbuf(m, syn->tcp_at, total,
			     pkt_csum_pseudo(d + h.l2_len, h.ip_version, 6, total)) == 0xffff;
}

static void check_mss(struct rte_mbuf *m, uint16_t mtu)
{
	struct mss_syn syn;
	bool right;

	if (!mss_too_large(m, mtu, &syn))
		return;
	if (syn.headers > m->pkt_len)
		abort();
	if (syn.headers > m->data_len && rte_pktmbuf_linearize(m) != 0)
		return;
	right = sum_right(m, &syn);
	mss_lower(m, &syn);
	if (right && (m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == 0 && !sum_right(m, &syn))
		abort();
	if (mss_too_large(m, mtu, &syn))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t limit, room;
	struct ptb_packet p;
	struct rte_mbuf *m, *a;
	uint32_t seed;

	if (size <= REQUEST_LEN + 14)
		return 0;
	seed = 1 + data[7];
	m = test_chain(pool, data + REQUEST_LEN, size - REQUEST_LEN, 14 + data[7], 16 + data[7] * 8,
		       &seed);
	if (m == NULL)
		return 0;
	limit = an_mtu(data);
	room = an_mtu(data + 2);
	m->tso_segsz = PKT_SEGSZ_MIN + pkt_be16(data + 4) % 10000;
	if (data[6] & 1)
		m->ol_flags |= data[6] & 2 ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG;
	if (data[6] & 4)
		m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	if (ptb_judge(m, limit, &p) == PTB_DUE) {
		a = ptb_answer(m, &p, room, pool);
		if (a == NULL)
			abort();
		check_answer(a, &p, room);
		rte_pktmbuf_free(a);
	}
	check_mss(m, limit);
	rte_pktmbuf_free(m);
	if (rte_mempool_avail_count(pool) != DATA_MBUFS)
		abort();
	return 0;
}

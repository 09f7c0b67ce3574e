/* SPDX-License-Identifier: BSD-3-Clause */
/* tso_split(): whatever a guest writes into headers and request, frames are well formed or the unit
 * is refused, and no mbuf is lost. The frames are judged by a plain sum and by the unit's own
 * bytes. The input is 8 bytes of request, then the packet: 0 1 2  l2_len, l3_len, l4_len, where RAW
 *   3      what is asked for, see below
 *   4 5    tso_segsz
 *   6 7    how the packet is cut into mbufs */
#include "offload/tso_lro/tso_split.h"

#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/parse.h"
#include "packet/test_eal.h"

#include <stdbool.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATA_MBUFS = 1023, HEADER_MBUFS = 4095, REQUEST_LEN = 8 };

/* Of request byte 3. */
enum {
	TCP = 0x01,
	UDP = 0x02,
	RAW = 0x04, /* lengths from the input, and not as the parser finds them */
	VXLAN = 0x08,
	GENEVE = 0x10, /* both bits: some other tunnel */
	FIXED_ID = 0x20,
	OUTER_SUM = 0x40,
};

enum { TUNNEL = VXLAN | GENEVE };

static struct rte_mempool *data_pool, *header_pool;
static struct rte_mbuf *frames[PKT_FRAMES_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	test_eal_init();
	data_pool = test_pool("data", DATA_MBUFS, 2048);
	header_pool = test_pool("header", HEADER_MBUFS, 256);
	return 0;
}

/* Where in the frame what begins. */
struct layout {
	uint32_t outer_l3, outer_l4; /* 0: no tunnel */
	uint32_t l3, l4, payload;
	uint8_t ip_version, outer_version;
	bool tcp;
};

/* Where a tunnel's inner frame begins, behind the outer headers h. */
static uint32_t inner_at(const uint8_t *bytes, uint32_t len, const struct pkt_headers *h, int kind)
{
	uint32_t at = h->l2_len + h->l3_len + 8;

	if (at + 8 > len)
		return len;
	at += 8 + (kind == GENEVE ? (bytes[at] & 0x3f) * 4 : 0);
	return RTE_MIN(at, len);
}

/* The request: lengths as the parser finds them or as the input has them, sizes, kind. */
static void put_request(struct rte_mbuf *m, const uint8_t *request, const uint8_t *bytes,
			uint32_t len)
{
	static const uint64_t kinds[] = {0, RTE_MBUF_F_TX_TUNNEL_VXLAN, RTE_MBUF_F_TX_TUNNEL_GENEVE,
					 RTE_MBUF_F_TX_TUNNEL_GRE};
	uint32_t seen = RTE_MIN(len, (uint32_t)PKT_PARSE_MAX), at = 0;
	int tunnel = request[3] & TUNNEL;
	struct pkt_headers h;

	m->l2_len = request[0];
	m->l3_len = request[1];
	m->l4_len = request[2];
	if ((request[3] & RAW) == 0) {
		if (tunnel != 0 && pkt_parse(bytes, seen, len, &h) == 0) {
			m->outer_l2_len = h.l2_len;
			m->outer_l3_len = h.l3_len;
			at = inner_at(bytes, seen, &h, tunnel);
		}
		if (pkt_parse(bytes + at, seen - at, len - at, &h) == 0) {
			m->l2_len = at - m->outer_l2_len - m->outer_l3_len + h.l2_len;
			m->l3_len = h.l3_len;
			m->l4_len = h.l4_len;
		}
	}
	m->tso_segsz = pkt_be16(request + 4);
	m->ol_flags |= kinds[tunnel / VXLAN];
	if (request[3] & TCP)
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	if (request[3] & UDP)
		m->ol_flags |= RTE_MBUF_F_TX_UDP_SEG;
	if (request[3] & FIXED_ID)
		m->ol_flags |= PKT_FIXED_ID;
	if (request[3] & OUTER_SUM)
		m->ol_flags |= RTE_MBUF_F_TX_OUTER_UDP_CKSUM;
}

static struct layout layout_of(const struct rte_mbuf *m, const uint8_t *bytes)
{
	struct layout y = {.l3 = m->l2_len, .tcp = (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0};

	if (m->ol_flags & RTE_MBUF_F_TX_TUNNEL_MASK) {
		y.outer_l3 = m->outer_l2_len;
		y.outer_l4 = y.outer_l3 + m->outer_l3_len;
		y.outer_version = bytes[y.outer_l3] >> 4;
		y.l3 += y.outer_l4;
	}
	y.ip_version = bytes[y.l3] >> 4;
	y.l4 = y.l3 + m->l3_len;
	y.payload = y.l4 + m->l4_len;
	return y;
}

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* The layer 4 packet and its pseudo-header. Only where an IPv6 packet has extension headers, which
 * may name another destination, is flue's own pseudo-header taken. */
static bool l4_sum_holds(const uint8_t *l3, const uint8_t *l4, uint8_t version, uint8_t proto,
			 uint32_t len)
{
	uint8_t tail[8] = {len >> 24, len >> 16, len >> 8, len, 0, 0, 0, proto};
	uint16_t sum;

	if (version == 6 && l4 - l3 > 40) {
		sum = rte_be_to_cpu_16(pkt_csum_pseudo(l3, 6, proto, len));
	} else {
		sum = version == 4 ? test_sum(l3 + 12, 8, 0) : test_sum(l3 + 8, 32, 0);
		sum = test_sum(tail, sizeof(tail), sum);
	}
	return test_sum(l4, len, sum) == 0xffff;
}

/* The IP header at `l3`, of a packet of `size` bytes in all; i: which frame, counted where ids
 * differ. */
static void check_ip(const uint8_t *f, const uint8_t *unit, uint32_t l3, uint32_t l4,
		     uint8_t version, uint32_t size, int i)
{
	if (version == 6) {
		check(40u + pkt_be16(f + l3 + 4) == size - l3);
		return;
	}
	check(pkt_be16(f + l3 + 2) == size - l3);
	check(pkt_be16(f + l3 + 4) == (uint16_t)(pkt_be16(unit + l3 + 4) + i));
	check(test_sum(f + l3, l4 - l3, 0) == 0xffff);
}

/* The i-th frame, whose payload begins at `from` of the unit's; returns how long it is. */
static uint32_t check_frame(const struct rte_mbuf *m, const uint8_t *unit, const struct layout *y,
			    const uint8_t *request, int i, uint32_t from, bool last)
{
	static uint8_t f[PKT_UNIT_MAX];
	uint32_t size = m->pkt_len, len = size - y->payload;
	const char *why;

	check(rte_mbuf_check(m, 1, &why) == 0 && size >= y->payload && size <= sizeof(f));
	check(RTE_MBUF_DIRECT(m) && m->data_len == y->payload && rte_mbuf_refcnt_read(m) == 1);
	check((m->ol_flags & (RTE_MBUF_F_TX_OFFLOAD_MASK | PKT_FIXED_ID)) == 0);
	for (uint32_t at = 0; m != NULL; at += m->data_len, m = m->next)
		memcpy(f + at, rte_pktmbuf_mtod(m, void *), m->data_len);
	check(memcmp(f + y->payload, unit + y->payload + from, len) == 0);
	check_ip(f, unit, y->l3, y->l4, y->ip_version, size, request[3] & FIXED_ID ? 0 : i);
	check(l4_sum_holds(f + y->l3, f + y->l4, y->ip_version, y->tcp ? 6 : 17, size - y->l4));
	if (y->tcp) {
		const uint8_t *was = unit + y->l4, *is = f + y->l4;
		uint32_t seq = (uint32_t)pkt_be16(was + 4) << 16 | pkt_be16(was + 6);

		seq += from;
		check(pkt_be16(is + 4) == seq >> 16 && pkt_be16(is + 6) == (uint16_t)seq);
		check(is[13] == (was[13] & (i == 0 ? 0xff : 0x7f) & (last ? 0xff : 0xf6)));
	} else {
		check(pkt_be16(f + y->l4 + 4) == size - y->l4 && pkt_be16(f + y->l4 + 6) != 0);
	}
	if (y->outer_l4 == 0)
		return len;
	check_ip(f, unit, y->outer_l3, y->outer_l4, y->outer_version, size, i);
	check(pkt_be16(f + y->outer_l4 + 4) == size - y->outer_l4);
	if (y->outer_version == 4 && pkt_be16(unit + y->outer_l4 + 6) == 0 &&
	    (request[3] & OUTER_SUM) == 0)
		check(pkt_be16(f + y->outer_l4 + 6) == 0);
	else
		check(pkt_be16(f + y->outer_l4 + 6) != 0 &&
		      l4_sum_holds(f + y->outer_l3, f + y->outer_l4, y->outer_version, 17,
				   size - y->outer_l4));
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *bytes = data + REQUEST_LEN;
	uint32_t seed, len, first, most, segsz, sum = 0;
	struct rte_mbuf *m, before;
	struct layout y = {0};
	int n;

	if (size <= REQUEST_LEN)
		return 0;
	len = size - REQUEST_LEN;
	seed = 1 + data[7];
	first = 1 + data[6];
	most = 16 + data[7] * 8;
	m = test_chain(data_pool, bytes, len, first, most, &seed);
	if (m == NULL)
		return 0;
	put_request(m, data, bytes, len);
	segsz = m->tso_segsz;
	check(tso_split_count(m) >= 1 && tso_split_count(m) <= PKT_FRAMES_MAX);
	before = *m;
	n = tso_split(m, header_pool, frames, PKT_FRAMES_MAX);
	if (n < 0)
		rte_pktmbuf_free(m);
	else
		y = layout_of(&before, bytes); /* it was taken: these lie within it */
	for (int i = 0; i < n; i++) {
		uint32_t got =
			check_frame(frames[i], bytes, &y, data, i, (uint32_t)i * segsz, i + 1 == n);

		check(got == segsz || (i + 1 == n && got <= segsz));
		sum += got;
		rte_pktmbuf_free(frames[i]);
	}
	check(n < 0 || (n > 0 && sum == len - y.payload));
	check(rte_mempool_avail_count(data_pool) == DATA_MBUFS &&
	      rte_mempool_avail_count(header_pool) == HEADER_MBUFS);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* tso_split(): whatever a guest writes into headers and request, frames are well formed or the unit
 * is refused, and no mbuf is lost. The input is 8 bytes of request, then the packet. */
#include "offload/tso_lro/tso_split.h"

#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/parse.h"
#include "packet/test_eal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATA_MBUFS = 1023, HEADER_MBUFS = 4095, REQUEST_LEN = 8 };

static struct rte_mempool *data_pool, *header_pool;
static struct rte_mbuf *frames[PKT_FRAMES_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	test_eal_init();
	data_pool = test_pool("data", DATA_MBUFS, 2048);
	header_pool = test_pool("header", HEADER_MBUFS, 256);
	return 0;
}

/* The request: lengths as the parser finds them or as the input has them, sizes, kind. */
static void put_request(struct rte_mbuf *m, const uint8_t *request, const uint8_t *bytes,
			uint32_t len)
{
	struct pkt_headers h;

	m->l2_len = request[0];
	m->l3_len = request[1];
	m->l4_len = request[2];
	if ((request[3] & 4) == 0 && pkt_parse(bytes, len, len, &h) == 0) {
		m->l2_len = h.l2_len;
		m->l3_len = h.l3_len;
		m->l4_len = h.l4_len;
	}
	m->tso_segsz = pkt_be16(request + 4);
	if (request[3] & 1)
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	if (request[3] & 2)
		m->ol_flags |= RTE_MBUF_F_TX_UDP_SEG;
}

/* A frame carries headers like the unit's and at most segsz bytes, which it returns. */
static uint32_t check_frame(struct rte_mbuf *f, uint32_t segsz)
{
	uint8_t copy[PKT_PARSE_MAX];
	uint32_t seen = RTE_MIN(f->pkt_len, (uint32_t)PKT_PARSE_MAX);
	uint32_t hdr = f->l2_len + f->l3_len + f->l4_len;
	const uint8_t *bytes = rte_pktmbuf_read(f, 0, seen, copy);
	struct pkt_headers h;
	const char *why;

	if (rte_mbuf_check(f, 1, &why) != 0 || pkt_parse(bytes, seen, f->pkt_len, &h) != 0)
		abort();
	if (h.l2_len != f->l2_len || h.l3_len != f->l3_len || h.l4_len != f->l4_len ||
	    (h.l4 != PKT_L4_TCP && h.l4 != PKT_L4_UDP))
		abort();
	if (f->pkt_len < hdr || f->pkt_len - hdr > segsz)
		abort();
	if (pkt_csum_mbuf(f, h.l2_len + h.l3_len, f->pkt_len - h.l2_len - h.l3_len,
			  pkt_csum_pseudo(bytes + h.l2_len, h.ip_version, h.proto,
					  f->pkt_len - h.l2_len - h.l3_len)) != 0xffff)
		abort();
	return f->pkt_len - hdr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t seed, len, first, most, segsz, payload, sum = 0;
	struct rte_mbuf *m;
	int n;

	if (size <= REQUEST_LEN)
		return 0;
	len = size - REQUEST_LEN;
	seed = 1 + data[7];
	first = 1 + data[6];
	most = 16 + data[7] * 8;
	m = test_chain(data_pool, data + REQUEST_LEN, len, first, most, &seed);
	if (m == NULL)
		return 0;
	put_request(m, data, data + REQUEST_LEN, len);
	segsz = m->tso_segsz;
	payload = m->pkt_len - m->l2_len - m->l3_len - m->l4_len;

	if (tso_split_count(m) < 1 || tso_split_count(m) > PKT_FRAMES_MAX)
		abort();
	n = tso_split(m, header_pool, frames, PKT_FRAMES_MAX);
	if (n < 0)
		rte_pktmbuf_free(m);
	for (int i = 0; i < n; i++) {
		sum += check_frame(frames[i], segsz);
		rte_pktmbuf_free(frames[i]);
	}
	if ((n >= 0 && (n == 0 || sum != payload)) ||
	    rte_mempool_avail_count(data_pool) != DATA_MBUFS ||
	    rte_mempool_avail_count(header_pool) != HEADER_MBUFS)
		abort();
	return 0;
}

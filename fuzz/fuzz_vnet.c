/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest puts before and into a frame, up to the parse stage: a request that gets past both
 * can be carried out, and says the same when it is passed on. The input is the virtio-net header,
 * two bytes for how the frame lies in segments, then the frame. */
#include "vswitch/port/vnet_hdr.h"

#include "packet/csum.h"
#include "packet/test_eal.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEG    (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)
#define INTENT (SEG | RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6)

enum { DATA_MBUFS = 1023, HDR_LEN = sizeof(struct virtio_net_hdr) };

static struct rte_mempool *pool;
static struct pkt_counters counters[1];
static struct pkt_worker worker = {.counters = counters};
static struct pkt_burst burst = {.w = &worker};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	test_eal_init();
	pool = test_pool("data", DATA_MBUFS, 2048);
	return 0;
}

/* Consumes m, and returns NULL, where the request is refused. */
static struct rte_mbuf *receive(const struct virtio_net_hdr *hdr, struct rte_mbuf *m)
{
	struct pkt_stage stage = {.def = &parse_stage};

	if (vnet_hdr_to_mbuf(hdr, m) != 0) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	burst.pkts[0] = m;
	burst.n = 1;
	parse_stage.process(&stage, &burst);
	return burst.n ? m : NULL;
}

static void check_lengths(const struct rte_mbuf *m)
{
	uint32_t headers = m->l2_len + m->l3_len + m->l4_len;
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;

	if (headers > m->data_len || m->l2_len < 14)
		abort();
	if (m->l4_len != (l4 == RTE_MBUF_F_TX_UDP_CKSUM ? 8 : m->l4_len) || m->l4_len < 8)
		abort();
	if (!(m->ol_flags & RTE_MBUF_F_TX_IPV4) == !(m->ol_flags & RTE_MBUF_F_TX_IPV6))
		abort();
	if (!(m->ol_flags & SEG))
		return;
	if ((m->ol_flags & SEG) !=
	    (l4 == RTE_MBUF_F_TX_TCP_CKSUM ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG))
		abort();
	if (m->tso_segsz < PKT_SEGSZ_MIN || m->pkt_len - headers <= m->tso_segsz ||
	    m->pkt_len > PKT_UNIT_MAX)
		abort();
}

/* To a port that takes the request, and back; or to one that does not. */
static struct rte_mbuf *pass_on(struct rte_mbuf *m)
{
	uint64_t intent = m->ol_flags & INTENT;
	struct virtio_net_hdr hdr;

	vnet_hdr_from_mbuf(m, &hdr);
	m->ol_flags &= ~INTENT;
	m = receive(&hdr, m);
	if (m == NULL || (m->ol_flags & INTENT) != intent)
		abort();
	if (!(intent & SEG) && pkt_csum_complete(m) != 0)
		abort();
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_net_hdr hdr;
	struct rte_mbuf *m;
	uint32_t seed;

	if (size <= HDR_LEN + 2)
		return 0;
	memcpy(&hdr, data, sizeof(hdr));
	seed = 1 + data[HDR_LEN + 1];
	m = test_chain(pool, data + HDR_LEN + 2, size - HDR_LEN - 2, 1 + data[HDR_LEN],
		       16 + data[HDR_LEN + 1] * 8, &seed);
	if (m == NULL)
		return 0;
	m = receive(&hdr, m);
	if (m != NULL && (m->ol_flags & RTE_MBUF_F_TX_L4_MASK)) {
		check_lengths(m);
		m = pass_on(m);
	}
	rte_pktmbuf_free(m);
	if (rte_mempool_avail_count(pool) != DATA_MBUFS)
		abort();
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* lro_merge(): whatever frames come, split(merge(x)) holds the same frames, and no mbuf is lost.
 * With rsc, what leaves is well formed. The input is a row of frames, each behind three bytes: its
 * length, and how it lies in its buffers. */
#include "offload/tso_lro/lro_merge.h"

#include "offload/tso_lro/tso_split.h"
#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/parse.h"
#include "packet/test_eal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATA_MBUFS = 4095, HEADER_MBUFS = 4095, FRAMES_MAX = 64, FRAME_MAX = 2048, BEFORE = 3 };
/* In a frame's third byte. */
enum { SUMS = 1, ODD_CHAIN = 2, SHARED = 4, TAGGED = 8 };

struct frame {
	uint32_t len;
	bool seen;
	uint8_t bytes[FRAME_MAX];
};

static struct rte_mempool *data_pool, *header_pool;
static struct lro *lro;
static struct frame frames[FRAMES_MAX];
static struct rte_mbuf *pkts[FRAMES_MAX], *held[FRAMES_MAX], *out[PKT_FRAMES_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	test_eal_init();
	data_pool = test_pool("data", DATA_MBUFS, 2048);
	header_pool = test_pool("header", HEADER_MBUFS, 256);
	lro = lro_new();
	return lro == NULL;
}

/* No input finds a right checksum by chance. */
static void put_sums(struct frame *f)
{
	uint32_t l3_len, total;
	struct pkt_headers h;
	uint8_t *l3, *l4;
	uint16_t sum;

	if (pkt_parse(f->bytes, RTE_MIN(f->len, (uint32_t)PKT_PARSE_MAX), f->len, &h) != 0 ||
	    h.l4 != PKT_L4_TCP)
		return;
	l3 = f->bytes + h.l2_len;
	l3_len = h.l3_len;
	l4 = l3 + l3_len;
	total = h.ip_version == 4 ? pkt_be16(l3 + 2) : 40 + pkt_be16(l3 + 4);
	if (h.ip_version == 4) {
		memset(l3 + 10, 0, 2);
		sum = ~test_sum(l3, l3_len, 0);
		l3[10] = sum >> 8;
		l3[11] = sum;
	}
	memset(l4 + 16, 0, 2);
	sum = pkt_csum_pseudo(l3, h.ip_version, 6, total - l3_len);
	sum = ~test_sum(l4, total - l3_len, rte_be_to_cpu_16(sum));
	l4[16] = sum >> 8;
	l4[17] = sum;
}

/* Returns how many frames the input holds. */
static uint16_t read_frames(const uint8_t *data, size_t size, uint16_t *n_held)
{
	uint32_t seed = 1;
	uint16_t n = 0;

	*n_held = 0;
	while (n < FRAMES_MAX && size > BEFORE) {
		uint32_t len = pkt_be16(data) % FRAME_MAX;
		uint8_t how = data[2];
		struct frame *f = &frames[n];

		data += BEFORE;
		size -= BEFORE;
		f->len = RTE_MIN(len, size);
		f->seen = false;
		if (f->len == 0)
			continue;
		memcpy(f->bytes, data, f->len);
		data += f->len;
		size -= f->len;
		if (how & SUMS)
			put_sums(f);
		pkts[n] = test_chain(data_pool, f->bytes, f->len, how & ODD_CHAIN ? 1 + how : 2048,
				     how & ODD_CHAIN ? 100 : 2048, &seed);
		if (pkts[n] == NULL)
			break;
		pkts[n]->vlan_tci = how & TAGGED ? 7 : 0;
		if (how & SHARED) {
			rte_pktmbuf_refcnt_update(pkts[n], 1);
			held[(*n_held)++] = pkts[n];
		}
		n++;
	}
	return n;
}

static void is_known(const struct rte_mbuf *m, uint16_t n)
{
	static uint8_t copy[FRAME_MAX];
	const uint8_t *bytes;
	uint16_t i = 0;

	if (m->pkt_len > FRAME_MAX)
		abort();
	bytes = rte_pktmbuf_read(m, 0, m->pkt_len, copy);
	while (i < n && (frames[i].seen || frames[i].len != m->pkt_len ||
			 memcmp(frames[i].bytes, bytes, m->pkt_len) != 0))
		i++;
	if (i == n)
		abort();
	frames[i].seen = true;
}

static void reversible(uint16_t n)
{
	struct pkt_merge_counts counts = {0};
	uint16_t left = lro_merge(lro, LRO_REVERSIBLE, pkts, n, &counts), got = 0;
	const char *why;

	for (uint16_t i = 0; i < left; i++) {
		int made = 1;

		if (rte_mbuf_check(pkts[i], 1, &why) != 0)
			abort();
		if (pkts[i]->ol_flags & RTE_MBUF_F_TX_TCP_SEG)
			made = tso_split(pkts[i], header_pool, out, PKT_FRAMES_MAX);
		else
			out[0] = pkts[i];
		if (made < 1)
			abort();
		for (int k = 0; k < made; k++)
			is_known(out[k], n);
		rte_pktmbuf_free_bulk(out, made);
		got += made;
	}
	if (got != n)
		abort();
}

static void rsc(uint16_t n)
{
	struct pkt_merge_counts counts = {0};
	uint16_t left = lro_merge(lro, LRO_RSC, pkts, n, &counts);
	const char *why;

	for (uint16_t i = 0; i < left; i++) {
		struct rte_mbuf *m = pkts[i];
		int made;

		if (rte_mbuf_check(m, 1, &why) != 0)
			abort();
		if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) == 0) {
			rte_pktmbuf_free(m);
			continue;
		}
		made = tso_split(m, header_pool, out, PKT_FRAMES_MAX);
		if (made < 1)
			abort();
		rte_pktmbuf_free_bulk(out, made);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int mode = 0; mode < 2; mode++) {
		uint16_t n_held, n = read_frames(data, size, &n_held);

		if (mode == 0)
			reversible(n);
		else
			rsc(n);
		rte_pktmbuf_free_bulk(held, n_held);
		if (rte_mempool_avail_count(data_pool) != DATA_MBUFS ||
		    rte_mempool_avail_count(header_pool) != HEADER_MBUFS)
			abort();
	}
	return 0;
}

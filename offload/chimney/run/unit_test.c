/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/unit.h"

#include "packet/csum.h"
#include "packet/test_eal.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

enum { RING = 1 << 17, OPTIONS = 12 };

static struct pkt_worker worker;
static struct rte_mbuf_ext_shared_info shinfo;
static uint8_t ring[RING];
static const uint8_t eth[18] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

static void nothing(void *addr, void *opaque)
{
}

static void be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* As the engine makes it: the TCP checksum field holds the pseudo-header's sum. */
static struct chim_out out_of(bool v6, uint32_t len, uint16_t segsz)
{
	struct chim_out o = {
		.l3_len = v6 ? 40 : 20, .l4_len = 20 + OPTIONS, .len = len, .segsz = segsz};
	uint8_t *l3 = o.headers, *l4 = l3 + o.l3_len;
	uint16_t sum;

	if (v6) {
		l3[0] = 0x62;
		l3[1] = 0x80; /* traffic class 0x28 */
		be16(l3 + 4, o.l4_len + len);
		l3[6] = IPPROTO_TCP;
		l3[8] = l3[24] = 0xfd;
	} else {
		l3[0] = 0x45;
		l3[1] = 0x28;
		be16(l3 + 2, 20u + o.l4_len + len);
		l3[9] = IPPROTO_TCP;
	}
	be16(l4 + 4, 0x1234);
	be16(l4 + 6, 0x5678);
	be16(l4 + 8, 0x9abc);
	be16(l4 + 10, 0xdef0);
	l4[12] = (20 + OPTIONS) / 4 << 4;
	l4[13] = 0x18;
	be16(l4 + 14, 501);
	memset(l4 + 20, 1, OPTIONS);
	sum = pkt_csum_pseudo(l3, v6 ? 6 : 4, IPPROTO_TCP, segsz ? 0 : o.l4_len + len);
	memcpy(l4 + 16, &sum, 2);
	o.data[0] = (struct iovec){ring + RING - 1000, len < 1000 ? len : 1000};
	o.data[1] = (struct iovec){ring, len - o.data[0].iov_len};
	o.n_data = len == 0 ? 0 : o.data[1].iov_len ? 2 : 1;
	return o;
}

/* What the stage parse would have written. */
static struct rte_mbuf *built(const struct chim_out *o, uint8_t eth_len)
{
	struct rte_mbuf *m = chim_unit_build(&worker, o, eth, eth_len, &shinfo);

	assert_non_null(m);
	rte_mbuf_sanity_check(m, 1);
	m->l2_len = eth_len;
	m->l3_len = o->l3_len;
	m->l4_len = o->l4_len;
	return m;
}

static uint8_t byte_at(const struct chim_seg *s, uint32_t at)
{
	for (uint16_t i = 0; i < s->n_data; i++) {
		if (at < s->data[i].iov_len)
			return ((const uint8_t *)s->data[i].iov_base)[at];
		at -= (uint32_t)s->data[i].iov_len;
	}
	fail();
	return 0;
}

static void same_comes_back(bool v6, uint32_t len, uint16_t segsz, uint8_t eth_len)
{
	struct chim_out o = out_of(v6, len, segsz);
	struct rte_mbuf *m = built(&o, eth_len);
	struct chim_unit u;

	assert_int_equal(m->pkt_len, eth_len + o.l3_len + o.l4_len + len);
	assert_int_equal(chim_unit_parse(m, &u), 0);
	assert_int_equal(u.seg.seq, 0x12345678);
	assert_int_equal(u.seg.ack, 0x9abcdef0);
	assert_int_equal(u.seg.wnd, 501);
	assert_int_equal(u.seg.flags, 0x18);
	assert_int_equal(u.seg.tos, 0x28);
	assert_int_equal(u.seg.opts_len, OPTIONS);
	assert_int_equal(u.seg.len, len);
	assert_int_equal(u.seg.segs, segsz ? (len + segsz - 1) / segsz : 1);
	for (uint32_t i = 0; i < len; i++)
		if (byte_at(&u.seg, i) != ring[(RING - 1000 + i) % RING])
			fail_msg("byte %u of %u differs", i, len);
	rte_pktmbuf_free(m);
	assert_int_equal(rte_mbuf_ext_refcnt_read(&shinfo), 1);
}

static void what_is_built_is_parsed(void **state)
{
	static const uint32_t lengths[] = {0, 1, 512, 513, 999, 1000, 1001, 65000};

	for (unsigned int i = 0; i < RTE_DIM(lengths); i++) {
		same_comes_back(false, lengths[i], lengths[i] > 1448 ? 1448 : 0, 14);
		same_comes_back(true, lengths[i], lengths[i] > 1428 ? 1428 : 0, 18);
	}
}

/* A frame as from a wire: no intent, a whole checksum, padding behind it. */
static void wire_frames_checksums_are_looked_at(void **state)
{
	struct chim_out o = out_of(false, 701, 0);
	struct rte_mbuf *m = built(&o, 14);
	struct chim_unit u;
	uint8_t *last;

	assert_int_equal(pkt_csum_complete(m), 0);
	m->ol_flags = 0;
	assert_non_null(rte_pktmbuf_append(rte_pktmbuf_lastseg(m), 0));
	assert_int_equal(chim_unit_parse(m, &u), 0);
	assert_int_equal(u.seg.len, 701);
	last = (uint8_t *)u.seg.data[u.seg.n_data - 1].iov_base;
	last[u.seg.data[u.seg.n_data - 1].iov_len - 1] ^= 1;
	assert_int_equal(chim_unit_parse(m, &u), -EBADMSG);
	last[u.seg.data[u.seg.n_data - 1].iov_len - 1] ^= 1;
	rte_pktmbuf_free(m);
}

static void odd_pieces_sum_up(void **state)
{
	struct chim_out o = out_of(true, 1203, 0);
	struct rte_mbuf *m;
	struct chim_unit u;

	o.data[0] = (struct iovec){ring + 7, 601};
	o.data[1] = (struct iovec){ring + 5000, 602};
	o.n_data = 2;
	m = built(&o, 14);
	assert_int_equal(pkt_csum_complete(m), 0);
	m->ol_flags = 0;
	assert_int_equal(chim_unit_parse(m, &u), 0);
	assert_int_equal(u.seg.n_data, 2);
	rte_pktmbuf_free(m);
}

static void lengths_that_lie_are_refused(void **state)
{
	struct chim_out o = out_of(false, 100, 0);
	struct rte_mbuf *m = built(&o, 14);
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, 14);
	struct chim_unit u;

	be16(l3 + 2, 20 + 20 + OPTIONS + 101);
	assert_int_equal(chim_unit_parse(m, &u), -EINVAL);
	be16(l3 + 2, 20 + 20 + OPTIONS - 1);
	assert_int_equal(chim_unit_parse(m, &u), -EINVAL);
	rte_pktmbuf_free(m);
}

static void what_only_a_kernel_takes_is_refused(void **state)
{
	struct chim_out o = out_of(false, 100, 0);
	struct rte_mbuf *m = built(&o, 14);
	struct chim_unit u;

	/* As the stage `parse` says of IP options, and of fragments. */
	m->l3_len = 24;
	m->l4_len = 20;
	assert_int_equal(chim_unit_parse(m, &u), -EPROTONOSUPPORT);
	m->l3_len = 20;
	m->l4_len = 0;
	assert_int_equal(chim_unit_parse(m, &u), -EINVAL);
	rte_pktmbuf_free(m);
}

static void without_buffers_nothing_is_lost(void **state)
{
	struct rte_mempool *all = worker.header_pool;
	struct rte_mbuf *kept[256];
	struct chim_out o = out_of(false, 60000, 1448);
	unsigned int n = rte_mempool_avail_count(all);

	assert_true(n <= 256);
	assert_int_equal(rte_pktmbuf_alloc_bulk(all, kept, n - 1), 0);
	assert_null(chim_unit_build(&worker, &o, eth, 14, &shinfo));
	assert_int_equal(rte_mbuf_ext_refcnt_read(&shinfo), 1);
	assert_int_equal(rte_mempool_avail_count(all), 1);
	rte_pktmbuf_free_bulk(kept, n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_parsed),
		cmocka_unit_test(wire_frames_checksums_are_looked_at),
		cmocka_unit_test(odd_pieces_sum_up),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(what_only_a_kernel_takes_is_refused),
		cmocka_unit_test(without_buffers_nothing_is_lost),
	};

	test_eal_init();
	worker.data_pool = test_pool("data", 256, 2048);
	worker.header_pool = test_pool("headers", 256, 0);
	shinfo.free_cb = nothing;
	rte_mbuf_ext_refcnt_set(&shinfo, 1);
	for (uint32_t i = 0; i < RING; i++)
		ring[i] = (uint8_t)(i * 7 + i / 251);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

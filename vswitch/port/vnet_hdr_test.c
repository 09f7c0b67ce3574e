/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vnet_hdr.h"

#include "packet/test_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <rte_byteorder.h>

enum {
	MBUFS = 255,
	TCP4 = VIRTIO_NET_HDR_GSO_TCPV4,
	TCP6 = VIRTIO_NET_HDR_GSO_TCPV6,
	ECN = VIRTIO_NET_HDR_GSO_ECN,
	CWR = 0x80,
};

#define INTENT                                                                   \
	(RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG | \
	 RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6)

static struct rte_mempool *pool;
static struct test_frame frame;
static struct rte_mbuf *m;

/* A new m with such a frame. */
static void make(uint8_t ip, uint8_t proto, uint32_t payload)
{
	rte_pktmbuf_free(m);
	memset(&frame, 0, offsetof(struct test_frame, bytes));
	frame.ip = ip;
	frame.proto = proto;
	frame.payload = payload;
	test_frame_build(&frame);
	m = test_frame_mbuf(&frame, pool);
}

/* The header a guest puts before the frame. */
static struct virtio_net_hdr request(uint8_t gso_type, uint16_t gso_size)
{
	uint16_t l4_at = frame.l2_len + frame.l3_len;

	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = gso_type,
		.hdr_len = gso_type ? rte_cpu_to_le_16(l4_at + frame.l4_len) : 0,
		.gso_size = rte_cpu_to_le_16(gso_size),
		.csum_start = rte_cpu_to_le_16(l4_at),
		.csum_offset = rte_cpu_to_le_16(frame.proto == 17 ? 6 : 16),
	};
}

static int teardown(void **state)
{
	rte_pktmbuf_free(m);
	m = NULL;
	return rte_mempool_avail_count(pool) == MBUFS ? 0 : -1;
}

static void nothing_asked(void **state)
{
	struct virtio_net_hdr hdr = {0}, back;

	make(4, 6, 100);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), 0);
	assert_int_equal(m->ol_flags & INTENT, 0);
	hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	hdr.csum_start = 0xffff; /* means nothing without the flag */
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), 0);
	assert_int_equal(m->ol_flags & INTENT, 0);
	assert_true(test_same_bytes(m, frame.bytes, frame.len));
	memset(&back, 0xff, sizeof(back));
	vnet_hdr_from_mbuf(m, &back);
	assert_memory_equal(&back, &(struct virtio_net_hdr){0}, sizeof(back));
}

/* To the mbuf, what the parse stage adds, and back to the very header. */
static void there_and_back(void **state)
{
	static const struct {
		uint8_t ip, proto, tcp_flags, gso;
		uint16_t size;
		uint64_t intent;
	} cases[] = {
		{4, 6, 0x10, 0, 0, RTE_MBUF_F_TX_TCP_CKSUM},
		{6, 6, 0x10, 0, 0, RTE_MBUF_F_TX_TCP_CKSUM},
		{4, 17, 0, 0, 0, RTE_MBUF_F_TX_UDP_CKSUM},
		{6, 17, 0, 0, 0, RTE_MBUF_F_TX_UDP_CKSUM},
		{4, 6, 0x10, TCP4, 1448, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG},
		{6, 6, 0x10, TCP6, 1428, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG},
		{4, 6, CWR, TCP4 | ECN, 1448, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG},
		{6, 6, CWR, TCP6 | ECN, 1448, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG},
		{4, 17, 0, VNET_GSO_UDP_L4, 1472, RTE_MBUF_F_TX_UDP_CKSUM | RTE_MBUF_F_TX_UDP_SEG},
		{6, 17, 0, VNET_GSO_UDP_L4, 1452, RTE_MBUF_F_TX_UDP_CKSUM | RTE_MBUF_F_TX_UDP_SEG},
	};

	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct virtio_net_hdr hdr, back;

		make(cases[i].ip, cases[i].proto, 9000);
		hdr = request(cases[i].gso, cases[i].size);
		rte_pktmbuf_mtod_offset(m, uint8_t *, frame.l2_len + frame.l3_len)[13] =
			cases[i].tcp_flags;
		assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), 0);
		assert_int_equal(m->ol_flags & INTENT, cases[i].intent);
		if (cases[i].gso)
			assert_int_equal(m->tso_segsz, cases[i].size);
		m->l2_len = frame.l2_len;
		m->l3_len = frame.l3_len;
		m->l4_len = frame.l4_len;
		m->ol_flags |= cases[i].ip == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
		vnet_hdr_from_mbuf(m, &back);
		assert_memory_equal(&back, &hdr, sizeof(back));
	}
}

/* CWR in a plain frame is nothing the header tells, nor is a byte at that place of a datagram. */
static void ecn_is_of_units(void **state)
{
	struct virtio_net_hdr back;

	make(4, 17, 3000);
	memset(rte_pktmbuf_mtod_offset(m, uint8_t *, 42), 0xff, 20);
	m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM | RTE_MBUF_F_TX_UDP_SEG | RTE_MBUF_F_TX_IPV4;
	m->l2_len = 14;
	m->l3_len = 20;
	m->l4_len = 8;
	vnet_hdr_from_mbuf(m, &back);
	assert_int_equal(back.gso_type, VNET_GSO_UDP_L4);
	m->ol_flags &= ~(RTE_MBUF_F_TX_UDP_SEG | RTE_MBUF_F_TX_L4_MASK);
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	vnet_hdr_from_mbuf(m, &back);
	assert_int_equal(back.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	assert_int_equal(back.csum_offset, 16);
}

static void bad_requests(void **state)
{
	struct virtio_net_hdr hdr;

	make(4, 6, 9000);
	hdr = request(TCP4, 1448);
	hdr.flags = 0; /* a unit whose checksum nobody is to complete */
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
	hdr = request(TCP4, 0);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
	for (int type = 1; type < 256; type++) {
		int bare = type & ~ECN;

		hdr = request((uint8_t)type, 1448);
		m->ol_flags &= ~INTENT;
		assert_int_equal(vnet_hdr_to_mbuf(&hdr, m),
				 bare == TCP4 || bare == TCP6 || bare == VNET_GSO_UDP_L4 ? 0
											 : -EINVAL);
	}
	/* A unit can be cut only by its outermost header. */
	hdr = request(TCP4, 1448);
	hdr.csum_start = rte_cpu_to_le_16(36);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
	hdr = request(TCP4, 1448);
	hdr.csum_offset = rte_cpu_to_le_16(6);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
	make(0, 0, 9000);
	hdr = request(TCP4, 1448);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
	/* Nothing was written. */
	assert_true(test_same_bytes(m, frame.bytes, frame.len));
	/* Not even an Ethernet header. */
	rte_pktmbuf_free(m);
	m = rte_pktmbuf_alloc(pool);
	assert_non_null(rte_pktmbuf_append(m, 13));
	hdr = request(0, 0);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
}

/* The field must lie in the first segment: the last two bytes of it will do, the next will not. */
static void bad_places(void **state)
{
	struct virtio_net_hdr hdr;
	uint32_t end;

	make(0, 0, 5000);
	end = m->data_len;
	assert_true(m->nb_segs > 1);
	for (uint32_t start = 14; start < 70; start++)
		for (uint32_t at = end - 4; at < end + 4; at++) {
			hdr = request(0, 0);
			hdr.csum_start = rte_cpu_to_le_16(start);
			hdr.csum_offset = rte_cpu_to_le_16(at - start);
			assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), at + 2 <= end ? 0 : -EINVAL);
		}
	hdr.csum_start = 0xffff;
	hdr.csum_offset = 0xffff;
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
	hdr.csum_offset = 0;
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), -EINVAL);
}

/* Checksums of what we do not know are completed at once: the plain sum from the start to the end,
 * with what the field held. */
static void completes_what_it_does_not_know(void **state)
{
	static const uint8_t protos[] = {132, 33, 1, 58, 47};
	uint32_t seed = 4;

	for (int i = 0; i < 500; i++) {
		struct virtio_net_hdr hdr;
		uint32_t start, offset, len;
		uint16_t sum;

		make(i % 2 ? 4 : 6, protos[i % RTE_DIM(protos)], 20 + test_below(&seed, 8000));
		start = 14 + test_below(&seed, 60);
		offset = test_below(&seed, RTE_MIN(frame.len, 2000u) - start - 1);
		len = frame.len - start;
		hdr = request(0, 0);
		hdr.csum_start = rte_cpu_to_le_16(start);
		hdr.csum_offset = rte_cpu_to_le_16(offset);
		sum = ~test_sum(frame.bytes + start, len, 0);
		test_be16(frame.bytes + start + offset, sum ? sum : 0xffff);
		assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), 0);
		assert_int_equal(m->ol_flags & INTENT, 0);
		assert_true(test_same_bytes(m, frame.bytes, frame.len));
	}
}

/* A sum of zero is written as its other form, which means the same to all and is never "none". */
static void never_writes_zero(void **state)
{
	struct virtio_net_hdr hdr;
	uint8_t *p;

	make(0, 0, 60);
	p = rte_pktmbuf_mtod(m, uint8_t *);
	memset(p + 14, 0, 60);
	test_be16(p + 20, 0xffff);
	hdr = request(0, 0);
	hdr.csum_start = rte_cpu_to_le_16(14);
	hdr.csum_offset = rte_cpu_to_le_16(30);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), 0);
	assert_memory_equal(p + 44, "\xff\xff", 2);
}

/* Of a tunnel the inner header is asked for; the outer one is not touched. */
static void inner_headers(void **state)
{
	struct virtio_net_hdr hdr;
	uint16_t sum;

	make(4, 17, 200);
	hdr = request(0, 0);
	hdr.csum_start = rte_cpu_to_le_16(14 + 28 + 50);
	hdr.csum_offset = rte_cpu_to_le_16(16);
	sum = ~test_sum(frame.bytes + 92, frame.len - 92, 0);
	test_be16(frame.bytes + 92 + 16, sum);
	assert_int_equal(vnet_hdr_to_mbuf(&hdr, m), 0);
	assert_int_equal(m->ol_flags & INTENT, 0);
	assert_true(test_same_bytes(m, frame.bytes, frame.len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_asked, teardown),
		cmocka_unit_test_teardown(there_and_back, teardown),
		cmocka_unit_test_teardown(ecn_is_of_units, teardown),
		cmocka_unit_test_teardown(bad_requests, teardown),
		cmocka_unit_test_teardown(bad_places, teardown),
		cmocka_unit_test_teardown(completes_what_it_does_not_know, teardown),
		cmocka_unit_test_teardown(never_writes_zero, teardown),
		cmocka_unit_test_teardown(inner_headers, teardown),
	};

	test_eal_init();
	pool = test_pool("data", MBUFS, 2048);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

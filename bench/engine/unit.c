/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/engine/unit.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_tcp.h>
#include <string.h>

enum {
	HEAD_ROOM = 256, /* of an mbuf for headers */
	COPIED = 256,	 /* the unit's first bytes, as the switch copies a guest's */
	CACHE = 256,
	FIRST_SEQ = 1000000,
	FIRST_ID = 100,
};

static void borrowed(void *addr, void *opaque)
{
}

static uint8_t *put_ip(const struct unit *u, uint8_t *l3, unsigned int i, uint32_t len)
{
	if (u->family == 4) {
		struct rte_ipv4_hdr ip = {
			.version_ihl = RTE_IPV4_VHL_DEF,
			.total_length = rte_cpu_to_be_16(sizeof(ip) + UNIT_L4 + len),
			.packet_id = rte_cpu_to_be_16(FIRST_ID + i),
			.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
			.time_to_live = 64,
			.next_proto_id = IPPROTO_TCP,
			.src_addr = rte_cpu_to_be_32(RTE_IPV4(10, 0, 0, 1)),
			.dst_addr = rte_cpu_to_be_32(RTE_IPV4(10, 0, 0, 2)),
		};

		ip.hdr_checksum = rte_ipv4_cksum(&ip);
		memcpy(l3, &ip, sizeof(ip));
	} else {
		struct rte_ipv6_hdr ip = {
			.vtc_flow = rte_cpu_to_be_32(6u << 28),
			.payload_len = rte_cpu_to_be_16(UNIT_L4 + len),
			.proto = IPPROTO_TCP,
			.hop_limits = 64,
			.src_addr = {0xfd, [15] = 1},
			.dst_addr = {0xfd, [15] = 2},
		};

		memcpy(l3, &ip, sizeof(ip));
	}
	return l3 + u->l3_len;
}

static void put_tcp(uint8_t *l4, unsigned int flow, uint32_t from)
{
	static const uint8_t timestamps[12] = {1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 2, 0};
	struct rte_tcp_hdr tcp = {
		.src_port = rte_cpu_to_be_16(40000 + flow),
		.dst_port = rte_cpu_to_be_16(5001),
		.sent_seq = rte_cpu_to_be_32(FIRST_SEQ + from),
		.recv_ack = rte_cpu_to_be_32(4242),
		.data_off = UNIT_L4 / 4 << 4,
		.tcp_flags = RTE_TCP_ACK_FLAG,
		.rx_win = rte_cpu_to_be_16(512),
	};

	memcpy(l4, &tcp, sizeof(tcp));
	memcpy(l4 + sizeof(tcp), timestamps, sizeof(timestamps));
}

void unit_frame(const struct unit *u, unsigned int flow, unsigned int i, uint32_t from,
		uint32_t len, uint8_t *to)
{
	static const uint8_t ether[] = {2, 0, 0, 0, 0, 11, 2, 0, 0, 0, 0, 10};
	uint16_t type =
		rte_cpu_to_be_16(u->family == 4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	uint8_t *l3 = to + UNIT_L2, *l4;
	uint16_t sum;

	memcpy(to, ether, sizeof(ether));
	memcpy(to + sizeof(ether), &type, sizeof(type));
	l4 = put_ip(u, l3, i, len);
	put_tcp(l4, flow, from);
	if (to != u->bytes)
		memcpy(l4 + UNIT_L4, u->bytes + u->hdr_len + from, len);
	sum = u->family == 4 ? rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)l3, l4)
			     : rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)l3, l4);
	memcpy(l4 + offsetof(struct rte_tcp_hdr, cksum), &sum, sizeof(sum));
}

uint32_t unit_segment_bytes(const struct unit *u, unsigned int i)
{
	uint32_t from = i * u->mss;

	return RTE_MIN(u->mss, u->payload - from);
}

int unit_open(struct unit *u, const struct engine_case *c, struct err *e)
{
	uint32_t random = 1, mbufs;

	memset(u, 0, sizeof(*u));
	u->family = c->family;
	u->mss = c->mss;
	u->flows = c->flows;
	u->rx_csum = c->rx_csum;
	u->l3_len = c->family == 4 ? 20 : 40;
	u->hdr_len = UNIT_L2 + u->l3_len + UNIT_L4;
	u->payload = c->unit_bytes - u->hdr_len;
	u->n_segments = (u->payload + u->mss - 1) / u->mss;
	if (u->flows * u->n_segments > UNIT_SEGMENTS_MAX)
		return err_set(e, -EINVAL,
			       "%u flows of %u segments are more than the %d frames of a burst; "
			       "choose a smaller unit",
			       u->flows, u->n_segments, UNIT_SEGMENTS_MAX);
	u->shared.free_cb = borrowed;
	rte_mbuf_ext_refcnt_set(&u->shared, 1); /* ours: it never comes to be free */
	u->bytes = rte_zmalloc("unit", ENGINE_UNIT_MAX + 1, RTE_CACHE_LINE_SIZE);
	if (!u->bytes)
		goto none;
	for (uint32_t i = 0; i < u->payload; i++) {
		random = random * 1664525 + 1013904223;
		u->bytes[u->hdr_len + i] = random >> 24;
	}
	unit_frame(u, 0, 0, 0, u->payload, u->bytes);
	/* Each unit (two; a third where its halves meet), and for each of its segments a header and
	 * a reference; and what caches hold.
	 */
	mbufs = c->burst * (2u * u->n_segments + 3) + 2 * CACHE;
	u->heads = rte_pktmbuf_pool_create("heads", mbufs, CACHE, 0,
					   RTE_PKTMBUF_HEADROOM + HEAD_ROOM, SOCKET_ID_ANY);
	mbufs = c->burst * u->flows * u->n_segments + 2 * CACHE;
	u->data = rte_pktmbuf_pool_create(
		"data", mbufs, CACHE, 0, RTE_PKTMBUF_HEADROOM + u->hdr_len + u->mss, SOCKET_ID_ANY);
	if (u->heads && u->data)
		return 0;
	unit_close(u);
none:
	return err_set(e, -ENOMEM, "no memory for %u units; choose a smaller burst", c->burst);
}

void unit_close(struct unit *u)
{
	rte_mempool_free(u->data);
	rte_mempool_free(u->heads);
	rte_free(u->bytes);
}

static void describe(const struct unit *u, struct rte_mbuf *m)
{
	m->l2_len = UNIT_L2;
	m->l3_len = u->l3_len;
	m->l4_len = UNIT_L4;
	m->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L4_TCP |
			 (u->family == 4 ? RTE_PTYPE_L3_IPV4 : RTE_PTYPE_L3_IPV6);
}

struct rte_mbuf *unit_whole(struct unit *u)
{
	uint32_t size = u->hdr_len + u->payload;
	struct rte_mbuf *both[2], *m, *rest;

	if (rte_pktmbuf_alloc_bulk(u->heads, both, 2) != 0)
		return NULL;
	m = both[0];
	rest = both[1];
	memcpy(rte_pktmbuf_append(m, COPIED), u->bytes, COPIED);
	rte_mbuf_ext_refcnt_update(&u->shared, 1);
	rte_pktmbuf_attach_extbuf(rest, u->bytes, rte_malloc_virt2iova(u->bytes), ENGINE_UNIT_MAX,
				  &u->shared);
	rest->data_off = COPIED;
	rest->data_len = size - COPIED;
	m->next = rest;
	m->nb_segs = 2;
	m->pkt_len = size;
	describe(u, m);
	m->tso_segsz = u->mss;
	m->ol_flags |=
		RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM |
		(u->family == 4 ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM : RTE_MBUF_F_TX_IPV6);
	return m;
}

int unit_segments(struct unit *u, struct rte_mbuf **out)
{
	if (rte_pktmbuf_alloc_bulk(u->data, out, u->flows * u->n_segments) != 0)
		return -ENOMEM;
	for (unsigned int at = 0; at < u->flows * u->n_segments; at++) {
		unsigned int i = at / u->flows;
		uint32_t len = unit_segment_bytes(u, i);
		char *to = rte_pktmbuf_append(out[at], u->hdr_len + len);

		unit_frame(u, at % u->flows, i, i * u->mss, len, (uint8_t *)to);
		describe(u, out[at]);
		if (u->rx_csum)
			out[at]->ol_flags |=
				RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	}
	return 0;
}

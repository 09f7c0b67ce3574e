/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/tso_lro/tso_unit.h"

#include "packet/burst.h"
#include "packet/csum.h"

#include <rte_byteorder.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum {
	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_CWR = 0x80,
	UDP_LEN = 8,
	TUNNEL_LEN = 8,		  /* VXLAN, and Geneve without options */
	GENEVE_ETHERNET = 0x6558, /* RFC 8926 3.4: the payload is an Ethernet frame */
};

static void put_be16(uint8_t *p, uint16_t v)
{
	v = rte_cpu_to_be_16(v);
	memcpy(p, &v, sizeof(v));
}

static void put_be32(uint8_t *p, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(p, &v, sizeof(v));
}

static void put_sum(uint8_t *p, uint16_t check)
{
	memcpy(p, &check, sizeof(check));
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)pkt_be16(p) << 16 | pkt_be16(p + 2);
}

/* Of a UDP checksum: 0 would say that there is none. */
static uint16_t not_zero(uint16_t check)
{
	return check == 0 ? 0xffff : check;
}

/* Do the headers at p, which pkt_parse() has found, say the same length as the `total` bytes that
 * are there? Only of the UDP header's and the IP header's. */
static bool lengths_hold(const uint8_t *p, const struct pkt_headers *h, uint32_t total)
{
	const uint8_t *l3 = p + h->l2_len;
	uint32_t l3_total = h->ip_version == 4 ? pkt_be16(l3 + 2) : 40 + pkt_be16(l3 + 4);

	if (h->l2_len + l3_total != total)
		return false;
	return h->l4 != PKT_L4_UDP || pkt_be16(l3 + h->l3_len + 4) == l3_total - h->l3_len;
}

/* The tunnel's header, of which TUNNEL_LEN bytes can be read: its length with options, or 0 where
 * no Ethernet frame is in it. */
static uint32_t tunnel_len(const uint8_t *p, uint64_t kind)
{
	if (kind == RTE_MBUF_F_TX_TUNNEL_VXLAN)
		return TUNNEL_LEN;
	if (kind != RTE_MBUF_F_TX_TUNNEL_GENEVE || pkt_be16(p + 2) != GENEVE_ETHERNET)
		return 0;
	return TUNNEL_LEN + (p[0] & 0x3f) * 4;
}

/* Finds the outer headers; returns where the inner frame begins, or 0: they do not fit. */
static uint32_t read_outer(struct tso_unit *u, const struct rte_mbuf *m, uint32_t seen)
{
	struct pkt_headers h;
	uint32_t at, len;

	if (pkt_parse(u->hdr, seen, m->pkt_len, &h) < 0 || h.l4 != PKT_L4_UDP ||
	    h.l2_len != m->outer_l2_len || h.l3_len != m->outer_l3_len ||
	    !lengths_hold(u->hdr, &h, m->pkt_len))
		return 0;
	at = h.l2_len + h.l3_len + UDP_LEN;
	if (at + TUNNEL_LEN > seen)
		return 0;
	len = tunnel_len(u->hdr + at, m->ol_flags & RTE_MBUF_F_TX_TUNNEL_MASK);
	if (len == 0 || at + len >= seen)
		return 0;
	u->outer.l3 = h.l2_len;
	u->outer.l4 = h.l2_len + h.l3_len;
	u->outer.ipv4 = h.ip_version == 4;
	return at + len;
}

/* Without a checksum UDP goes over IPv4 only (RFC 8200 8.1): over IPv6 there is always one. */
static bool outer_has_sum(const struct tso_unit *u, const struct rte_mbuf *m)
{
	return !u->outer.ipv4 || (m->ol_flags & RTE_MBUF_F_TX_OUTER_UDP_CKSUM) != 0 ||
	       pkt_be16(u->hdr + u->outer.l4 + 6) != 0;
}

/* Takes the id out of the IPv4 header at l3, makes its changing fields 0, and returns its sum. */
static uint32_t clear_ipv4(uint8_t *l3, uint32_t l3_len, uint16_t *id)
{
	*id = pkt_be16(l3 + 4);
	memset(l3 + 2, 0, 4);
	memset(l3 + 10, 0, 2);
	return pkt_csum_bytes(l3, l3_len);
}

/* Makes the template of the inner headers, or the only ones. */
static void clear_inner(struct tso_unit *u, const struct pkt_headers *h)
{
	uint8_t *l3 = u->hdr + u->l3, *l4 = u->hdr + u->l4;

	if (u->ipv4)
		u->ip_sum = clear_ipv4(l3, h->l3_len, &u->ip_id);
	else
		memset(l3 + 4, 0, 2);
	if (u->tcp) {
		u->seq = get_be32(l4 + 4);
		u->tcp_flags = l4[13];
		memset(l4 + 4, 0, 4);
		l4[13] = 0;
		memset(l4 + 16, 0, 2);
	} else {
		memset(l4 + 4, 0, 4);
	}
	u->pseudo_sum = pkt_csum_pseudo(l3, h->ip_version, h->proto, 0);
	u->l4_sum = u->pseudo_sum + pkt_csum_bytes(l4, h->l4_len);
}

/* The same of the outer ones, behind that. An inner IPv4 header with its checksum sums to 0. */
static void clear_outer(struct tso_unit *u)
{
	struct tso_outer *o = &u->outer;
	uint8_t *l3 = u->hdr + o->l3, *l4 = u->hdr + o->l4;
	uint32_t constant = (u->ipv4 ? u->l3 : u->l4) - o->l4;

	if (o->ipv4)
		o->ip_sum = clear_ipv4(l3, o->l4 - o->l3, &o->ip_id);
	else
		memset(l3 + 4, 0, 2);
	memset(l4 + 4, 0, 4);
	o->l4_sum =
		pkt_csum_pseudo(l3, o->ipv4 ? 4 : 6, IPPROTO_UDP, 0) + pkt_csum_short(l4, constant);
}

int tso_unit_read(struct tso_unit *u, const struct rte_mbuf *m)
{
	const uint64_t seg = m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG);
	uint32_t seen = RTE_MIN(m->pkt_len, (uint32_t)PKT_PARSE_MAX), inner = 0;
	struct pkt_headers h;
	const void *bytes;

	u->tcp = seg == RTE_MBUF_F_TX_TCP_SEG;
	u->tunnel = (m->ol_flags & RTE_MBUF_F_TX_TUNNEL_MASK) != 0;
	if ((!u->tcp && seg != RTE_MBUF_F_TX_UDP_SEG) || m->tso_segsz < PKT_SEGSZ_MIN ||
	    m->pkt_len > PKT_UNIT_MAX || m->nb_segs == RTE_MBUF_MAX_NB_SEGS)
		return -EINVAL;
	bytes = rte_pktmbuf_read(m, 0, seen, u->hdr);
	if (bytes != u->hdr)
		memcpy(u->hdr, bytes, seen);
	if (u->tunnel) {
		inner = read_outer(u, m, seen);
		if (inner == 0)
			return -EINVAL;
	}
	if (pkt_parse(u->hdr + inner, seen - inner, m->pkt_len - inner, &h) < 0 ||
	    h.l4 != (u->tcp ? PKT_L4_TCP : PKT_L4_UDP) ||
	    !lengths_hold(u->hdr + inner, &h, m->pkt_len - inner))
		return -EINVAL;
	/* A tunnelled unit's l2_len counts from the outer layer 4 on. */
	u->l3 = inner + h.l2_len;
	if (u->l3 - (u->tunnel ? u->outer.l4 : 0) != m->l2_len || h.l3_len != m->l3_len ||
	    h.l4_len != m->l4_len)
		return -EINVAL;

	u->ipv4 = h.ip_version == 4;
	u->id_step = m->ol_flags & PKT_FIXED_ID ? 0 : 1;
	u->l4 = u->l3 + h.l3_len;
	u->hdr_len = u->l4 + h.l4_len;
	u->segsz = m->tso_segsz;
	u->payload_len = m->pkt_len - u->hdr_len;
	clear_inner(u, &h);
	u->tx_offload = rte_mbuf_tx_offload(h.l2_len, h.l3_len, h.l4_len, 0, 0, 0, 0);
	if (u->tunnel) {
		u->outer.sum = outer_has_sum(u, m);
		clear_outer(u);
		u->tx_offload =
			rte_mbuf_tx_offload(m->outer_l2_len, m->outer_l3_len, UDP_LEN, 0, 0, 0, 0);
	}
	return 0;
}

/* The length, id and checksum of the IPv4 header at l3, whose other fields sum to `sum`. */
static inline void write_ipv4(uint8_t *l3, uint32_t sum, uint16_t total, uint16_t id)
{
	put_be16(l3 + 2, total);
	put_be16(l3 + 4, id);
	put_sum(l3 + 10,
		~pkt_csum_fold((uint64_t)sum + rte_cpu_to_be_16(total) + rte_cpu_to_be_16(id)));
}

/* The outer headers of the i-th frame, whose bytes from the inner layer 4 header on are l4_total.
 * Those need not be summed: with their pseudo-header and their checksum they make 0xffff, so by
 * themselves they make what the pseudo-header lacks to that. */
static void write_outer(const struct tso_unit *u, uint8_t *to, uint32_t i, uint32_t l4_total)
{
	const struct tso_outer *o = &u->outer;
	uint16_t udp_len = u->l4 - o->l4 + l4_total;
	uint16_t pseudo = pkt_csum_fold((uint64_t)u->pseudo_sum + rte_cpu_to_be_16(l4_total));
	uint64_t sum = o->l4_sum + 2 * rte_cpu_to_be_16(udp_len) + (uint16_t)~pseudo;

	if (o->ipv4)
		write_ipv4(to + o->l3, o->ip_sum, o->l4 - o->l3 + udp_len, o->ip_id + i);
	else
		put_be16(to + o->l3 + 4, o->l4 - o->l3 - 40 + udp_len);
	put_be16(to + o->l4 + 4, udp_len);
	if (!o->sum)
		return;
	if (!u->ipv4)
		sum += rte_cpu_to_be_16(u->l4 - u->l3 - 40 + l4_total);
	put_sum(to + o->l4 + 6, not_zero(~pkt_csum_fold(sum)));
}

void tso_unit_write(const struct tso_unit *u, uint8_t *to, uint32_t i, uint32_t from, uint32_t len,
		    uint64_t payload_sum)
{
	uint8_t *l3 = to + u->l3, *l4 = to + u->l4;
	uint32_t l4_total = u->hdr_len - u->l4 + len;
	uint64_t sum = u->l4_sum + payload_sum + rte_cpu_to_be_16(l4_total);

	for (uint32_t at = 0; at < u->hdr_len; at += TSO_COPY)
		memcpy(to + at, u->hdr + at, TSO_COPY);
	if (u->ipv4)
		write_ipv4(l3, u->ip_sum, u->l4 - u->l3 + l4_total, u->ip_id + i * u->id_step);
	else
		put_be16(l3 + 4, u->l4 - u->l3 - 40 + l4_total);

	if (u->tcp) {
		uint32_t seq = u->seq + from;
		uint8_t flags = u->tcp_flags;

		if (i > 0)
			flags &= ~TCP_CWR;
		if (from + len < u->payload_len)
			flags &= ~(TCP_FIN | TCP_PSH);
		put_be32(l4 + 4, seq);
		l4[13] = flags;
		sum += rte_cpu_to_be_32(seq);
		sum += rte_cpu_to_be_16(flags);
		put_sum(l4 + 16, ~pkt_csum_fold(sum));
	} else {
		put_be16(l4 + 4, l4_total);
		sum += rte_cpu_to_be_16(l4_total);
		put_sum(l4 + 6, not_zero(~pkt_csum_fold(sum)));
	}
	if (u->tunnel)
		write_outer(u, to, i, l4_total);
}

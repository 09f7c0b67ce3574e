/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/ptb.h"

#include "packet/csum.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <netinet/in.h>
#include <string.h>

#define SEG (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

enum {
	IP4_LEN = 20,
	IP6_LEN = 40,
	ICMP_LEN = 8,
	ICMP4_UNREACHABLE = 3,
	ICMP4_TOO_BIG = 4,
	ICMP6_TOO_BIG = 2,
	ICMP6_REDIRECT = 137,
	/* As far as there is, for the sender may be many routers away; and RFC 5082 3 wants it of
	 * an ICMP error about a session that is protected by the hop count. */
	HOPS = 255,
};

static void put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* One host's, that another may be answered in the name of: not 0/8, 127/8, a group, or reserved
 * (with 255.255.255.255). Which addresses are the broadcast of a subnet a bridge cannot know; such
 * a packet is a broadcast of layer 2, too. */
static bool is_host4(const uint8_t *a)
{
	return a[0] != 0 && a[0] != 127 && a[0] < 224;
}

/* Not ::, ::1 or ff00::/8. */
static bool is_host6(const uint8_t *a)
{
	static const uint8_t zero[15];

	return a[0] != 0xff && (memcmp(a, zero, 15) != 0 || a[15] > 1);
}

static bool is_station(const uint8_t *mac)
{
	static const uint8_t zero[6];

	return (mac[0] & 1) == 0 && memcmp(mac, zero, 6) != 0;
}

/* Errors are those ICMP messages that are not known as questions or answers (RFC 1122 3.2.2 lists
 * them: echo, timestamp, information and address mask). */
static enum ptb_reason judge_icmp4(uint8_t type)
{
	return type == 0 || type == 8 || (type >= 13 && type <= 18) ? PTB_DUE : PTB_ICMP_ERROR;
}

/* RFC 4443 2.4 (e.1) and (e.2). */
static enum ptb_reason judge_icmp6(uint8_t type)
{
	return type >= 128 && type != ICMP6_REDIRECT ? PTB_DUE : PTB_ICMP_ERROR;
}

static enum ptb_reason judge_ipv4(const struct ptb_packet *p)
{
	const uint8_t *l3 = p->bytes + p->h.l2_len;
	uint32_t l4_at = p->h.l2_len + p->h.l3_len;
	uint16_t fragment = pkt_be16(l3 + 6);

	if (!(fragment & 0x4000))
		return PTB_NOT_DF;
	/* A unit's header is written anew for each frame, so that its sum may be left open. */
	if (!p->unit && pkt_csum_fold(rte_raw_cksum(l3, p->h.l3_len)) != 0xffff)
		return PTB_BAD_HEADER;
	if (fragment & 0x1fff)
		return PTB_FRAGMENT;
	if (!is_host4(l3 + 16))
		return PTB_DESTINATION;
	if (!is_host4(l3 + 12))
		return PTB_SOURCE;
	if (p->h.proto != IPPROTO_ICMP)
		return PTB_DUE;
	return l4_at < p->seen ? judge_icmp4(p->bytes[l4_at]) : PTB_ICMP_ERROR;
}

/* Does another header follow that was not looked into? Behind it may be an ICMP error. */
static bool is_hidden(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
	       proto == IPPROTO_AH || proto == IPPROTO_DSTOPTS;
}

static enum ptb_reason judge_ipv6(const struct ptb_packet *p)
{
	const uint8_t *l3 = p->bytes + p->h.l2_len;
	uint32_t l4_at = p->h.l2_len + p->h.l3_len;

	/* Of a fragment, its header is the last that was parsed. */
	if (p->h.fragment && (pkt_be16(p->bytes + l4_at - 8 + 2) & 0xfff8))
		return PTB_FRAGMENT;
	if (!is_host6(l3 + 24))
		return PTB_DESTINATION;
	if (!is_host6(l3 + 8))
		return PTB_SOURCE;
	if (is_hidden(p->h.proto))
		return PTB_ICMP_ERROR;
	if (p->h.proto != IPPROTO_ICMPV6)
		return PTB_DUE;
	return l4_at < p->seen ? judge_icmp6(p->bytes[l4_at]) : PTB_ICMP_ERROR;
}

enum ptb_reason ptb_judge(const struct rte_mbuf *m, uint16_t limit, struct ptb_packet *p)
{
	const struct pkt_headers *h = &p->h;
	enum ptb_reason reason;
	const uint8_t *data, *l3;
	uint16_t tags;

	p->seen = RTE_MIN(m->pkt_len, (uint32_t)PKT_PARSE_MAX);
	data = rte_pktmbuf_read(m, 0, p->seen, p->bytes);
	if (data != p->bytes)
		memcpy(p->bytes, data, p->seen);
	if (pkt_parse(p->bytes, p->seen, m->pkt_len, &p->h) != 0 || h->ip_version == 0)
		return PTB_NOT_IP;
	p->unit = (m->ol_flags & SEG) != 0;
	if (p->unit && h->l4_len == 0)
		return PTB_NOT_IP;
	l3 = p->bytes + h->l2_len;
	p->ip_size = h->ip_version == 4 ? pkt_be16(l3 + 2) : IP6_LEN + pkt_be16(l3 + 4);
	if (p->unit)
		p->ip_size = RTE_MIN(p->ip_size, (uint32_t)h->l3_len + h->l4_len + m->tso_segsz);
	if (!is_station(p->bytes) || !is_station(p->bytes + 6))
		return PTB_GROUP;
	reason = h->ip_version == 4 ? judge_ipv4(p) : judge_ipv6(p);
	if (reason != PTB_DUE)
		return reason;

	tags = h->l2_len - RTE_ETHER_HDR_LEN;
	p->mtu = limit - tags;
	if (h->ip_version == 6 && p->mtu < PTB_MTU6_MIN)
		p->mtu = PTB_MTU6_MIN;
	/* The frame may be too large for what lies behind the IP packet, and not for that itself.
	 */
	return p->ip_size > p->mtu ? PTB_DUE : PTB_SMALL;
}

/* Appends the start of the packet, from its IP header on. Returns its length. */
static uint32_t quote(const struct rte_mbuf *m, const struct ptb_packet *p, uint8_t *to,
		      uint32_t most)
{
	uint32_t n = RTE_MIN(most, p->ip_size), l3_len = p->h.l3_len, size = p->ip_size;
	const uint8_t *from = rte_pktmbuf_read(m, p->h.l2_len, n, to);
	uint16_t sum;

	if (from != to)
		memcpy(to, from, n);
	if (!p->unit)
		return n;
	/* What the first frame of the unit would be. */
	if (p->h.ip_version == 4) {
		put_be16(to + 2, size);
		put_be16(to + 10, 0);
		sum = ~pkt_csum_fold(rte_raw_cksum(to, l3_len));
		memcpy(to + 10, &sum, sizeof(sum));
	} else {
		put_be16(to + 4, size - IP6_LEN);
	}
	if (p->h.l4 == PKT_L4_UDP && l3_len + 8 <= n)
		put_be16(to + l3_len + 4, size - l3_len);
	return n;
}

/* RFC 791 and 792; the IP packet's length. No DF, as Linux' ICMP errors have none: any link can
 * carry it. The id only matters where one smaller than 576 bytes splits it; the quoted packet's own
 * differs from one to the next. */
static uint32_t write_ipv4(const struct rte_mbuf *m, const struct ptb_packet *p, uint8_t *l3,
			   uint32_t most)
{
	const uint8_t *their = p->bytes + p->h.l2_len;
	uint8_t *icmp = l3 + IP4_LEN;
	uint32_t n = quote(m, p, icmp + ICMP_LEN, most - IP4_LEN - ICMP_LEN);
	uint16_t sum;

	memset(l3, 0, IP4_LEN + ICMP_LEN);
	l3[0] = 0x45;
	l3[1] = 0xc0; /* internetwork control: RFC 1812 4.3.2.5 */
	put_be16(l3 + 2, IP4_LEN + ICMP_LEN + n);
	memcpy(l3 + 4, their + 4, 2);
	l3[8] = HOPS;
	l3[9] = IPPROTO_ICMP;
	memcpy(l3 + 12, their + 16, 4);
	memcpy(l3 + 16, their + 12, 4);
	sum = ~pkt_csum_fold(rte_raw_cksum(l3, IP4_LEN));
	memcpy(l3 + 10, &sum, sizeof(sum));

	icmp[0] = ICMP4_UNREACHABLE;
	icmp[1] = ICMP4_TOO_BIG;
	put_be16(icmp + 6, p->mtu);
	sum = ~pkt_csum_fold(rte_raw_cksum(icmp, ICMP_LEN + n));
	memcpy(icmp + 2, &sum, sizeof(sum));
	return IP4_LEN + ICMP_LEN + n;
}

/* RFC 8200 and 4443; the IP packet's length. */
static uint32_t write_ipv6(const struct rte_mbuf *m, const struct ptb_packet *p, uint8_t *l3,
			   uint32_t most)
{
	const uint8_t *their = p->bytes + p->h.l2_len;
	uint8_t *icmp = l3 + IP6_LEN;
	uint32_t n = quote(m, p, icmp + ICMP_LEN, most - IP6_LEN - ICMP_LEN);
	uint32_t sum;
	uint16_t field;

	memset(l3, 0, IP6_LEN + ICMP_LEN);
	l3[0] = 0x60;
	put_be16(l3 + 4, ICMP_LEN + n);
	l3[6] = IPPROTO_ICMPV6;
	l3[7] = HOPS;
	memcpy(l3 + 8, their + 24, 16);
	memcpy(l3 + 24, their + 8, 16);

	icmp[0] = ICMP6_TOO_BIG;
	put_be16(icmp + 6, p->mtu);
	sum = pkt_csum_pseudo(l3, 6, IPPROTO_ICMPV6, ICMP_LEN + n);
	field = ~pkt_csum_fold((uint64_t)sum + rte_raw_cksum(icmp, ICMP_LEN + n));
	memcpy(icmp + 2, &field, sizeof(field));
	return IP6_LEN + ICMP_LEN + n;
}

struct rte_mbuf *ptb_answer(const struct rte_mbuf *m, const struct ptb_packet *p, uint16_t room,
			    struct rte_mempool *pool)
{
	const uint16_t l2_len = p->h.l2_len, tags = l2_len - RTE_ETHER_HDR_LEN;
	bool v4 = p->h.ip_version == 4;
	uint32_t most = RTE_MIN(v4 ? PTB_QUOTE4_MAX : PTB_QUOTE6_MAX, room - tags), len;
	struct rte_mbuf *a = rte_pktmbuf_alloc(pool);
	uint8_t *l2, *l3;

	if (a == NULL)
		return NULL;
	/* Where there is an mbuf there are the bytes: the pool's buffers hold more than this. */
	l2 = rte_pktmbuf_mtod(a, uint8_t *);
	l3 = l2 + l2_len;
	memcpy(l2, p->bytes, l2_len);
	memcpy(l2, p->bytes + 6, 6);
	memcpy(l2 + 6, p->bytes, 6);
	len = v4 ? write_ipv4(m, p, l3, most) : write_ipv6(m, p, l3, most);
	rte_pktmbuf_append(a, (uint16_t)(l2_len + len));
	a->port = m->port;
	a->vlan_tci = m->vlan_tci;
	a->l2_len = l2_len;
	a->l3_len = v4 ? IP4_LEN : IP6_LEN;
	a->l4_len = 0;
	return a;
}

/* The generic cell rate algorithm: each answer moves the time of the next one on. */
bool ptb_allowed(uint64_t *full_at, uint64_t now, uint64_t hz)
{
	const uint64_t each = hz / PTB_RATE_PPS;
	uint64_t from = RTE_MAX(*full_at, now);

	if (from - now > (PTB_BURST - 1) * each)
		return false;
	*full_at = from + each;
	return true;
}

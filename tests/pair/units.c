/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pair/units.h"

#include "base/clock.h"

#include <netinet/in.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <string.h>

enum {
	ETHER = 14,
	LARGEST = ETHER + 40 + UINT16_MAX,
	TCP = 20,
	PORT = 1000,
	ACK = 0x10,
	FRAME_MSS = 9600 - 60,
	PLAIN_MSS = 1448
};

static uint32_t ip_bytes(uint8_t version)
{
	return version == 4 ? 20 : 40;
}

static void write_ip(uint8_t *ip, const struct stream *s, uint8_t version, uint32_t l4_bytes)
{
	if (version == 4) {
		struct rte_ipv4_hdr h = {
			.version_ihl = 0x45,
			.total_length = rte_cpu_to_be_16((uint16_t)(20 + l4_bytes)),
			.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
			.time_to_live = 64,
			.next_proto_id = IPPROTO_TCP,
			.src_addr = rte_cpu_to_be_32(0xc6120000u + s->number),
			.dst_addr = rte_cpu_to_be_32(0xc6130000u + s->number),
		};

		h.hdr_checksum = rte_ipv4_cksum(&h);
		memcpy(ip, &h, sizeof(h));
	} else {
		struct rte_ipv6_hdr h = {
			.vtc_flow = rte_cpu_to_be_32(6u << 28),
			.payload_len = rte_cpu_to_be_16((uint16_t)l4_bytes),
			.proto = IPPROTO_TCP,
			.hop_limits = 64,
			.src_addr = {0xfd, [15] = s->number},
			.dst_addr = {0xfd, 1, [15] = s->number},
		};

		memcpy(ip, &h, sizeof(h));
	}
}

/* The stream's next `payload` bytes. Cut into buffers in a place that moves. */
static struct rte_mbuf *make(const struct stream *s, uint8_t version, uint32_t payload,
			     uint16_t mss)
{
	static uint8_t flat[LARGEST];
	uint32_t l3 = ip_bytes(version), head = ETHER + l3 + TCP;
	struct shape shape = {.bytes = head + payload};
	struct rte_tcp_hdr tcp = {
		.src_port = rte_cpu_to_be_16((uint16_t)(PORT + s->number)),
		.dst_port = rte_cpu_to_be_16(PORT),
		.sent_seq = rte_cpu_to_be_32(s->tcp_next),
		.data_off = TCP / 4 << 4,
		.tcp_flags = ACK,
		.rx_win = 0xffff,
	};
	struct rte_mbuf *m;

	memcpy(flat, s->to->mac, 6);
	memcpy(flat + 6, s->from->mac, 6);
	flat[12] = version == 4 ? 0x08 : 0x86;
	flat[13] = version == 4 ? 0x00 : 0xdd;
	write_ip(flat + ETHER, s, version, TCP + payload);
	memcpy(flat + ETHER + l3, &tcp, TCP);
	memcpy(flat + head, frame_pattern(s->tcp_next), payload);
	/* Headers alone; and pieces, one of them odd. The driver wants the headers in one. */
	if (s->tcp_next % 3 != 0 && payload > 100) {
		shape.n_cuts = 1 + s->tcp_next % 3;
		shape.cut[0] = (uint16_t)head;
		shape.cut[1] = (uint16_t)(payload / 3 | 1);
		shape.cut[2] = 17;
	}
	m = pair_chain(s->from->tx, flat, &shape);
	if (!m)
		return NULL;
	m->l2_len = ETHER;
	m->l3_len = l3;
	m->l4_len = TCP;
	m->ol_flags =
		RTE_MBUF_F_TX_TCP_CKSUM | (version == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6);
	if (payload > mss) {
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->tso_segsz = mss;
	}
	return m;
}

static int wrong(struct pair *p, const struct stream *s, const char *what, int64_t value)
{
	return err_set(&p->err, -EBADMSG, "stream %u: a TCP segment at byte %u: %s (%" PRId64 ")",
		       s->number, s->tcp_expected, what, value);
}

/* A sum that is left open must be the pseudo-header's (virtio 1.2, 5.1.6.2.1); any other must be
 * right. NICs want that of a unit without its length, and some software does as they: such are
 * counted. */
static int look_sum(struct pair *p, struct stream *s, const uint8_t *ip, bool v4, uint32_t l4_bytes,
		    const struct rte_mbuf *m)
{
	const struct rte_tcp_hdr *tcp = (const void *)(ip + (v4 ? 20 : 40));
	const uint64_t unit = RTE_MBUF_F_TX_TCP_SEG;
	uint16_t pseudo = v4 ? rte_ipv4_phdr_cksum((const void *)ip, 0)
			     : rte_ipv6_phdr_cksum((const void *)ip, 0);
	uint16_t no_length = v4 ? rte_ipv4_phdr_cksum((const void *)ip, unit)
				: rte_ipv6_phdr_cksum((const void *)ip, unit);
	uint32_t sum;

	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE) {
		if (s->to->opt.offload == OFFLOAD_NONE)
			return wrong(p, s, "its checksum is open, and the guest takes none", 0);
		s->sums_open++;
		if (tcp->cksum == pseudo)
			return 0;
		s->sums_short++;
		return tcp->cksum == no_length && (m->ol_flags & RTE_MBUF_F_RX_LRO)
			       ? 0
			       : wrong(p, s, "its open checksum is not the pseudo-header's",
				       tcp->cksum);
	}
	/* Summed with its checksum, a right segment gives all ones. */
	sum = (uint32_t)rte_raw_cksum(tcp, l4_bytes) + pseudo;
	sum = (sum >> 16) + (sum & 0xffff);
	return sum == 0xffff ? 0 : wrong(p, s, "its checksum is wrong", tcp->cksum);
}

static int look_size(struct pair *p, struct stream *s, const struct rte_mbuf *m, uint32_t payload)
{
	if (payload <= s->mss) {
		if (m->ol_flags & RTE_MBUF_F_RX_LRO)
			return wrong(p, s, "it is marked as a unit and is none", payload);
		s->units_cut++;
		return 0;
	}
	if (s->to->opt.offload != OFFLOAD_TSO)
		return wrong(p, s, "it is longer than its segment size allows", payload);
	if (!(m->ol_flags & RTE_MBUF_F_RX_LRO) || m->tso_segsz != s->mss)
		return wrong(p, s, "a unit comes without its segment size", m->tso_segsz);
	s->units_whole++;
	return 0;
}

int units_look(struct pair *p, const struct guest *g, const struct rte_mbuf *m)
{
	static uint8_t copy[LARGEST];
	uint32_t bytes = m->pkt_len, l3, payload;
	const uint8_t *flat = rte_pktmbuf_read(m, 0, RTE_MIN(bytes, (uint32_t)sizeof(copy)), copy);
	const struct rte_tcp_hdr *tcp;
	struct stream *s;
	unsigned int from;
	bool v4;

	v4 = flat[12] == 0x08 && flat[13] == 0x00;
	l3 = v4 ? 20 : 40;
	if (bytes < ETHER + l3 + TCP || (!v4 && !(flat[12] == 0x86 && flat[13] == 0xdd)))
		return err_set(&p->err, -EBADMSG, "%u bytes came that nobody sent", bytes);
	tcp = (const void *)(flat + ETHER + l3);
	from = rte_be_to_cpu_16(tcp->src_port) - (unsigned int)PORT;
	if (from >= p->n_streams || p->stream[from].to != g)
		return err_set(&p->err, -EBADMSG, "a TCP segment of stream %u came, which is none",
			       from);
	s = &p->stream[from];
	payload =
		v4 ? rte_be_to_cpu_16(((const struct rte_ipv4_hdr *)(flat + ETHER))->total_length) -
				20u
		   : rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)(flat + ETHER))->payload_len);
	if (payload + ETHER + l3 != bytes)
		return wrong(p, s, "IP says another length than the frame has", payload);
	payload -= TCP;
	if (v4 && rte_raw_cksum(flat + ETHER, 20) != 0xffff)
		return wrong(p, s, "the IP header's checksum is wrong", 0);
	if (rte_be_to_cpu_32(tcp->sent_seq) != s->tcp_expected)
		return wrong(p, s, "it begins elsewhere", rte_be_to_cpu_32(tcp->sent_seq));
	if (memcmp(flat + ETHER + l3 + TCP, frame_pattern(s->tcp_expected), payload) != 0)
		return wrong(p, s, "its payload is damaged", payload);
	s->tcp_expected += payload;
	s->received++;
	return look_size(p, s, m, payload) != 0
		       ? -EBADMSG
		       : look_sum(p, s, flat + ETHER, v4, TCP + payload, m);
}

/* Sends one segment in each stream, as the guest's kernel would. */
static int send_one(struct pair *p, uint8_t version, const uint32_t *payload, uint16_t mss)
{
	for (unsigned int i = 0; i < p->n_streams; i++) {
		struct stream *s = &p->stream[i];
		struct rte_mbuf *m;

		if (payload[i] == 0)
			continue;
		s->mss = mss;
		m = make(s, version, payload[i], mss);
		if (!m)
			return err_set(&p->err, -ENOBUFS, "no buffer for a unit");
		if (rte_eth_tx_prepare(s->from->port, s->queue, &m, 1) != 1 ||
		    rte_eth_tx_burst(s->from->port, s->queue, &m, 1) != 1) {
			rte_pktmbuf_free(m);
			return err_set(&p->err, -EIO, "stream %u: the driver does not take a unit",
				       i);
		}
		s->tcp_next += payload[i];
		s->sent++;
	}
	return 0;
}

static int wait_all(struct pair *p)
{
	uint64_t end_ns = pair_deadline_ns();
	unsigned int open;

	do {
		int a = pair_poll(p, &p->guest[0]), b = a < 0 ? a : pair_poll(p, &p->guest[1]);

		if (b < 0)
			return b;
		if (a + b == 0 && clock_now_ns() > end_ns)
			return err_set(&p->err, -ETIMEDOUT, "TCP segments do not come");
		open = 0;
		for (unsigned int i = 0; i < p->n_streams; i++)
			open += p->stream[i].tcp_expected != p->stream[i].tcp_next;
	} while (open > 0);
	return 0;
}

static int need(struct pair *p, enum guest_offload offload)
{
	for (unsigned int i = 0; i < 2; i++)
		if (p->guest[i].opt.offload >= offload)
			return 0;
	return err_set(&p->err, -EINVAL, "no guest has offload=%d, so there is nothing to try",
		       offload);
}

int units_checksums(struct pair *p, uint8_t version)
{
	uint32_t payload[PAIR_STREAMS];
	int ret = need(p, OFFLOAD_CSUM);

	for (uint32_t bytes = 1; ret == 0 && bytes <= FRAME_MSS; bytes += bytes < 300 ? 1 : 61) {
		for (unsigned int i = 0; i < p->n_streams; i++)
			payload[i] = p->stream[i].from->opt.offload >= OFFLOAD_CSUM ? bytes : 0;
		ret = send_one(p, version, payload, FRAME_MSS);
		if (ret == 0)
			ret = wait_all(p);
	}
	return ret;
}

/* What the receiver's ring holds of one unit, and IP's length. */
static uint32_t largest(const struct stream *s, uint8_t version, uint16_t mss)
{
	const struct guest_options *to = &s->to->opt;
	uint32_t half = to->ring / 2u / to->queues;
	uint32_t bytes = UINT16_MAX - (version == 4 ? 40 : 20);

	if (to->offload != OFFLOAD_TSO)
		return RTE_MIN(bytes, half * mss / (to->mergeable ? mss / to->room + 1u : 1u));
	return RTE_MIN(bytes, to->mergeable ? half * to->room : to->room - 100u);
}

int units_large(struct pair *p, uint8_t version, uint16_t mss)
{
	const uint32_t sizes[] = {mss + 1u,  2u * mss,	     2u * mss + 1u, 5u * mss - 1u,
				  12u * mss, 20u * mss + 7u, UINT16_MAX};
	uint32_t payload[PAIR_STREAMS];
	int ret = need(p, OFFLOAD_TSO);

	for (unsigned int n = 0; ret == 0 && n < 6 * RTE_DIM(sizes); n++) {
		for (unsigned int i = 0; i < p->n_streams; i++) {
			const struct stream *s = &p->stream[i];
			uint32_t most = largest(s, version, mss);

			payload[i] = s->from->opt.offload == OFFLOAD_TSO
					     ? RTE_MIN(sizes[n % RTE_DIM(sizes)] + n / 7, most)
					     : 0;
		}
		ret = send_one(p, version, payload, mss);
		if (ret == 0)
			ret = wait_all(p);
	}
	return ret;
}

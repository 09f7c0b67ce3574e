/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/mss.h"

#include "packet/csum.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <string.h>

enum { TCP_LEN = 20, FLAG_SYN = 0x02, OPT_END = 0, OPT_NOP = 1, OPT_MSS = 2, OPT_MSS_LEN = 4 };

/* The MSS options' values above `above`, in a TCP header of `len` bytes: sets at[] to where they
 * are; returns how many. -1: the list does not hold together. RFC 9293 3.1. */
static int find(const uint8_t *tcp, uint32_t len, uint16_t above, uint8_t at[])
{
	uint32_t i = TCP_LEN;
	int n = 0;

	while (i < len && tcp[i] != OPT_END) {
		uint32_t size = 1;

		if (tcp[i] != OPT_NOP) {
			size = i + 1 < len ? tcp[i + 1] : 0;
			if (size < 2 || i + size > len)
				return -1;
		}
		if (tcp[i] == OPT_MSS) {
			if (size != OPT_MSS_LEN)
				return -1;
			if (pkt_be16(tcp + i + 2) > above)
				at[n++] = (uint8_t)(i + 2);
		}
		i += size;
	}
	return n;
}

enum { FOUND_MAX = (60 - TCP_LEN) / OPT_MSS_LEN };

bool mss_too_large(const struct rte_mbuf *m, uint16_t mtu, struct mss_syn *syn)
{
	uint32_t seen = RTE_MIN(m->pkt_len, (uint32_t)PKT_PARSE_MAX);
	uint8_t copy[PKT_PARSE_MAX], at[FOUND_MAX];
	const uint8_t *data = rte_pktmbuf_read(m, 0, seen, copy), *tcp;
	struct pkt_headers h;

	if (pkt_parse(data, seen, m->pkt_len, &h) != 0 || h.l4 != PKT_L4_TCP)
		return false;
	tcp = data + h.l2_len + h.l3_len;
	if (!(tcp[13] & FLAG_SYN))
		return false;
	syn->tcp_at = h.l2_len + h.l3_len;
	syn->headers = syn->tcp_at + h.l4_len;
	syn->mss = mtu - (h.l2_len - RTE_ETHER_HDR_LEN) - (h.ip_version == 4 ? 40 : 60);
	return find(tcp, h.l4_len, syn->mss, at) > 0;
}

/* RFC 1624 3, equation 3. A value at an odd place has each of its bytes in the other half of a
 * word. */
static void update(uint8_t *tcp, uint32_t at, const uint8_t *now)
{
	uint16_t field, before, after;

	memcpy(&field, tcp + 16, sizeof(field));
	memcpy(&before, tcp + at, sizeof(before));
	memcpy(&after, now, sizeof(after));
	if (at % 2) {
		before = rte_bswap16(before);
		after = rte_bswap16(after);
	}
	field = ~pkt_csum_fold((uint32_t)(uint16_t)~field + (uint16_t)~before + after);
	memcpy(tcp + 16, &field, sizeof(field));
}

void mss_lower(struct rte_mbuf *m, const struct mss_syn *syn)
{
	const uint8_t now[2] = {(uint8_t)(syn->mss >> 8), (uint8_t)syn->mss};
	uint8_t *tcp = rte_pktmbuf_mtod_offset(m, uint8_t *, syn->tcp_at), at[FOUND_MAX];
	int n = find(tcp, syn->headers - syn->tcp_at, syn->mss, at);

	for (int i = 0; i < n; i++) {
		if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == 0)
			update(tcp, at[i], now);
		memcpy(tcp + at[i], now, sizeof(now));
	}
}

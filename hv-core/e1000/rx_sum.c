/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Received checksums (3.2.9). The IP header's sum is looked at here; of TCP's and UDP's, the card
 * says what the switch knows: verified (DATA_VALID), or never computed because the frame came from
 * another guest (NEEDS_CSUM), and then it is computed here. Where the switch knows nothing, nothing
 * is claimed and the guest looks for itself.
 */
#include "hv-core/e1000/csum.h"
#include "hv-core/e1000/rx.h"

#include <string.h>

enum { TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd, TCP = 6, UDP = 17 };

bool hv_e1000_rx_bytes(const struct hv_link_frame *f, uint32_t from, void *to, uint32_t len)
{
	uint8_t *out = to;
	size_t at = 0;

	for (unsigned int i = 0; i < f->n && len; at += f->iov[i].iov_len, i++) {
		size_t skip = from > at ? from - at : 0;

		if (skip >= f->iov[i].iov_len)
			continue;
		size_t part = f->iov[i].iov_len - skip < len ? f->iov[i].iov_len - skip : len;
		memcpy(out, (const uint8_t *)f->iov[i].iov_base + skip, part);
		out += part;
		from += (uint32_t)part;
		len -= (uint32_t)part;
	}
	return len == 0;
}

static void put_byte(const struct hv_link_frame *f, uint32_t at, uint8_t v)
{
	for (unsigned int i = 0; i < f->n; i++) {
		if (at < f->iov[i].iov_len) {
			((uint8_t *)f->iov[i].iov_base)[at] = v;
			return;
		}
		at -= (uint32_t)f->iov[i].iov_len;
	}
}

/* Was the sum left to us, and is it right now? */
static bool finish(const struct hv_link_frame *f)
{
	uint32_t start = f->hdr.csum_start, at = start + f->hdr.csum_offset;
	struct hv_e1000_sum s = {0};
	uint16_t sum;
	uint8_t b[2];

	if (start >= f->bytes || at + 2 > f->bytes)
		return false;
	hv_e1000_sum_pieces(&s, f->iov, f->n, start, f->bytes);
	sum = (uint16_t)~hv_e1000_sum_fold(&s);
	if (sum == 0)
		sum = 0xffff; /* as good as 0 for TCP, and right for UDP (RFC 768) */
	memcpy(b, &sum, 2);
	put_byte(f, at, b[0]);
	put_byte(f, at + 1, b[1]);
	return true;
}

/* The IPv4 header at l3. */
static uint64_t ip_sum(const struct hv_link_frame *f, uint32_t l3, uint32_t ip_bytes)
{
	struct hv_e1000_sum s = {0};

	if (ip_bytes < 20 || l3 + ip_bytes > f->bytes)
		return 0;
	hv_e1000_sum_pieces(&s, f->iov, f->n, l3, l3 + ip_bytes);
	return E1000_RX_IPCS | (hv_e1000_sum_fold(&s) == 0xffff ? 0 : E1000_RX_IPE);
}

static bool is_l4(uint8_t proto)
{
	return proto == TCP || proto == UDP;
}

uint64_t hv_e1000_rx_sum(const struct hv_e1000_card *c, const struct hv_link_frame *f,
			 const uint8_t head[18])
{
	uint32_t rxcsum = E1000_REG(c, E1000_RXCSUM), l3 = 14;
	uint32_t type = (uint32_t)(head[12] << 8 | head[13]);
	bool known = f->hdr.flags & VIRTIO_NET_HDR_F_DATA_VALID, l4 = false;
	uint64_t bits = 0;
	uint8_t ip[20];

	if (f->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		known = finish(f);
	if (type == E1000_REG(c, E1000_VET)) {
		type = (uint32_t)(head[16] << 8 | head[17]);
		l3 = 18;
	}
	if (hv_e1000_rx_bytes(f, l3, ip, sizeof(ip))) {
		if (type == TYPE_IP4 && ip[0] >> 4 == 4) {
			/* A fragment's layer 4 sum says nothing of the fragment. */
			l4 = is_l4(ip[9]) && ((ip[6] & 0x3f) | ip[7]) == 0;
			if (rxcsum & E1000_RXCSUM_IPOFL)
				bits |= ip_sum(f, l3, (ip[0] & 0xfu) * 4);
		} else if (type == TYPE_IP6 && ip[0] >> 4 == 6) {
			l4 = is_l4(ip[6]);
		}
	}
	if (known && l4 && rxcsum & E1000_RXCSUM_TUOFL)
		bits |= E1000_RX_TCPCS;
	return bits ? bits : E1000_RX_IXSM;
}

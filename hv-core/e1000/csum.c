/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/e1000/csum.h"

#include <string.h>

static uint16_t fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)((sum >> 16) + (sum & 0xffff));
}

void hv_e1000_sum_add(struct hv_e1000_sum *s, const void *from, size_t len)
{
	const uint8_t *p = from;
	uint64_t sum = 0;
	bool odd = len & 1;

	for (; len >= 8; len -= 8, p += 8) {
		uint32_t w[2];

		memcpy(w, p, 8);
		sum += (uint64_t)w[0] + w[1];
	}
	uint32_t rest[2] = {0, 0};
	memcpy(rest, p, len);
	sum += (uint64_t)rest[0] + rest[1];
	/* A piece that begins in the middle of a word has all its words swapped (RFC 1071, 2 B). */
	s->words += s->odd ? __builtin_bswap16(fold(sum)) : fold(sum);
	s->odd ^= odd;
}

void hv_e1000_sum_pieces(struct hv_e1000_sum *s, const struct iovec *iov, unsigned int n,
			 size_t from, size_t to)
{
	size_t at = 0;

	for (unsigned int i = 0; i < n && at < to; at += iov[i].iov_len, i++) {
		size_t end = at + iov[i].iov_len < to ? iov[i].iov_len : to - at;
		size_t begin = from > at ? from - at : 0;

		if (begin < end)
			hv_e1000_sum_add(s, (const uint8_t *)iov[i].iov_base + begin, end - begin);
	}
}

uint16_t hv_e1000_sum_fold(const struct hv_e1000_sum *s)
{
	return fold(s->words);
}

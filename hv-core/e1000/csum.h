/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum (RFC 1071) over bytes that lie in pieces. Any thread. */
#ifndef HV_CORE_E1000_CSUM_H
#define HV_CORE_E1000_CSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct hv_e1000_sum {
	uint64_t words;
	bool odd; /* the next byte is the second of a word */
};

void hv_e1000_sum_add(struct hv_e1000_sum *s, const void *p, size_t len);
/* Of [from, to) of the pieces. */
void hv_e1000_sum_pieces(struct hv_e1000_sum *s, const struct iovec *iov, unsigned int n,
			 size_t from, size_t to);
/* The folded sum, not inverted, in the bytes' own order. */
uint16_t hv_e1000_sum_fold(const struct hv_e1000_sum *s);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The forms of the sum over contiguous bytes, for the tests: all of them mean the same. */
#ifndef PACKET_CSUM_FORMS_H
#define PACKET_CSUM_FORMS_H

#include <stdbool.h>
#include <stdint.h>

/* The sum of len bytes as 16-bit words as they lie in memory; what is left of an odd number of
 * bytes is a word with a zero byte behind. Not folded. len <= PKT_CSUM_BLOCK. */
typedef uint64_t (*pkt_csum_form)(const uint8_t *p, uint32_t len);

enum {
	PKT_CSUM_BLOCK = 1 << 20, /* bytes; 32-bit lanes cannot overflow within that */
};

struct pkt_csum_named {
	const char *name;
	pkt_csum_form sum;
};

/* The forms this processor can run, the plain one first, the one in use last. Any thread. */
const struct pkt_csum_named *pkt_csum_forms(unsigned int *n);

#endif

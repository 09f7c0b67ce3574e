/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of a few cache lines, and prefetching for those of more. All: worker. */
#ifndef VSWITCH_PORT_VHOST_COPY_H
#define VSWITCH_PORT_VHOST_COPY_H

#include <emmintrin.h>
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>
#include <stdint.h>
#include <string.h>

enum { VHOST_LINE = 64 };

/* At most 256 bytes, in line: no call, and no byte beyond n on either side. */
static inline void vhost_copy_small(uint8_t *to, const uint8_t *from, uint32_t n)
{
	uint32_t i;

	if (unlikely(n < 16)) {
		memcpy(to, from, n);
		return;
	}
	for (i = 0; i + 16 <= n; i += 16)
		_mm_storeu_si128((__m128i *)(to + i), _mm_loadu_si128((const __m128i *)(from + i)));
	if (i < n)
		_mm_storeu_si128((__m128i *)(to + n - 16),
				 _mm_loadu_si128((const __m128i *)(from + n - 16)));
}

/* Fetches the first `max` of n bytes. */
static inline void vhost_prefetch(const uint8_t *at, uint32_t n, uint32_t max)
{
	n = RTE_MIN(n, max);
	for (uint32_t i = 0; i < n; i += VHOST_LINE)
		rte_prefetch0(at + i);
}

/* A line that will be written: fetched for this processor alone. Named as an instruction, because
 * for the oldest processor that DPDK is built for the compiler would fetch it to be read, and the
 * first store would then wait once more. */
static inline void vhost_prefetch_line(void *at)
{
	asm volatile("prefetchw %0" : : "m"(*(uint8_t *)at));
}

/* The same, to be written. */
static inline void vhost_prefetch_write(uint8_t *at, uint32_t n, uint32_t max)
{
	n = RTE_MIN(n, max);
	for (uint32_t i = 0; i < n; i += VHOST_LINE)
		vhost_prefetch_line(at + i);
}

#endif

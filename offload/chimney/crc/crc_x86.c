/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The instruction crc32 takes three cycles for eight bytes, but a new one can begin in each. So
 * three stretches of the bytes are taken side by side, each with a remainder of its own, and put
 * together: a remainder before n more bytes is multiplied by x^(8n) modulo the polynomial. A
 * carry-less product of it and x^(8n - 33) is 64 bits wide, and crc32 of that is the rest: it
 * multiplies by x^32 and reduces, and one more x lies in the reversed bits.
 */
#include "offload/chimney/crc/crc_kinds.h"

#if defined(__x86_64__)

#include <nmmintrin.h>
#include <string.h>
#include <wmmintrin.h>

#define ON __attribute__((target("sse4.2,pclmul")))

/* Bytes of a stretch, and x^(16 n - 33), x^(8 n - 33). */
struct stretch {
	uint32_t n;
	uint64_t twice, once;
};

static const struct stretch big = {1024, 0xa51b6135, 0x170076fa};
static const struct stretch small = {128, 0xb9e02b86, 0x0d3b6092};

bool crc_x86_works(void)
{
	return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

ON static inline uint64_t load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Sixteen bytes; copied as one. */
ON static inline uint64_t step(uint64_t crc, uint8_t *dst, const uint8_t *src)
{
	if (dst)
		_mm_storeu_si128((__m128i *)dst, _mm_loadu_si128((const __m128i *)src));
	crc = _mm_crc32_u64(crc, load(src));
	return _mm_crc32_u64(crc, load(src + 8));
}

ON static inline __m128i times(uint64_t crc, uint64_t power)
{
	return _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc),
				    _mm_cvtsi64_si128((long long)power), 0);
}

/* Three stretches. */
ON static inline uint32_t three(const struct stretch *s, uint32_t crc, uint8_t *dst,
				const uint8_t *src)
{
	uint64_t a = crc, b = 0, c = 0;
	__m128i ab;

	for (uint32_t i = 0; i < s->n; i += 16) {
		a = step(a, dst ? dst + i : NULL, src + i);
		b = step(b, dst ? dst + s->n + i : NULL, src + s->n + i);
		c = step(c, dst ? dst + 2 * s->n + i : NULL, src + 2 * s->n + i);
	}
	ab = _mm_xor_si128(times(a, s->twice), times(b, s->once));
	return (uint32_t)(c ^ _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(ab)));
}

/* dst is NULL or not for the compiler too, so that no step looks. */
ON static inline __attribute__((always_inline)) uint32_t all(uint32_t crc, uint8_t *dst,
							     const uint8_t *src, size_t len)
{
	size_t at = 0;

	for (; len - at >= 3 * big.n; at += 3 * big.n)
		crc = three(&big, crc, dst ? dst + at : NULL, src + at);
	for (; len - at >= 3 * small.n; at += 3 * small.n)
		crc = three(&small, crc, dst ? dst + at : NULL, src + at);
	for (; len - at >= 16; at += 16)
		crc = (uint32_t)step(crc, dst ? dst + at : NULL, src + at);
	for (; at < len; at++) {
		if (dst)
			dst[at] = src[at];
		crc = _mm_crc32_u8(crc, src[at]);
	}
	return crc;
}

ON uint32_t crc_x86(uint32_t crc, uint8_t *dst, const uint8_t *src, size_t len)
{
	return dst ? all(crc, dst, src, len) : all(crc, NULL, src, len);
}

#else

bool crc_x86_works(void)
{
	return false;
}

uint32_t crc_x86(uint32_t crc, uint8_t *dst, const uint8_t *src, size_t len)
{
	return crc_table(crc, dst, src, len);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sum over many contiguous bytes, with what vectors the processor has: chosen when the program
 * starts, so that the build stays one for all processors.
 *
 * Words are 16 bits and unsigned; the one instruction that adds neighbouring words takes them as
 * signed (pmaddwd, with ones). So each word has its highest bit turned, which lowers it by 32768,
 * and that is given back at the end for every word that went in.
 */
#include "packet/csum_forms.h"

#include "packet/csum.h"

#include <rte_byteorder.h>

static uint64_t plain(const uint8_t *p, uint32_t len)
{
	return pkt_csum_short(p, len);
}

#ifdef RTE_ARCH_X86_64
#include <immintrin.h>

static const uint64_t given_back = 32768;

__attribute__((target("avx2"))) static __m256i avx2_add(__m256i lanes, __m256i words)
{
	const __m256i turn = _mm256_set1_epi16(INT16_MIN), one = _mm256_set1_epi16(1);

	words = _mm256_xor_si256(words, turn);
	return _mm256_add_epi32(lanes, _mm256_madd_epi16(words, one));
}

__attribute__((target("avx2"))) static uint64_t avx2_total(__m256i lanes)
{
	__m256i t = _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(lanes)),
				     _mm256_cvtepi32_epi64(_mm256_extracti128_si256(lanes, 1)));
	__m128i s = _mm_add_epi64(_mm256_castsi256_si128(t), _mm256_extracti128_si256(t, 1));

	return (uint64_t)_mm_cvtsi128_si64(s) + (uint64_t)_mm_extract_epi64(s, 1);
}

__attribute__((target("avx2"))) static uint64_t avx2(const uint8_t *p, uint32_t len)
{
	__m256i a = _mm256_setzero_si256(), b = a;
	uint64_t words = len / 64 * 32;

	for (; len >= 64; len -= 64, p += 64) {
		a = avx2_add(a, _mm256_loadu_si256((const void *)p));
		b = avx2_add(b, _mm256_loadu_si256((const void *)(p + 32)));
	}
	return avx2_total(a) + avx2_total(b) + words * given_back + pkt_csum_short(p, len);
}

#define AVX512 "avx512f,avx512bw"

__attribute__((target(AVX512))) static __m512i avx512_add(__m512i lanes, __m512i words)
{
	const __m512i turn = _mm512_set1_epi16(INT16_MIN), one = _mm512_set1_epi16(1);

	words = _mm512_xor_si512(words, turn);
	return _mm512_add_epi32(lanes, _mm512_madd_epi16(words, one));
}

__attribute__((target(AVX512))) static __m512i avx512_widen(__m512i lanes)
{
	return _mm512_add_epi64(_mm512_cvtepi32_epi64(_mm512_castsi512_si256(lanes)),
				_mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(lanes, 1)));
}

/* In whole cache lines: of the first and the last, the bytes that are not ours are taken as 0. */
__attribute__((target(AVX512))) static uint64_t avx512(const uint8_t *p, uint32_t len)
{
	uint32_t before = (uintptr_t)p & 63;
	const uint8_t *line = p - before;
	__m512i a = _mm512_setzero_si512(), b = a;
	uint64_t words, sum;

	if (len <= PKT_CSUM_SHORT)
		return pkt_csum_short(p, len);
	a = avx512_add(a, _mm512_maskz_loadu_epi8(UINT64_MAX << before, line));
	len -= 64 - before;
	words = (2 + len / 64) * 32;
	for (line += 64; len >= 128; len -= 128, line += 128) {
		a = avx512_add(a, _mm512_load_si512(line));
		b = avx512_add(b, _mm512_load_si512(line + 64));
	}
	if (len >= 64) {
		a = avx512_add(a, _mm512_load_si512(line));
		len -= 64;
		line += 64;
	}
	b = avx512_add(b, _mm512_maskz_loadu_epi8((UINT64_C(1) << len) - 1, line));
	sum = (uint64_t)_mm512_reduce_add_epi64(_mm512_add_epi64(avx512_widen(a), avx512_widen(b)));
	sum += words * given_back;
	/* From an odd address on, every byte was in the other half of its word. */
	return before & 1 ? rte_bswap16(pkt_csum_fold(sum)) : sum;
}
#endif

static struct pkt_csum_named forms[3];
static unsigned int n_forms;
static pkt_csum_form best = plain;

static void add(const char *name, pkt_csum_form sum)
{
	forms[n_forms++] = (struct pkt_csum_named){name, sum};
	best = sum;
}

__attribute__((constructor)) static void choose(void)
{
	add("plain", plain);
#ifdef RTE_ARCH_X86_64
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2"))
		add("avx2", avx2);
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
		add("avx512", avx512);
#endif
}

const struct pkt_csum_named *pkt_csum_forms(unsigned int *n)
{
	*n = n_forms;
	return forms;
}

static __attribute__((noinline)) uint16_t sum_blocks(const uint8_t *p, uint32_t len)
{
	uint64_t sum = 0;

	for (; len > PKT_CSUM_BLOCK; len -= PKT_CSUM_BLOCK, p += PKT_CSUM_BLOCK)
		sum += best(p, PKT_CSUM_BLOCK);
	return pkt_csum_fold(sum + best(p, len));
}

uint16_t pkt_csum_long(const void *data, uint32_t len)
{
	if (unlikely(len > PKT_CSUM_BLOCK))
		return sum_blocks(data, len);
	return pkt_csum_fold(best(data, len));
}

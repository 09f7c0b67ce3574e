/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics registers (13.7): they stay at their highest value rather than wrap, and reading one
 * clears it (mmio.c). */
#include "hv-core/e1000/card.h"

void hv_e1000_count(struct hv_e1000_card *c, uint32_t reg, uint32_t n)
{
	uint32_t *v = &E1000_REG(c, reg);

	*v = *v > UINT32_MAX - n ? UINT32_MAX : *v + n;
}

/* A pair of registers, the low one first. */
static void count64(struct hv_e1000_card *c, uint32_t reg, uint64_t n)
{
	uint32_t *lo = &E1000_REG(c, reg), *hi = &E1000_REG(c, reg + 4);
	uint64_t v = (uint64_t)*hi << 32 | *lo;

	v = v > UINT64_MAX - n ? UINT64_MAX : v + n;
	*lo = (uint32_t)v;
	*hi = (uint32_t)(v >> 32);
}

/* The six registers by size begin at `first`. */
static uint32_t by_size(uint32_t first, uint32_t bytes)
{
	static const uint32_t below[] = {65, 128, 256, 512, 1024};
	uint32_t i = 0;

	while (i < 5 && bytes >= below[i])
		i++;
	return first + 4 * i;
}

static bool is_broadcast(const uint8_t *mac)
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

void hv_e1000_count_rx(struct hv_e1000_card *c, const uint8_t *dst, uint32_t bytes)
{
	hv_e1000_count(c, E1000_GPRC, 1);
	hv_e1000_count(c, by_size(E1000_PRC64, bytes), 1);
	if (is_broadcast(dst))
		hv_e1000_count(c, E1000_BPRC, 1);
	else if (dst[0] & 1)
		hv_e1000_count(c, E1000_MPRC, 1);
	count64(c, E1000_GORCL, bytes);
}

void hv_e1000_count_seen(struct hv_e1000_card *c, uint32_t bytes)
{
	hv_e1000_count(c, E1000_TPR, 1);
	count64(c, E1000_TORL, bytes);
}

void hv_e1000_count_tx(struct hv_e1000_card *c, const uint8_t *dst, uint32_t bytes, uint32_t frames)
{
	hv_e1000_count(c, E1000_GPTC, frames);
	hv_e1000_count(c, E1000_TPT, frames);
	hv_e1000_count(c, by_size(E1000_PTC64, bytes), frames);
	if (is_broadcast(dst))
		hv_e1000_count(c, E1000_BPTC, frames);
	else if (dst[0] & 1)
		hv_e1000_count(c, E1000_MPTC, frames);
	count64(c, E1000_GOTCL, (uint64_t)bytes * frames);
	count64(c, E1000_TOTL, (uint64_t)bytes * frames);
}

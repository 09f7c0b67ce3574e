/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/crccopy.h"

#include <string.h>

/* Castagnoli's polynomial, its bits reversed. */
#define POLYNOMIAL 0x82f63b78u

static uint32_t step(uint32_t crc)
{
	for (int i = 0; i < 4; i++)
		crc = (crc >> 1) ^ (POLYNOMIAL & -(crc & 1));
	return crc;
}

uint32_t chim_crc32c_copy(uint32_t crc, void *dst, const void *src, size_t len)
{
	const uint8_t *in = src;
	uint32_t table[16];

	for (uint32_t i = 0; i < 16; i++)
		table[i] = step(i);
	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= in[i];
		crc = (crc >> 4) ^ table[crc & 15];
		crc = (crc >> 4) ^ table[crc & 15];
	}
	memcpy(dst, src, len);
	return ~crc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/crc/crc_kinds.h"

#include <endian.h>
#include <string.h>

enum { POLYNOMIAL = 0x82f63b78u, SLICES = 8 }; /* bits reversed */

/* table[k][b]: what byte b does to the remainder with k bytes behind it. */
static uint32_t table[SLICES][256];

__attribute__((constructor)) static void fill(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		table[0][b] = crc;
	}
	for (uint32_t b = 0; b < 256; b++)
		for (int k = 1; k < SLICES; k++)
			table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 0xff];
}

uint32_t crc_table(uint32_t crc, uint8_t *dst, const uint8_t *src, size_t len)
{
	if (dst)
		memcpy(dst, src, len);
	for (; len >= 8; len -= 8, src += 8) {
		uint64_t word;

		memcpy(&word, src, sizeof(word));
		word = le64toh(word) ^ crc;
		crc = 0;
		for (int k = 0; k < SLICES; k++)
			crc ^= table[7 - k][word >> (8 * k) & 0xff];
	}
	for (; len > 0; len--, src++)
		crc = crc >> 8 ^ table[0][(crc ^ *src) & 0xff];
	return crc;
}

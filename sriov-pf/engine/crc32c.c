/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/crc32c.h"

/* What half a byte does to the remainder; the polynomial is 0x82f63b78, bits reversed. */
static const uint32_t half[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t pf_crc32c(const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= byte[i];
		crc = (crc >> 4) ^ half[crc & 15];
		crc = (crc >> 4) ^ half[crc & 15];
	}
	return ~crc;
}

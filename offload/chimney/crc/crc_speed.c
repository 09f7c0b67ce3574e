/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crc_speed: how fast a copy with a CRC32C is here, beside a copy and a CRC32C after each other and
 * a copy alone. Not a test: what it prints depends on the machine. Ways take turns, so that what
 * else the machine does hits all alike; the best of each counts.
 */
#include "base/clock.h"
#include "offload/chimney/crc/crccopy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AREA = 64 << 20, ROUNDS = 25, WAYS = 4 };

static const char *const names[WAYS] = {"copy with crc", "memcpy, then crc", "crc", "memcpy"};

static uint32_t sink;

static void once(int way, uint8_t *dst, const uint8_t *src, size_t len)
{
	switch (way) {
	case 0:
		sink ^= chim_crc32c_copy(0, dst, src, len);
		break;
	case 1:
		memcpy(dst, src, len);
		sink ^= chim_crc32c(0, dst, len);
		break;
	case 2:
		sink ^= chim_crc32c(0, src, len);
		break;
	default:
		memcpy(dst, src, len);
		__asm__ volatile("" : : "r"(dst) : "memory");
	}
}

/* Pieces of len bytes; span: how much memory is walked through. GB/s. */
static double speed(int way, uint8_t *dst, const uint8_t *src, size_t len, size_t span)
{
	const size_t bytes = 32 << 20;
	uint64_t begin = clock_now_ns();
	size_t at = 0;

	for (size_t done = 0; done + len <= bytes; done += len) {
		once(way, dst + at, src + at, len);
		at = at + 2 * len <= span ? at + len : 0;
	}
	return (double)bytes / (double)(clock_now_ns() - begin);
}

int main(void)
{
	static const size_t lens[] = {512, 1448, 4096, 65536, 262144};
	uint8_t *src = malloc(AREA), *dst = malloc(AREA);

	if (!src || !dst)
		return 1;
	memset(src, 1, AREA);
	memset(dst, 2, AREA);
	printf("%s; GB/s, pieces in a cache of 512 KiB and from 64 MiB of memory\n",
	       chim_crc32c_how());
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		double best[WAYS][2] = {0};

		for (int round = 0; round < ROUNDS; round++)
			for (int way = 0; way < WAYS; way++)
				for (int far = 0; far < 2; far++) {
					double s = speed(way, dst, src, lens[i],
							 far ? AREA : 256 << 10);

					best[way][far] = s > best[way][far] ? s : best[way][far];
				}
		for (int way = 0; way < WAYS; way++)
			printf("%7zu bytes  %-17s %6.1f %6.1f\n", lens[i], names[way], best[way][0],
			       best[way][1]);
	}
	free(src);
	free(dst);
	return sink == 1;
}

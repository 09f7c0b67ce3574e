/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is written to a disk, so that what is read back can be judged: each sector tells its own
 * address (LBA) and how often it was written (generation), and the rest of it follows from the two.
 * A sector at the wrong place, an old one, and a damaged one are told apart. Pure; one thread.
 */
#ifndef BENCH_LOAD_PATTERN_H
#define BENCH_LOAD_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the disk should hold. */
struct pattern {
	uint32_t *generation; /* a sector; 0: not written by us, so not judged */
	uint64_t sectors;
	size_t sector_bytes; /* a multiple of 8, at least 16 */
};

struct pattern_seen {
	uint64_t checked, unknown; /* sectors */
	uint64_t wrong;
	char first[160]; /* the first wrong one, in words; "" */
};

/* 0, -EINVAL or -ENOMEM. */
int pattern_init(struct pattern *p, uint64_t sectors, size_t sector_bytes);
void pattern_clear(struct pattern *p);

/* Fills n sectors for the address lba with the generation after the one they have, which is
 * remembered: call it when the write goes out. */
void pattern_write(struct pattern *p, void *data, uint64_t lba, size_t n);

/* They hold something, but nobody knows what: a write failed, or was one without pattern. */
void pattern_forget(struct pattern *p, uint64_t lba, size_t n);

/* Judges n sectors that were read, and adds to *seen. */
void pattern_check(const struct pattern *p, const void *data, uint64_t lba, size_t n,
		   struct pattern_seen *seen);

#endif

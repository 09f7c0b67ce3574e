/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device's state as bytes: what save writes and load reads.
 *
 * All numbers are little-endian and of fixed width, so that the format is no compiler's. Reading
 * never reads past the end: the first read that would marks the input as bad, and from then on
 * every read gives 0. A loader may therefore read everything first and ask once, with
 * hv_in_end(), whether all of it was there and nothing was left over. It must still check each
 * value it uses as an index, a length or an address: a snapshot is untrusted.
 *
 * All: any thread, one at a time for one object.
 */
#ifndef HV_CORE_STATE_STATE_H
#define HV_CORE_STATE_STATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows as it is written to. After a failed allocation `failed` is set and writes do nothing. */
struct hv_out {
	uint8_t *buf;
	size_t len, room;
	bool failed;
};

void hv_out_u8(struct hv_out *o, uint8_t v);
void hv_out_u16(struct hv_out *o, uint16_t v);
void hv_out_u32(struct hv_out *o, uint32_t v);
void hv_out_u64(struct hv_out *o, uint64_t v);
void hv_out_bytes(struct hv_out *o, const void *p, size_t len);
void hv_out_free(struct hv_out *o); /* leaves an empty one */

struct hv_in {
	const uint8_t *p;
	size_t left;
	bool bad; /* something was read that was not there */
};

uint8_t hv_in_u8(struct hv_in *in);
uint16_t hv_in_u16(struct hv_in *in);
uint32_t hv_in_u32(struct hv_in *in);
uint64_t hv_in_u64(struct hv_in *in);
void hv_in_bytes(struct hv_in *in, void *p, size_t len); /* zeros when they are not there */

/* As hv_in_u32(), but a value above max marks the input as bad and gives 0. */
uint32_t hv_in_max(struct hv_in *in, uint32_t max);

/* Was everything there, and is nothing left? 0, or -EINVAL with a sentence about `what`. */
int hv_in_end(const struct hv_in *in, const char *what, struct err *e);

#endif

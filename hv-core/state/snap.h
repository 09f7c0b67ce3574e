/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot as a file: a head, then sections, the last of which is named "end" and says how many
 * there were. Each section is one zstd frame with a checksum, so what was changed or cut is found
 * before anything of it is used.
 *
 *	file	"flue-vm\n"  u32 format  u32 0  section...
 *	section	u32 length of the frame, the frame
 *	frame	id (48 bytes, NUL-padded)  u32 version  payload
 *
 * Numbers are little-endian. One thread.
 */
#ifndef HV_CORE_STATE_SNAP_H
#define HV_CORE_STATE_SNAP_H

#include "hv-core/state/state.h"

#include <stdio.h>

#define HV_SNAP_FORMAT	    1
#define HV_SNAP_ID	    48
#define HV_SNAP_SECTION_MAX (4u << 20) /* bytes of a payload */

/* Writing. The first error stays; further writes do nothing. */
struct hv_snap_out;

/* Writes the head. The stream stays the caller's. NULL: no memory. */
struct hv_snap_out *hv_snap_begin(FILE *to);
void hv_snap_section(struct hv_snap_out *s, const char *id, uint32_t version, const void *payload,
		     size_t len);
/* Writes the end, flushes and frees s. 0, or the first error with a sentence. */
int hv_snap_finish(struct hv_snap_out *s, struct err *e);

/* Reading. */
struct hv_snap_in;

struct hv_snap_section {
	char id[HV_SNAP_ID];
	uint32_t version;
	const uint8_t *payload; /* until the next section is read */
	size_t len;
};

/* Reads the head. 0; -EINVAL: this is no snapshot, -ENOTSUP: of another format; -ENOMEM. */
int hv_snap_open(FILE *from, struct hv_snap_in **s, struct err *e);
/* The next section. 1; 0 at the proper end of the file; -EINVAL: cut short, damaged or too large.
 */
int hv_snap_next(struct hv_snap_in *s, struct hv_snap_section *section, struct err *e);
void hv_snap_close(struct hv_snap_in *s); /* NULL: nothing; the stream stays the caller's */

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* chim_hdr_parse(): no byte outside is read, and what it says lies inside. The first four bytes are
 * the lengths of the headers, and how much longer the frame is than what can be seen of it; a frame
 * follows. What was understood is built from a template and read again as the same. */
#include "offload/chimney/fast/hdr.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct chim_seg *seg, bool v6)
{
	struct chim_tcp_state s = {.path = {.tos = seg->tos, .flowlabel = seg->seq}};
	struct chim_hdr h = {.seq = seg->seq, .ack = seg->ack, .wnd = seg->wnd};
	struct chim_hdr_template t;
	struct chim_out out = {0};
	struct chim_seg got;

	s.tuple.v6 = v6;
	h.flags = seg->flags;
	h.ecn = seg->tos & 3;
	h.payload_len = seg->len;
	h.opts = seg->opts;
	h.opts_len = (uint8_t)seg->opts_len;
	chim_hdr_template(&t, &s);
	if (h.payload_len > CHIM_UNIT_BYTES)
		return;
	if (chim_hdr_build(&t, &h, &out) != 1)
		abort();
	if (chim_hdr_parse(out.headers, out.l3_len + out.l4_len,
			   out.l3_len + out.l4_len + h.payload_len, 0, out.l3_len, out.l4_len,
			   &got) != out.l3_len + out.l4_len)
		abort();
	if (got.seq != seg->seq || got.ack != seg->ack || got.wnd != seg->wnd ||
	    got.flags != seg->flags || got.tos != seg->tos || got.len != seg->len ||
	    got.opts_len != seg->opts_len || memcmp(got.opts, seg->opts, seg->opts_len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chim_seg seg;
	uint32_t len, l2, l3, l4, frame_len;
	int ret;

	if (size < 4)
		return 0;
	l2 = data[0] % 32;
	l3 = data[1];
	l4 = data[2];
	len = (uint32_t)size - 4;
	frame_len = len + data[3] * 256u;
	ret = chim_hdr_parse(data + 4, len, frame_len, l2, l3, l4, &seg);
	if (ret == -EBADMSG)
		return 0;
	if (ret != (int)(l2 + l3 + l4) || (uint32_t)ret > len || ret + seg.len > frame_len)
		abort();
	if (seg.opts + seg.opts_len != data + 4 + ret || seg.opts_len != l4 - 20)
		abort();
	again(&seg, data[4 + l2] >> 4 == 6);
	return 0;
}

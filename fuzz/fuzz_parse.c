/* SPDX-License-Identifier: BSD-3-Clause */
/* pkt_parse(): no byte outside is read, and no length points outside. The input is a frame; its
 * last byte says how much longer the frame is than what can be seen of it. */
#include "packet/parse.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct pkt_headers *h, uint32_t len)
{
	if ((uint32_t)h->l2_len + h->l3_len + h->l4_len > len)
		abort();
	if ((h->l3_len == 0) != (h->ip_version == 0))
		abort();
	if ((h->l4_len != 0) != (h->l4 == PKT_L4_TCP || h->l4 == PKT_L4_UDP))
		abort();
	if (h->fragment && h->l4 != PKT_L4_NONE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pkt_headers h, any;
	uint32_t len, more;
	int ret;

	if (size == 0)
		return 0;
	len = size - 1;
	more = data[len] * 8;
	ret = pkt_parse(data, len, len + more, &h);
	if (ret != pkt_parse_any(data, len, len + more, &any))
		abort();
	/* The fast way and the way for every frame agree. */
	if (h.ether_type != any.ether_type || h.l2_len != any.l2_len || h.l3_len != any.l3_len ||
	    h.l4_len != any.l4_len || h.ip_version != any.ip_version || h.l4 != any.l4 ||
	    h.fragment != any.fragment || h.proto != any.proto)
		abort();
	if (ret == 0)
		check(&h, len);
	return 0;
}

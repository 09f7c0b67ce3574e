/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/steer/key.h"

#include "packet/odd.h"

#include <string.h>

enum { ETHER = 14, IP4 = 20, IP6 = 40 };

static void fill(struct flow_key *key, const uint8_t *data, bool v6, const uint8_t *l4)
{
	const uint8_t *l3 = data + ETHER;

	*key = (struct flow_key){.v6 = v6};
	if (v6) {
		memcpy(key->src, l3 + 8, 16);
		memcpy(key->dst, l3 + 24, 16);
	} else {
		memcpy(key->src, l3 + 12, 4);
		memcpy(key->dst, l3 + 16, 4);
	}
	memcpy(&key->sport, l4, 2);
	memcpy(&key->dport, l4 + 2, 2);
	memcpy(key->dmac, data, 6);
}

bool flow_key_of(const uint8_t *data, uint32_t len, uint32_t frame_len, struct flow_key *key,
		 struct pkt_headers *h)
{
	if (pkt_parse(data, len, frame_len, h) != 0 || h->l4 != PKT_L4_TCP || h->l2_len != ETHER ||
	    h->l3_len != (h->ip_version == 4 ? IP4 : IP6))
		return false;
	fill(key, data, h->ip_version == 6, data + ETHER + h->l3_len);
	return true;
}

bool flow_key_of_odd(const uint8_t *data, uint32_t len, const struct pkt_headers *h,
		     struct flow_key *key)
{
	uint32_t at;

	if (!pkt_odd_maybe(h) || pkt_odd_tcp(data, len, h, &at) == PKT_ODD_NONE)
		return false;
	fill(key, data, h->ip_version == 6, data + at);
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/steer/key.h"

#include <string.h>

enum { ETHER = 14, IP4 = 20, IP6 = 40 };

bool flow_key_of(const uint8_t *data, uint32_t len, uint32_t frame_len, struct flow_key *key,
		 struct pkt_headers *h)
{
	const uint8_t *l3 = data + ETHER, *l4;

	if (pkt_parse(data, len, frame_len, h) != 0 || h->l4 != PKT_L4_TCP || h->l2_len != ETHER ||
	    h->l3_len != (h->ip_version == 4 ? IP4 : IP6))
		return false;
	*key = (struct flow_key){.v6 = h->ip_version == 6};
	if (key->v6) {
		memcpy(key->src, l3 + 8, 16);
		memcpy(key->dst, l3 + 24, 16);
	} else {
		memcpy(key->src, l3 + 12, 4);
		memcpy(key->dst, l3 + 16, 4);
	}
	l4 = l3 + h->l3_len;
	memcpy(&key->sport, l4, 2);
	memcpy(&key->dport, l4 + 2, 2);
	memcpy(key->dmac, data, 6);
	return true;
}

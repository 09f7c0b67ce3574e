/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow a stranger's frame is of: what is taken for a segment of one lies in the frame, and
 * its key is what stands there. What is a fragment, or has IP options, is told from what is not. */
#include "offload/chimney/steer/key.h"

#include "packet/odd.h"

#include <rte_common.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t len = RTE_MIN(size, (size_t)PKT_PARSE_MAX), l4;
	struct pkt_headers h;
	struct flow_key key;
	uint8_t *copy = malloc(len + 1); /* just so many bytes, so that reading on is seen */

	memcpy(copy, data, len);
	if (flow_key_of(copy, len, (uint32_t)size, &key, &h)) {
		l4 = 14u + h.l3_len;
		must(l4 + h.l4_len <= len && h.l4_len >= 20 && h.proto == 6 && !h.fragment);
		must(h.l3_len == (key.v6 ? 40 : 20) && key.bridge == 0 && key.vlan == 0);
		must(memcmp(key.dmac, copy, 6) == 0 && memcmp(&key.sport, copy + l4, 2) == 0);
		must(memcmp(key.dst, copy + l4 - (key.v6 ? 16 : 4), key.v6 ? 16 : 4) == 0);
	} else if (flow_key_of_odd(copy, len, &h, &key)) {
		enum pkt_odd odd = pkt_odd_tcp(copy, len, &h, &l4);

		must(odd == (h.fragment ? PKT_ODD_FRAGMENT : PKT_ODD_OPTIONS));
		must(l4 + PKT_ODD_BYTES <= len && l4 >= 14u + h.l3_len);
		must(memcmp(key.dmac, copy, 6) == 0 && memcmp(&key.sport, copy + l4, 2) == 0);
		must(key.v6 == (h.ip_version == 6) && memcmp(&key.dport, copy + l4 + 2, 2) == 0);
	}
	free(copy);
	return 0;
}

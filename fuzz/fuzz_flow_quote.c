/* SPDX-License-Identifier: BSD-3-Clause */
/* What a stranger's frame quotes: what is taken for an ICMP error about a connection lies in the
 * frame, and its key and numbers are what stands there. */
#include "offload/chimney/steer/quote.h"

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
	uint32_t len = (uint32_t)RTE_MIN(size, (size_t)2048), l3, tcp;
	uint8_t *copy = malloc(len + 1); /* just so many bytes, so that reading on is seen */
	struct flow_quote q;

	memcpy(copy, data, len);
	if (flow_quote_of(copy, len, &q)) {
		l3 = q.key.v6 ? 40 : 20;
		tcp = 14 + l3 + 8 + l3;
		must(tcp + 8 <= len && q.key.bridge == 0 && q.key.vlan == 0 && q.key.pad == 0);
		must(q.kind == FLOW_TOO_BIG || (q.kind == FLOW_UNREACHABLE && q.mtu == 0));
		must(memcmp(q.key.dmac, copy, 6) == 0 && memcmp(&q.key.dport, copy + tcp, 2) == 0);
		must(memcmp(&q.key.sport, copy + tcp + 2, 2) == 0);
		must(memcmp(q.key.src, copy + tcp - (q.key.v6 ? 16 : 4), q.key.v6 ? 16 : 4) == 0);
		must((uint8_t)q.seq == copy[tcp + 7] && q.seq >> 24 == copy[tcp + 4]);
	}
	free(copy);
	return 0;
}

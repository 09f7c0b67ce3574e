/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/outbox.h"

#include <string.h>

uint16_t chim_outbox_send(struct chim_outbox *o, void *pipe,
			  void (*inject)(void *pipe, uint16_t port, struct rte_mbuf **pkts,
					 uint16_t n))
{
	struct chim_outbox all;
	uint16_t from = 0;

	if (o->n == 0)
		return 0;
	all.n = o->n;
	memcpy(all.pkts, o->pkts, all.n * sizeof(all.pkts[0]));
	memcpy(all.ports, o->ports, all.n * sizeof(all.ports[0]));
	o->n = 0;
	while (from < all.n) {
		uint16_t to = from + 1;

		while (to < all.n && all.ports[to] == all.ports[from])
			to++;
		inject(pipe, all.ports[from], &all.pkts[from], to - from);
		from = to;
	}
	return all.n;
}

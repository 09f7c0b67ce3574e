/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/intent.h"

#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

uint64_t pkt_fixed_id;

int pkt_intent_init(void)
{
	static const struct rte_mbuf_dynflag dynflag = {.name = "flue_fixed_id"};
	int bit = rte_mbuf_dynflag_register(&dynflag);

	if (bit < 0)
		return -rte_errno;
	pkt_fixed_id = UINT64_C(1) << bit;
	return 0;
}

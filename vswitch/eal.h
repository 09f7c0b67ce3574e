/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment, with hugepages or without, so that nothing stays behind when flued dies. */
#ifndef VSWITCH_EAL_H
#define VSWITCH_EAL_H

#include "base/err.h"

#include <rte_mempool.h>
#include <stdbool.h>
#include <stdint.h>

struct eal_setup {
	const char *program;
	const unsigned int *cores; /* of the workers */
	uint16_t n_workers;
	uint32_t mbufs;
	bool no_huge; /* do not even look for hugepages */

	bool hugepages;				     /* out: they are used */
	struct rte_mempool *data_pool, *header_pool; /* out */
};

/* Starts DPDK: main on the processors that no worker has, worker i as lcore i + 1 on cores[i].
 * 0, or a negative errno with e filled. Main, once. */
int eal_start(struct eal_setup *s, struct err *e);

#endif

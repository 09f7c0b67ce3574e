/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine that is measured: one file each. The engine process's main thread. */
#ifndef BENCH_ENGINE_OPS_H
#define BENCH_ENGINE_OPS_H

#include "bench/engine/unit.h"

struct engine_ops {
	const char *system;
	enum engine_kind kind;
	bool checksums; /* what it makes has complete ones */

	/* Makes ready for the unit. 0; -ENOTSUP with the reason. */
	int (*open)(const struct unit *u, struct err *e);
	/* Works on one unit, or on those of all flows: in[0..n) are the mbufs, which are used up.
	 * Returns how many packets are in out, or a negative errno; then in is still the caller's.
	 */
	int (*run)(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap);
};

extern const struct engine_ops flue_split, flue_merge, gso_plain, gso_summed, gro_plain, gro_summed;

/* Completes the checksums of a TCP/IPv4 packet with DPDK's functions. */
void librte_complete(struct rte_mbuf *m);

/* Are both right, as far as the device did not say that? */
bool librte_verify(const struct rte_mbuf *m);

/* Completes the IPv4 checksum, and leaves the TCP checksum to be completed. */
void librte_open_sum(struct rte_mbuf *m);

/* librte_gso and librte_gro know IPv4 only. */
int librte_open_family(const struct unit *u, const char *library, struct err *e);

/* Checks the engine's work, warms up and times it. 0 or a negative errno with e set. */
int engine_time(const struct engine_ops *ops, struct unit *u, const struct engine_case *c,
		struct engine_result *r, struct err *e);

#endif

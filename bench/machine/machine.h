/* SPDX-License-Identifier: BSD-3-Clause */
/* What machine this is, and what on it would spoil a measurement. Main thread. */
#ifndef BENCH_MACHINE_MACHINE_H
#define BENCH_MACHINE_MACHINE_H

#include <jansson.h>
#include <stdint.h>

/* {"cpu","cores","smt","mitigations":{…},"governor","hugepages_2m":{"total","free"},"kernel",
 *  "memory_bytes","hypervisor","clocksource","tsc_hz","isolated","dpdk","flue":{"version","git","dirty"},
 *  "clock":{"cost_ns","resolution_ns","bias_ns"}, …}: a new reference. What is not known is absent.
 */
json_t *machine_fingerprint(void);

/* Do two fingerprints describe the same kind of machine? NULL, or what differs in words ("cpu: …
 * and …"), the caller's. Free huge pages, load and git state do not count. */
char *machine_differs(const json_t *a, const json_t *b);

/* [{"name","ok","found","why","cure"}…]: what would spoil a measurement here. */
json_t *machine_check(void);

/* Processors this process may use, lowest first; how many. */
unsigned int machine_cpus(int *cpus, unsigned int max);

#endif

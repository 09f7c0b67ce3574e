/* SPDX-License-Identifier: BSD-3-Clause */
/* Single facts about this machine, for the fingerprint and the check. Main thread. */
#ifndef BENCH_MACHINE_FACTS_H
#define BENCH_MACHINE_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field of /proc/cpuinfo ("model name") or /proc/meminfo (bytes). */
bool fact_cpu(const char *key, char *value, size_t size);
bool fact_memory(const char *key, uint64_t *bytes);

/* {"l1tf":"Not affected",…}, as the kernel says; a new reference, empty when it says nothing. */
json_t *fact_mitigations(void);

/* Does one of the kernel's words turn something on that costs time? "Mitigation: …" does, "Not
 * affected" and "Vulnerable" do not. Pure. */
bool fact_mitigated(const char *words);

/* How fast a TSC runs, measured for about 20 ms; 0: none. */
double fact_tsc_hz(void);

/* The clock that times everything: what reading it costs, the smallest step seen, and what the time
 * between two reads says of nothing at all. Nanoseconds. */
struct clock_facts {
	double cost_ns, resolution_ns, bias_ns;
};
struct clock_facts fact_clock(void);

#endif

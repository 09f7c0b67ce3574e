/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file a run leaves, and what -j prints: JSON, versioned, describing itself
 *(docs/bench-file.md).
 *
 * {"schema":"flue-bench/1","scenario":"v2v","started":"2024-05-01T12:00:00Z","seconds":93.1,"partial":false,
 *  "command":["flue-bench","run",…],
 *  "machine":{…machine_fingerprint(), "cores":{"load":[0],"worker":[1]},"steal":0.001},
 *  "systems":[{"name":"flue","version":"…"}…],
 *  "results":[{"system":"flue","params":{"size":"64",…},"metric":"throughput","unit":"pps","lower_better":false,
 *	"median":5.1e6,"ci95":[lo,hi],        absent when there are too few
 *	"trials":[v,…],"invalid":1,"invalid_why":["…"],
 *	"bound":"generator",                  only when within 5 % of the load's ceiling
 *	"ceiling":5.2e6,                      only when measured
 *	"bands":[lo,hi]}…],                   only when two-banded
 *  "comparisons":[{"a":"flue","b":"ovs-dpdk","params":{…},"metric":"throughput","ratio":1.1,"ci95":[lo,hi],
 *	"verdict":"faster","bound":["a"]}…],
 *  "refused":[{"system":"ovs-dpdk","params":{…},"why":"…"}…],      what could not be measured, and
 *why "raw":[{"system","params","round","valid","why","watch":{…},"data":{…the scenario's}}…]}
 *
 * The scenario's data, where a scenario has it, for the report:
 *  "trials":[{"load","seconds","offered","sent","refused","received","dropped","valid","why"}…]
 *(v2v, latency) "goals":[{"loss_ratio","lower","upper","throughput","reached"}…]
 *  "latency":[{"load","share","corrected":{hist},"raw":{hist}}…]                        hist:
 *hist_to_json() "stages":[{"name","packets","cycles"}…]
 *
 * -j prints the same without "raw".
 */
#ifndef BENCH_RUNFILE_H
#define BENCH_RUNFILE_H

#include "base/err.h"

#include <jansson.h>
#include <stddef.h>

#define RUNFILE_SCHEMA "flue-bench/1"
enum { RUNFILE_PLAIN_MAX = 256 * 1024, RUNFILE_SIZE_MAX = 256 << 20 };

/* Writes DIR/<scenario>-<time>.json, or .json.zst when it is larger than RUNFILE_PLAIN_MAX, whole
 * or not at all (a temporary name first). path: where it was written. */
int runfile_write(const json_t *run, const char *dir, char *path, size_t size, struct err *e);

/* Reads a file of either kind and checks its shape. -EINVAL names what is wrong. */
int runfile_read(const char *path, json_t **run, struct err *e);

/* The same from memory, for tests and fuzzing. */
int runfile_parse(const void *data, size_t size, const char *name, json_t **run, struct err *e);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file a run leaves, and what -j prints: JSON, versioned, describing itself. Every member is
 * described in docs/bench-file.md. In short:
 */
/* clang-format off */
/*
 * {"schema":"flue-bench/1","scenario":"v2v","started":"2024-05-01T12:00:00Z","seconds":93.1,
 *  "partial":false,"command":["flue-bench","run",…],
 *  "machine":{…machine_fingerprint(), "core_map":{"load":[0],"worker":[1]},"steal":0.001},
 *  "systems":[{"name":"flue","version":"…","ceiling":false}…],
 *  "results":[{"system":"flue","params":{"size":"64",…},"metric":"throughput","unit":"pps",
 *	"lower_better":false,"informal":false,
 *	"median":5.1e6,"ci95":[lo,hi],        ci95 is absent when there are too few trials
 *	"trials":[v,…],"invalid":1,"invalid_why":["…"],
 *	"bound":"generator",                  only when within 5 % of the load's ceiling
 *	"ceiling":5.2e6,                      only when measured
 *	"is_ceiling":true,                    only of the system that shows the load's own limit
 *	"bands":[lo,hi]}…],                   only when two-banded
 *  "comparisons":[{"a":"flue","b":"ovs-dpdk","params":{…},"metric":"throughput",
 *	"lower_better":false,"pairs":9,"ratio":1.1,"ci95":[lo,hi],"verdict":"faster","bound":["a"]}…],
 *  "refused":[{"system":"ovs-dpdk","params":{…},"why":"…"}…],   params only when it is of one cell
 *  "raw":[{"system","params","round","valid","why","watch":{…},"data":{…the scenario's}}…]}
 *
 * The scenario's data, where a scenario has it, for the report:
 *  "trials":[{"load","seconds","offered","sent","refused","received","dropped","valid","why"}…]
 *  "goals":[{"loss_ratio","lower","upper","throughput","reached"}…]
 *  "latency":[{"load","share","corrected":{hist},"raw":{hist}}…]         hist: hist_to_json()
 *  "stages":[{"name","packets","cycles"}…]
 *
 * -j prints the same without "raw".
 */
/* clang-format on */
#ifndef BENCH_RUNFILE_H
#define BENCH_RUNFILE_H

#include "base/err.h"

#include <jansson.h>
#include <stddef.h>

#define RUNFILE_SCHEMA "flue-bench/1"
enum {
	RUNFILE_PLAIN_MAX = 256 * 1024, /* bytes; larger files are compressed */
	RUNFILE_SIZE_MAX = 256 << 20,	/* bytes, when unpacked */
	RUNFILE_ITEMS_MAX = 65536,	/* members of a list */
};

/* Writes DIR/<scenario>-<time>.json, or .json.zst when it is larger than RUNFILE_PLAIN_MAX, whole
 * or not at all: a temporary name first, and never over a file that is there (a number is added).
 * DIR is made when it is not there. path: where it was written. -EINVAL: no file of ours could be
 * read back from this. Any thread. */
int runfile_write(const json_t *run, const char *dir, char *path, size_t size, struct err *e);

/* Reads a file of either kind and checks its shape: 0 and *run, a new reference. -EINVAL names what
 * is wrong and e->path where; -EFBIG, or what open(2) and read(2) say. Any thread. */
int runfile_read(const char *path, json_t **run, struct err *e);

/* The same from memory, for tests and fuzzing; name: what messages call it. Pure. */
int runfile_parse(const void *data, size_t size, const char *name, json_t **run, struct err *e);

/* Has it the shape of a run? 0 or -EINVAL. Members that are not known are let through. Pure. */
int runfile_check(const json_t *run, struct err *e);

#endif

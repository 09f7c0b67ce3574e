/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offload engines by themselves: nanoseconds a segment. "librte" leaves checksums as they are;
 * "librte+sum" does to them what flue does: that is the one to compare with. Where frames are
 * merged, that is to verify each, which reads all bytes; with `rx_csum on` the device has done it.
 */
#include "bench/engine/engine.h"
#include "bench/machine/machine.h"
#include "bench/scenario.h"

#include <stdlib.h>
#include <string.h>

enum { CPUS_MAX = 64 };

static const double default_seconds = 0.3;
static const double first_seconds = 0.01;

static const struct scenario_param params[] = {
	{"engine", "split", "split|merge", "segmentation or coalescing"},
	{"unit", "64k", "64k|16k|1024..65535", "bytes of a unit with its headers; 64k is 65535"},
	{"mss", "1448", "536..9000", "payload bytes of a segment"},
	{"family", "4", "4|6", "IPv4 or IPv6"},
	{"burst", "8", "1..64", "units that are under way together"},
	{"flows", "1", "1..4", "merge: flows whose segments come interleaved"},
	{"rx_csum", "off", "off|on", "merge: the device says that checksums are good"},
	{NULL, NULL, NULL, NULL},
};

/* "64k" is the longest unit there is, and "16k" what it says to a sender. */
static unsigned int unit_bytes(const struct cell *cell)
{
	const char *text = cell_text(cell, "unit");

	if (strcmp(text, "64k") == 0)
		return ENGINE_UNIT_MAX;
	return strcmp(text, "16k") == 0 ? 16384 : (unsigned int)cell_number(cell, "unit");
}

static struct engine_case case_of(const struct subject *s, double seconds)
{
	const struct cell *cell = s->cell;
	struct engine_case c = {
		.kind = strcmp(cell_text(cell, "engine"), "merge") == 0 ? ENGINE_MERGE
									: ENGINE_SPLIT,
		.unit_bytes = unit_bytes(cell),
		.mss = (unsigned int)cell_number(cell, "mss"),
		.family = (unsigned int)cell_number(cell, "family"),
		.burst = (unsigned int)cell_number(cell, "burst"),
		.seconds = seconds,
		.flows = (unsigned int)cell_number(cell, "flows"),
		.rx_csum = strcmp(cell_text(cell, "rx_csum"), "on") == 0,
	};
	size_t len = strcspn(s->name, "#"); /* flue#2 is flue */

	if (len >= sizeof(c.system))
		len = sizeof(c.system) - 1;
	memcpy(c.system, s->name, len);
	return c;
}

static double sample_seconds(const struct cell *cell, const struct run_limits *limits)
{
	return limits->seconds > 0 ? limits->seconds : default_seconds;
}

/* A first, short measurement says whether the engine does this at all. */
static int engine_open(struct subject *s, struct err *e)
{
	struct engine_case c = case_of(s, first_seconds);
	struct engine_result r;
	struct engine *engine;
	int cpus[CPUS_MAX], ret;
	unsigned int n = machine_cpus(cpus, CPUS_MAX);
	char name[64];

	if (n == 0)
		return err_set(e, -ENODEV, "no processor is known that this process may use");
	snprintf(name, sizeof(name), "engine-%s", s->name);
	ret = engine_start(name, cpus[n - 1], &engine, e);
	if (ret != 0)
		return ret;
	ret = engine_measure(engine, &c, &r, e);
	if (ret != 0) {
		engine_stop(engine);
		return ret;
	}
	s->state = engine;
	return 0;
}

static int engine_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct engine_case c = case_of(s, sample_seconds(s->cell, s->limits));
	struct engine_result r;
	int ret = engine_measure(s->state, &c, &r, e);

	if (ret != 0)
		return ret;
	s->say(s, "%.1f ns a segment, checksums %s", r.ns_per_segment,
	       r.checksums ? "completed" : "left as they are");
	sample_add(sample, "ns_per_segment", "ns", true, r.ns_per_segment);
	sample_inform(sample, "cycles_per_segment", "cycles", r.cycles_per_segment);
	sample_inform(sample, "checksums_completed", "", r.checksums);
	sample->raw = engine_result_to_json(&r);
	return 0;
}

static void engine_close(struct subject *s)
{
	engine_stop(s->state);
	s->state = NULL;
}

const struct scenario scenario_engine = {
	.name = "engine",
	.what = "segmentation and coalescing by themselves, ns a segment, beside librte_gso and "
		"librte_gro",
	.params = params,
	.systems = "flue librte librte+sum",
	.rigless = true,
	.open = engine_open,
	.sample = engine_sample,
	.close = engine_close,
};

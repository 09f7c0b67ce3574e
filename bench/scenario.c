/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/scenario.h"

#include <string.h>

extern const struct scenario scenario_v2v, scenario_host, scenario_iscsi, scenario_rr,
	scenario_handoff, scenario_latency, scenario_restart, scenario_idle, scenario_rfc2889,
	scenario_engine;

const struct scenario *const bench_scenarios[] = {
	&scenario_v2v,
	&scenario_host,
	&scenario_iscsi,
	&scenario_rr,
	&scenario_handoff,
	&scenario_latency,
	&scenario_restart,
	&scenario_idle,
	&scenario_rfc2889,
	&scenario_engine,
	NULL,
};

const struct scenario *scenario_find(const char *name)
{
	for (size_t i = 0; bench_scenarios[i]; i++)
		if (!strcmp(bench_scenarios[i]->name, name))
			return bench_scenarios[i];
	return NULL;
}

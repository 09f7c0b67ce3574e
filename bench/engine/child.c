/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine process: takes cases one after the other, and ends when its parent closes the line. */
#include "bench/engine/ops.h"
#include "bench/engine/wire.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_FD = 3 };

static const struct engine_ops *const engines[] = {&flue_split, &flue_merge, &gso_plain,
						   &gso_summed, &gro_plain,  &gro_summed};

/* Without devices, files or huge pages; on the highest processor it may use. */
static int start_eal(struct err *e)
{
	static char lcores[32];
	static char args[][24] = {
		"flue-bench-engine", "--no-huge",      "--no-shconf", "-m",    "256",
		"--no-pci",	     "--no-telemetry", "--log-level", "error", "--lcores"};
	char *argv[RTE_DIM(args) + 2];
	cpu_set_t cpus;
	int cpu = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return err_set(e, -errno, "sched_getaffinity: %s", strerror(errno));
	while (cpu > 0 && !CPU_ISSET(cpu, &cpus))
		cpu--;
	snprintf(lcores, sizeof(lcores), "0@%d", cpu);
	for (size_t i = 0; i < RTE_DIM(args); i++)
		argv[i] = args[i];
	argv[RTE_DIM(args)] = lcores;
	argv[RTE_DIM(args) + 1] = NULL;
	if (rte_eal_init(RTE_DIM(args) + 1, argv) < 0)
		return err_set(e, -rte_errno, "DPDK does not start: %s", rte_strerror(rte_errno));
	return 0;
}

static int measure(const json_t *json, struct engine_result *r, struct err *e)
{
	const struct engine_ops *ops = NULL;
	struct engine_case c;
	struct unit u;
	int ret = engine_case_from_json(json, &c, e);

	if (ret != 0)
		return ret;
	for (size_t i = 0; i < RTE_DIM(engines); i++)
		if (engines[i]->kind == c.kind && strcmp(engines[i]->system, c.system) == 0)
			ops = engines[i];
	if (!ops)
		return err_set(e, -EINVAL, "no system %s; there are flue, librte and librte+sum",
			       c.system);
	ret = unit_open(&u, &c, e);
	if (ret != 0)
		return ret;
	ret = ops->open(&u, e);
	if (ret == 0)
		ret = engine_time(ops, &u, &c, r, e);
	unit_close(&u);
	return ret;
}

int engine_main(int argc, char **argv)
{
	char line[WIRE_LINE];
	struct err start = {0};
	int ret = start_eal(&start);

	while (wire_read(LINE_FD, line, sizeof(line), -1) == 0) {
		struct engine_result r;
		struct err e = start;
		json_t *json, *answer;

		if (start.code == 0) {
			json = json_loads(line, 0, NULL);
			ret = measure(json, &r, &e);
			json_decref(json);
		}
		answer = ret == 0 ? engine_result_to_json(&r)
				  : json_pack("{s:s,s:i}", "error", e.text, "code", e.code);
		if (wire_write(LINE_FD, answer) != 0)
			break;
	}
	return start.code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

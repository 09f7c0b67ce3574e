/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/check.h"

#include "bench/machine/facts.h"
#include "bench/machine/file.h"
#include "bench/machine/machine.h"
#include "bench/machine/parse.h"

#include <stdio.h>
#include <string.h>

#define CPU_DIR "/sys/devices/system/cpu/"

enum { CPUS = 1024, ROOMY = 3 /* a load, a worker, and one for everything else */ };

static void frequency(json_t *rows)
{
	char text[64];
	long long value;

	if (file_read(CPU_DIR "cpu0/cpufreq/scaling_governor", text, sizeof(text)) > 0)
		check_row(rows, "governor", strcmp(text, "performance") == 0,
			  "the frequency follows the load, so the same work takes different times",
			  "echo performance | tee "
			  "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
			  "%s", text);
	else
		check_row(rows, "governor", true, NULL, NULL,
			  "not known: the kernel does not control the frequency here");
	static const char why[] = "the frequency depends on temperature and on what the other "
				  "cores do";
	if (file_number(CPU_DIR "intel_pstate/no_turbo", &value))
		check_row(rows, "turbo", value == 1, why,
			  "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo",
			  value ? "off" : "on");
	else if (file_number(CPU_DIR "cpufreq/boost", &value))
		check_row(rows, "turbo", value == 0, why,
			  "echo 0 > /sys/devices/system/cpu/cpufreq/boost", value ? "on" : "off");
	else
		check_row(rows, "turbo", true, NULL, NULL, "not known");
}

static void threads(json_t *rows)
{
	long long active;

	if (file_number(CPU_DIR "smt/active", &active))
		check_row(rows, "smt", active == 0,
			  "two threads of a core take turns, so a worker and a load may slow each "
			  "other down",
			  "echo off > /sys/devices/system/cpu/smt/control",
			  active ? "siblings are in use" : "no siblings in use");
	else
		check_row(rows, "smt", true, NULL, NULL, "not known");
}

static void isolation(json_t *rows)
{
	char text[256] = "";

	(void)file_read(CPU_DIR "isolated", text, sizeof(text));
	check_row(
		rows, "isolated", parse_cpu_list(text) > 0,
		"the kernel puts any process on the worker's core",
		"boot with isolcpus=LIST nohz_full=LIST rcu_nocbs=LIST for all but the first cores",
		"%s", text[0] ? text : "no cores");
}

static void mitigations(json_t *rows)
{
	json_t *all = fact_mitigations(), *v;
	const char *name;
	char on[400] = "";
	size_t length = 0;

	json_object_foreach (all, name, v)
		if (fact_mitigated(json_string_value(v)) && length < sizeof(on))
			length += (size_t)snprintf(on + length, sizeof(on) - length, "%s%s",
						   length ? ", " : "", name);
	/* Not a fault: but system calls and copies cost more than where they are off. */
	check_row(rows, "mitigations", true, NULL, NULL, "%s", length ? on : "none are on");
	json_decref(all);
}

void check_cpus(json_t *rows)
{
	int cpus[CPUS];
	unsigned int n = machine_cpus(cpus, CPUS);
	char text[64];
	struct clock_facts clock = fact_clock();

	check_row(rows, "cores", n >= ROOMY,
		  "load, worker and everything else need a core each, or disturb each other",
		  "give the machine at least 3 processors; figures from fewer are true of such a "
		  "machine only",
		  "%u may be used", n);
	frequency(rows);
	threads(rows);
	isolation(rows);
	if (file_read("/sys/devices/system/clocksource/clocksource0/current_clocksource", text,
		      sizeof(text)) > 0)
		check_row(rows, "clocksource", strcmp(text, "tsc") == 0,
			  "reading the time may be a system call or an exit to the hypervisor",
			  "boot with clocksource=tsc tsc=reliable where the processor's counter is "
			  "sound",
			  "%s; a reading costs %.0f ns", text, clock.cost_ns);
	mitigations(rows);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/machine.h"

#include "bench/machine/build.h"
#include "bench/machine/facts.h"
#include "bench/machine/file.h"
#include "bench/machine/huge.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CPU_DIR "/sys/devices/system/cpu/"

unsigned int machine_cpus(int *cpus, unsigned int max)
{
	cpu_set_t set;
	unsigned int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (int cpu = 0; cpu < CPU_SETSIZE && n < max; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	return n;
}

static void add_text(json_t *to, const char *key, const char *path)
{
	char text[256];

	if (file_read(path, text, sizeof(text)) > 0 && strcmp(text, "(null)") != 0)
		json_object_set_new(to, key, json_string(text));
}

static void add_hypervisor(json_t *to)
{
	char text[128], flags[4096];

	if (file_read("/sys/hypervisor/type", text, sizeof(text)) > 0)
		json_object_set_new(to, "hypervisor", json_string(text));
	else if (fact_cpu("flags", flags, sizeof(flags)) && strstr(flags, " hypervisor"))
		json_object_set_new(to, "hypervisor", json_string("yes"));
}

static json_t *flue(void)
{
	json_t *o = json_pack("{s:s}", "version", FLUE_VERSION);
	char commit[128];

	if (strcmp(build_git, "unknown") == 0)
		return o;
	snprintf(commit, sizeof(commit), "%s", build_git);
	char *dirty = strstr(commit, "-dirty");
	if (dirty)
		*dirty = '\0';
	json_object_set_new(o, "git", json_string(commit));
	json_object_set_new(o, "dirty", json_boolean(dirty));
	return o;
}

json_t *machine_fingerprint(void)
{
	json_t *m = json_object();
	char text[256];
	uint64_t bytes;
	unsigned int total, free_pages;
	struct utsname u;
	struct clock_facts clock = fact_clock();
	double tsc = fact_tsc_hz();

	if (fact_cpu("model name", text, sizeof(text)))
		json_object_set_new(m, "cpu", json_string(text));
	json_object_set_new(m, "cores", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	add_text(m, "smt", CPU_DIR "smt/control");
	json_object_set_new(m, "mitigations", fact_mitigations());
	add_text(m, "governor", CPU_DIR "cpu0/cpufreq/scaling_governor");
	if (huge_pages(&total, &free_pages))
		json_object_set_new(m, "hugepages_2m",
				    json_pack("{s:i,s:i}", "total", total, "free", free_pages));
	if (uname(&u) == 0)
		json_object_set_new(m, "kernel", json_string(u.release));
	if (fact_memory("MemTotal", &bytes))
		json_object_set_new(m, "memory_bytes", json_integer((json_int_t)bytes));
	add_hypervisor(m);
	add_text(m, "clocksource",
		 "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	if (tsc > 0)
		json_object_set_new(m, "tsc_hz", json_real(round(tsc / 1e6) * 1e6));
	add_text(m, "isolated", CPU_DIR "isolated");
	json_object_set_new(m, "dpdk", json_string(BENCH_DPDK_VERSION));
	json_object_set_new(m, "flue", flue());
	json_object_set_new(m, "clock",
			    json_pack("{s:f,s:f,s:f}", "cost_ns", clock.cost_ns, "resolution_ns",
				      clock.resolution_ns, "bias_ns", clock.bias_ns));
	return m;
}

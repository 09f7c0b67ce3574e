/* SPDX-License-Identifier: BSD-3-Clause */
/* What a process uses. */
#include "bench/machine/proc.h"

#include "bench/machine/file.h"
#include "bench/machine/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t proc_cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	/* The process' own clock is exact, where /proc/PID/stat counts in ticks. */
	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t proc_rss_bytes(pid_t pid)
{
	static const char *const keys[] = {"Rss", "Shared_Hugetlb", "Private_Hugetlb"};
	char path[64], text[4096], value[64];
	uint64_t kilobytes = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if (file_read(path, text, sizeof(text)) <= 0)
		return 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (parse_field(text, keys[i], value, sizeof(value)))
			kilobytes += strtoull(value, NULL, 10);
	return kilobytes * 1024;
}

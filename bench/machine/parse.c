/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/parse.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPU_MAX = 4096, KERNEL_THREAD = 0x00200000 /* PF_KTHREAD */ };

bool parse_cpu_ticks(const char *text, struct cpu_ticks *ticks)
{
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal;

	if (sscanf(text,
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64,
		   &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 8)
		return false;
	*ticks = (struct cpu_ticks){.busy = user + nice + system + irq + softirq, .steal = steal};
	for (const char *line = text; (line = strstr(line, "\ncpu")); line++)
		ticks->cpus += isdigit((unsigned char)line[4]) != 0;
	return ticks->cpus > 0;
}

bool parse_pid_stat(const char *text, struct pid_stat *stat)
{
	const char *rest = strrchr(text, ')');
	unsigned long flags;
	uint64_t utime, stime;
	int64_t cutime, cstime;

	if (!rest ||
	    sscanf(rest,
		   ") %c %d %*d %*d %*d %*d %lu %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNd64
		   " %" SCNd64,
		   &stat->state, &stat->ppid, &flags, &utime, &stime, &cutime, &cstime) != 7)
		return false;
	stat->kernel_thread = (flags & KERNEL_THREAD) != 0;
	stat->own_ticks = utime + stime;
	stat->children_ticks = (uint64_t)cutime + (uint64_t)cstime;
	return true;
}

int parse_cpu_list(const char *text)
{
	int count = 0;

	while (*text) {
		char *end;
		if (!isdigit((unsigned char)*text))
			return -1;
		unsigned long first = strtoul(text, &end, 10), last = first;
		if (*end == '-') {
			if (!isdigit((unsigned char)end[1]))
				return -1;
			last = strtoul(end + 1, &end, 10);
		}
		if (last < first || last >= CPU_MAX || (*end && *end != ','))
			return -1;
		count += (int)(last - first + 1);
		text = *end ? end + 1 : end;
	}
	return count;
}

bool parse_field(const char *text, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) != 0)
			continue;
		const char *p = line + length;
		p += strspn(p, " \t");
		if (*p != ':')
			continue;
		p++;
		p += strspn(p, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(p, "\n"), p);
		return true;
	}
	return false;
}

bool parse_choice(const char *text, char *value, size_t size)
{
	const char *open = strchr(text, '[');
	const char *close = open ? strchr(open, ']') : NULL;

	if (!close)
		return false;
	snprintf(value, size, "%.*s", (int)(close - open - 1), open + 1);
	return true;
}

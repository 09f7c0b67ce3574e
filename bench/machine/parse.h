/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel's text files say. Pure; any thread. */
#ifndef BENCH_MACHINE_PARSE_H
#define BENCH_MACHINE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first line of /proc/stat, in clock ticks since boot, all processors together. */
struct cpu_ticks {
	uint64_t busy; /* user, nice, system, irq, softirq; guests are within user */
	uint64_t steal;
	unsigned int cpus; /* how many there are lines for */
};
bool parse_cpu_ticks(const char *text, struct cpu_ticks *ticks);

/* /proc/PID/stat. The name stands in parentheses and may hold any byte, also ')' and blanks. */
struct pid_stat {
	char state;
	int ppid;
	bool kernel_thread;
	uint64_t own_ticks;	 /* its threads, those that ended as well */
	uint64_t children_ticks; /* its children that ended and were waited for */
};
bool parse_pid_stat(const char *text, struct pid_stat *stat);

/* "0-3,8": how many numbers below 4096, -1 when it is no such list. An empty text has none. */
int parse_cpu_list(const char *text);

/* The value of the first line "KEY   : value" of a text like /proc/cpuinfo or /proc/meminfo. */
bool parse_field(const char *text, const char *key, char *value, size_t size);

/* The choice in brackets: "always [madvise] never" gives "madvise". */
bool parse_choice(const char *text, char *value, size_t size);

#endif

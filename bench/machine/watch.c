/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/watch.h"

#include "base/clock.h"
#include "bench/machine/file.h"
#include "bench/machine/parse.h"
#include "bench/machine/proc.h"
#include "bench/machine/sandbox_priv.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIDS = 4096 };

struct table {
	size_t n;
	struct {
		int pid;
		struct pid_stat stat;
	} * of;
};

static uint64_t ticks_ns(uint64_t ticks)
{
	return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Every process a /proc shows. Processes may come and go meanwhile. */
static void read_table(int proc, struct table *t)
{
	int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	t->n = 0;
	t->of = calloc(PIDS, sizeof(*t->of));
	if (!d && fd >= 0)
		close(fd);
	while (d && t->of && t->n < PIDS && (entry = readdir(d))) {
		char path[300], text[1024];
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/stat", entry->d_name);
		if (file_read_at(proc, path, text, sizeof(text)) > 0 &&
		    parse_pid_stat(text, &t->of[t->n].stat))
			t->of[t->n++].pid = atoi(entry->d_name);
	}
	if (d)
		closedir(d);
}

static bool descends(const struct table *t, size_t i, int root)
{
	int pid = t->of[i].pid;

	for (size_t steps = 0; pid > 0 && steps <= t->n; steps++) {
		if (pid == root)
			return true;
		size_t k = 0;
		while (k < t->n && t->of[k].pid != pid)
			k++;
		pid = k < t->n ? t->of[k].stat.ppid : 0;
	}
	return false;
}

/* In a sandbox all processes are ours, whoever their parent is by now. */
static uint64_t ours_ns(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct table t;
	uint64_t sum = 0;

	read_table(proc, &t);
	for (size_t i = 0; i < t.n; i++) {
		if (!sandbox_inside() && !descends(&t, i, getpid()))
			continue;
		uint64_t own = proc_cpu_ns(t.of[i].pid);
		sum += (own ? own : ticks_ns(t.of[i].stat.own_ticks)) +
		       ticks_ns(t.of[i].stat.children_ticks);
	}
	free(t.of);
	close(proc);
	return sum;
}

/* The kernel's own threads work for whoever sends packets, so they are nobody's disturbance. In a
 * container they cannot be seen, and then count as foreign. */
static uint64_t kernel_ns(void)
{
	int outer = sandbox_outer_proc();
	int proc = outer >= 0 ? outer : open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct table t;
	uint64_t sum = 0;

	read_table(proc, &t);
	for (size_t i = 0; i < t.n; i++)
		if (t.of[i].stat.kernel_thread)
			sum += ticks_ns(t.of[i].stat.own_ticks);
	free(t.of);
	if (outer < 0)
		close(proc);
	return sum;
}

static bool read_cpus(struct cpu_ticks *ticks)
{
	size_t size = 1 << 16;
	char *text = malloc(size);
	bool ok = text && file_read("/proc/stat", text, size) > 0 && parse_cpu_ticks(text, ticks);

	free(text);
	return ok;
}

void watch_begin(struct watch *w)
{
	struct cpu_ticks ticks;

	memset(w, 0, sizeof(*w));
	w->ours_ns = ours_ns();
	w->kernel_ns = kernel_ns();
	w->began_ns = clock_now_ns();
	if (!read_cpus(&ticks))
		return;
	w->known = true;
	w->busy_ns = ticks_ns(ticks.busy);
	w->steal_ns = ticks_ns(ticks.steal);
}

/* A counter that went back (a process ended and its last moments were rounded down) used nothing.
 */
static double since(uint64_t now, uint64_t then)
{
	return now > then ? (double)(now - then) : 0;
}

void watch_end(const struct watch *w, struct watch_seen *seen)
{
	struct cpu_ticks ticks;

	memset(seen, 0, sizeof(*seen));
	if (!w->known || !read_cpus(&ticks))
		return;
	double wall = since(clock_now_ns(), w->began_ns);
	if (wall <= 0)
		return;
	double all = wall * ticks.cpus;
	double busy = since(ticks_ns(ticks.busy), w->busy_ns);
	double kernel = since(kernel_ns(), w->kernel_ns);
	double ours = since(ours_ns(), w->ours_ns);

	seen->seconds = wall / 1e9;
	seen->steal = since(ticks_ns(ticks.steal), w->steal_ns) / all;
	seen->ours = ours / wall;
	seen->foreign = busy > ours + kernel ? (busy - ours - kernel) / all : 0;
}

bool watch_ok(const struct watch_seen *seen, const struct watch_limits *limits, char *why,
	      size_t size)
{
	if (seen->steal > limits->steal) {
		snprintf(why, size, "%.0f %% of the time was stolen by the hypervisor",
			 seen->steal * 100);
		return false;
	}
	if (seen->foreign > limits->foreign) {
		snprintf(why, size, "other processes used %.0f %% of the processors' time",
			 seen->foreign * 100);
		return false;
	}
	return true;
}

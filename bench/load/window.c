/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/window.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What it takes to tell every process before the first of them should begin. */
#define HEADROOM_NS 20000000ull
/* How long an interrupt may go unnoticed. */
#define SLICE_NS 100000000ull

void window_plan(struct window *w)
{
	w->begin_ns = clock_now_ns() + HEADROOM_NS + (uint64_t)(w->warmup_seconds * 1e9);
	w->end_ns = w->begin_ns + (uint64_t)(w->seconds * 1e9);
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

bool window_kept(const struct window *w, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t most = (w->end_ns - w->begin_ns) / 10;

	return apart(begin_ns, w->begin_ns) <= most && apart(end_ns, w->end_ns) <= most;
}

double window_busy(const char *proc_stat, long ticks)
{
	/* cpu  user nice system idle iowait irq softirq steal guest guest_nice; guest time is in
	 * user time as well. */
	unsigned long long user, nice, system, idle, iowait, irq, softirq;

	if (ticks <= 0 || sscanf(proc_stat, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
				 &system, &idle, &iowait, &irq, &softirq) != 7)
		return -1;
	return (double)(user + nice + system + irq + softirq) / (double)ticks;
}

static double machine_busy(void)
{
	char text[1024];
	FILE *file = fopen("/proc/stat", "re");
	size_t n;

	if (!file)
		return -1;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = 0;
	return window_busy(text, sysconf(_SC_CLK_TCK));
}

/* When the next beat is due, of those that are counted from `from`. */
static uint64_t next_beat(const struct window *w, uint64_t from, uint64_t now)
{
	uint64_t every = w->beat_ms * 1000000ull;

	return from + ((now - from) / every + 1) * every;
}

/* Until `until`, in slices, and with the beats that fall due. */
static int sleep_until(const struct window *w, uint64_t until)
{
	uint64_t from = clock_now_ns(), beat = w->beat_ms ? next_beat(w, from, from) : UINT64_MAX;

	for (;;) {
		uint64_t now = clock_now_ns(), to;
		struct timespec at;

		if (now >= until)
			return 0;
		if (w->interrupted && w->interrupted())
			return -EINTR;
		if (now >= beat) {
			w->beat(w->arg);
			beat = next_beat(w, from, clock_now_ns());
		}
		to = until - now > SLICE_NS ? now + SLICE_NS : until;
		to = beat < to ? beat : to;
		at = (struct timespec){.tv_sec = (time_t)(to / 1000000000),
				       .tv_nsec = (long)(to % 1000000000)};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
}

struct reading {
	double machine;
	uint64_t system_ns, busy_ns, at_ns;
};

static int take(const struct window *w, uint64_t at_ns, struct reading *r)
{
	int ret = sleep_until(w, at_ns);

	if (ret)
		return ret;
	r->machine = machine_busy();
	r->system_ns = w->system_cpu_ns ? w->system_cpu_ns(w->arg) : 0;
	r->busy_ns = w->system_busy_ns ? w->system_busy_ns(w->arg) : 0;
	r->at_ns = clock_now_ns();
	return r->machine < 0 ? -EIO : 0;
}

int window_wait(const struct window *w, struct window_seen *seen)
{
	struct reading a, b;
	int ret = take(w, w->begin_ns, &a);

	if (!ret)
		ret = take(w, w->end_ns, &b);
	if (ret)
		return ret;
	*seen = (struct window_seen){
		.seconds = (double)(b.at_ns - a.at_ns) / 1e9,
		.machine_cpu = b.machine - a.machine,
		.system_cpu = (double)(int64_t)(b.system_ns - a.system_ns) / 1e9,
		.system_busy = (double)(int64_t)(b.busy_ns - a.busy_ns) / 1e9,
	};
	return 0;
}

const char *window_why(int ret)
{
	return ret == -EINTR ? "interrupted" : "/proc/stat cannot be read; mount /proc";
}

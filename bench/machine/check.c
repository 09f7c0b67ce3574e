/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/check.h"

#include "bench/machine/file.h"
#include "bench/machine/machine.h"
#include "bench/machine/parse.h"
#include "bench/machine/proc.h"
#include "bench/machine/sandbox_priv.h"
#include "bench/machine/watch.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void check_row(json_t *rows, const char *name, bool ok, const char *why, const char *cure,
	       const char *found, ...)
{
	char text[512];
	va_list ap;
	json_t *row;

	va_start(ap, found);
	vsnprintf(text, sizeof(text), found, ap);
	va_end(ap);
	row = json_pack("{s:s,s:b,s:s}", "name", name, "ok", ok, "found", text);
	if (!ok && why)
		json_object_set_new(row, "why", json_string(why));
	if (!ok && cure)
		json_object_set_new(row, "cure", json_string(cure));
	json_array_append_new(rows, row);
}

/* Is there a process of that name? -1: nobody's processes can be seen. */
static int running(const char *name)
{
	int proc = sandbox_outer_proc();
	int fd = proc >= 0 ? openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			   : open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int found = d ? 0 : -1;

	if (!d && fd >= 0)
		close(fd);
	while (d && !found && (entry = readdir(d))) {
		char path[300], text[64];
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/comm", entry->d_name);
		found = file_read_at(fd, path, text, sizeof(text)) > 0 && strcmp(text, name) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

void check_others(json_t *rows)
{
	char text[128];
	struct watch w;
	struct watch_seen seen;

	if (file_read("/proc/loadavg", text, sizeof(text)) > 0) {
		double load = strtod(text, NULL);
		check_row(rows, "load", load < 0.5,
			  "a busy process takes turns with what is measured",
			  "end it (top shows it), and wait a minute", "load average %.2f", load);
	}
	watch_begin(&w);
	nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
	watch_end(&w, &seen);
	check_row(rows, "steal", seen.steal <= 0.01,
		  "the hypervisor gives these processors to others at times",
		  "use a machine with processors of its own, or measure when it is quiet",
		  "%.1f %% of a second was stolen", seen.steal * 100);
	check_row(rows, "foreign", seen.foreign <= 0.02, "other processes run at the same time",
		  "end them (top shows them), or measure when it is quiet",
		  "others used %.1f %% of a second", seen.foreign * 100);
	int balances = running("irqbalance");
	if (balances >= 0)
		check_row(rows, "irqbalance", !balances,
			  "it moves interrupts between processors while something is measured",
			  "systemctl stop irqbalance", balances ? "running" : "not running");
}

void check_peers(json_t *rows)
{
	static const struct {
		const char *program, *why;
	} peers[] = {
		{"dpdk-testpmd", "the systems testpmd and testpmd-mac need it"},
		{"ovs-vswitchd", "the system ovs-dpdk needs it"},
		{"tgtd", "the scenario iscsi needs it"},
		{"ip", "the systems linux-bridge, veth and ovs-dpdk need it"},
	};
	char path[512];

	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		struct err e = {0};
		int rc = proc_find(peers[i].program, path, sizeof(path), &e);
		/* Its sentence names the package. */
		check_row(rows, peers[i].program, rc == 0, peers[i].why, e.text, "%s",
			  rc ? "not installed" : path);
	}
}

json_t *machine_check(void)
{
	json_t *rows = json_array();

	check_cpus(rows);
	check_memory(rows);
	check_others(rows);
	check_peers(rows);
	return rows;
}

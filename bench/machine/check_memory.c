/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/check.h"

#include "bench/machine/facts.h"
#include "bench/machine/file.h"
#include "bench/machine/huge.h"
#include "bench/machine/parse.h"

#include <string.h>
#include <unistd.h>

enum { ENOUGH_PAGES = 1024 };

static void huge(json_t *rows)
{
	unsigned int total, free_pages;
	uint64_t available = 0;
	static const char why[] =
		"with ordinary pages the TLB misses more often, and ovs-dpdk does "
		"not run at all";

	if (!huge_pages(&total, &free_pages)) {
		check_row(rows, "hugepages", false, why, "use a kernel with huge pages of 2 MB",
			  "none of 2 MB");
		return;
	}
	(void)fact_memory("MemAvailable", &available);
	uint64_t missing = free_pages < ENOUGH_PAGES ? ENOUGH_PAGES - free_pages : 0;
	if (missing && geteuid() == 0 && available > 2 * (missing << 21))
		check_row(rows, "hugepages", true, NULL, NULL,
			  "%u of %u are free; a run reserves what it needs and gives it back",
			  free_pages, total);
	else
		check_row(rows, "hugepages", !missing, why,
			  geteuid() ? "run flue-bench as root, or as root: echo 1024 > "
				      "/proc/sys/vm/nr_hugepages"
				    : "free memory: 4 GB should be available",
			  "%u of %u are free", free_pages, total);
}

static void swap(json_t *rows)
{
	uint64_t total = 0, unused = 0;

	if (!fact_memory("SwapTotal", &total) || !fact_memory("SwapFree", &unused))
		return;
	check_row(rows, "swap", total == unused,
		  "a process that was swapped out stands still when it is touched",
		  "swapoff -a, when there is memory enough", "%llu MB are in use",
		  (unsigned long long)((total - unused) >> 20));
}

static void merging(json_t *rows)
{
	long long run;
	char text[128], choice[32];

	if (file_number("/sys/kernel/mm/ksm/run", &run))
		check_row(rows, "ksm", run != 1,
			  "the kernel compares and merges pages while something is measured",
			  "echo 2 > /sys/kernel/mm/ksm/run", run == 1 ? "running" : "not running");
	if (file_read("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text)) > 0 &&
	    parse_choice(text, choice, sizeof(choice)))
		check_row(rows, "thp", strcmp(choice, "always") != 0,
			  "whether memory lies in large pages is then chance, and differs from run "
			  "to run",
			  "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled", "%s",
			  choice);
}

void check_memory(json_t *rows)
{
	huge(rows);
	swap(rows);
	merging(rows);
}

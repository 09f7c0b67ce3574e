/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/huge.h"

#include "bench/machine/file.h"

#include <stdio.h>

#define HUGE_DIR "/sys/kernel/mm/hugepages/hugepages-2048kB/"

bool huge_pages(unsigned int *total, unsigned int *free_pages)
{
	long long t, f;

	if (!file_number(HUGE_DIR "nr_hugepages", &t) ||
	    !file_number(HUGE_DIR "free_hugepages", &f))
		return false;
	*total = (unsigned int)t;
	*free_pages = (unsigned int)f;
	return true;
}

static void set_total(unsigned int total)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", total);
	(void)file_write(HUGE_DIR "nr_hugepages", text);
}

unsigned int huge_reserve(unsigned int wanted)
{
	unsigned int total, free_pages, now;

	if (!huge_pages(&total, &free_pages) || free_pages >= wanted)
		return 0;
	set_total(total + wanted - free_pages);
	/* The kernel gives what it finds, which may be less. */
	return huge_pages(&now, &free_pages) && now > total ? now - total : 0;
}

void huge_give_back(unsigned int added)
{
	unsigned int total, free_pages;

	if (added && huge_pages(&total, &free_pages))
		set_total(total > added ? total - added : 0);
}

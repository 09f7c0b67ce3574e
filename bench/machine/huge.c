/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/huge.h"

#include "bench/machine/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

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

/* The pages that stay; those beyond go when they are let go. */
static bool persistent(unsigned int *pages)
{
	long long total, surplus;

	if (!file_number(HUGE_DIR "nr_hugepages", &total) ||
	    !file_number(HUGE_DIR "surplus_hugepages", &surplus))
		return false;
	*pages = (unsigned int)(total > surplus ? total - surplus : 0);
	return true;
}

static void set_persistent(unsigned int pages)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", pages);
	(void)file_write(HUGE_DIR "nr_hugepages", text);
}

/* Two runs that read and write the number at the same time would lose one's part of it. */
static int lock(void)
{
	int fd = open(HUGE_DIR "nr_hugepages", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
	return fd;
}

unsigned int huge_reserve(unsigned int wanted)
{
	unsigned int total, free_pages, before, now = 0;
	int fd = lock();

	if (fd < 0)
		return 0;
	if (!persistent(&before))
		goto unlock;
	now = before;
	/* Pages that were beyond the number are counted first, so once may not be enough. The
	 * kernel gives what it finds, which may be less. */
	for (int round = 0; round < 3 && huge_pages(&total, &free_pages) && free_pages < wanted;
	     round++) {
		set_persistent(now + wanted - free_pages);
		if (!persistent(&now))
			now = before;
	}
unlock:
	close(fd);
	return now > before ? now - before : 0;
}

void huge_give_back(unsigned int added)
{
	unsigned int now;
	int fd = added ? lock() : -1;

	if (fd < 0)
		return;
	if (persistent(&now))
		set_persistent(now > added ? now - added : 0);
	close(fd);
}

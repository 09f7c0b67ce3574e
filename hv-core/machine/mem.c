/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/mem.h"

#include "hv-core/machine/layout.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MB (1ull << 20)
#define GB (1ull << 30)

/* Where RAM may lie, in order. */
static const struct {
	uint64_t from, to;
} banks[] = {
	{0, HV_LOW_END},
	{HV_HIGH, HV_HT_HOLE},
	{HV_HT_HOLE_END, UINT64_MAX},
};

unsigned int hv_mem_layout(uint64_t bytes, struct hv_mem_region *region)
{
	unsigned int n = 0;

	for (uint64_t done = 0; done < bytes; n++) {
		uint64_t room = banks[n].to - banks[n].from;
		uint64_t here = bytes - done < room ? bytes - done : room;

		region[n] =
			(struct hv_mem_region){.gpa = banks[n].from, .bytes = here, .offset = done};
		done += here;
	}
	return n;
}

static int page_flags(uint64_t page_bytes, unsigned int *flags, struct err *e)
{
	switch (page_bytes) {
	case 4096:
		return 0;
	case 2 * MB:
		*flags = MFD_HUGETLB | MFD_HUGE_2MB;
		return 0;
	case GB:
		*flags = MFD_HUGETLB | MFD_HUGE_1GB;
		return 0;
	}
	return err_set(e, -EINVAL, "a page of %llu bytes does not exist; there are 4k, 2M and 1G",
		       (unsigned long long)page_bytes);
}

static int no_memory(const struct hv_mem *m, int code, struct err *e)
{
	unsigned long long pages = m->bytes / m->page_bytes, kb = m->page_bytes / 1024;

	if (m->page_bytes == 4096)
		return err_set(e, code, "cannot map %llu MB of guest memory: %s",
			       (unsigned long long)(m->bytes / MB), strerror(-code));
	return err_set(
		e, code,
		"there are fewer than %llu free huge pages of %llu kB: reserve more in "
		"/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages, or use page-size 4k",
		pages, kb, kb);
}

int hv_mem_create(struct hv_mem *m, uint64_t bytes, uint64_t page_bytes, struct err *e)
{
	unsigned int flags = 0;
	int rc = page_flags(page_bytes, &flags, e);

	if (rc)
		return rc;
	if (bytes < 2 * MB || bytes % page_bytes || bytes > (uint64_t)INT64_MAX / 2)
		return err_set(e, -EINVAL,
			       "guest memory of %llu bytes is less than 2 MB or no multiple of its "
			       "page size",
			       (unsigned long long)bytes);
	*m = (struct hv_mem){.fd = -1, .bytes = bytes, .page_bytes = page_bytes};
	m->fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	if (m->fd < 0 || ftruncate(m->fd, (off_t)bytes)) {
		rc = no_memory(m, -errno, e);
		goto close_fd;
	}
	/* A back end that has the descriptor must not be able to make us fault by cutting the file.
	 */
	if (fcntl(m->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		rc = err_set(e, -errno, "cannot seal guest memory: %s", strerror(errno));
		goto close_fd;
	}
	m->map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | (flags ? 0 : MAP_NORESERVE),
		      m->fd, 0);
	if (m->map == MAP_FAILED) {
		rc = no_memory(m, -errno, e);
		goto close_fd;
	}
	/* A dump of a crashed monitor is for its developers; what guests hold is none of their
	 * business. */
	madvise(m->map, bytes, MADV_DONTDUMP);
	m->n = hv_mem_layout(bytes, m->region);
	for (unsigned int i = 0; i < m->n; i++)
		m->region[i].host = m->map + m->region[i].offset;
	return 0;

close_fd:
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct hv_mem){.fd = -1};
	return rc;
}

void hv_mem_destroy(struct hv_mem *m)
{
	if (m->map)
		munmap(m->map, m->bytes);
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct hv_mem){.fd = -1};
}

static const struct hv_mem_region *region_of(const struct hv_mem *m, uint64_t gpa)
{
	for (unsigned int i = 0; i < m->n; i++)
		if (gpa >= m->region[i].gpa && gpa - m->region[i].gpa < m->region[i].bytes)
			return &m->region[i];
	return NULL;
}

void *hv_mem_at(const struct hv_mem *m, uint64_t gpa, uint64_t len)
{
	const struct hv_mem_region *r = region_of(m, gpa);

	if (!r || len > r->bytes - (gpa - r->gpa))
		return NULL;
	return r->host + (gpa - r->gpa);
}

/* Is all of it memory? Regions that touch in guest addresses count as one. */
static bool is_memory(const struct hv_mem *m, uint64_t gpa, uint64_t len)
{
	while (len) {
		const struct hv_mem_region *r = region_of(m, gpa);

		if (!r)
			return false;
		uint64_t here = r->bytes - (gpa - r->gpa);
		if (here >= len)
			return true;
		gpa += here;
		len -= here;
	}
	return true;
}

static int copy(const struct hv_mem *m, uint64_t gpa, uint8_t *buf, uint64_t len, bool to_guest)
{
	if (!is_memory(m, gpa, len))
		return -EFAULT;
	while (len) {
		const struct hv_mem_region *r = region_of(m, gpa);
		uint64_t here = r->bytes - (gpa - r->gpa);
		uint8_t *at = r->host + (gpa - r->gpa);

		if (here > len)
			here = len;
		if (to_guest)
			memcpy(at, buf, here);
		else
			memcpy(buf, at, here);
		gpa += here;
		buf += here;
		len -= here;
	}
	return 0;
}

int hv_mem_read(const struct hv_mem *m, uint64_t gpa, void *to, uint64_t len)
{
	return copy(m, gpa, to, len, false);
}

int hv_mem_write(const struct hv_mem *m, uint64_t gpa, const void *from, uint64_t len)
{
	return copy(m, gpa, (uint8_t *)(uintptr_t)from, len, true);
}

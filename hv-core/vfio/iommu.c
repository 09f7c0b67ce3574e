/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/iommu.h"

#include "base/log.h"
#include "hv-core/vfio/info.h"

#include <inttypes.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

int hv_vfio_iommu_check(int container, struct err *e)
{
	int version = ioctl(container, VFIO_GET_API_VERSION);

	if (version < 0)
		return err_set(e, -EINVAL, "the container handed in is no /dev/vfio/vfio: %s",
			       strerror(errno));
	if (version != VFIO_API_VERSION)
		return err_set(e, -ENOTSUP, "the kernel's VFIO has version %d, not %d", version,
			       VFIO_API_VERSION);
	if (ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0)
		return err_set(e, -ENOTSUP,
			       "the kernel's VFIO has no type 1 IOMMU: modprobe vfio_iommu_type1");
	return 0;
}

int hv_vfio_iommu_set(int container, struct err *e)
{
	int code;

	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0)
		return 0;
	code = errno;
	if (code == EPERM)
		return err_set(
			e, -EPERM,
			"the host has no interrupt remapping, so a guest's device could send "
			"any interrupt to the host: switch it on in the firmware (VT-d, AMD-Vi) "
			"and boot the host without intremap=off");
	return err_set(e, -code, "the kernel refuses the IOMMU (VFIO_SET_IOMMU): %s",
		       strerror(code));
}

/* The answer with its capabilities, to be freed; NULL: out of memory or refused. */
static struct vfio_iommu_type1_info *get_info(int container)
{
	struct vfio_iommu_type1_info ask = {.argsz = sizeof(ask)}, *info;

	if (ioctl(container, VFIO_IOMMU_GET_INFO, &ask))
		return NULL;
	if (ask.argsz < sizeof(ask))
		ask.argsz = sizeof(ask);
	info = calloc(1, ask.argsz);
	if (!info)
		return NULL;
	info->argsz = ask.argsz;
	if (ioctl(container, VFIO_IOMMU_GET_INFO, info)) {
		free(info);
		return NULL;
	}
	info->argsz = ask.argsz;
	return info;
}

/* Kernels before 5.4 say nothing of ranges; then the mapping itself is the check. */
static int check_ranges(int container, const struct hv_mem *mem, struct err *e)
{
	struct vfio_iommu_type1_info *info = get_info(container);
	const struct vfio_iommu_type1_info_cap_iova_range *cap = NULL;
	struct hv_vfio_iova *range = NULL;
	size_t left = 0;
	int rc = 0;

	if (!info)
		return err_set(e, -EIO, "VFIO_IOMMU_GET_INFO: %s", strerror(errno));
	if (info->flags & VFIO_IOMMU_INFO_CAPS)
		cap = hv_vfio_info_cap(info, info->argsz, info->cap_offset,
				       VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, sizeof(*cap), &left);
	if (!cap)
		goto free_info;
	if (cap->nr_iovas > (left - sizeof(*cap)) / sizeof(cap->iova_ranges[0])) {
		rc = err_set(e, -EIO, "VFIO_IOMMU_GET_INFO: an answer that is cut short");
		goto free_info;
	}
	range = calloc(cap->nr_iovas + 1, sizeof(*range));
	if (!range) {
		rc = err_set(e, -ENOMEM, "out of memory");
		goto free_info;
	}
	for (unsigned int i = 0; i < cap->nr_iovas; i++)
		range[i] =
			(struct hv_vfio_iova){cap->iova_ranges[i].start, cap->iova_ranges[i].end};
	rc = hv_vfio_iova_check(range, cap->nr_iovas, mem->region, mem->n, e);
	free(range);
free_info:
	free(info);
	return rc;
}

/* The kernel says ENOMEM for the limit as well as for a host that is full. */
static int no_memory(const struct hv_mem *mem, struct err *e)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		return err_set(e, -ENOMEM,
			       "the host has no %" PRIu64 " MiB left that can be locked for the "
			       "guest's DMA: give the guest less memory",
			       mem->bytes >> 20);
	return err_set(
		e, -ENOMEM,
		"guest memory must be locked for DMA: RLIMIT_MEMLOCK is %" PRIu64 " bytes and "
		"must be at least %" PRIu64 " (ulimit -l %" PRIu64 ", or LimitMEMLOCK= in the "
		"unit)",
		(uint64_t)limit.rlim_cur, mem->bytes, (mem->bytes + 1023) >> 10);
}

static void unmap(int container, const struct hv_mem_region *r)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u), .iova = r->gpa, .size = r->bytes};

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &u) || u.size != r->bytes)
		log_err("vfio: guest memory at %#" PRIx64 " stays mapped in the IOMMU: %s", r->gpa,
			strerror(errno));
}

int hv_vfio_iommu_map(int container, const struct hv_mem *mem, struct err *e)
{
	int rc = check_ranges(container, mem, e), code;
	unsigned int i;

	if (rc)
		return rc;
	for (i = 0; i < mem->n; i++) {
		const struct hv_mem_region *r = &mem->region[i];
		struct vfio_iommu_type1_dma_map m = {.argsz = sizeof(m),
						     .flags = VFIO_DMA_MAP_FLAG_READ |
							      VFIO_DMA_MAP_FLAG_WRITE,
						     .vaddr = (uintptr_t)r->host,
						     .iova = r->gpa,
						     .size = r->bytes};

		if (ioctl(container, VFIO_IOMMU_MAP_DMA, &m))
			goto unmap_those_before;
	}
	return 0;

unmap_those_before:
	code = errno;
	rc = code == ENOMEM
		     ? no_memory(mem, e)
		     : err_set(e, -code, "cannot map guest memory at %#" PRIx64 " for DMA: %s",
			       mem->region[i].gpa, strerror(code));
	while (i-- > 0)
		unmap(container, &mem->region[i]);
	return rc;
}

void hv_vfio_iommu_unmap(int container, const struct hv_mem *mem)
{
	for (unsigned int i = 0; i < mem->n; i++)
		unmap(container, &mem->region[i]);
}

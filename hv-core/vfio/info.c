/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/info.h"

#include <inttypes.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* More are in no answer; a chain that goes in a circle ends here. */
#define CHAIN_MAX 64

const void *hv_vfio_info_cap(const void *info, size_t bytes, uint32_t first, uint16_t id,
			     size_t least, size_t *left)
{
	struct vfio_info_cap_header head;
	uint32_t at = first;

	for (int i = 0; i < CHAIN_MAX && at; i++, at = head.next) {
		if (bytes < sizeof(head) || at > bytes - sizeof(head))
			return NULL;
		memcpy(&head, (const char *)info + at, sizeof(head));
		if (head.id != id)
			continue;
		*left = bytes - at;
		return *left >= least ? (const char *)info + at : NULL;
	}
	return NULL;
}

static bool within(const struct hv_vfio_iova *range, unsigned int n, uint64_t first, uint64_t last)
{
	for (unsigned int i = 0; i < n; i++)
		if (range[i].first <= first && last <= range[i].last)
			return true;
	return false;
}

int hv_vfio_iova_check(const struct hv_vfio_iova *range, unsigned int n,
		       const struct hv_mem_region *region, unsigned int regions, struct err *e)
{
	char have[200] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < n && len < sizeof(have); i++)
		len += (size_t)snprintf(have + len, sizeof(have) - len, "%s%#" PRIx64 "-%#" PRIx64,
					i ? ", " : "", range[i].first, range[i].last);
	for (unsigned int i = 0; i < regions; i++) {
		uint64_t first = region[i].gpa, last = first + region[i].bytes - 1;

		if (!within(range, n, first, last))
			return err_set(
				e, -ERANGE,
				"guest memory at %#" PRIx64 "-%#" PRIx64
				" cannot be reached by the device: the host's IOMMU maps %s; "
				"give the guest less memory",
				first, last, n ? have : "nothing");
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pci/function.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* VT-d: ecap.DT, ecap.IR, cap.CM, cap.PI. AMD-Vi: IotlbSup of the capability's header, GASup of
 * the extended features; all of them remap interrupts. */
#define ECAP_DT	  (1ull << 2)
#define ECAP_IR	  (1ull << 3)
#define CAP_CM	  (1ull << 7)
#define CAP_PI	  (1ull << 59)
#define AMD_IOTLB (1ull << 24)
#define AMD_GA	  (1ull << 7)

static bool read_hex(const char *sysfs, const char *iommu, const char *file, uint64_t *v)
{
	char text[64];

	if (!pci_read_text(text, sizeof(text), "%s/class/iommu/%s/%s", sysfs, iommu, file))
		return false;
	*v = strtoull(text, NULL, 16);
	return true;
}

static bool look(const char *sysfs, const char *name, struct pci_iommus *i)
{
	uint64_t cap = 0, more = 0;

	memset(i, 0, sizeof(*i));
	if (read_hex(sysfs, name, "intel-iommu/cap", &cap) &&
	    read_hex(sysfs, name, "intel-iommu/ecap", &more)) {
		i->remapping = more & ECAP_IR;
		i->device_tlbs = more & ECAP_DT;
		i->posting = cap & CAP_PI;
		i->caching = cap & CAP_CM;
		return true;
	}
	if (read_hex(sysfs, name, "amd-iommu/cap", &cap) &&
	    read_hex(sysfs, name, "amd-iommu/features", &more)) {
		i->amd = i->remapping = true;
		i->device_tlbs = cap & AMD_IOTLB;
		i->posting = more & AMD_GA;
		return true;
	}
	return false;
}

void pci_iommus(const char *sysfs, struct pci_iommus *all)
{
	struct pci_iommus one;
	char path[PATH_MAX];
	struct dirent *d;
	DIR *dir;

	*all = (struct pci_iommus){
		.remapping = true, .posting = true, .device_tlbs = true, .caching = true};
	snprintf(path, sizeof(path), "%s/class/iommu", sysfs);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || !look(sysfs, d->d_name, &one))
			continue;
		all->n++;
		all->amd |= one.amd;
		all->remapping &= one.remapping;
		all->posting &= one.posting;
		all->device_tlbs &= one.device_tlbs;
		all->caching &= one.caching;
	}
	if (dir)
		closedir(dir);
	if (!all->n)
		*all = (struct pci_iommus){0};
}

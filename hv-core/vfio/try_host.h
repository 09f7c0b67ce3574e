/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: an assigned function as the host sees it, beside what the guest sees. */
#ifndef HV_CORE_VFIO_TRY_HOST_H
#define HV_CORE_VFIO_TRY_HOST_H

#include "hv-core/machine/vcpu.h"
#include "hv-core/vfio/device.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <unistd.h>

/* How often the guest left for memory-mapped I/O. */
static inline uint64_t mmio_exits(struct hv_vm *vm)
{
	struct hv_vcpu_stats s;

	hv_vcpu_stats(vm, 0, &s);
	return s.exits[HV_EXIT_MMIO];
}

/* A register as the host reads it, through VFIO. */
static inline uint32_t behind(struct hv_vfio *v, unsigned int bar, uint64_t off)
{
	uint32_t value = 0;

	if (pread(v->fd, &value, 4, (off_t)(v->region[bar].at + off)) != 4)
		return UINT32_MAX;
	return value;
}

/* The host's own view of the command register. */
static inline bool host_master(const struct hv_vfio *v)
{
	char path[128];
	uint8_t command[2] = {0};
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", v->address);
	fd = open(path, O_RDONLY);
	if (fd < 0 || pread(fd, command, 2, PCI_COMMAND) != 2)
		perror(path);
	close(fd);
	return command[0] & PCI_COMMAND_MASTER;
}

/* Memory this process has locked, in KB. */
static inline unsigned long locked_kb(void)
{
	char line[128];
	unsigned long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's uevents and its log. Whatever they say, an address is one of a function, since it
 * becomes part of a path. */
#include "sriov-pf/sys/dmar.h"
#include "sriov-pf/sys/sysfs.h"
#include "sriov-pf/sys/uevent.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pf_uevent u;
	struct pf_dmar f;

	if (pf_uevent_parse((const char *)data, size, &u)) {
		must(u.action <= PF_UEVENT_CHANGE && pf_sysfs_bus(u.address));
		must(memchr(u.driver, 0, sizeof(u.driver)) &&
		     memchr(u.ifname, 0, sizeof(u.ifname)));
	}
	if (pf_dmar_parse((const char *)data, size, &f)) {
		const char *bus = pf_sysfs_bus(f.address);

		must(f.kind <= PF_DMAR_INTERRUPT && bus && strcmp(bus, "pci") == 0);
		for (const char *c = f.reason; *c; c++)
			must(*c >= ' ' && *c < 0x7f);
	}
	return 0;
}

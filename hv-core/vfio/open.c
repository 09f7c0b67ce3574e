/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/vfio.h"

#include "base/pci/vfio.h"

int hv_vfio_open(const char *address, struct hv_vfio_fds *fds, struct err *e)
{
	struct pci_vfio got = {fds->container, fds->group};
	unsigned int group;
	int rc = pci_vfio_open(address, &got, &group, e);

	if (rc)
		return rc;
	fds->container = got.container;
	fds->group = got.group;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pci/vfio.h"

#include "base/pci/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTAINER "/dev/vfio/vfio"
#define IOMMUFD	  "/dev/iommu"

int pci_vfio_container(struct err *e)
{
	int fd = open(CONTAINER, O_RDWR | O_CLOEXEC), code = errno;

	if (fd >= 0)
		return fd;
	if (code == ENOENT && access(IOMMUFD, F_OK) == 0)
		return err_set(e, -ENOTSUP,
			       "this kernel has only iommufd (" IOMMUFD "), not VFIO's container: "
			       "use one built with CONFIG_VFIO_CONTAINER, as Debian's are");
	if (code == ENOENT || code == ENODEV)
		return err_set(e, -ENODEV, "there is no " CONTAINER ": modprobe vfio-pci");
	return err_set(e, -code, "cannot open " CONTAINER ": %s", strerror(code));
}

int pci_vfio_group(unsigned int group, struct err *e)
{
	char path[64];
	int fd, code;

	snprintf(path, sizeof(path), "/dev/vfio/%u", group);
	fd = open(path, O_RDWR | O_CLOEXEC);
	code = errno;
	if (fd >= 0)
		return fd;
	if (code == EBUSY)
		return err_set(e, -EBUSY,
			       "%s is open already: end the process that has it (fuser -v %s), or "
			       "hand its descriptor in",
			       path, path);
	if (code == EACCES || code == EPERM)
		return err_set(e, -EACCES,
			       "may not open %s: start as root, or give it to the user (chown)",
			       path);
	return err_set(e, -code, "cannot open %s: %s", path, strerror(code));
}

int pci_vfio_open(const char *address, struct pci_vfio *fds, unsigned int *group, struct err *e)
{
	struct pci_vfio got = *fds;
	int rc = pci_host_check("/sys", address, group, e);

	if (rc)
		return rc;
	if (got.container < 0)
		got.container = pci_vfio_container(e);
	if (got.container < 0)
		return got.container;
	if (got.group < 0)
		got.group = pci_vfio_group(*group, e);
	if (got.group < 0)
		goto close_container;
	*fds = got;
	return 0;

close_container:
	if (fds->container < 0)
		close(got.container);
	return got.group;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pci/host.h"

#include "base/pci/function.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool pci_address_ok(const char *address)
{
	static const char form[] = "xxxx:xx:xx.o";

	for (size_t i = 0; i < sizeof(form); i++) {
		const char *may = form[i] == 'x' ? "0123456789abcdef" : "01234567";

		if (form[i] != 'x' && form[i] != 'o') {
			if (address[i] != form[i])
				return false;
		} else if (!address[i] || !strchr(may, address[i])) {
			return false;
		}
	}
	return true;
}

/* vfio-pci, or one of those made for a family of devices (mlx5_vfio_pci). */
static bool is_vfio(const char *driver)
{
	size_t len = strlen(driver);

	return strcmp(driver, "vfio-pci") == 0 ||
	       (len > 9 && strcmp(driver + len - 9, "_vfio_pci") == 0);
}

/* May a member of the group have this driver while a guest has another member? Those that do no
 * DMA of their own may: the kernel's drivers with driver_managed_dma. */
static bool may_stay(const char *driver)
{
	return is_vfio(driver) || strcmp(driver, "pci-stub") == 0 ||
	       strcmp(driver, "pcieport") == 0;
}

int pci_driver_check(const char *sysfs, const char *address, struct err *e)
{
	char driver[PCI_NAME] = "no driver";

	if (pci_driver(sysfs, address, driver) && is_vfio(driver))
		return 0;
	return err_set(e, -EBUSY,
		       "%s has %s, not vfio-pci: modprobe vfio-pci; cd /sys/bus/pci/devices/%s; "
		       "echo vfio-pci > driver_override; echo %s > driver/unbind (if there is a "
		       "driver); echo %s > /sys/bus/pci/drivers_probe",
		       address, driver, address, address, address);
}

static int not_member(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int pci_group_check(const char *sysfs, unsigned int group, const char *except, struct err *e)
{
	char path[PATH_MAX], driver[PCI_NAME], users[256] = "";
	struct dirent **member;
	size_t len = 0;
	int n;

	snprintf(path, sizeof(path), "%s/kernel/iommu_groups/%u/devices", sysfs, group);
	n = scandir(path, &member, not_member, alphasort);
	if (n < 0)
		return err_set(e, -ENODEV, "cannot read %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if ((!except || strcmp(member[i]->d_name, except)) &&
		    pci_driver(sysfs, member[i]->d_name, driver) && !may_stay(driver) &&
		    len < sizeof(users))
			len += (size_t)snprintf(users + len, sizeof(users) - len, "%s%s (%s)",
						len ? ", " : "", member[i]->d_name, driver);
		free(member[i]);
	}
	free(member);
	if (len == 0)
		return 0;
	return err_set(
		e, -EBUSY,
		"IOMMU group %u is not viable: the host uses %s of it; bind these to vfio-pci "
		"or to no driver, or choose a function that is in a group of its own",
		group, users);
}

int pci_group_of(const char *sysfs, const char *address, unsigned int *group, struct err *e)
{
	char path[PATH_MAX], to[PATH_MAX], *last;
	ssize_t len;

	if (!pci_address_ok(address))
		return err_set(
			e, -EINVAL,
			"\"%s\" is no address of a PCI function: write it like 0000:01:10.0, "
			"as lspci -D does",
			address);
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", sysfs, address);
	if (access(path, F_OK) != 0)
		return err_set(
			e, -ENODEV,
			"there is no PCI function %s: lspci -D lists them; for a VF write the "
			"number wanted to its PF's sriov_numvfs first",
			address);
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/iommu_group", sysfs, address);
	len = readlink(path, to, sizeof(to) - 1);
	to[len > 0 ? len : 0] = '\0';
	last = strrchr(to, '/');
	if (sscanf(last ? last + 1 : to, "%u", group) != 1)
		return err_set(e, -ENODEV,
			       "%s is behind no IOMMU: switch it on in the firmware (VT-d, AMD-Vi) "
			       "and, on Intel, boot the host with intel_iommu=on",
			       address);
	return 0;
}

int pci_host_check(const char *sysfs, const char *address, unsigned int *group, struct err *e)
{
	int rc = pci_group_of(sysfs, address, group, e);

	if (rc == 0)
		rc = pci_driver_check(sysfs, address, e);
	return rc ? rc : pci_group_check(sysfs, *group, NULL, e);
}

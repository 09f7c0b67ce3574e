/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/bind.h"
#include "sriov-pf/model/plan.h"
#include "sriov-pf/sys/file.h"
#include "sriov-pf/sys/sysfs.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

int pf_unbind(const char *sysfs, const char *address, struct err *e)
{
	char driver[PF_DRIVER];
	int rc;

	pf_sysfs_driver(sysfs, address, driver);
	if (!driver[0])
		return 0;
	rc = pf_file_write(address, "%s/bus/pci/drivers/%s/unbind", sysfs, driver);
	/* It may have lost its driver by itself since. */
	pf_sysfs_driver(sysfs, address, driver);
	if (!driver[0])
		return 0;
	return err_set(e, rc ? rc : -EBUSY, "cannot take %s from its driver %s: %s", address,
		       driver,
		       rc ? strerror(-rc) : "it was bound again at once; something else binds it");
}

int pf_override(const char *sysfs, const char *address, const char *driver, struct err *e)
{
	/* An empty line removes it. */
	int rc = pf_file_write(driver[0] ? driver : "\n", "%s/bus/pci/devices/%s/driver_override",
			       sysfs, address);

	return rc == 0 ? 0
		       : err_set(e, rc, "cannot set driver_override of %s to \"%s\": %s", address,
				 driver, strerror(-rc));
}

/* As a program of its own, which knows aliases and what else is needed. */
static void load_module(const char *name)
{
	char quiet[] = "-q", end[] = "--", self[] = "modprobe", module[PF_DRIVER];
	char *argv[] = {self, quiet, end, module, NULL};
	pid_t pid;

	snprintf(module, sizeof(module), "%s", name);
	if (posix_spawnp(&pid, self, NULL, NULL, argv, environ) != 0)
		return;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int need_driver(const char *sysfs, const char *driver, struct err *e)
{
	if (strchr(driver, '/') || driver[0] == '.' || driver[0] == '-')
		return err_set(e, -EINVAL, "\"%s\" is no name of a driver", driver);
	if (!pf_file_there("%s/bus/pci/drivers/%s", sysfs, driver))
		load_module(driver);
	if (pf_file_there("%s/bus/pci/drivers/%s", sysfs, driver))
		return 0;
	return err_set(e, -ENODEV,
		       "the kernel has no driver %s, and modprobe could not load it: install the "
		       "kernel's package of modules, or name another driver",
		       driver);
}

/* What the kernel says when no driver took it is nothing. */
static int no_driver(const char *sysfs, const char *address, const char *driver, struct err *e)
{
	unsigned int autoprobe = 1;

	if (driver[0])
		return err_set(e, -ENODEV,
			       "%s does not take %s: see the kernel's log; vfio-pci needs an IOMMU",
			       driver, address);
	pf_file_number(&autoprobe, "%s/bus/pci/devices/%s/physfn/sriov_drivers_autoprobe", sysfs,
		       address);
	return err_set(e, -ENODEV, "no driver of the kernel's takes %s: %s", address,
		       autoprobe
			       ? "load the one for it (modprobe igbvf, iavf ...)"
			       : "it looks for none while sriov_drivers_autoprobe of the PF is 0");
}

int pf_bind(const char *sysfs, const char *address, const char *driver, struct err *e)
{
	bool none = strcmp(driver, PF_NO_DRIVER) == 0;
	char now[PF_DRIVER];
	int rc = driver[0] && !none ? need_driver(sysfs, driver, e) : 0;

	if (rc)
		return rc;
	pf_sysfs_driver(sysfs, address, now);
	if (now[0] && driver[0] && strcmp(now, driver) != 0)
		return err_set(e, -EBUSY, "%s has the driver %s: it must be unbound first", address,
			       now);
	rc = pf_override(sysfs, address, driver, e);
	if (rc || now[0])
		return rc;
	rc = pf_file_write(address, "%s/bus/pci/drivers_probe", sysfs);
	if (rc)
		return err_set(e, rc, "the driver %s refuses %s: %s; see the kernel's log",
			       driver[0] ? driver : "of the kernel's choice", address,
			       strerror(-rc));
	pf_sysfs_driver(sysfs, address, now);
	return now[0] || none ? 0 : no_driver(sysfs, address, driver, e);
}

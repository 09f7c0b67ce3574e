/* SPDX-License-Identifier: BSD-3-Clause */
/* A host's sysfs as a folder of our own, for tests. */
#ifndef SRIOV_PF_SYS_TEST_TREE_H
#define SRIOV_PF_SYS_TEST_TREE_H

#include "base/test_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PF "0000:01:00.0"

static char sys[64], devices[96];

#define run(...) folder_run(devices, __VA_ARGS__)

/* An igb PF whose interface is ours: lo, which has no VFs as to the kernel. */
static int setup(void **state)
{
	strcpy(sys, "/tmp/pf_sys.XXXXXX");
	if (!mkdtemp(sys))
		return -1;
	snprintf(devices, sizeof(devices), "%s/bus/pci/devices", sys);
	folder_run(sys, "mkdir -p bus/pci/devices");
	run("mkdir -p ../drivers/igb " PF "/net/lo && ln -s ../../drivers/igb " PF "/driver");
	run("cd " PF " && echo 0x8086 >vendor && echo 0x10c9 >device && echo 7 >sriov_totalvfs && "
	    "echo 0 >sriov_numvfs && echo 1 >sriov_drivers_autoprobe && echo 1 >net/lo/ifindex && "
	    "echo 0 >net/lo/dev_port");
	return 0;
}

static int teardown(void **state)
{
	run("rm -rf %s", sys);
	return 0;
}

/* A VF; driver: NULL: none. */
static void add_vf(unsigned int n, const char *driver)
{
	run("mkdir -p 0000:01:10.%u && ln -s ../0000:01:10.%u " PF "/virtfn%u && "
	    "echo '(null)' >0000:01:10.%u/driver_override && ln -s ../" PF " 0000:01:10.%u/physfn",
	    n, n, n, n, n);
	if (driver)
		run("mkdir -p ../drivers/%s && ln -s ../../drivers/%s 0000:01:10.%u/driver", driver,
		    driver, n);
}

#endif

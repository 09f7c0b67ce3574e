/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's sysfs, as a folder of our own. */
#include "base/pci/host.h"

#include "base/test_folder.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char sys[64];

#define run(...) folder_run(sys, __VA_ARGS__)

/* group: -1: no IOMMU; driver: NULL: none. */
static void add(const char *address, int group, const char *driver)
{
	run("mkdir -p bus/pci/devices/%s", address);
	if (group >= 0)
		run("mkdir -p kernel/iommu_groups/%d/devices && "
		    "ln -s ../../../../kernel/iommu_groups/%d bus/pci/devices/%s/iommu_group && "
		    "ln -s ../../../../bus/pci/devices/%s kernel/iommu_groups/%d/devices/%s",
		    group, group, address, address, group, address);
	if (driver)
		run("mkdir -p bus/pci/drivers/%s && ln -s ../../drivers/%s "
		    "bus/pci/devices/%s/driver",
		    driver, driver, address);
}

static int setup(void **state)
{
	strcpy(sys, "/tmp/pci_host.XXXXXX");
	return mkdtemp(sys) ? 0 : -1;
}

static int teardown(void **state)
{
	run("rm -rf %s", sys);
	return 0;
}

static void refused(const char *address, int code, const char *word)
{
	unsigned int group;
	struct err e = {0};

	assert_int_equal(pci_host_check(sys, address, &group, &e), code);
	if (!strstr(e.text, word))
		fail_msg("no \"%s\" in: %s", word, e.text);
}

static void addresses_are_spelled_out(void **state)
{
	static const char *const bad[] = {"",
					  "01:10.0",
					  "0000:01:10",
					  "0000:01:10.8",
					  "0000:01:1g.0",
					  "0000:01:10.0 ",
					  "0000:01:10.00",
					  "../../../etc",
					  "0000.01.10.0",
					  "0000:01:1F.0"};

	assert_true(pci_address_ok("0000:01:10.0"));
	assert_true(pci_address_ok("10af:ff:1f.7"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], -EINVAL, "lspci -D");
}

static void a_ready_function_is_taken(void **state)
{
	unsigned int group = 0;
	struct err e = {0};

	add("0000:01:10.0", 17, "vfio-pci");
	assert_int_equal(pci_host_check(sys, "0000:01:10.0", &group, &e), 0);
	assert_int_equal(group, 17);
	/* One made for a family of cards. */
	add("0000:01:10.1", 18, "mlx5_vfio_pci");
	assert_int_equal(pci_host_check(sys, "0000:01:10.1", &group, &e), 0);
}

static void what_is_missing_is_named(void **state)
{
	refused("0000:01:10.0", -ENODEV, "sriov_numvfs");
	add("0000:01:10.0", -1, "vfio-pci");
	refused("0000:01:10.0", -ENODEV, "IOMMU");
	add("0000:01:10.1", 3, "igbvf");
	refused("0000:01:10.1", -EBUSY, "igbvf");
	add("0000:01:10.2", 4, NULL);
	refused("0000:01:10.2", -EBUSY, "driver_override");
	/* Something that only looks like it. */
	add("0000:01:10.3", 5, "not-vfio-pci");
	refused("0000:01:10.3", -EBUSY, "not-vfio-pci");
}

static void others_of_the_group_must_be_free(void **state)
{
	unsigned int group;
	struct err e = {0};

	add("0000:00:1c.0", 2, "pcieport");
	add("0000:00:1f.0", 2, NULL);
	add("0000:00:1f.2", 2, "vfio-pci");
	assert_int_equal(pci_host_check(sys, "0000:00:1f.2", &group, &e), 0);
	add("0000:00:1f.3", 2, "i801_smbus");
	add("0000:00:1f.4", 2, "e1000e");
	refused("0000:00:1f.2", -EBUSY,
		"group 2 is not viable: the host uses 0000:00:1f.3 (i801_smbus), 0000:00:1f.4 "
		"(e1000e)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(addresses_are_spelled_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ready_function_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_missing_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(others_of_the_group_must_be_free, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A host as a folder: its IOMMUs and what a function has. */
#include "base/pci/function.h"

#include "base/test_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define A "0000:01:10.0"

static char sys[64];

#define run(...) folder_run(sys, __VA_ARGS__)

static int setup(void **state)
{
	strcpy(sys, "/tmp/pci_function.XXXXXX");
	assert_non_null(mkdtemp(sys));
	run("mkdir -p bus/pci/devices/" A);
	return 0;
}

static int teardown(void **state)
{
	run("rm -rf %s", sys);
	return 0;
}

static void iommu(const char *name, const char *vendor, const char *cap, const char *second,
		  const char *more)
{
	run("mkdir -p class/iommu/%s/%s && cd class/iommu/%s/%s && echo %s >cap && echo %s >%s",
	    name, vendor, name, vendor, cap, more, second);
}

static void all_iommus_must_have_it(void **state)
{
	struct pci_iommus i;

	pci_iommus(sys, &i);
	assert_int_equal(i.n, 0);
	assert_false(i.remapping || i.posting || i.device_tlbs || i.caching || i.amd);
	iommu("dmar0", "intel-iommu", "8d2078c106f0466", "ecap", "f020df");
	pci_iommus(sys, &i);
	assert_int_equal(i.n, 1);
	assert_true(i.remapping && i.device_tlbs && i.posting && !i.caching && !i.amd);
	/* No device-TLB, no posting, but caching mode. */
	iommu("dmar1", "intel-iommu", "80", "ecap", "8");
	pci_iommus(sys, &i);
	assert_int_equal(i.n, 2);
	assert_true(i.remapping && !i.device_tlbs && !i.posting && !i.caching);
	iommu("dmar1", "intel-iommu", "80", "ecap", "4");
	pci_iommus(sys, &i);
	assert_true(!i.remapping && i.device_tlbs);
}

static void amd_has_registers_of_its_own(void **state)
{
	struct pci_iommus i;

	iommu("ivhd0", "amd-iommu", "190b640f", "features", "25bf732fa2295afe:1d");
	pci_iommus(sys, &i);
	assert_int_equal(i.n, 1);
	assert_true(i.amd && i.remapping && i.device_tlbs && i.posting);
	iommu("ivhd0", "amd-iommu", "0", "features", "0");
	pci_iommus(sys, &i);
	assert_true(i.amd && i.remapping && !i.device_tlbs && !i.posting);
}

static void what_a_function_lacks_is_not_there(void **state)
{
	char name[PCI_NAME];
	uint64_t bytes;

	assert_false(pci_driver(sys, A, name));
	assert_false(pci_can_reset(sys, A, name));
	assert_int_equal(pci_bars(sys, A, &bytes), 0);
	assert_int_equal(pci_port_isolates(sys, A, name), -1);
	assert_int_equal(pci_group_members(sys, 3), 0);
	assert_int_equal(pci_read_number("%s/nothing", sys), -1);
	assert_false(pci_interrupts_remapped(sys));
}

static void what_it_has_is_told(void **state)
{
	char name[PCI_NAME];
	uint64_t bytes;

	run("ln -s ../../../bus/pci/drivers/igbvf bus/pci/devices/" A "/driver");
	run("echo flr bus >bus/pci/devices/" A "/reset_method; echo 7 >total");
	run("printf '0x1000 0x1fff 0x200\\n0x0 0xfff 0x200\\n0xe000 0xe01f 0x100\\n0x4000 0x7fff "
	    "0x20000200\\n0x8000 0xbfff 0x200\\n' >bus/pci/devices/" A "/resource");
	run("mkdir -p kernel/iommu_groups/3/devices && touch kernel/iommu_groups/3/devices/a");
	run("echo ' 1: 0 IR-IO-APIC 1-edge' >interrupts");
	assert_true(pci_driver(sys, A, name));
	assert_string_equal(name, "igbvf");
	assert_true(pci_can_reset(sys, A, name));
	assert_string_equal(name, "flr bus");
	assert_int_equal(pci_bars(sys, A, &bytes), 2);
	assert_int_equal(bytes, 4096 + 16384);
	assert_int_equal(pci_group_members(sys, 3), 1);
	assert_int_equal(pci_read_number("%s/total", sys), 7);
	assert_true(pci_interrupts_remapped(sys));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(all_iommus_must_have_it),
		T(amd_has_registers_of_its_own),
		T(what_a_function_lacks_is_not_there),
		T(what_it_has_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A made-up host in a directory. */
#include "cli/host_check.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char root[32];

static void put(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int make_root(void **state)
{
	strcpy(root, "/tmp/flue-host-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void expect(const json_t *rows, const char *item, const char *state, const char *means,
		   const char *cure)
{
	const json_t *r = json_find(rows, "item", item);

	assert_non_null(r);
	if (strcmp(json_get_str(r, "state", ""), state) != 0)
		fail_msg("%s is %s: %s", item, json_get_str(r, "state", ""),
			 json_get_str(r, "means", ""));
	if (!strstr(json_get_str(r, "means", ""), means))
		fail_msg("%s: %s", item, json_get_str(r, "means", ""));
	if (cure && !strstr(json_get_str(r, "cure", ""), cure))
		fail_msg("%s: %s", item, json_get_str(r, "cure", "nothing"));
	assert_true(cure || !json_object_get(r, "cure"));
}

static void a_bare_host(void **state)
{
	json_t *rows;

	put("/proc/cpuinfo", "vendor_id: AuthenticAMD\nflags: fpu\n");
	rows = host_check(root);
	expect(rows, "hugepages", "note", "none reserved", "echo 256 | sudo tee /sys/kernel/mm");
	expect(rows, "/dev/kvm", "missing", "firmware", NULL);
	expect(rows, "/dev/net/tun", "missing", "kind host", "sudo modprobe tun");
	expect(rows, "/dev/vhost-net", "note", "vhost-net", "sudo modprobe vhost_net");
	expect(rows, "IOMMU", "note", "no groups", "iommu=pt");
	expect(rows, "cores", "note", "0", NULL);
	assert_null(json_find(rows, "item", "isolated cores"));
	assert_true(host_check_lacks(rows));
	json_decref(rows);
}

static void a_good_host(void **state)
{
	json_t *rows;

	put("/proc/cpuinfo", "vendor_id: GenuineIntel\nflags: fpu vmx\n");
	put("/proc/meminfo", "MemTotal: 1 kB\nHugepagesize:    2048 kB\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "256\n");
	put("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "1\n");
	put("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
	put("/dev/kvm", "");
	put("/dev/net/tun", "");
	put("/dev/vhost-net", "");
	put("/sys/kernel/iommu_groups/0/type", "");
	put("/sys/kernel/iommu_groups/1/type", "");
	put("/sys/devices/system/cpu/online", "0-7\n");
	put("/sys/devices/system/cpu/isolated", "6-7\n");
	put("/sys/devices/system/cpu/nohz_full", "(null)\n");
	rows = host_check(root);
	expect(rows, "hugepages", "ok", "1536 of 2048 MiB", NULL);
	expect(rows, "/dev/kvm", "ok", "", NULL);
	expect(rows, "IOMMU", "ok", "2 groups", NULL);
	expect(rows, "cores", "ok", "8", NULL);
	expect(rows, "isolated cores", "note", "timer",
	       "isolcpus=managed_irq,domain,7 nohz_full=7");
	expect(rows, "KVM", "note", "unknown", NULL);
	assert_false(host_check_lacks(rows));
	json_decref(rows);
	put("/sys/devices/system/cpu/nohz_full", "7\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0\n");
	put("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "0\n");
	rows = host_check(root);
	expect(rows, "isolated cores", "ok", "2, 1 of them", NULL);
	/* More than there are, on top of those that are taken. */
	expect(rows, "hugepages", "note", "taken", "echo 768 | sudo tee");
	json_decref(rows);
}

/* Each KVM is told by its module's own parameters. */
static void what_carries_the_guests(void **state)
{
	json_t *rows;

	put("/sys/module/kvm_pvm/parameters/force", "N\n");
	rows = host_check(root);
	expect(rows, "KVM", "note", "in software", NULL);
	json_decref(rows);
	put("/sys/module/kvm_amd/parameters/npt", "Y\n");
	put("/sys/module/kvm_amd/parameters/nested", "1\n");
	rows = host_check(root);
	expect(rows, "KVM", "ok", "AMD-V (kvm_amd), nesting on", NULL);
	json_decref(rows);
	put("/sys/module/kvm_intel/parameters/nested", "N\n");
	put("/proc/sys/kernel/io_uring_disabled", "2\n");
	rows = host_check(root);
	expect(rows, "KVM", "ok", "VT-x (kvm_intel), nesting off", NULL);
	expect(rows, "io_uring", "note", "disks", "io_uring_disabled");
	json_decref(rows);
}

static void what_the_processor_does_for_guests(void **state)
{
	json_t *rows;

	put("/proc/cpuinfo", "vendor_id: GenuineIntel\nflags\t\t: fpu vmx vpid_not eptad\n"
			     "vmx flags\t: vnmi posted_intr ept\n");
	rows = host_check(root);
	expect(rows, "VT-x", "ok", "has it", NULL);
	expect(rows, "EPT", "note", "kvm_intel is not loaded", NULL);
	expect(rows, "VPID", "note", "the processor shows none", NULL);
	json_decref(rows);
	put("/sys/module/kvm_intel/parameters/ept", "N\n");
	put("/sys/module/kvm_intel/parameters/enable_apicv", "Y\n");
	rows = host_check(root);
	expect(rows, "EPT", "note", "shadowed", "modprobe kvm_intel ept=1");
	expect(rows, "posted interrupts", "ok", "in use", NULL);
	json_decref(rows);
	put("/sys/module/kvm_intel/parameters/ept", "Y\n");
	rows = host_check(root);
	expect(rows, "EPT", "ok", "in use", NULL);
	json_decref(rows);
	put("/proc/cpuinfo", "vendor_id: AuthenticAMD\nflags: svm npt\n");
	put("/sys/module/kvm_amd/parameters/npt", "1\n");
	rows = host_check(root);
	expect(rows, "AMD-V", "ok", "has it", NULL);
	expect(rows, "NPT", "ok", "in use", NULL);
	expect(rows, "ASIDs", "ok", "in use", NULL);
	expect(rows, "posted interrupts", "note", "shows none", NULL);
	assert_null(json_find(rows, "item", "EPT"));
	json_decref(rows);
}

static void what_the_platform_does_for_devices(void **state)
{
	json_t *rows;

	put("/proc/cpuinfo", "vendor_id: GenuineIntel\nflags: vmx\n");
	rows = host_check(root);
	expect(rows, "DMA remapping", "note", "no IOMMU is in use", NULL);
	expect(rows, "intr remapping", "note", "none", NULL);
	expect(rows, "intr posting", "note", "has none", NULL);
	expect(rows, "device TLBs", "note", "none", NULL);
	expect(rows, "ACS", "ok", "no bridges", NULL);
	expect(rows, "SR-IOV", "note", "no PCI network function", NULL);
	expect(rows, "reserved regions", "note", "no IOMMU group", NULL);
	json_decref(rows);

	put("/sys/class/iommu/dmar0/intel-iommu/cap", "8d2078c106f0466\n");
	put("/sys/class/iommu/dmar0/intel-iommu/ecap", "f020df\n");
	put("/sys/kernel/iommu_groups/0/reserved_regions",
	    "0x00000000fee00000 0x00000000feefffff msi\n");
	put("/sys/kernel/iommu_groups/1/reserved_regions",
	    "0x00000000fee00000 0x00000000feefffff msi\n");
	rows = host_check(root);
	expect(rows, "DMA remapping", "ok", "1 IOMMUs (VT-d)", NULL);
	expect(rows, "intr remapping", "note", "could, but it is off", "intremap=off");
	expect(rows, "intr posting", "note", "KVM's posted interrupts are not in use", NULL);
	expect(rows, "device TLBs", "ok", "ATS", NULL);
	expect(rows, "reserved regions", "ok", "0xfee00000-0xfeefffff msi: no guest", NULL);
	json_decref(rows);

	put("/proc/interrupts", "  1: 0 IR-IO-APIC 1-edge i8042\n");
	put("/sys/module/kvm_intel/parameters/enable_apicv", "Y\n");
	put("/sys/kernel/iommu_groups/1/reserved_regions",
	    "0x00000000000e0000 0x00000000000fffff direct\n");
	rows = host_check(root);
	expect(rows, "intr remapping", "ok", "in use", NULL);
	expect(rows, "intr posting", "ok", "without the host", NULL);
	expect(rows, "reserved regions", "note", "0xe0000-0xfffff direct", NULL);
	json_decref(rows);
	put("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
	rows = host_check(root);
	expect(rows, "intr remapping", "note", "allow_unsafe_interrupts is on", "echo N");
	json_decref(rows);
}

static void link_to(const char *path, const char *to)
{
	char full[512];

	put(path, "");
	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(remove(full), 0);
	assert_int_equal(symlink(to, full), 0);
}

static void can(const json_t *rows, const char *item, const char *use, bool yes, const char *why)
{
	const json_t *u = json_object_get(json_find(rows, "item", item), use);

	assert_non_null(u);
	if (json_get_bool(u, "can", !yes) != yes || !strstr(json_get_str(u, "why", ""), why))
		fail_msg("%s %s: %s", item, use, json_get_str(u, "why", ""));
}

#define DEVICES "/sys/bus/pci/devices/"
#define PF	DEVICES "0000:01:00.0"
#define VF	DEVICES "0000:01:10.0"
#define BAR	"0x00000000fe000000 0x00000000fe003fff 0x0000000000040200\n"

static void a_function(const char *path, const char *driver, unsigned int group)
{
	char at[200], to[80];

	snprintf(at, sizeof(at), "%s/class", path);
	put(at, "0x020000\n");
	snprintf(at, sizeof(at), "%s/resource", path);
	put(at, BAR);
	snprintf(at, sizeof(at), "%s/reset_method", path);
	put(at, "flr\n");
	snprintf(at, sizeof(at), "%s/driver", path);
	snprintf(to, sizeof(to), "../../drivers/%s", driver);
	link_to(at, to);
	snprintf(at, sizeof(at), "%s/iommu_group", path);
	snprintf(to, sizeof(to), "../../%u", group);
	link_to(at, to);
	snprintf(at, sizeof(at), "/sys/kernel/iommu_groups/%u/devices/%s", group,
		 path + strlen(DEVICES));
	put(at, "");
}

static void what_each_card_can(void **state)
{
	json_t *rows;

	put("/proc/interrupts", "  1: 0 IR-IO-APIC 1-edge i8042\n");
	a_function(PF, "igb", 8);
	put(PF "/sriov_totalvfs", "7\n");
	put(PF "/virtfn0", "");
	put(PF "/net/eth0/mtu", "1500\n");
	a_function(VF, "vfio-pci", 9);
	put(VF "/physfn", "");
	/* No network card; and a bridge that anyone may read but root has not. */
	put(DEVICES "0000:00:1f.0/class", "0x060100\n");
	put(DEVICES "0000:00:01.0/class", "0x060400\n");
	rows = host_check(root);
	expect(rows, "0000:01:00.0", "ok", "igb, eth0", NULL);
	can(rows, "0000:01:00.0", "shared", true, "1 of 7");
	can(rows, "0000:01:00.0", "handed_over", true, "instead of igb; the host then loses eth0");
	can(rows, "0000:01:00.0", "migrated", false, "one with a VF");
	expect(rows, "0000:01:10.0", "ok", "vfio-pci, a virtual function", NULL);
	can(rows, "0000:01:10.0", "shared", false, "itself");
	can(rows, "0000:01:10.0", "handed_over", true, "group 9, alone");
	can(rows, "0000:01:10.0", "migrated", true, "failover");
	assert_null(json_find(rows, "item", "0000:00:1f.0"));
	expect(rows, "SR-IOV", "ok", "1 of 2 network functions have it, for 7", NULL);
	expect(rows, "reset", "ok", "2 of 2", NULL);
	expect(rows, "group isolation", "ok", "2 of 2", NULL);
	expect(rows, "ACS", "note", "only root", "sudo flue host check");
	json_decref(rows);

	put(VF "/reset_method", "");
	rows = host_check(root);
	expect(rows, "0000:01:10.0", "note", "", NULL);
	can(rows, "0000:01:10.0", "handed_over", false, "cannot be reset");
	can(rows, "0000:01:10.0", "migrated", false, "cannot be handed over");
	expect(rows, "reset", "note", "1 of 2", NULL);
	json_decref(rows);
	put(VF "/reset_method", "flr\n");
	a_function(DEVICES "0000:01:10.2", "igbvf", 9);
	rows = host_check(root);
	can(rows, "0000:01:10.0", "handed_over", false, "0000:01:10.2 (igbvf)");
	expect(rows, "group isolation", "note", "1 of 3", NULL);
	json_decref(rows);
	put("/proc/interrupts", "");
	rows = host_check(root);
	can(rows, "0000:01:00.0", "handed_over", false, "not remapped");
	json_decref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_bare_host, make_root, remove_root),
		cmocka_unit_test_setup_teardown(a_good_host, make_root, remove_root),
		cmocka_unit_test_setup_teardown(what_carries_the_guests, make_root, remove_root),
		cmocka_unit_test_setup_teardown(what_the_processor_does_for_guests, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(what_the_platform_does_for_devices, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(what_each_card_can, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

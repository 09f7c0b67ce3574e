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
	assert_string_equal(json_get_str(r, "state", ""), state);
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
	expect(rows, "KVM", "ok", "NPT in use, posted interrupts (AVIC) off, nesting on", NULL);
	json_decref(rows);
	put("/sys/module/kvm_intel/parameters/ept", "N\n");
	put("/sys/module/kvm_intel/parameters/vpid", "Y\n");
	put("/proc/sys/kernel/io_uring_disabled", "2\n");
	rows = host_check(root);
	expect(rows, "KVM", "note", "EPT off", "ept=1");
	expect(rows, "io_uring", "note", "disks", "io_uring_disabled");
	json_decref(rows);
	put("/sys/module/kvm_intel/parameters/ept", "Y\n");
	rows = host_check(root);
	expect(rows, "KVM", "ok", "EPT in use, VPID in use", NULL);
	json_decref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_bare_host, make_root, remove_root),
		cmocka_unit_test_setup_teardown(a_good_host, make_root, remove_root),
		cmocka_unit_test_setup_teardown(what_carries_the_guests, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

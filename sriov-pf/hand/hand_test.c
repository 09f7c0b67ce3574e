/* SPDX-License-Identifier: BSD-3-Clause */
/* A host as a folder: a VF below a root port, ready to be given away; each test takes one thing
 * from it. */
#include "sriov-pf/hand/hand.h"

#include "base/test_folder.h"

#include <linux/pci_regs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define PORT "0000:00:01.0"
#define VF   "0000:01:10.0"
#define PF   "0000:01:00.0"

static char root[64], sysfs[80], proc[80], dev[80];
static int trial_says;
static unsigned int trials;

#define run(...) folder_run(root, __VA_ARGS__)

static void add(const char *address, const char *above, const char *driver, int group)
{
	run("mkdir -p sys/devices/pci0000:00/%s/%s sys/bus/pci/devices", above, address);
	run("ln -s ../../../devices/pci0000:00/%s/%s sys/bus/pci/devices/%s", above, address,
	    address);
	run("mkdir -p sys/bus/pci/drivers/%s && ln -s /nowhere/%s sys/bus/pci/devices/%s/driver",
	    driver, driver, address);
	run("mkdir -p sys/kernel/iommu_groups/%d/devices && touch "
	    "sys/kernel/iommu_groups/%d/devices/%s && "
	    "ln -s /nowhere/%d sys/bus/pci/devices/%s/iommu_group",
	    group, group, address, group, address);
}

/* A root port with ACS, of which those are on; and a function with FLR, or without. */
static void write_config(const char *address, uint8_t type, uint16_t acs, bool flr)
{
	uint8_t c[512] = {[PCI_STATUS] = PCI_STATUS_CAP_LIST, [PCI_CAPABILITY_LIST] = 0x40};
	char path[200];
	FILE *f;

	c[0x40] = PCI_CAP_ID_EXP;
	c[0x42] = (uint8_t)(type << 4);
	c[0x47] = flr ? PCI_EXP_DEVCAP_FLR >> 24 : 0;
	c[0x100] = PCI_EXT_CAP_ID_ACS;
	c[0x102] = 1;
	c[0x104] = 0x1f;
	c[0x106] = (uint8_t)acs;
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/config", sysfs, address);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(c, sizeof(c), 1, f), 1);
	fclose(f);
}

static int setup(void **state)
{
	strcpy(root, "/tmp/pf_hand.XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(sysfs, sizeof(sysfs), "%s/sys", root);
	snprintf(proc, sizeof(proc), "%s/proc", root);
	snprintf(dev, sizeof(dev), "%s/dev", root);
	add(PORT, ".", "pcieport", 1);
	add(PF, PORT, "igb", 8);
	add(VF, PORT, "igbvf", 9);
	write_config(PORT, PCI_EXP_TYPE_ROOT_PORT, 0x1d, false);
	write_config(VF, PCI_EXP_TYPE_ENDPOINT, 0, true);
	run("mkdir -p dev/vfio proc && touch dev/vfio/vfio && "
	    "echo ' 24: 0 0 IR-PCI-MSIX-0000:01:00.0 0-edge eth0' > proc/interrupts");
	run("mkdir -p sys/module/vfio_iommu_type1/parameters && "
	    "echo N > sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	run("echo '0x00000000fee00000 0x00000000feefffff msi' > "
	    "sys/kernel/iommu_groups/9/reserved_regions");
	run("echo flr > sys/bus/pci/devices/" VF "/reset_method; "
	    "echo '0x00000000fe000000 0x00000000fe003fff 0x0000000000040200' > "
	    "sys/bus/pci/devices/" VF "/resource");
	trial_says = trials = 0;
	return 0;
}

static int teardown(void **state)
{
	run("rm -rf %s", root);
	return 0;
}

static int fake_trial(unsigned int group)
{
	assert_int_equal(group, 9);
	trials++;
	return trial_says;
}

static json_t *findings;

static int check(const struct pf_hand_guest *guest, struct err *e)
{
	const struct pf_hand_host host = {sysfs, proc, dev, fake_trial};

	json_decref(findings);
	findings = json_array();
	return pf_hand_check_at(&host, VF, guest, findings, e);
}

static void expect(const char *name, const char *result, const char *word, const char *cure)
{
	const json_t *f = json_find(findings, "check", name);

	assert_non_null(f);
	assert_string_equal(json_get_str(f, "result", ""), result);
	if (!strstr(json_get_str(f, "text", ""), word))
		fail_msg("no \"%s\" in: %s", word, json_get_str(f, "text", ""));
	if (!strstr(json_get_str(f, "cure", ""), cure))
		fail_msg("no \"%s\" in: %s", cure, json_get_str(f, "cure", ""));
}

static void refused(const struct pf_hand_guest *guest, int code, const char *name, const char *word,
		    const char *cure)
{
	struct err e = {0};

	assert_int_equal(check(guest, &e), code);
	expect(name, "refused", word, cure);
	if (!strstr(e.text, word) || !strstr(e.text, cure))
		fail_msg("no \"%s\", \"%s\" in: %s", word, cure, e.text);
}

static void a_ready_host_is_taken(void **state)
{
	struct err e = {0};
	size_t i;
	json_t *f;

	assert_int_equal(check(NULL, &e), 0);
	assert_int_equal(json_array_size(findings), 9);
	json_array_foreach (findings, i, f)
		assert_string_equal(json_get_str(f, "result", ""), "ok");
	expect("iommu", "ok", "group 9", "");
	expect("reset", "ok", "flr", "");
	expect("device-memory", "ok", "1 BARs of 16 KiB", "");
	expect("acs", "ok", "1 ports", "");
	assert_int_equal(trials, 1);
}

static void no_iommu(void **state)
{
	run("rm sys/bus/pci/devices/" VF "/iommu_group");
	refused(NULL, -ENODEV, "iommu", "is behind no IOMMU", "intel_iommu=on");
	assert_int_equal(json_array_size(findings), 1);
}

static void no_function(void **state)
{
	run("rm sys/bus/pci/devices/" VF);
	refused(NULL, -ENODEV, "iommu", "there is no PCI function " VF, "sriov_numvfs");
}

static void no_vfio(void **state)
{
	run("rm dev/vfio/vfio");
	refused(NULL, -ENODEV, "vfio", "/dev/vfio/vfio", "modprobe vfio-pci");
	run("touch dev/iommu");
	refused(NULL, -ENOTSUP, "vfio", "only iommufd", "CONFIG_VFIO_CONTAINER");
	run("touch dev/vfio/vfio");
	assert_int_equal(check(NULL, NULL), 0);
	expect("vfio", "ok", "and iommufd", "");
}

static void a_group_the_host_uses(void **state)
{
	/* Its own driver does not count; it is to be vfio-pci's. */
	add("0000:01:10.2", PORT, "igbvf", 9);
	add("0000:01:10.4", PORT, "e1000e", 9);
	refused(NULL, -EBUSY, "group", "0000:01:10.2 (igbvf), 0000:01:10.4 (e1000e)", "vfio-pci");
	assert_null(strstr(json_get_str(json_find(findings, "check", "group"), "text", ""), VF));
}

static void no_interrupt_remapping(void **state)
{
	struct err e = {0};

	trial_says = -EPERM;
	/* The platform refuses for another reason when interrupts are remapped. */
	refused(NULL, -EPERM, "interrupt-remapping", "RMRR", "another card");
	run("echo ' 24: 0 0 PCI-MSIX-0000:01:00.0 0-edge eth0' > proc/interrupts");
	refused(NULL, -EPERM, "interrupt-remapping", "no interrupt remapping", "intremap=off");
	/* Not bound yet, so it cannot be tried. */
	trial_says = -ENOENT;
	assert_int_equal(check(NULL, &e), 0);
	expect("interrupt-remapping", "warned", "nothing shows yet", "firmware");
	/* VFIO's yes is what counts. */
	trial_says = 0;
	assert_int_equal(check(NULL, &e), 0);
	expect("interrupt-remapping", "ok", "VFIO takes the group", "");
}

static void unsafe_interrupts_allowed(void **state)
{
	run("echo Y > sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	assert_int_equal(check(NULL, NULL), 0);
	expect("interrupt-remapping", "warned", "allow_unsafe_interrupts", "echo N > /sys/module");
	/* VFIO would say yes to anything. */
	run(": > proc/interrupts");
	refused(NULL, -EPERM, "interrupt-remapping", "allow_unsafe_interrupts on", "echo N >");
	assert_int_equal(trials, 0);
	run("test $(cat sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts) = Y");
}

static void memory_where_the_platform_keeps_some(void **state)
{
	struct pf_hand_guest g = {.range = {{0, 0xbfffffff}, {1ull << 32, 5ull << 30}},
				  .ranges = 2};

	assert_int_equal(check(&g, NULL), 0);
	expect("reserved-regions", "ok", "1 reserved, none in the guest's memory", "");
	/* The last byte counts. */
	g.range[0].last = 0xfee00000;
	refused(&g, -ERANGE, "reserved-regions", "0xfee00000-0xfeefffff", "less memory");
	g.range[0] = (struct pf_hand_range){0xfee80000, 0xfeefffff};
	refused(&g, -ERANGE, "reserved-regions", "0xfee80000-0xfeefffff", "0xfee00000");
	g.range[0] = (struct pf_hand_range){0, 0xfedfffff};
	run("echo '0x00000000000a0000 0x00000000000bffff direct-relaxable' >> "
	    "sys/kernel/iommu_groups/9/reserved_regions");
	assert_int_equal(check(&g, NULL), 0);
	run("echo '0x00000000e0000000 0x00000000efffffff direct' >> "
	    "sys/kernel/iommu_groups/9/reserved_regions");
	refused(&g, -ERANGE, "reserved-regions", "(direct)", "0xe0000000");
	g.range[0].last = 0xbfffffff;
	assert_int_equal(check(&g, NULL), 0);
	expect("reserved-regions", "warned", "direct", "RMRR");
}

/* The test's process, in the eyes of the tree it looks at. */
static void is_allowed(const char *capabilities)
{
	char line[160];

	snprintf(line, sizeof(line),
		 "mkdir -p proc/%d && printf 'Name:\\tx\\nCapEff:\\t%s\\n' > proc/%d/status",
		 (int)getpid(), capabilities, (int)getpid());
	run("%s", line);
}

static void memory_that_may_not_be_locked(void **state)
{
	struct pf_hand_guest g = {.bytes = 1ull << 30, .pid = getpid()};
	struct rlimit was, less;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &was), 0);
	less = was;
	less.rlim_cur = 65536;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &less), 0);
	refused(&g, -ENOMEM, "memlock", "65536 bytes", "LimitMEMLOCK=");
	/* Root with all capabilities but one, and then with that one alone. */
	is_allowed("000001fffeffbfff");
	refused(&g, -ENOMEM, "memlock", "65536 bytes", "LimitMEMLOCK=");
	is_allowed("0000000001000000");
	assert_int_equal(check(&g, NULL), 0);
	expect("memlock", "ok", "may raise its limit", "");
	is_allowed("0000000000000000");
	g.bytes = 65536;
	assert_int_equal(check(&g, NULL), 0);
	g.pid = 0;
	g.bytes = 1ull << 30;
	assert_int_equal(check(&g, NULL), 0);
	expect("memlock", "ok", "not known here", "");
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &was), 0);
}

static void ports_that_keep_nothing_apart(void **state)
{
	/* The kernel knows better: the group has one function. */
	write_config(PORT, PCI_EXP_TYPE_ROOT_PORT, 0x01, false);
	assert_int_equal(check(NULL, NULL), 0);
	expect("acs", "ok", PORT " (only SV)", "");
	add("0000:01:10.2", PORT, "vfio-pci", 9);
	assert_int_equal(check(NULL, NULL), 0);
	expect("acs", "warned", "group 9 has 2", "a slot below a port with ACS");
	write_config(PORT, PCI_EXP_TYPE_ROOT_PORT, 0, false);
	assert_int_equal(check(NULL, NULL), 0);
	expect("acs", "warned", PORT " (ACS off)", "");
	write_config(PORT, PCI_EXP_TYPE_PCI_BRIDGE, 0, false);
	assert_int_equal(check(NULL, NULL), 0);
	expect("acs", "warned", PORT " (a conventional bus)", "");
	/* Without need: it leads one way only. */
	write_config(PORT, PCI_EXP_TYPE_UPSTREAM, 0, false);
	assert_int_equal(check(NULL, NULL), 0);
	expect("acs", "ok", "redirect", "");
	run("rm sys/bus/pci/devices/" PORT "/config");
	assert_int_equal(check(NULL, NULL), 0);
	expect("acs", "warned", "1 of 1 bridges", "root");
}

static void no_reset(void **state)
{
	run("rm sys/bus/pci/devices/" VF "/reset_method");
	assert_int_equal(check(NULL, NULL), 0);
	expect("reset", "ok", "flr", "");
	write_config(VF, PCI_EXP_TYPE_ENDPOINT, 0, false);
	refused(NULL, -ENOTSUP, "reset", VF " cannot be reset", "another card");
}

static void no_memory_for_its_registers(void **state)
{
	run("echo '0x0000000000000000 0x0000000000003fff 0x0000000020040200' > "
	    "sys/bus/pci/devices/" VF "/resource");
	refused(NULL, -ENXIO, "device-memory", "no BAR", "pci=realloc");
	/* An I/O port is none. */
	run("echo '0x000000000000e000 0x000000000000e01f 0x0000000000040101' > "
	    "sys/bus/pci/devices/" VF "/resource");
	refused(NULL, -ENXIO, "device-memory", "no BAR", "above 4G");
}

static void the_first_refusal_is_the_error(void **state)
{
	struct err e = {0};

	run("rm dev/vfio/vfio sys/bus/pci/devices/" VF "/resource");
	assert_int_equal(check(NULL, &e), -ENODEV);
	assert_int_equal(json_array_size(findings), 9);
	expect("device-memory", "refused", "no BAR", "");
}

static void this_machine_says_what_it_lacks(void **state)
{
	struct err e = {0};
	unsigned int group;
	int container = -1, fd = -1;

	/* No such function anywhere. */
	assert_int_equal(pf_hand_check("/sys", "ffff:ff:1f.7", NULL, NULL, &e), -ENODEV);
	assert_int_equal(pf_hand_open("ffff:ff:1f.7", &container, &fd, &group, &e), -ENODEV);
	assert_int_equal(pf_hand_held("ffff:ff:1f.7", &e), -ENODEV);
	assert_int_equal(container, -1);
	assert_int_equal(fd, -1);
}

static void memory_is_read_with_distrust(void **state)
{
	static const char nine[] = "[[0,1],[2,3],[4,5],[6,7],[8,9],[10,11],[12,13],[14,15],"
				   "[16,17]]";
	static const char *const bad[] = {"{}",
					  "[1]",
					  "[[1]]",
					  "[[2,1]]",
					  "[[-1,5]]",
					  "[[\"a\",\"b\"]]",
					  "[[0,9223372036854775807]]",
					  nine};
	json_t *j = json_loads("[[0,4095],[4294967296,4294971391]]", 0, NULL);
	struct pf_hand_guest g = {0};
	struct err e = {0};

	assert_int_equal(pf_hand_guest_memory(&g, j, &e), 0);
	assert_int_equal(g.ranges, 2);
	assert_int_equal(g.bytes, 8192);
	assert_int_equal(g.range[1].first, 1ull << 32);
	json_decref(j);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		j = json_loads(bad[i], 0, NULL);
		assert_non_null(j);
		assert_int_equal(pf_hand_guest_memory(&g, j, &e), -EINVAL);
		assert_int_equal(g.ranges, 0);
		json_decref(j);
	}
	assert_int_equal(pf_hand_guest_memory(&g, NULL, &e), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ready_host_is_taken),
		TEST(no_iommu),
		TEST(no_function),
		TEST(no_vfio),
		TEST(a_group_the_host_uses),
		TEST(no_interrupt_remapping),
		TEST(unsafe_interrupts_allowed),
		TEST(memory_where_the_platform_keeps_some),
		TEST(memory_that_may_not_be_locked),
		TEST(ports_that_keep_nothing_apart),
		TEST(no_reset),
		TEST(no_memory_for_its_registers),
		TEST(the_first_refusal_is_the_error),
		cmocka_unit_test(this_machine_says_what_it_lacks),
		cmocka_unit_test(memory_is_read_with_distrust),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	json_decref(findings);
	return failed;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/sysfs.h"
#include "sriov-pf/sys/bind.h"
#include "sriov-pf/sys/file.h"
#include "sriov-pf/sys/test_tree.h"

#include <unistd.h>

static struct pf_state s;

static void read_pf(const char *address)
{
	struct err e = {0};

	if (pf_sysfs_read(sys, address, &s, &e) != 0)
		fail_msg("%s", e.text);
}

static void refused(int rc, const struct err *e, int code, const char *words)
{
	assert_int_equal(rc, code);
	if (!strstr(e->text, words))
		fail_msg("no \"%s\" in: %s", words, e->text);
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = {
		"",	     "01:00.0",	      "0000:01:00.8", "0000:01:00.00", "../net/lo",
		"netdevsim", "netdevsim1234", "netdevsim1/x", "netdevsimx"};

	assert_string_equal(pf_sysfs_bus(PF), "pci");
	assert_string_equal(pf_sysfs_bus("netdevsim12"), "netdevsim");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(pf_sysfs_bus(bad[i]));
}

static void a_pf_is_read(void **state)
{
	add_vf(0, NULL);
	add_vf(1, "vfio-pci");
	run("echo vfio-pci >0000:01:10.1/driver_override");
	read_pf(PF);
	assert_string_equal(s.driver, "igb");
	assert_string_equal(s.ifname, "lo");
	assert_int_equal(s.ifindex, 1);
	assert_int_equal(s.vendor, 0x8086);
	assert_int_equal(s.device, 0x10c9);
	assert_int_equal(s.totalvfs, 7);
	assert_true(s.autoprobe);
	/* sriov_numvfs says 0, and is not asked. */
	assert_int_equal(s.numvfs, 2);
	assert_string_equal(s.vf[0].address, "0000:01:10.0");
	assert_string_equal(s.vf[0].driver, "");
	assert_string_equal(s.vf[0].override, "");
	assert_string_equal(s.vf[1].driver, "vfio-pci");
	assert_string_equal(s.vf[1].override, "vfio-pci");
	assert_int_equal(s.vf[1].known, PF_ATTR_BIT(PF_VF_DRIVER));
	pf_state_clear(&s);
}

/* In switchdev mode the VFs' stand-ins are in the same folder. */
static void the_pfs_own_interface_is_found(void **state)
{
	run("cd " PF "/net && mkdir a_rep b_rep other && echo pf0vf0 >a_rep/phys_port_name && "
	    "echo 5 >a_rep/ifindex && echo c1pf0sf1 >b_rep/phys_port_name && echo 6 >b_rep/ifindex "
	    "&& echo p1 >lo/phys_port_name && echo p2 >other/phys_port_name && echo 9 "
	    ">other/ifindex");
	read_pf(PF);
	assert_string_equal(s.ifname, "lo");
	assert_int_equal(s.port, 1);
	pf_state_clear(&s);
}

static void the_functions_number_is_the_port_where_nothing_else_is(void **state)
{
	run("mv " PF " 0000:01:00.1");
	read_pf("0000:01:00.1");
	assert_int_equal(s.port, 1);
	pf_state_clear(&s);
}

static void a_pf_without_an_interface_is_read(void **state)
{
	run("rm -r " PF "/net/lo " PF "/driver");
	read_pf(PF);
	assert_string_equal(s.ifname, "");
	assert_string_equal(s.driver, "");
	assert_int_equal(s.ifindex, 0);
	pf_state_clear(&s);
}

static void netdevsim_is_read(void **state)
{
	run("mkdir -p ../../netdevsim/devices/netdevsim0 && "
	    "echo 3 >../../netdevsim/devices/netdevsim0/sriov_numvfs");
	read_pf("netdevsim0");
	assert_int_equal(s.numvfs, 3);
	assert_int_equal(s.totalvfs, PF_VFS_MAX);
	assert_string_equal(s.vf[2].address, "");
	assert_int_equal(s.vf[2].known, 0);
	assert_false(s.autoprobe);
	pf_state_clear(&s);
	run("mkdir -p ../../../kernel/debug/netdevsim/netdevsim0 && "
	    "echo 40 >../../../kernel/debug/netdevsim/netdevsim0/max_vfs");
	read_pf("netdevsim0");
	assert_int_equal(s.totalvfs, 40);
	pf_state_clear(&s);
}

static void those_with_sriov_are_listed(void **state)
{
	struct err e = {0};
	json_t *list;

	run("mkdir -p 0000:00:1f.0 0000:02:00.0 odd ../../netdevsim/devices/netdevsim1 && "
	    "touch 0000:02:00.0/sriov_totalvfs odd/sriov_totalvfs "
	    "../../netdevsim/devices/netdevsim1/sriov_numvfs");
	list = pf_sysfs_list(sys, &e);
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(json_string_value(json_array_get(list, 0)), PF);
	assert_string_equal(json_string_value(json_array_get(list, 1)), "0000:02:00.0");
	assert_string_equal(json_string_value(json_array_get(list, 2)), "netdevsim1");
	json_decref(list);
}

static void what_is_no_pf_is_refused(void **state)
{
	struct err e = {0};

	refused(pf_sysfs_read(sys, "eth0", &s, &e), &e, -EINVAL, "lspci -D");
	refused(pf_sysfs_read(sys, "0000:09:00.0", &s, &e), &e, -ENODEV, "0000:09:00.0");
	run("rm " PF "/sriov_totalvfs");
	refused(pf_sysfs_read(sys, PF, &s, &e), &e, -ENODEV, "no physical function");
}

static void vfs_in_the_making_are_told(void **state)
{
	struct err e = {0};

	add_vf(0, NULL);
	add_vf(2, NULL);
	refused(pf_sysfs_read(sys, PF, &s, &e), &e, -EAGAIN, "look again");
	assert_null(s.vf);
}

static void binding_refuses_by_name(void **state)
{
	struct err e = {0};

	add_vf(0, NULL);
	add_vf(1, "igbvf");
	run("touch ../drivers_probe");
	refused(pf_bind(sys, "0000:01:10.1", "igb", &e), &e, -EBUSY, "has the driver igbvf");
	refused(pf_bind(sys, "0000:01:10.0", "../x", &e), &e, -EINVAL, "no name of a driver");
	/* Nobody reads this drivers_probe, so no driver takes it. */
	refused(pf_bind(sys, "0000:01:10.0", "igb", &e), &e, -ENODEV, "igb does not take");
	refused(pf_bind(sys, "0000:01:10.0", "", &e), &e, -ENODEV, "modprobe");
	run("echo 0 >" PF "/sriov_drivers_autoprobe");
	refused(pf_bind(sys, "0000:01:10.0", "", &e), &e, -ENODEV, "autoprobe of the PF is 0");
	/* Nor this unbind. */
	refused(pf_unbind(sys, "0000:01:10.1", &e), &e, -ENOENT, "igbvf");
	run("touch ../drivers/igbvf/unbind");
	refused(pf_unbind(sys, "0000:01:10.1", &e), &e, -EBUSY, "bound again");
	assert_int_equal(pf_unbind(sys, "0000:01:10.0", &e), 0);
	refused(pf_override(sys, "0000:01:10.7", "igb", &e), &e, -ENOENT, "driver_override");
}

static void none_is_an_override_without_a_driver(void **state)
{
	struct err e = {0};
	char text[16];

	add_vf(0, NULL);
	run("touch ../drivers_probe");
	assert_int_equal(pf_bind(sys, "0000:01:10.0", "none", &e), 0);
	assert_true(pf_file_read(text, sizeof(text),
				 "%s/bus/pci/devices/0000:01:10.0/driver_override", sys) > 0);
	assert_string_equal(text, "none");
	assert_int_equal(pf_override(sys, "0000:01:10.0", "", &e), 0);
	assert_int_equal(pf_file_read(text, sizeof(text),
				      "%s/bus/pci/devices/0000:01:10.0/driver_override", sys),
			 0);
}

/* modprobe is the first one in PATH: one that makes the driver, and writes down that it was asked.
 */
static void a_driver_that_is_not_there_is_loaded_once(void **state)
{
	char path[512], text[64];
	struct err e = {0};

	add_vf(0, NULL);
	run("touch ../drivers_probe && mkdir %s/bin && printf '#!/bin/sh\\necho \"$*\" "
	    ">>%s/asked\\n"
	    "case $3 in vfio-pci) mkdir -p %s/bus/pci/drivers/$3 ;; esac\\n' >%s/bin/modprobe && "
	    "chmod +x %s/bin/modprobe",
	    sys, sys, sys, sys, sys);
	snprintf(path, sizeof(path), "%s/bin:%s", sys, getenv("PATH"));
	assert_int_equal(setenv("PATH", path, 1), 0);
	refused(pf_bind(sys, "0000:01:10.0", "vfio-pci", &e), &e, -ENODEV, "does not take");
	refused(pf_bind(sys, "0000:01:10.0", "nosuch", &e), &e, -ENODEV, "modprobe could not");
	assert_int_equal(setenv("PATH", path + strlen(sys) + 5, 1), 0);
	assert_true(pf_file_read(text, sizeof(text), "%s/asked", sys) > 0);
	assert_string_equal(text, "-q -- vfio-pci");
	run("test $(wc -l <%s/asked) = 2", sys);
	/* An override stays only of a driver that there is. */
	pf_file_read(text, sizeof(text), "%s/bus/pci/devices/0000:01:10.0/driver_override", sys);
	assert_string_equal(text, "vfio-pci");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_checked),
		TEST(a_pf_is_read),
		TEST(the_pfs_own_interface_is_found),
		TEST(the_functions_number_is_the_port_where_nothing_else_is),
		TEST(a_pf_without_an_interface_is_read),
		TEST(netdevsim_is_read),
		TEST(those_with_sriov_are_listed),
		TEST(what_is_no_pf_is_refused),
		TEST(vfs_in_the_making_are_told),
		TEST(binding_refuses_by_name),
		TEST(none_is_an_override_without_a_driver),
		TEST(a_driver_that_is_not_there_is_loaded_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/uevent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The end of the text is that of the last pair. */
#define PARSE(text, u) pf_uevent_parse(text, sizeof(text), u)

#define VF_PATH "/devices/pci0000:00/0000:00:03.0/0000:01:10.0"

static void functions_are_read(void **state)
{
	struct pf_uevent u;

	assert_true(PARSE("bind@" VF_PATH "\0ACTION=bind\0DEVPATH=" VF_PATH
			  "\0SUBSYSTEM=pci\0DRIVER=vfio-pci\0PCI_CLASS=20000\0PCI_ID=8086:10CA\0"
			  "PCI_SLOT_NAME=0000:01:10.0\0SEQNUM=2150",
			  &u));
	assert_int_equal(u.action, PF_UEVENT_BIND);
	assert_false(u.net);
	assert_string_equal(u.address, "0000:01:10.0");
	assert_string_equal(u.driver, "vfio-pci");
	assert_true(PARSE("remove@" VF_PATH "\0ACTION=remove\0DEVPATH=" VF_PATH
			  "\0SUBSYSTEM=pci\0PCI_SLOT_NAME=0000:01:10.0",
			  &u));
	assert_int_equal(u.action, PF_UEVENT_REMOVE);
	assert_string_equal(u.driver, "");
}

static void interfaces_are_read(void **state)
{
	struct pf_uevent u;

	assert_true(
		PARSE("move@/devices/pci0000:00/0000:00:03.0/0000:01:00.0/net/wan\0ACTION=move\0"
		      "DEVPATH=/devices/pci0000:00/0000:00:03.0/0000:01:00.0/net/wan\0"
		      "SUBSYSTEM=net\0INTERFACE=wan\0IFINDEX=12",
		      &u));
	assert_int_equal(u.action, PF_UEVENT_CHANGE);
	assert_true(u.net);
	assert_string_equal(u.address, "0000:01:00.0");
	assert_string_equal(u.ifname, "wan");
	assert_int_equal(u.ifindex, 12);
}

static void netdevsim_is_read(void **state)
{
	struct pf_uevent u;

	assert_true(PARSE("add@/devices/netdevsim3\0ACTION=add\0DEVPATH=/devices/netdevsim3\0"
			  "SUBSYSTEM=netdevsim",
			  &u));
	assert_int_equal(u.action, PF_UEVENT_ADD);
	assert_string_equal(u.address, "netdevsim3");
}

static void others_are_left_out(void **state)
{
	struct pf_uevent u;

	/* No function, a virtual interface, another subsystem. */
	assert_false(PARSE("add@/x\0ACTION=add\0DEVPATH=/x\0SUBSYSTEM=pci\0PCI_SLOT_NAME=../../etc",
			   &u));
	assert_false(PARSE("add@/devices/virtual/net/tap0\0ACTION=add\0"
			   "DEVPATH=/devices/virtual/net/tap0\0SUBSYSTEM=net\0INTERFACE=tap0",
			   &u));
	assert_false(PARSE("add@/b\0ACTION=add\0DEVPATH=/b\0SUBSYSTEM=block", &u));
	/* libudev's own, and damaged ones. */
	assert_false(PARSE("libudev\0\xfe\xed\xca\xfe", &u));
	assert_false(PARSE("add@" VF_PATH "\0DEVPATH=" VF_PATH
			   "\0SUBSYSTEM=pci\0PCI_SLOT_NAME=0000:01:10.0",
			   &u));
	assert_false(pf_uevent_parse("add@/x", 6, &u));
	assert_false(pf_uevent_parse("", 0, &u));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_read),
		cmocka_unit_test(interfaces_are_read),
		cmocka_unit_test(netdevsim_is_read),
		cmocka_unit_test(others_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

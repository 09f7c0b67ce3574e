/* SPDX-License-Identifier: BSD-3-Clause */
/* A sysfs of our own with this machine's netlink: the PF's interface is lo, which has no VFs. */
#include "sriov-pf/sys/backend.h"
#include "sriov-pf/sys/file.h"
#include "sriov-pf/sys/test_tree.h"

#include <unistd.h>

static struct pf_sys *pf;
static struct pf_backend b;

static int setup_backend(void **state)
{
	struct err e = {0};

	/* devlink answers only the privileged. */
	if (geteuid() != 0)
		return 0;
	if (setup(state) != 0)
		return -1;
	pf = pf_sys_new(sys, &e);
	if (!pf)
		return -1;
	b = pf_sys_backend(pf);
	return 0;
}

static int teardown_backend(void **state)
{
	if (geteuid() != 0)
		return 0;
	pf_sys_free(pf);
	return teardown(state);
}

static void refused(const struct pf_step *step, int code, const char *words)
{
	struct err e = {0};

	assert_int_equal(b.step(b.ctx, PF, step, &e), code);
	assert_int_equal(e.code, code);
	if (!strstr(e.text, words))
		fail_msg("no \"%s\" in: %s", words, e.text);
}

static void done(struct pf_step step)
{
	struct err e = {0};

	if (b.step(b.ctx, PF, &step, &e) != 0)
		fail_msg("%s", e.text);
}

static void wrote(const char *file, const char *text)
{
	char now[64];

	assert_true(pf_file_read(now, sizeof(now), "%s/bus/pci/devices/%s", sys, file) >= 0);
	assert_string_equal(now, text);
}

static void netlink_and_sysfs_are_one_state(void **state)
{
	struct pf_state s;
	struct err e = {0};

	if (geteuid() != 0)
		skip();
	add_vf(0, "vfio-pci");
	if (b.read(b.ctx, PF, &s, &e) != 0)
		fail_msg("%s", e.text);
	assert_string_equal(s.ifname, "lo");
	assert_true(s.mtu >= 68);
	assert_int_equal(s.eswitch, PF_ESWITCH_NONE);
	assert_string_equal(s.serial, "");
	/* Of a VF that the kernel does not tell of only the driver is known. */
	assert_int_equal(s.numvfs, 1);
	assert_int_equal(s.vf[0].known, PF_ATTR_BIT(PF_VF_DRIVER));
	assert_string_equal(s.vf[0].driver, "vfio-pci");
	pf_state_clear(&s);
}

static void numbers_are_written(void **state)
{
	if (geteuid() != 0)
		skip();
	done((struct pf_step){.kind = PF_STEP_NUMVFS, .number = 12});
	wrote(PF "/sriov_numvfs", "12");
	done((struct pf_step){.kind = PF_STEP_AUTOPROBE, .number = 0});
	wrote(PF "/sriov_drivers_autoprobe", "0");
	run("rm " PF "/sriov_drivers_autoprobe");
	refused(&(struct pf_step){.kind = PF_STEP_AUTOPROBE}, -ENOENT, "4.12");
}

static void vfs_are_done_by_their_functions(void **state)
{
	if (geteuid() != 0)
		skip();
	add_vf(0, NULL);
	run("touch 0000:01:10.0/reset");
	done((struct pf_step){.kind = PF_STEP_VF_RESET});
	wrote("0000:01:10.0/reset", "1");
	done((struct pf_step){.kind = PF_STEP_VF_OVERRIDE, .value.override = "vfio-pci"});
	wrote("0000:01:10.0/driver_override", "vfio-pci");
	done((struct pf_step){.kind = PF_STEP_VF_UNBIND});
	run("rm 0000:01:10.0/reset");
	refused(&(struct pf_step){.kind = PF_STEP_VF_RESET}, -ENOENT, "no way to be reset");
	refused(&(struct pf_step){.kind = PF_STEP_VF_RESET, .vf = 1}, -EINVAL, "it has 1 VFs");
}

static void what_could_not_be_read_back_is_not_set(void **state)
{
	if (geteuid() != 0)
		skip();
	add_vf(0, NULL);
	refused(&(struct pf_step){.kind = PF_STEP_VF_SET, .attr = PF_TRUST}, -EIO,
		"trust could not be read back");
	refused(&(struct pf_step){.kind = PF_STEP_VF_SET, .attr = PF_VF_DRIVER}, -EINVAL,
		"no attribute");
}

static void the_kernels_refusals_have_a_cure(void **state)
{
	if (geteuid() != 0)
		skip();
	refused(&(struct pf_step){.kind = PF_STEP_ESWITCH, .number = PF_ESWITCH_SWITCHDEV},
		-EOPNOTSUPP, "leave eswitch out");
	run("rm " PF "/sriov_numvfs");
	refused(&(struct pf_step){.kind = PF_STEP_NUMVFS, .number = 1}, -ENOENT, "cannot make VFs");
}

/* sysfs shows the interfaces of the namespace it was mounted in; netlink those of ours. */
static void another_namespaces_interface_is_told(void **state)
{
	struct pf_step mtu = {.kind = PF_STEP_MTU, .number = 1500};
	struct pf_state s;
	struct err e = {0};

	if (geteuid() != 0)
		skip();
	run("mv " PF "/net/lo " PF "/net/wan");
	assert_int_equal(b.read(b.ctx, PF, &s, &e), -EIO);
	assert_non_null(strstr(e.text, "network namespace"));
	refused(&mtu, -EIO, "network namespace");
	run("echo 2000000000 >" PF "/net/wan/ifindex");
	assert_int_equal(b.read(b.ctx, PF, &s, &e), -ENODEV);
	run("rm -r " PF "/net/wan");
	assert_int_equal(b.read(b.ctx, PF, &s, &e), 0);
	assert_string_equal(s.ifname, "");
	pf_state_clear(&s);
	refused(&mtu, -ENODEV, "ip -n NAMESPACE");
	run("rm " PF "/driver");
	refused(&mtu, -ENODEV, "it has no driver");
}

static void netdevsims_vfs_are_numbers(void **state)
{
	static const enum pf_step_kind fine[] = {PF_STEP_AUTOPROBE, PF_STEP_VF_UNBIND,
						 PF_STEP_VF_RESET, PF_STEP_VF_BIND};
	struct pf_step bind = {.kind = PF_STEP_VF_BIND, .value.override = "vfio-pci"};
	struct err e = {0};

	if (geteuid() != 0)
		skip();
	run("mkdir -p ../../netdevsim/devices/netdevsim0 && "
	    "echo 3 >../../netdevsim/devices/netdevsim0/sriov_numvfs");
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		assert_int_equal(b.step(b.ctx, "netdevsim0",
					&(struct pf_step){.kind = fine[i], .vf = 2}, &e),
				 0);
	assert_int_equal(b.step(b.ctx, "netdevsim0", &bind, &e), -ENOTSUP);
	bind = (struct pf_step){.kind = PF_STEP_AUTOPROBE, .number = 1};
	assert_int_equal(b.step(b.ctx, "netdevsim0", &bind, &e), -ENOTSUP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_backend, teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(netlink_and_sysfs_are_one_state),
		TEST(numbers_are_written),
		TEST(vfs_are_done_by_their_functions),
		TEST(what_could_not_be_read_back_is_not_set),
		TEST(the_kernels_refusals_have_a_cure),
		TEST(another_namespaces_interface_is_told),
		TEST(netdevsims_vfs_are_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

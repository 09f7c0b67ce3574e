/* SPDX-License-Identifier: BSD-3-Clause */
/* Who shares which of VFIO's descriptors, with files in the place of /dev/vfio. */
#include "hv-core/handin_vfio.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The group is the address's first digit; the kernel opens a group once. */
static bool group_open[10];
static unsigned int containers, checks;

static int fake_group(const char *address, unsigned int *group, struct err *e)
{
	checks++;
	if (address[0] == 'x')
		return err_set(e, -ENODEV, "there is no function x");
	*group = (unsigned int)(address[0] - '0');
	return 0;
}

static int fake_open(const char *address, struct hv_vfio_fds *fds, struct err *e)
{
	unsigned int group = (unsigned int)(address[0] - '0');

	if (fds->group < 0 && group_open[group])
		return err_set(e, -EBUSY, "group %u is open already", group);
	if (fds->container < 0) {
		fds->container = open("/dev/null", O_RDWR | O_CLOEXEC);
		containers++;
	}
	if (fds->group < 0)
		fds->group = open("/dev/zero", O_RDWR | O_CLOEXEC);
	group_open[group] = true;
	return 0;
}

/* wan/N is of group N. */
static unsigned int takes;

static int fake_take(const char *guest, uint64_t mem_bytes, const struct hv_nic_config *nic,
		     unsigned int timeout_ms, struct hv_pf_taken *t, struct err *e)
{
	assert_string_equal(guest, "g");
	assert_int_equal(mem_bytes, 64 << 20);
	if (strcmp(nic->vf, "wan/9") == 0)
		return err_set(e, -EBUSY, "wan/9 is another's");
	t->group = (unsigned int)(nic->vf[4] - '0');
	t->epoch = ++takes;
	snprintf(t->address, sizeof(t->address), "0000:01:10.%u", t->group);
	t->fds.container = open("/dev/null", O_RDWR | O_CLOEXEC);
	t->fds.group = open("/dev/zero", O_RDWR | O_CLOEXEC);
	group_open[t->group] = true;
	return 0;
}

static const struct hv_handin_vfio fake = {fake_group, fake_open, fake_take};
static const struct hv_handin_guest guest = {"g", 64 << 20};

static int setup(void **state)
{
	memset(group_open, 0, sizeof(group_open));
	containers = checks = takes = 0;
	return 0;
}

static unsigned int open_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void set(struct hv_nic_config *nic, const char *address)
{
	memset(nic, 0, sizeof(*nic));
	nic->model = address ? HV_NIC_DIRECT : HV_NIC_SYNTHETIC;
	snprintf(nic->address, sizeof(nic->address), "%s", address ? address : "");
}

static void one_container_and_one_open_group_each(void **state)
{
	struct hv_nic_config nic[5];
	struct hv_nic_fds fds[5];
	unsigned int before = open_fds();
	struct err e = {0};

	set(&nic[0], NULL);
	set(&nic[1], "1:a");
	set(&nic[2], "2:b");
	set(&nic[3], "1:c");
	set(&nic[4], "1:d");
	for (int i = 0; i < 5; i++)
		fds[i].socket = 1;
	assert_int_equal(hv_handin_direct(fds, nic, 5, &guest, &fake, &e), 0);
	assert_int_equal(containers, 1);
	assert_int_equal(fds[0].group, -1);
	assert_int_equal(fds[0].container, -1);
	assert_true(fds[1].container >= 0);
	for (int i = 2; i < 5; i++)
		assert_int_equal(fds[i].container, -1);
	for (int i = 1; i < 5; i++) {
		assert_int_equal(fds[i].device, -1);
		assert_true(fcntl(fds[i].group, F_GETFD) & FD_CLOEXEC);
		for (int k = 1; k < i; k++)
			assert_int_not_equal(fds[i].group, fds[k].group);
	}
	assert_int_equal(open_fds(), before + 5);
	for (int i = 0; i < 5; i++) {
		hv_handin_nic_close(&fds[i]);
		assert_int_equal(fds[i].socket, 1);
	}
	assert_int_equal(open_fds(), before);
}

static void an_error_leaves_nothing_open(void **state)
{
	struct hv_nic_config nic[3];
	struct hv_nic_fds fds[3];
	unsigned int before = open_fds();
	struct err e = {0};

	set(&nic[0], "1:a");
	set(&nic[1], "1:b");
	set(&nic[2], "x");
	assert_int_equal(hv_handin_direct(fds, nic, 3, &guest, &fake, &e), -ENODEV);
	assert_string_equal(e.text, "there is no function x");
	assert_string_equal(e.path, "/nics/2/address");
	assert_int_equal(open_fds(), before);
	/* A group somebody else has. */
	group_open[4] = true;
	set(&nic[2], "4:a");
	group_open[1] = false;
	assert_int_equal(hv_handin_direct(fds, nic, 3, &guest, &fake, &e), -EBUSY);
	assert_int_equal(open_fds(), before);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fds[i].group, -1);
}

static void vfs_are_taken_from_flue_pf(void **state)
{
	struct hv_nic_config nic[4];
	struct hv_nic_fds fds[4];
	unsigned int before = open_fds();
	struct err e = {0};

	set(&nic[0], "");
	strcpy(nic[0].vf, "wan/1");
	set(&nic[1], "");
	strcpy(nic[1].vf, "wan/2");
	set(&nic[2], "2:b");
	set(&nic[3], NULL);
	for (int i = 0; i < 4; i++)
		fds[i].socket = 1;
	assert_int_equal(hv_handin_direct(fds, nic, 4, &guest, &fake, &e), 0);
	assert_int_equal(takes, 2);
	assert_int_equal(containers, 0);
	/* The second's container is closed; the third is of the second's group. */
	assert_true(fds[0].container >= 0);
	assert_int_equal(fds[1].container, -1);
	assert_int_equal(fds[2].container, -1);
	assert_int_equal(open_fds(), before + 4);
	assert_string_equal(nic[1].address, "0000:01:10.2");
	assert_int_equal(nic[1].epoch, 2);
	assert_int_equal(nic[2].epoch, 0);
	for (int i = 0; i < 4; i++)
		hv_handin_nic_close(&fds[i]);

	/* What was taken before an error says so by its epoch. */
	strcpy(nic[1].vf, "wan/9");
	nic[0].epoch = nic[1].epoch = 0;
	assert_int_equal(hv_handin_direct(fds, nic, 2, &guest, &fake, &e), -EBUSY);
	assert_string_equal(e.path, "/nics/1/vf");
	assert_int_equal(nic[0].epoch, 3);
	assert_int_equal(nic[1].epoch, 0);
	assert_int_equal(open_fds(), before);
}

static void a_missing_function_is_named_by_vfio(void **state)
{
	struct hv_nic_config nic;
	struct hv_nic_fds fds;
	struct err e = {0}, own = {0};
	unsigned int group;

	set(&nic, "ffff:ff:1f.7");
	assert_int_equal(hv_handin_direct(&fds, &nic, 1, &guest, &hv_handin_vfio, &e), -ENODEV);
	assert_int_equal(hv_handin_vfio.group(nic.address, &group, &own), -ENODEV);
	assert_string_equal(e.text, own.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_container_and_one_open_group_each, setup),
		cmocka_unit_test_setup(an_error_leaves_nothing_open, setup),
		cmocka_unit_test_setup(vfs_are_taken_from_flue_pf, setup),
		cmocka_unit_test_setup(a_missing_function_is_named_by_vfio, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/vfinfo.h"
#include "sriov-pf/sys/test_msg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint32_t buf[(PF_VFS_MAX * VF_BYTES + 4096) / 4];

static int parse(const struct nlmsghdr *nlh, struct pf_ifinfo *info)
{
	return pf_ifinfo_parse(nlh, nlh->nlmsg_len, info);
}

static void refused(const struct nlmsghdr *nlh)
{
	struct pf_ifinfo info;

	assert_int_equal(parse(nlh, &info), -EBADMSG);
	assert_null(info.vf);
}

static void all_attributes_are_read(void **state)
{
	struct pf_ifinfo info;
	const struct pf_vf *vf;

	assert_int_equal(parse(make_link(buf, 3, 3), &info), 0);
	assert_int_equal(info.ifindex, 7);
	assert_string_equal(info.ifname, "eth7");
	assert_string_equal(info.parent, "0000:01:00.0");
	assert_int_equal(info.mtu, 9000);
	assert_true(info.up && info.counted && !info.wrapped);
	assert_int_equal(info.told, 3);
	vf = &info.vf[2];
	assert_memory_equal(vf->mac, "\x52\x54\0\0\0\2", 6);
	assert_int_equal(vf->vid, 30);
	assert_int_equal(vf->qos, 3);
	assert_int_equal(vf->proto, ETH_P_8021AD);
	assert_int_equal(vf->min_mbps, 5);
	assert_int_equal(vf->max_mbps, 100);
	assert_true(vf->spoofchk);
	assert_false(vf->trust);
	assert_int_equal(vf->link, PF_LINK_DISABLE);
	/* -1: the driver did not say. */
	assert_int_equal(vf->known, (PF_ATTR_BIT(PF_VF_DRIVER) - 1) & ~PF_ATTR_BIT(PF_RSS_QUERY));
	pf_ifinfo_clear(&info);
}

static void older_kernels_are_read(void **state)
{
	struct nlmsghdr *nlh = start_link(buf, "eth7");
	struct nlattr *list, *vf;
	struct pf_ifinfo info;

	mnl_attr_put_u32(nlh, IFLA_NUM_VF, 1);
	list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
	vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO);
	put_mac(nlh, 0);
	put_older(nlh, 0);
	mnl_attr_nest_end(nlh, vf);
	mnl_attr_nest_end(nlh, list);
	assert_int_equal(parse(nlh, &info), 0);
	assert_int_equal(info.vf[0].known,
			 PF_ATTR_BIT(PF_MAC) | PF_ATTR_BIT(PF_VLAN) | PF_ATTR_BIT(PF_RATE));
	assert_int_equal(info.vf[0].vid, 20);
	assert_int_equal(info.vf[0].proto, ETH_P_8021Q);
	assert_int_equal(info.vf[0].max_mbps, 77);
	pf_ifinfo_clear(&info);
}

/* From 335 on the list's length does not fit into 16 bits. */
static void lists_that_wrap_are_read_whole(void **state)
{
	static const unsigned int counts[] = {333, 334, 335, 500, 1000, PF_VFS_MAX};

	for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
		struct pf_ifinfo info;
		unsigned int last = counts[n] - 1;

		assert_int_equal(parse(make_link(buf, counts[n], counts[n]), &info), 0);
		assert_int_equal(info.told, counts[n]);
		assert_int_equal(info.wrapped, counts[n] >= 335);
		assert_int_equal(info.vf[last].mac[4] << 8 | info.vf[last].mac[5], last);
		/* And what comes after it. */
		assert_string_equal(info.parent, "0000:01:00.0");
		pf_ifinfo_clear(&info);
	}
}

static void missing_vfs_are_not_known(void **state)
{
	struct pf_ifinfo info;

	assert_int_equal(parse(make_link(buf, 300, 222), &info), 0);
	assert_int_equal(info.num_vf, 300);
	assert_int_equal(info.told, 222);
	assert_int_not_equal(info.vf[221].known, 0);
	assert_int_equal(info.vf[222].known, 0);
	pf_ifinfo_clear(&info);
}

static void an_interface_without_vfs_is_read(void **state)
{
	struct pf_ifinfo info;

	assert_int_equal(parse(start_link(buf, "lo"), &info), 0);
	assert_false(info.counted);
	assert_int_equal(info.num_vf, 0);
	pf_ifinfo_clear(&info);
}

static struct nlattr *find(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(a) == type)
			return a;
	}
	fail();
	return NULL;
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct nlmsghdr *nlh;
	struct pf_ifinfo info;

	/* A list that is not as long as it says, in both directions. */
	nlh = make_link(buf, 3, 3);
	find(nlh, IFLA_VFINFO_LIST)->nla_len -= 4;
	refused(nlh);
	nlh = make_link(buf, 3, 3);
	find(nlh, IFLA_VFINFO_LIST)->nla_len += 4;
	refused(nlh);
	/* More VFs than there are; a list before their number; too many. */
	refused(make_link(buf, 2, 3));
	nlh = make_link(buf, 3, 3);
	find(nlh, IFLA_NUM_VF)->nla_type = IFLA_GROUP;
	refused(nlh);
	refused(make_link(buf, PF_VFS_MAX + 1, 3));
	/* Another message, and one that is cut short. */
	nlh = make_link(buf, 3, 3);
	nlh->nlmsg_type = RTM_DELLINK;
	refused(nlh);
	nlh->nlmsg_type = RTM_NEWLINK;
	assert_int_equal(pf_ifinfo_parse(nlh, nlh->nlmsg_len - 1, &info), -EBADMSG);
	assert_int_equal(pf_ifinfo_parse(nlh, 8, &info), -EBADMSG);
}

/* The same VF twice, or attributes of two VFs in one. */
static void vfs_are_told_once(void **state)
{
	struct nlmsghdr *nlh = make_link(buf, 3, 3);
	struct nlattr *list = find(nlh, IFLA_VFINFO_LIST);
	uint8_t *second = (uint8_t *)list + NLA_HDRLEN + VF_BYTES, *index = second + 2 * NLA_HDRLEN;

	assert_int_equal(*index, 1);
	*index = 0;
	refused(nlh);
	memcpy(second, second - VF_BYTES, VF_BYTES);
	refused(nlh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_attributes_are_read),
		cmocka_unit_test(older_kernels_are_read),
		cmocka_unit_test(lists_that_wrap_are_read_whole),
		cmocka_unit_test(missing_vfs_are_not_known),
		cmocka_unit_test(an_interface_without_vfs_is_read),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(vfs_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

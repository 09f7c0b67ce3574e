/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/devlink_msg.h"
#include "sriov-pf/sys/rtnl.h"

#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FAMILY 0x15

static uint32_t buf[PF_NL_REQUEST / 4];
static struct pf_dl_msg m;

static struct nlmsghdr *start(uint8_t command)
{
	return pf_dl_start(buf, FAMILY, command, "pci", "0000:03:00.0");
}

static bool parse(const struct nlmsghdr *nlh)
{
	return pf_dl_parse(nlh, nlh->nlmsg_len, &m);
}

static struct nlmsghdr *port(uint16_t flavour, uint16_t vf)
{
	struct nlmsghdr *nlh = start(DEVLINK_CMD_PORT_NEW);

	mnl_attr_put_u32(nlh, DEVLINK_ATTR_PORT_INDEX, 131);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_PORT_FLAVOUR, flavour);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_PORT_PCI_PF_NUMBER, 0);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_PORT_PCI_VF_NUMBER, vf);
	return nlh;
}

static void modes_are_read(void **state)
{
	static const enum pf_eswitch modes[] = {PF_ESWITCH_LEGACY, PF_ESWITCH_SWITCHDEV};

	for (uint16_t i = 0; i < 3; i++) {
		struct nlmsghdr *nlh = start(DEVLINK_CMD_ESWITCH_GET);

		mnl_attr_put_u16(nlh, DEVLINK_ATTR_ESWITCH_MODE, i);
		assert_true(parse(nlh));
		assert_int_equal(m.has, i < 2 ? PF_DL_MODE : 0);
		if (i < 2)
			assert_int_equal(m.mode, modes[i]);
		assert_string_equal(m.bus, "pci");
		assert_string_equal(m.dev, "0000:03:00.0");
	}
}

static void the_devices_serial_counts_before_its_boards(void **state)
{
	struct nlmsghdr *nlh = start(DEVLINK_CMD_INFO_GET);

	mnl_attr_put_strz(nlh, DEVLINK_ATTR_INFO_BOARD_SERIAL_NUMBER, "MT2117X");
	assert_true(parse(nlh));
	assert_string_equal(m.serial, "MT2117X");
	mnl_attr_put_strz(nlh, DEVLINK_ATTR_INFO_SERIAL_NUMBER, "b8-3f");
	assert_true(parse(nlh));
	assert_string_equal(m.serial, "b8-3f");
	mnl_attr_put_strz(nlh, DEVLINK_ATTR_INFO_BOARD_SERIAL_NUMBER, "MT2117X");
	assert_true(parse(nlh));
	assert_string_equal(m.serial, "b8-3f");
}

static void ports_of_vfs_are_read(void **state)
{
	struct nlmsghdr *nlh = port(DEVLINK_PORT_FLAVOUR_PCI_VF, 3);
	struct nlattr *function = mnl_attr_nest_start(nlh, DEVLINK_ATTR_PORT_FUNCTION);

	mnl_attr_put(nlh, DEVLINK_PORT_FUNCTION_ATTR_HW_ADDR, 6, "\x52\x54\0\0\0\3");
	mnl_attr_nest_end(nlh, function);
	assert_true(parse(nlh));
	assert_int_equal(m.has, PF_DL_PORT | PF_DL_VF | PF_DL_MAC);
	assert_int_equal(m.port, 131);
	assert_int_equal(m.vf, 3);
	assert_memory_equal(m.mac, "\x52\x54\0\0\0\3", 6);
	/* An address of another kind, and one that is not there. */
	function->nla_type = DEVLINK_ATTR_PORT_FUNCTION + 40;
	assert_true(parse(nlh));
	assert_int_equal(m.has, PF_DL_PORT | PF_DL_VF);
}

static void other_ports_are_told_apart(void **state)
{
	struct nlmsghdr *nlh;

	assert_true(parse(port(DEVLINK_PORT_FLAVOUR_PCI_SF, 3)));
	assert_int_equal(m.has, PF_DL_PORT);
	/* A VF of another host behind the same card. */
	nlh = port(DEVLINK_PORT_FLAVOUR_PCI_VF, 3);
	mnl_attr_put_u8(nlh, DEVLINK_ATTR_PORT_EXTERNAL, 1);
	assert_true(parse(nlh));
	assert_int_equal(m.has, PF_DL_PORT);
}

static void rates_are_read(void **state)
{
	struct nlmsghdr *nlh = start(DEVLINK_CMD_RATE_NEW);

	mnl_attr_put_u32(nlh, DEVLINK_ATTR_PORT_INDEX, 131);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_RATE_TYPE, DEVLINK_RATE_TYPE_LEAF);
	mnl_attr_put_u64(nlh, DEVLINK_ATTR_RATE_TX_SHARE, 1250000);
	mnl_attr_put_u64(nlh, DEVLINK_ATTR_RATE_TX_MAX, 25000000);
	assert_true(parse(nlh));
	assert_int_equal(m.has, PF_DL_PORT | PF_DL_RATE);
	assert_int_equal(m.tx_share, 1250000);
	assert_int_equal(m.tx_max, 25000000);
}

static void the_family_is_read(void **state)
{
	struct nlmsghdr *nlh = pf_dl_family_get(buf);

	assert_int_equal(pf_dl_family_parse(nlh, nlh->nlmsg_len), 0);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	assert_int_equal(pf_dl_family_parse(nlh, nlh->nlmsg_len), FAMILY);
	assert_int_equal(pf_dl_family_parse(nlh, nlh->nlmsg_len - 4), 0);
}

static void damage_is_refused(void **state)
{
	struct nlmsghdr *nlh = port(DEVLINK_PORT_FLAVOUR_PCI_VF, 3);

	assert_false(pf_dl_parse(nlh, nlh->nlmsg_len - 1, &m));
	((struct nlattr *)mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN))->nla_len = 2;
	assert_false(parse(nlh));
}

/* The first attribute in a nest, or in the message. */
static const struct nlattr *only(const struct nlmsghdr *nlh, unsigned int depth)
{
	const struct nlattr *a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct ifinfomsg));

	while (depth--)
		a = mnl_attr_get_payload(a);
	return a;
}

/* Each request has one attribute of one VF, in the form of its own. */
static void requests_set_one_attribute(void **state)
{
	const struct pf_vf v = {.mac = {2, 0, 0, 0, 0, 9},
				.vid = 10,
				.qos = 3,
				.proto = 0x88a8,
				.min_mbps = 1,
				.max_mbps = 2,
				.trust = true,
				.link = PF_LINK_DISABLE};
	const struct {
		enum pf_attr attr;
		uint16_t type;
		const char *bytes;
		size_t len;
	} is[] = {
		{PF_MAC, IFLA_VF_MAC, "\5\0\0\0\2\0\0\0\0\x9\0", 11},
		{PF_RATE, IFLA_VF_RATE, "\5\0\0\0\1\0\0\0\2\0\0\0", 12},
		{PF_SPOOFCHK, IFLA_VF_SPOOFCHK, "\5\0\0\0\0\0\0\0", 8},
		{PF_TRUST, IFLA_VF_TRUST, "\5\0\0\0\1\0\0\0", 8},
		{PF_LINK_STATE, IFLA_VF_LINK_STATE, "\5\0\0\0\2\0\0\0", 8},
		{PF_RSS_QUERY, IFLA_VF_RSS_QUERY_EN, "\5\0\0\0\0\0\0\0", 8},
		{PF_VLAN, IFLA_VF_VLAN_LIST, "\x14\0\1\0\5\0\0\0\xa\0\0\0\3\0\0\0\x88\xa8", 18},
	};

	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		struct nlmsghdr *nlh = pf_rtnl_vf(buf, 7, 5, is[i].attr, &v);
		const struct nlattr *list = only(nlh, 0), *a = only(nlh, 2);

		assert_int_equal(nlh->nlmsg_type, RTM_SETLINK);
		assert_int_equal(mnl_attr_get_type(list), IFLA_VFINFO_LIST);
		assert_int_equal(NLMSG_LENGTH(sizeof(struct ifinfomsg)) + list->nla_len,
				 nlh->nlmsg_len);
		assert_int_equal(mnl_attr_get_type(only(nlh, 1)), IFLA_VF_INFO);
		assert_int_equal(mnl_attr_get_type(a), is[i].type);
		assert_int_equal(list->nla_len, 8 + MNL_ALIGN(a->nla_len));
		assert_memory_equal(mnl_attr_get_payload(a), is[i].bytes, is[i].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_are_read),
		cmocka_unit_test(the_devices_serial_counts_before_its_boards),
		cmocka_unit_test(ports_of_vfs_are_read),
		cmocka_unit_test(other_ports_are_told_apart),
		cmocka_unit_test(rates_are_read),
		cmocka_unit_test(the_family_is_read),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(requests_set_one_attribute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

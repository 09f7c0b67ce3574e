/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as the kernel makes them, for tests. */
#ifndef SRIOV_PF_SYS_TEST_MSG_H
#define SRIOV_PF_SYS_TEST_MSG_H

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

/* Bytes of a VF as 6.12 tells it, without its counters. */
#define VF_BYTES 196

static inline struct nlmsghdr *start_link(void *buf, const char *name)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = 7;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_MTU, 9000);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, "\x52\x54\0\x1a\xb0");
	return nlh;
}

static inline void put_word(struct nlmsghdr *nlh, uint16_t type, uint32_t vf, uint32_t word)
{
	struct ifla_vf_trust t = {.vf = vf, .setting = word};

	mnl_attr_put(nlh, type, sizeof(t), &t);
}

static inline void put_mac(struct nlmsghdr *nlh, uint32_t vf)
{
	struct ifla_vf_mac m = {.vf = vf,
				.mac = {0x52, 0x54, 0, 0, (uint8_t)(vf >> 8), (uint8_t)vf}};

	mnl_attr_put(nlh, IFLA_VF_MAC, sizeof(m), &m);
}

static inline void put_older(struct nlmsghdr *nlh, uint32_t vf)
{
	struct ifla_vf_vlan v = {.vf = vf, .vlan = 20, .qos = 2};

	mnl_attr_put(nlh, IFLA_VF_VLAN, sizeof(v), &v);
	put_word(nlh, IFLA_VF_TX_RATE, vf, 77);
}

static inline void put_newer(struct nlmsghdr *nlh, uint32_t vf)
{
	struct ifla_vf_vlan_info i = {
		.vf = vf, .vlan = 30, .qos = 3, .vlan_proto = htons(ETH_P_8021AD)};
	struct ifla_vf_rate r = {.vf = vf, .min_tx_rate = 5, .max_tx_rate = 100};
	struct nlattr *list;

	mnl_attr_put(nlh, IFLA_VF_RATE, sizeof(r), &r);
	put_word(nlh, IFLA_VF_SPOOFCHK, vf, 1);
	put_word(nlh, IFLA_VF_LINK_STATE, vf, IFLA_VF_LINK_STATE_DISABLE);
	put_word(nlh, IFLA_VF_RSS_QUERY_EN, vf, UINT32_MAX);
	put_word(nlh, IFLA_VF_TRUST, vf, 0);
	list = mnl_attr_nest_start(nlh, IFLA_VF_VLAN_LIST);
	mnl_attr_put(nlh, IFLA_VF_VLAN_INFO, sizeof(i), &i);
	mnl_attr_nest_end(nlh, list);
}

static inline void put_vf(struct nlmsghdr *nlh, uint32_t vf)
{
	struct ifla_vf_broadcast all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_VF_INFO);

	put_mac(nlh, vf);
	mnl_attr_put(nlh, IFLA_VF_BROADCAST, sizeof(all), &all);
	put_older(nlh, vf);
	put_newer(nlh, vf);
	mnl_attr_nest_end(nlh, info);
}

/* With `says` as the number, and the first `vfs` of them. What comes after the list as well. The
 * list's length wraps as the kernel's does. */
static inline struct nlmsghdr *make_link(void *buf, uint32_t says, uint32_t vfs)
{
	struct nlmsghdr *nlh = start_link(buf, "eth7");
	struct nlattr *list;

	mnl_attr_put_u32(nlh, IFLA_NUM_VF, says);
	list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
	for (uint32_t i = 0; i < vfs; i++)
		put_vf(nlh, i);
	mnl_attr_nest_end(nlh, list);
	mnl_attr_put_strz(nlh, IFLA_PARENT_DEV_NAME, "0000:01:00.0");
	return nlh;
}

#endif

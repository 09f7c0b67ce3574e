/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/rtnl.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

static struct nlmsghdr *start(void *buf, uint16_t type, unsigned int ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = type;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	return nlh;
}

struct nlmsghdr *pf_rtnl_get(void *buf, unsigned int ifindex, bool vfs)
{
	struct nlmsghdr *nlh = start(buf, RTM_GETLINK, ifindex);

	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS | (vfs ? RTEXT_FILTER_VF : 0));
	return nlh;
}

struct nlmsghdr *pf_rtnl_mtu(void *buf, unsigned int ifindex, unsigned int mtu)
{
	struct nlmsghdr *nlh = start(buf, RTM_SETLINK, ifindex);

	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return nlh;
}

static void put_mac(struct nlmsghdr *nlh, unsigned int vf, const struct pf_vf *value)
{
	struct ifla_vf_mac m = {.vf = vf};

	memcpy(m.mac, value->mac, sizeof(value->mac));
	mnl_attr_put(nlh, IFLA_VF_MAC, sizeof(m), &m);
}

static void put_vlan(struct nlmsghdr *nlh, unsigned int vf, const struct pf_vf *value)
{
	struct ifla_vf_vlan_info v = {
		.vf = vf,
		.vlan = value->vid,
		.qos = value->qos,
		.vlan_proto = htons(value->proto ? value->proto : ETH_P_8021Q),
	};
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VF_VLAN_LIST);

	mnl_attr_put(nlh, IFLA_VF_VLAN_INFO, sizeof(v), &v);
	mnl_attr_nest_end(nlh, list);
}

static void put_rate(struct nlmsghdr *nlh, unsigned int vf, const struct pf_vf *value)
{
	struct ifla_vf_rate r = {
		.vf = vf, .min_tx_rate = value->min_mbps, .max_tx_rate = value->max_mbps};

	mnl_attr_put(nlh, IFLA_VF_RATE, sizeof(r), &r);
}

/* Spoof check, trust, link state and RSS query have the same two words. */
static void put_word(struct nlmsghdr *nlh, uint16_t type, unsigned int vf, uint32_t word)
{
	struct ifla_vf_trust t = {.vf = vf, .setting = word};

	mnl_attr_put(nlh, type, sizeof(t), &t);
}

static void put_attr(struct nlmsghdr *nlh, unsigned int vf, enum pf_attr attr,
		     const struct pf_vf *value)
{
	switch (attr) {
	case PF_MAC:
		put_mac(nlh, vf, value);
		break;
	case PF_VLAN:
		put_vlan(nlh, vf, value);
		break;
	case PF_RATE:
		put_rate(nlh, vf, value);
		break;
	case PF_SPOOFCHK:
		put_word(nlh, IFLA_VF_SPOOFCHK, vf, value->spoofchk);
		break;
	case PF_TRUST:
		put_word(nlh, IFLA_VF_TRUST, vf, value->trust);
		break;
	case PF_LINK_STATE:
		put_word(nlh, IFLA_VF_LINK_STATE, vf, value->link);
		break;
	case PF_RSS_QUERY:
		put_word(nlh, IFLA_VF_RSS_QUERY_EN, vf, value->rss_query);
		break;
	case PF_VF_DRIVER:
	case PF_ATTRS:
		break;
	}
}

struct nlmsghdr *pf_rtnl_vf(void *buf, unsigned int ifindex, unsigned int vf, enum pf_attr attr,
			    const struct pf_vf *value)
{
	struct nlmsghdr *nlh = start(buf, RTM_SETLINK, ifindex);
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_VF_INFO);

	put_attr(nlh, vf, attr, value);
	mnl_attr_nest_end(nlh, info);
	mnl_attr_nest_end(nlh, list);
	return nlh;
}

static int on_link(void *arg, const void *msg, size_t len)
{
	struct pf_ifinfo *info = arg;

	pf_ifinfo_clear(info);
	return pf_ifinfo_parse(msg, len, info);
}

int pf_rtnl_read(struct pf_nl *nl, unsigned int ifindex, struct pf_ifinfo *info, struct pf_ack *ack)
{
	char buf[PF_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	int rc;

	memset(info, 0, sizeof(*info));
	rc = pf_nl_talk(nl, pf_rtnl_get(buf, ifindex, true), on_link, info, ack);
	if (rc == -EMSGSIZE)
		rc = pf_nl_talk(nl, pf_rtnl_get(buf, ifindex, false), on_link, info, ack);
	if (rc == 0 && info->ifindex != ifindex)
		rc = ack->error = -EBADMSG;
	if (rc)
		pf_ifinfo_clear(info);
	return rc;
}

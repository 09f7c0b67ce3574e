/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/vfinfo.h"
#include "sriov-pf/sys/nla.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define NOT_SAID UINT32_MAX
#define VID_MAX	 4095
#define QOS_MAX	 7

/* Copies an attribute into a structure of the kernel's ABI; what it lacks is 0. */
static void take(const struct pf_nla *a, void *to, size_t size)
{
	memset(to, 0, size);
	memcpy(to, a->data, a->len < size ? a->len : size);
}

static void take_vlan(struct pf_vf *vf, uint32_t vid, uint32_t qos, uint16_t proto)
{
	if (vid > VID_MAX || qos > QOS_MAX)
		return;
	vf->vid = (uint16_t)vid;
	vf->qos = (uint8_t)qos;
	vf->proto = proto ? proto : ETH_P_8021Q;
	vf->known |= PF_ATTR_BIT(PF_VLAN);
}

/* The first of the list is what is set; drivers have no more. */
static void take_vlan_list(struct pf_vf *vf, const struct pf_nla *list)
{
	struct pf_nlas in = pf_nla_nested(list);
	struct ifla_vf_vlan_info v;
	struct pf_nla a;

	if (!pf_nla_next(&in, &a) || a.type != IFLA_VF_VLAN_INFO || a.len < sizeof(v))
		return;
	take(&a, &v, sizeof(v));
	take_vlan(vf, v.vlan, v.qos, ntohs(v.vlan_proto));
}

/* What all these have: the VF's number, then one word. */
static bool setting(struct pf_vf *vf, enum pf_attr attr, const struct pf_nla *a, uint32_t *value)
{
	struct ifla_vf_trust v;

	_Static_assert(sizeof(struct ifla_vf_spoofchk) == sizeof(v) &&
			       sizeof(struct ifla_vf_link_state) == sizeof(v) &&
			       sizeof(struct ifla_vf_rss_query_en) == sizeof(v) &&
			       sizeof(struct ifla_vf_tx_rate) == sizeof(v),
		       "they are of one form");
	take(a, &v, sizeof(v));
	*value = v.setting;
	if (v.setting == NOT_SAID)
		return false;
	vf->known |= PF_ATTR_BIT(attr);
	return true;
}

static void take_switch(struct pf_vf *vf, enum pf_attr attr, const struct pf_nla *a, bool *value)
{
	uint32_t v;

	if (setting(vf, attr, a, &v))
		*value = v != 0;
}

static void take_link(struct pf_vf *vf, const struct pf_nla *a)
{
	uint32_t v;

	if (!setting(vf, PF_LINK_STATE, a, &v))
		return;
	if (v > IFLA_VF_LINK_STATE_DISABLE)
		vf->known &= ~PF_ATTR_BIT(PF_LINK_STATE);
	else
		vf->link = (enum pf_link)v;
}

static void take_rate(struct pf_vf *vf, const struct pf_nla *a)
{
	struct ifla_vf_rate v;

	take(a, &v, sizeof(v));
	vf->min_mbps = v.min_tx_rate;
	vf->max_mbps = v.max_tx_rate;
	vf->known |= PF_ATTR_BIT(PF_RATE);
}

static void take_mac(struct pf_vf *vf, const struct pf_nla *a)
{
	struct ifla_vf_mac v;

	take(a, &v, sizeof(v));
	memcpy(vf->mac, v.mac, sizeof(vf->mac));
	vf->known |= PF_ATTR_BIT(PF_MAC);
}

/* The older two tell less, and count only where the newer ones are not there. */
struct older {
	struct pf_nla vlan, tx_rate; /* data is NULL where there was none */
};

/* True: the attribute begins with the VF's number. */
static bool take_attr(struct pf_vf *vf, const struct pf_nla *a, struct older *old)
{
	switch (a->type) {
	case IFLA_VF_MAC:
		take_mac(vf, a);
		return true;
	case IFLA_VF_VLAN:
		old->vlan = *a;
		return true;
	case IFLA_VF_TX_RATE:
		old->tx_rate = *a;
		return true;
	case IFLA_VF_RATE:
		take_rate(vf, a);
		return true;
	case IFLA_VF_SPOOFCHK:
		take_switch(vf, PF_SPOOFCHK, a, &vf->spoofchk);
		return true;
	case IFLA_VF_TRUST:
		take_switch(vf, PF_TRUST, a, &vf->trust);
		return true;
	case IFLA_VF_RSS_QUERY_EN:
		take_switch(vf, PF_RSS_QUERY, a, &vf->rss_query);
		return true;
	case IFLA_VF_LINK_STATE:
		take_link(vf, a);
		return true;
	case IFLA_VF_VLAN_LIST:
		take_vlan_list(vf, a);
		return false;
	}
	return false;
}

static void take_older(struct pf_vf *vf, const struct older *old)
{
	struct ifla_vf_vlan vlan;

	if (old->vlan.data && !(vf->known & PF_ATTR_BIT(PF_VLAN))) {
		take(&old->vlan, &vlan, sizeof(vlan));
		take_vlan(vf, vlan.vlan, vlan.qos, ETH_P_8021Q);
	}
	if (old->tx_rate.data && !(vf->known & PF_ATTR_BIT(PF_RATE)))
		setting(vf, PF_RATE, &old->tx_rate, &vf->max_mbps);
}

/* One IFLA_VF_INFO. */
static int take_vf(struct pf_ifinfo *info, const struct pf_nla *nest)
{
	struct pf_nlas in = pf_nla_nested(nest);
	struct pf_vf vf = {.proto = ETH_P_8021Q};
	uint32_t index = NOT_SAID;
	struct older old = {0};
	struct pf_nla a;

	while (pf_nla_next(&in, &a)) {
		if (!take_attr(&vf, &a, &old))
			continue;
		if (a.len < sizeof(index) || (index != NOT_SAID && index != pf_nla_u32(&a)))
			return -EBADMSG;
		index = pf_nla_u32(&a);
	}
	take_older(&vf, &old);
	/* Each is told once, and one that is there has attributes. */
	if (in.left || index >= info->num_vf || info->vf[index].known || !vf.known)
		return -EBADMSG;
	info->vf[index] = vf;
	info->told++;
	return 0;
}

/* Follows the VFs from the list's first byte, past where its length says it ends if need be. rest:
 * the message from the list's head on; left behind the list. */
static int take_list(struct pf_ifinfo *info, struct pf_nlas *rest)
{
	struct pf_nlas in = {rest->at + NLA_HDRLEN, rest->left - NLA_HDRLEN}, next;
	struct nlattr head;
	struct pf_nla a;
	size_t bytes = NLA_HDRLEN;

	memcpy(&head, rest->at, sizeof(head));
	if (info->vf)
		return -EBADMSG;
	info->vf = calloc(info->num_vf ? info->num_vf : 1, sizeof(*info->vf));
	if (!info->vf)
		return -ENOMEM;
	for (next = in; info->told < info->num_vf && pf_nla_next(&next, &a); in = next) {
		if (a.type != IFLA_VF_INFO)
			break;
		if (take_vf(info, &a) < 0)
			return -EBADMSG;
		bytes += (size_t)(next.at - in.at);
	}
	if ((bytes & UINT16_MAX) != head.nla_len)
		return -EBADMSG;
	info->wrapped = bytes > UINT16_MAX;
	*rest = in;
	return 0;
}

static int take_top(struct pf_ifinfo *info, struct pf_nlas *rest)
{
	struct nlattr head;
	struct pf_nla a;

	if (rest->left < NLA_HDRLEN)
		return -EBADMSG;
	memcpy(&head, rest->at, sizeof(head));
	if ((head.nla_type & NLA_TYPE_MASK) == IFLA_VFINFO_LIST)
		return take_list(info, rest);
	if (!pf_nla_next(rest, &a))
		return -EBADMSG;
	switch (a.type) {
	case IFLA_IFNAME:
		pf_nla_text(&a, info->ifname, sizeof(info->ifname));
		break;
	case IFLA_PARENT_DEV_NAME:
		pf_nla_text(&a, info->parent, sizeof(info->parent));
		break;
	case IFLA_MTU:
		info->mtu = pf_nla_u32(&a);
		break;
	case IFLA_NUM_VF:
		info->num_vf = pf_nla_u32(&a);
		info->counted = true;
		/* The list comes after it, once. */
		if (info->num_vf > PF_VFS_MAX || info->vf)
			return -EBADMSG;
		break;
	}
	return 0;
}

static int take_all(struct pf_ifinfo *info, const void *msg, size_t len)
{
	struct ifinfomsg ifi;
	struct pf_nlas rest;
	uint16_t type;
	int rc = 0;

	if (!pf_nla_of_message(msg, len, sizeof(ifi), &type, &rest) || type != RTM_NEWLINK)
		return -EBADMSG;
	memcpy(&ifi, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(ifi));
	if (ifi.ifi_index <= 0)
		return -EBADMSG;
	info->ifindex = (unsigned int)ifi.ifi_index;
	info->up = ifi.ifi_flags & IFF_UP;
	while (rest.left && rc == 0)
		rc = take_top(info, &rest);
	if (rc)
		return rc;
	if (!info->vf)
		info->vf = calloc(info->num_vf ? info->num_vf : 1, sizeof(*info->vf));
	return info->vf ? 0 : -ENOMEM;
}

int pf_ifinfo_parse(const void *msg, size_t len, struct pf_ifinfo *info)
{
	int rc;

	memset(info, 0, sizeof(*info));
	rc = take_all(info, msg, len);
	if (rc)
		pf_ifinfo_clear(info);
	return rc;
}

void pf_ifinfo_clear(struct pf_ifinfo *info)
{
	free(info->vf);
	memset(info, 0, sizeof(*info));
}

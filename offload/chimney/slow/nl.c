/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/nl.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

static uint32_t u32_of(const struct nlattr *a)
{
	return mnl_attr_get_payload_len(a) >= 4 ? mnl_attr_get_u32(a) : 0;
}

static uint16_t u16_of(const struct nlattr *a)
{
	return mnl_attr_get_payload_len(a) >= 2 ? mnl_attr_get_u16(a) : 0;
}

static void text_of(const struct nlattr *a, char *to, size_t room)
{
	size_t len = mnl_attr_get_payload_len(a);

	if (len >= room)
		len = room - 1;
	memset(to, 0, room);
	memcpy(to, mnl_attr_get_payload(a), strnlen(mnl_attr_get_payload(a), len));
}

/* Of 4 or 16 bytes. */
static bool addr_of(const struct nlattr *a, uint8_t to[16])
{
	size_t len = mnl_attr_get_payload_len(a);

	if (len != 4 && len != 16)
		return false;
	memset(to, 0, 16);
	memcpy(to, mnl_attr_get_payload(a), len);
	return true;
}

static bool mac_of(const struct nlattr *a, uint8_t mac[6])
{
	if (mnl_attr_get_payload_len(a) != 6)
		return false;
	memcpy(mac, mnl_attr_get_payload(a), 6);
	return true;
}

/* Is it one of two types, with its own header whole? */
static bool is(const struct nlmsghdr *msg, size_t len, uint16_t set, uint16_t del, size_t header)
{
	return len <= INT32_MAX && mnl_nlmsg_ok(msg, (int)len) &&
	       (msg->nlmsg_type == set || msg->nlmsg_type == del) &&
	       mnl_nlmsg_get_payload_len(msg) >= header;
}

static bool family_ok(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static void vlan_info(const struct nlattr *data, struct chim_nl_link *out)
{
	struct nlattr *a;

	out->vlan_8021q = true;
	mnl_attr_for_each_nested(a, data)
	{
		if (mnl_attr_get_type(a) == IFLA_VLAN_ID)
			out->vlan = u16_of(a);
		else if (mnl_attr_get_type(a) == IFLA_VLAN_PROTOCOL)
			out->vlan_8021q = u16_of(a) == __builtin_bswap16(ETH_P_8021Q);
	}
}

static void link_info(const struct nlattr *info, struct chim_nl_link *out)
{
	const struct nlattr *data = NULL;
	struct nlattr *a;

	mnl_attr_for_each_nested(a, info)
	{
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
			text_of(a, out->kind, sizeof(out->kind));
		else if (mnl_attr_get_type(a) == IFLA_INFO_DATA)
			data = a;
	}
	if (data && strcmp(out->kind, "vlan") == 0)
		vlan_info(data, out);
}

bool chim_nl_link(const struct nlmsghdr *msg, size_t len, struct chim_nl_link *out)
{
	const struct ifinfomsg *ifi;
	bool elsewhere = false, mac = false;
	struct nlattr *a;

	memset(out, 0, sizeof(*out));
	if (!is(msg, len, RTM_NEWLINK, RTM_DELLINK, sizeof(*ifi)))
		return false;
	ifi = mnl_nlmsg_get_payload(msg);
	/* A bridge tells of its ports' tables in messages of another family. */
	if (ifi->ifi_index <= 0 || ifi->ifi_family != AF_UNSPEC)
		return false;
	out->ifindex = (uint32_t)ifi->ifi_index;
	out->up = (ifi->ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
	out->gone = msg->nlmsg_type == RTM_DELLINK;
	mnl_attr_for_each(a, msg, sizeof(*ifi))
	{
		switch (mnl_attr_get_type(a)) {
		case IFLA_IFNAME:
			text_of(a, out->name, sizeof(out->name));
			break;
		case IFLA_ADDRESS:
			mac = mac_of(a, out->mac);
			break;
		case IFLA_MTU:
			out->mtu = u32_of(a);
			break;
		case IFLA_MASTER:
			out->master = u32_of(a);
			break;
		case IFLA_LINK:
			out->lower = u32_of(a);
			break;
		case IFLA_LINK_NETNSID:
			elsewhere = true;
			break;
		case IFLA_LINKINFO:
			link_info(a, out);
			break;
		}
	}
	/* A veth's other end is nothing that it lies on. */
	if (elsewhere || out->lower == out->ifindex || strcmp(out->kind, "veth") == 0)
		out->lower = 0;
	out->ethernet = ifi->ifi_type == ARPHRD_ETHER && mac;
	return true;
}

bool chim_nl_neigh(const struct nlmsghdr *msg, size_t len, struct chim_nl_neigh *out)
{
	const uint16_t known = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
	const struct ndmsg *ndm;
	bool mac = false, dst = false;
	struct nlattr *a;

	memset(out, 0, sizeof(*out));
	if (!is(msg, len, RTM_NEWNEIGH, RTM_DELNEIGH, sizeof(*ndm)))
		return false;
	ndm = mnl_nlmsg_get_payload(msg);
	/* A bridge's forwarding table speaks of neighbors too. */
	if (ndm->ndm_ifindex <= 0 || !family_ok(ndm->ndm_family))
		return false;
	out->ifindex = (uint32_t)ndm->ndm_ifindex;
	out->v6 = ndm->ndm_family == AF_INET6;
	out->gone = msg->nlmsg_type == RTM_DELNEIGH;
	mnl_attr_for_each(a, msg, sizeof(*ndm))
	{
		if (mnl_attr_get_type(a) == NDA_DST)
			dst = addr_of(a, out->addr);
		else if (mnl_attr_get_type(a) == NDA_LLADDR)
			mac = mac_of(a, out->mac);
	}
	out->usable = mac && !out->gone && (ndm->ndm_state & known);
	return dst;
}

/* Another family's gateway: a family, then the address. */
static bool via_of(const struct nlattr *a, struct chim_nl_route *out)
{
	size_t len = mnl_attr_get_payload_len(a);
	const uint8_t *p = mnl_attr_get_payload(a);
	uint16_t family;

	if (len < sizeof(family))
		return false;
	memcpy(&family, p, sizeof(family));
	out->gateway_v6 = family == AF_INET6;
	if (len != sizeof(family) + (out->gateway_v6 ? 16u : 4u))
		return false;
	memcpy(out->via, p + sizeof(family), len - sizeof(family));
	return true;
}

static void metrics_of(const struct nlattr *metrics, struct chim_nl_route *out)
{
	struct nlattr *a;

	mnl_attr_for_each_nested(a, metrics)
	{
		if (mnl_attr_get_type(a) == RTAX_MTU)
			out->mtu = u32_of(a);
	}
}

static void route_attr(const struct nlattr *a, struct chim_nl_route *out)
{
	switch (mnl_attr_get_type(a)) {
	case RTA_OIF:
		out->ifindex = u32_of(a);
		break;
	case RTA_DST:
		addr_of(a, out->dst);
		break;
	case RTA_GATEWAY:
		out->gateway_v6 = out->v6;
		out->gateway = addr_of(a, out->via);
		break;
	case RTA_VIA:
		out->gateway = via_of(a, out);
		break;
	case RTA_METRICS:
		metrics_of(a, out);
		break;
	case RTA_ENCAP_TYPE:
	case RTA_NEWDST:
		out->encap = true;
		break;
	}
}

bool chim_nl_route(const struct nlmsghdr *msg, size_t len, struct chim_nl_route *out)
{
	const struct rtmsg *rtm;
	struct nlattr *a;

	memset(out, 0, sizeof(*out));
	if (!is(msg, len, RTM_NEWROUTE, RTM_DELROUTE, sizeof(*rtm)))
		return false;
	rtm = mnl_nlmsg_get_payload(msg);
	if (!family_ok(rtm->rtm_family))
		return false;
	out->v6 = rtm->rtm_family == AF_INET6;
	out->type = rtm->rtm_type;
	out->dst_len = rtm->rtm_dst_len;
	out->dead = rtm->rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN);
	out->gone = msg->nlmsg_type == RTM_DELROUTE;
	mnl_attr_for_each(a, msg, sizeof(*rtm)) route_attr(a, out);
	return true;
}

bool chim_nl_addr(const struct nlmsghdr *msg, size_t len, struct chim_nl_addr *out)
{
	const struct ifaddrmsg *ifa;
	bool local = false, any = false;
	struct nlattr *a;

	memset(out, 0, sizeof(*out));
	if (!is(msg, len, RTM_NEWADDR, RTM_DELADDR, sizeof(*ifa)))
		return false;
	ifa = mnl_nlmsg_get_payload(msg);
	if (!family_ok(ifa->ifa_family))
		return false;
	out->ifindex = ifa->ifa_index;
	out->v6 = ifa->ifa_family == AF_INET6;
	out->gone = msg->nlmsg_type == RTM_DELADDR;
	mnl_attr_for_each(a, msg, sizeof(*ifa))
	{
		/* Of a point-to-point link IFA_ADDRESS is the other end. */
		if (mnl_attr_get_type(a) == IFA_LOCAL)
			any = local = addr_of(a, out->addr);
		else if (mnl_attr_get_type(a) == IFA_ADDRESS && !local)
			any = addr_of(a, out->addr);
	}
	return any;
}

static int verdict(const struct nlmsghdr *msg, int len)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);

	if (msg->nlmsg_type != NLMSG_ERROR)
		return len;
	return mnl_nlmsg_get_payload_len(msg) >= sizeof(err->error) ? err->error : -EBADMSG;
}

int chim_nl_ask(int fd, struct nlmsghdr *request, void *buf)
{
	static _Atomic uint32_t last;
	uint32_t seq = atomic_fetch_add(&last, 1) + 1;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	request->nlmsg_seq = seq;
	if (sendto(fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) <
	    0)
		return -errno;
	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, CHIM_NL_ROOM, MSG_TRUNC, (struct sockaddr *)&from,
				     &from_len);
		const struct nlmsghdr *msg = buf;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n > CHIM_NL_ROOM || !mnl_nlmsg_ok(msg, (int)n))
			return -EBADMSG;
		/* The answer to a question that was given up, or somebody else's message. */
		if (from.nl_pid == 0 && msg->nlmsg_seq == seq)
			return verdict(msg, (int)n);
	}
}

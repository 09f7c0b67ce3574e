/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/news.h"

#include "offload/chimney/slow/nl.h"

#include <linux/rtnetlink.h>
#include <string.h>

static bool of_link(const struct nlmsghdr *msg, struct chim_news *out)
{
	struct chim_nl_link link;

	if (!chim_nl_link(msg, msg->nlmsg_len, &link))
		return false;
	out->kind = CHIM_NEWS_LINK;
	out->ifindex = link.ifindex;
	out->gone = link.gone;
	out->up = link.up && !link.gone;
	out->mtu = link.mtu;
	memcpy(out->mac, link.mac, sizeof(out->mac));
	memcpy(out->ifname, link.name, sizeof(out->ifname));
	return true;
}

static bool of_neigh(const struct nlmsghdr *msg, struct chim_news *out)
{
	struct chim_nl_neigh neigh;

	if (!chim_nl_neigh(msg, msg->nlmsg_len, &neigh))
		return false;
	out->kind = CHIM_NEWS_NEIGH;
	out->ifindex = neigh.ifindex;
	out->gone = neigh.gone;
	out->usable = neigh.usable;
	out->v6 = neigh.v6;
	memcpy(out->addr, neigh.addr, sizeof(out->addr));
	memcpy(out->mac, neigh.mac, sizeof(out->mac));
	return true;
}

static bool of_route(const struct nlmsghdr *msg, struct chim_news *out)
{
	struct chim_nl_route route;

	if (!chim_nl_route(msg, msg->nlmsg_len, &route) || route.dst_len > (route.v6 ? 128 : 32))
		return false;
	out->kind = CHIM_NEWS_ROUTE;
	out->ifindex = route.ifindex;
	out->gone = route.gone;
	out->v6 = route.v6;
	out->bits = route.dst_len;
	out->mtu = route.mtu;
	memcpy(out->addr, route.dst, sizeof(out->addr));
	return true;
}

static bool of_addr(const struct nlmsghdr *msg, struct chim_news *out)
{
	struct chim_nl_addr addr;

	if (!chim_nl_addr(msg, msg->nlmsg_len, &addr))
		return false;
	out->kind = CHIM_NEWS_ADDR;
	out->ifindex = addr.ifindex;
	out->gone = addr.gone;
	out->v6 = addr.v6;
	memcpy(out->addr, addr.addr, sizeof(out->addr));
	return true;
}

static bool of_message(const struct nlmsghdr *msg, struct chim_news *out)
{
	memset(out, 0, sizeof(*out));
	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return of_link(msg, out);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return of_neigh(msg, out);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return of_route(msg, out);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return of_addr(msg, out);
	case RTM_NEWRULE:
	case RTM_DELRULE:
	case RTM_NEWNEXTHOP: /* routes name it by a number */
	case RTM_DELNEXTHOP:
		out->kind = CHIM_NEWS_RULE;
		return true;
	default:
		return false;
	}
}

void chim_news_read(const void *bytes, size_t len,
		    void (*tell)(void *arg, const struct chim_news *news), void *arg)
{
	const struct nlmsghdr *msg = bytes;
	int left = len <= INT32_MAX ? (int)len : 0;
	struct chim_news news;

	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
		if (of_message(msg, &news))
			tell(arg, &news);
}

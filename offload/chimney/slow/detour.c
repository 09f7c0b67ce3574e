/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/detour.h"

#include "offload/chimney/slow/nl.h"
#include "offload/chimney/slow/path.h"
#include "offload/chimney/slow/repair_impl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <unistd.h>

enum { LOOPBACK = 1 /* its index in every network namespace */ };

/* The route to t's remote end alone: type is RTM_NEWROUTE or RTM_DELROUTE. It is the last that
 * would be chosen. */
static int route(int rtnl, const struct chim_tuple *t, uint16_t type)
{
	_Alignas(8) uint8_t buf[CHIM_NL_ROOM];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	size_t len = t->v6 ? 16 : 4;
	struct rtmsg *rtm;

	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (type == RTM_NEWROUTE)
		msg->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	rtm = mnl_nlmsg_put_extra_header(msg, sizeof(*rtm));
	rtm->rtm_family = t->v6 ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = (uint8_t)(len * 8);
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = t->v6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put(msg, RTA_DST, len, t->remote);
	mnl_attr_put_u32(msg, RTA_OIF, LOOPBACK);
	mnl_attr_put_u32(msg, RTA_PRIORITY, UINT32_MAX - 1);
	return chim_nl_ask(rtnl, msg, buf);
}

int chim_detour_connect(int fd, const struct chim_tuple *t, const struct sockaddr *to,
			socklen_t len)
{
	int was = chim_opt(fd, IPPROTO_IP, IP_TRANSPARENT, 0), rc;
	int rtnl = chim_path_open(fd, NULL);

	if (rtnl < 0)
		return rtnl;
	rc = route(rtnl, t, RTM_NEWROUTE);
	if (rc < 0)
		goto close_rtnl;
	/* An address that is not this host's (any more) may be a source then. */
	chim_opt_set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
	rc = connect(fd, to, len) == 0 ? 0 : -errno;
	chim_opt_set(fd, IPPROTO_IP, IP_TRANSPARENT, was);
	route(rtnl, t, RTM_DELROUTE);
close_rtnl:
	close(rtnl);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/path.h"

#include "offload/chimney/slow/nl.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is known while one way is looked for. */
struct search {
	int rtnl, sockfd;
	const struct chim_tuple *t;
	struct chim_found *out;
	struct err *e;
	_Alignas(8) uint8_t buf[CHIM_NL_ROOM];
};

static int no_path(struct search *q, const char *what, const char *name, const char *cure)
{
	q->out->why = CHIM_REFUSE_NO_PATH;
	return err_set(q->e, -EHOSTUNREACH, "the way to the peer %s%s%s: %s", what,
		       *name ? " " : "", name, cure);
}

static int failed(struct search *q, int code, const char *what)
{
	q->out->why = CHIM_REFUSE_NO_PATH;
	return err_set(q->e, code, "cannot ask the kernel for %s: %s", what, strerror(-code));
}

static int sock_opt(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) == 0 ? value : 0;
}

static size_t addr_len(bool v6)
{
	return v6 ? 16 : 4;
}

/* Rules may look at all of this. */
static struct nlmsghdr *route_request(struct search *q)
{
	const struct chim_tuple *t = q->t;
	struct nlmsghdr *msg = mnl_nlmsg_put_header(q->buf);
	uint32_t mark = (uint32_t)sock_opt(q->sockfd, SOL_SOCKET, SO_MARK),
		 device = (uint32_t)sock_opt(q->sockfd, SOL_SOCKET, SO_BINDTOIFINDEX);
	struct rtmsg *rtm;

	msg->nlmsg_type = RTM_GETROUTE;
	msg->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(msg, sizeof(*rtm));
	rtm->rtm_family = t->v6 ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = rtm->rtm_src_len = (uint8_t)(addr_len(t->v6) * 8);
	if (!t->v6)
		rtm->rtm_tos = (uint8_t)(sock_opt(q->sockfd, IPPROTO_IP, IP_TOS) & 0x1c);
	mnl_attr_put(msg, RTA_DST, addr_len(t->v6), t->remote);
	mnl_attr_put(msg, RTA_SRC, addr_len(t->v6), t->local);
	mnl_attr_put_u8(msg, RTA_IP_PROTO, IPPROTO_TCP);
	mnl_attr_put_u16(msg, RTA_SPORT, t->local_port);
	mnl_attr_put_u16(msg, RTA_DPORT, t->remote_port);
	if (mark)
		mnl_attr_put_u32(msg, RTA_MARK, mark);
	if (device)
		mnl_attr_put_u32(msg, RTA_OIF, device);
	return msg;
}

static int find_route(struct search *q, struct chim_nl_route *r)
{
	int n = chim_nl_ask(q->rtnl, route_request(q), q->buf);

	if (n == -ENETUNREACH || n == -EHOSTUNREACH || n == -EACCES || n == -EINVAL)
		return no_path(q, "has no route", "", "look at the routing table");
	if (n <= 0)
		return failed(q, n ? n : -EBADMSG, "the route");
	if (!chim_nl_route((struct nlmsghdr *)q->buf, (size_t)n, r))
		return failed(q, -EBADMSG, "the route");
	if (r->type == RTN_LOCAL)
		return no_path(q, "stays on this host", "", "nothing is gained by offloading it");
	if (r->type != RTN_UNICAST || r->dead || r->ifindex == 0)
		return no_path(q, "has no route that works", "", "look at the routing table");
	if (r->encap)
		return no_path(q, "has a route with encapsulation", "",
			       "only plain routes are offloaded");
	return 0;
}

static int find_link(struct search *q, uint32_t ifindex, struct chim_nl_link *link)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(q->buf);
	struct ifinfomsg *ifi;
	int n;

	msg->nlmsg_type = RTM_GETLINK;
	msg->nlmsg_flags = NLM_F_REQUEST;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	n = chim_nl_ask(q->rtnl, msg, q->buf);
	if (n <= 0)
		return failed(q, n ? n : -EBADMSG, "the interface");
	if (!chim_nl_link((struct nlmsghdr *)q->buf, (size_t)n, link))
		return failed(q, -EBADMSG, "the interface");
	return 0;
}

/* A port of the switch's is a TAP, a veth's end or a device of its own. */
static bool plain(const struct chim_nl_link *link)
{
	return link->ethernet && link->master == 0 &&
	       (!link->kind[0] || strcmp(link->kind, "tun") == 0 ||
		strcmp(link->kind, "veth") == 0);
}

static int use_link(struct search *q, uint32_t ifindex)
{
	struct chim_nl_link link, lower;
	struct chim_found *out = q->out;
	int rc = find_link(q, ifindex, &link);

	if (rc != 0)
		return rc;
	if (!link.up)
		return no_path(q, "is down at", link.name, "bring it up");
	out->ifindex = out->port_ifindex = ifindex;
	memcpy(out->ifname, link.name, sizeof(out->ifname));
	memcpy(out->port_ifname, link.name, sizeof(out->port_ifname));
	memcpy(out->neigh.local_mac, link.mac, 6);
	out->link_mtu = link.mtu < UINT16_MAX ? (uint16_t)link.mtu : UINT16_MAX;
	if (plain(&link))
		return 0;
	if (strcmp(link.kind, "vlan") != 0 || link.lower == 0 || !link.vlan_8021q)
		return no_path(q, "leads over", link.name,
			       "only an interface that is itself a port can be offloaded from");
	rc = find_link(q, link.lower, &lower);
	if (rc != 0)
		return rc;
	if (!plain(&lower) || !lower.up)
		return no_path(q, "leads over VLAN interface", link.name,
			       "what it lies on must itself be a port");
	out->vlan = link.vlan;
	out->port_ifindex = lower.ifindex;
	memcpy(out->port_ifname, lower.name, sizeof(out->port_ifname));
	return 0;
}

static struct nlmsghdr *neigh_request(void *buf, uint16_t type, uint32_t ifindex,
				      const uint8_t addr[16], bool v6)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST;
	ndm = mnl_nlmsg_put_extra_header(msg, sizeof(*ndm));
	ndm->ndm_family = v6 ? AF_INET6 : AF_INET;
	ndm->ndm_ifindex = (int)ifindex;
	mnl_attr_put(msg, NDA_DST, addr_len(v6), addr);
	return msg;
}

int chim_path_use(int rtnl, uint32_t ifindex, const uint8_t next_hop[16], bool v6)
{
	_Alignas(8) uint8_t buf[CHIM_NL_ROOM];
	struct nlmsghdr *msg = neigh_request(buf, RTM_NEWNEIGH, ifindex, next_hop, v6);
	struct ndmsg *ndm = mnl_nlmsg_get_payload(msg);

	msg->nlmsg_flags |= NLM_F_CREATE | NLM_F_ACK;
	ndm->ndm_flags = NTF_USE;
	return chim_nl_ask(rtnl, msg, buf);
}

static int find_neigh(struct search *q)
{
	struct chim_found *out = q->out;
	struct chim_nl_neigh neigh;
	int n = chim_nl_ask(
		q->rtnl,
		neigh_request(q->buf, RTM_GETNEIGH, out->ifindex, out->next_hop, out->next_hop_v6),
		q->buf);

	if (n < 0 && n != -ENOENT)
		return failed(q, n, "the next hop");
	if (n > 0 && chim_nl_neigh((struct nlmsghdr *)q->buf, (size_t)n, &neigh) && neigh.usable) {
		memcpy(out->neigh.remote_mac, neigh.mac, 6);
		return 0;
	}
	chim_path_use(q->rtnl, out->ifindex, out->next_hop, out->next_hop_v6);
	out->why = CHIM_REFUSE_NO_NEIGH;
	return err_set(q->e, -EAGAIN,
		       "the next hop's address is not resolved: it is asked for, offer the "
		       "connection again");
}

static uint16_t least(uint16_t mtu, uint32_t other)
{
	return other > 0 && other < mtu ? (uint16_t)other : mtu;
}

static int search(struct search *q)
{
	struct chim_found *out = q->out;
	const struct chim_tuple *t = q->t;
	struct chim_nl_route r;
	int rc = find_route(q, &r);

	if (rc == 0)
		rc = use_link(q, r.ifindex);
	if (rc != 0)
		return rc;
	out->gateway = r.gateway;
	out->next_hop_v6 = r.gateway ? r.gateway_v6 : t->v6;
	memcpy(out->next_hop, r.gateway ? r.via : t->remote, sizeof(out->next_hop));
	out->mtu = least(out->link_mtu, r.mtu);
	out->mtu = least(out->mtu, (uint32_t)(t->v6 ? sock_opt(q->sockfd, IPPROTO_IPV6, IPV6_MTU)
						    : sock_opt(q->sockfd, IPPROTO_IP, IP_MTU)));
	return find_neigh(q);
}

int chim_path_open(int sockfd, struct err *e)
{
	return chim_netns_socket(sockfd, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, e);
}

int chim_path_find_on(int rtnl, int sockfd, const struct chim_tuple *tuple, struct chim_found *out,
		      struct err *e)
{
	struct search q = {.rtnl = rtnl, .sockfd = sockfd, .t = tuple, .out = out, .e = e};
	int rc;

	memset(out, 0, sizeof(*out));
	out->why = CHIM_REFUSE_NO_PATH;
	rc = chim_netns_of(sockfd, &out->netns, e);
	if (rc == 0)
		rc = search(&q);
	if (rc == 0)
		out->why = CHIM_REFUSE_NONE;
	return rc;
}

int chim_path_find(int sockfd, const struct chim_tuple *tuple, struct chim_found *out,
		   struct err *e)
{
	int rtnl = chim_path_open(sockfd, e), rc;

	if (rtnl < 0) {
		memset(out, 0, sizeof(*out));
		out->why = CHIM_REFUSE_NO_PATH;
		return rtnl;
	}
	rc = chim_path_find_on(rtnl, sockfd, tuple, out, e);
	close(rtnl);
	return rc;
}

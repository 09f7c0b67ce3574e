/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/news.h"

#include "offload/chimney/slow/nl.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

static _Alignas(8) uint8_t bytes[4096];
static size_t used;
static struct chim_news got[16];
static int n_got;

static void tell(void *arg, const struct chim_news *news)
{
	assert_in_range(n_got, 0, 15);
	got[n_got++] = *news;
}

static void read_all(size_t len)
{
	n_got = 0;
	chim_news_read(bytes, len, tell, NULL);
}

/* A message behind those that are there. */
static void *begin(uint16_t type, size_t header, struct nlmsghdr **msg)
{
	*msg = mnl_nlmsg_put_header(bytes + used);
	(*msg)->nlmsg_type = type;
	return mnl_nlmsg_put_extra_header(*msg, header);
}

static void end(const struct nlmsghdr *msg)
{
	used += MNL_ALIGN(msg->nlmsg_len);
}

static void put_link(uint16_t type, unsigned int flags)
{
	struct nlmsghdr *msg;
	struct ifinfomsg *ifi = begin(type, sizeof(*ifi), &msg);

	ifi->ifi_index = 7;
	ifi->ifi_flags = flags;
	ifi->ifi_type = ARPHRD_ETHER;
	mnl_attr_put_strz(msg, IFLA_IFNAME, "eth0");
	mnl_attr_put(msg, IFLA_ADDRESS, 6, "\x02\x01\x02\x03\x04\x05");
	mnl_attr_put_u32(msg, IFLA_MTU, 9000);
	end(msg);
}

static void put_neigh(uint16_t type, uint16_t nud, bool mac)
{
	struct nlmsghdr *msg;
	struct ndmsg *ndm = begin(type, sizeof(*ndm), &msg);

	ndm->ndm_family = AF_INET;
	ndm->ndm_ifindex = 7;
	ndm->ndm_state = nud;
	mnl_attr_put(msg, NDA_DST, 4, "\x0a\x01\x02\x03");
	if (mac)
		mnl_attr_put(msg, NDA_LLADDR, 6, "\x02\xff\0\0\0\x01");
	end(msg);
}

static void put_route(uint16_t type, uint8_t bits)
{
	struct nlmsghdr *msg;
	struct rtmsg *rtm = begin(type, sizeof(*rtm), &msg);
	struct nlattr *nest;

	rtm->rtm_family = AF_INET6;
	rtm->rtm_dst_len = bits;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put(msg, RTA_DST, 16, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0");
	mnl_attr_put_u32(msg, RTA_OIF, 3);
	nest = mnl_attr_nest_start(msg, RTA_METRICS);
	mnl_attr_put_u32(msg, RTAX_MTU, 1400);
	mnl_attr_nest_end(msg, nest);
	end(msg);
}

static void put_addr(uint16_t type)
{
	struct nlmsghdr *msg;
	struct ifaddrmsg *ifa = begin(type, sizeof(*ifa), &msg);

	ifa->ifa_family = AF_INET;
	ifa->ifa_index = 4;
	mnl_attr_put(msg, IFA_ADDRESS, 4, "\x0a\0\0\x02");
	mnl_attr_put(msg, IFA_LOCAL, 4, "\x0a\0\0\x01");
	end(msg);
}

static int clear(void **state)
{
	memset(bytes, 0, sizeof(bytes));
	used = 0;
	return 0;
}

static void links(void **state)
{
	put_link(RTM_NEWLINK, IFF_UP | IFF_RUNNING);
	put_link(RTM_NEWLINK, IFF_UP);
	put_link(RTM_DELLINK, IFF_UP | IFF_RUNNING);
	read_all(used);
	assert_int_equal(n_got, 3);
	assert_int_equal(got[0].kind, CHIM_NEWS_LINK);
	assert_int_equal(got[0].ifindex, 7);
	assert_string_equal(got[0].ifname, "eth0");
	assert_int_equal(got[0].mtu, 9000);
	assert_memory_equal(got[0].mac, "\x02\x01\x02\x03\x04\x05", 6);
	assert_true(got[0].up);
	assert_false(got[0].gone);
	assert_false(got[1].up);
	assert_false(got[2].up);
	assert_true(got[2].gone);
}

static void neighbors(void **state)
{
	static const uint16_t good[] = {NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE,
					NUD_PERMANENT};
	static const uint16_t bad[] = {NUD_INCOMPLETE, NUD_FAILED, NUD_NONE};

	for (int i = 0; i < 5; i++)
		put_neigh(RTM_NEWNEIGH, good[i], true);
	for (int i = 0; i < 3; i++)
		put_neigh(RTM_NEWNEIGH, bad[i], true);
	put_neigh(RTM_NEWNEIGH, NUD_REACHABLE, false);
	put_neigh(RTM_DELNEIGH, NUD_REACHABLE, true);
	read_all(used);
	assert_int_equal(n_got, 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(got[i].kind, CHIM_NEWS_NEIGH);
		assert_int_equal(got[i].usable, i < 5);
		assert_memory_equal(got[i].addr, "\x0a\x01\x02\x03", 4);
	}
	assert_memory_equal(got[0].mac, "\x02\xff\0\0\0\x01", 6);
	assert_true(got[9].gone);
}

static void routes(void **state)
{
	put_route(RTM_NEWROUTE, 32);
	put_route(RTM_DELROUTE, 128);
	put_route(RTM_NEWROUTE, 129); /* no such prefix */
	read_all(used);
	assert_int_equal(n_got, 2);
	assert_int_equal(got[0].kind, CHIM_NEWS_ROUTE);
	assert_int_equal(got[0].bits, 32);
	assert_int_equal(got[0].ifindex, 3);
	assert_int_equal(got[0].mtu, 1400);
	assert_true(got[0].v6);
	assert_true(got[1].gone);
}

static void others(void **state)
{
	struct nlmsghdr *msg;

	put_addr(RTM_DELADDR);
	begin(RTM_NEWRULE, 12, &msg);
	end(msg);
	begin(RTM_NEWQDISC, 20, &msg);
	end(msg);
	begin(NLMSG_DONE, 4, &msg);
	end(msg);
	read_all(used);
	assert_int_equal(n_got, 2);
	assert_int_equal(got[0].kind, CHIM_NEWS_ADDR);
	assert_memory_equal(got[0].addr, "\x0a\0\0\x01", 4);
	assert_true(got[0].gone);
	assert_int_equal(got[1].kind, CHIM_NEWS_RULE);
}

/* A VLAN interface, whose id and lower device make a path. */
static void vlan(void **state)
{
	struct nlmsghdr *msg;
	struct ifinfomsg *ifi = begin(RTM_NEWLINK, sizeof(*ifi), &msg);
	struct nlattr *info, *data;
	struct chim_nl_link link;

	ifi->ifi_index = 9;
	ifi->ifi_type = ARPHRD_ETHER;
	mnl_attr_put(msg, IFLA_ADDRESS, 6, "\x02\x01\x02\x03\x04\x05");
	mnl_attr_put_u32(msg, IFLA_LINK, 7);
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	mnl_attr_put_u16(msg, IFLA_VLAN_ID, 77);
	mnl_attr_put_u16(msg, IFLA_VLAN_PROTOCOL, 0x0081); /* 0x8100 in network order */
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
	end(msg);
	assert_true(chim_nl_link(msg, msg->nlmsg_len, &link));
	assert_string_equal(link.kind, "vlan");
	assert_int_equal(link.vlan, 77);
	assert_int_equal(link.lower, 7);
	assert_true(link.vlan_8021q);
	assert_true(link.ethernet);
	/* Its lower device is in another namespace: the number means nothing here. */
	mnl_attr_put_u32(msg, IFLA_LINK_NETNSID, 0);
	assert_true(chim_nl_link(msg, msg->nlmsg_len, &link));
	assert_int_equal(link.lower, 0);
}

/* However short it is cut, nothing is read beyond it, and what is whole is told. */
static void cut_short(void **state)
{
	size_t first;

	put_link(RTM_NEWLINK, IFF_UP);
	first = used;
	put_neigh(RTM_NEWNEIGH, NUD_STALE, true);
	for (size_t len = 0; len <= used; len++) {
		read_all(len);
		assert_int_equal(n_got, (len >= first) + (len == used));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(links, clear),  cmocka_unit_test_setup(neighbors, clear),
		cmocka_unit_test_setup(routes, clear), cmocka_unit_test_setup(others, clear),
		cmocka_unit_test_setup(vlan, clear),   cmocka_unit_test_setup(cut_short, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

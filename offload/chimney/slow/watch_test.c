/* SPDX-License-Identifier: BSD-3-Clause */
/* News of a real namespace, told to a thread in another. Skipped (77) where there is none. */
#include "offload/chimney/slow/watch.h"

#include "offload/chimney/slow/test_pair.h"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net net;
static struct pair pair;
static struct chim_watch *watch;
static struct chim_news seen[CHIM_NEWS_LOST + 1]; /* the last of each kind */
static unsigned int count[CHIM_NEWS_LOST + 1];

static void tell(void *arg, const struct chim_news *news)
{
	seen[news->kind] = *news;
	count[news->kind]++;
}

static void hear(void)
{
	memset(seen, 0, sizeof(seen));
	memset(count, 0, sizeof(count));
	assert_int_equal(chim_watch_read(watch, tell, NULL), 0);
}

/* What the command makes the kernel tell is there when the command has ended. */
static void after(const char *command)
{
	hear();
	net_run(&net, 0, command);
	hear();
}

static void nothing(void **state)
{
	struct pollfd p = {.fd = chim_watch_fd(watch), .events = POLLIN};

	hear();
	hear();
	assert_int_equal(count[CHIM_NEWS_LOST], 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	/* Another namespace's are not ours. */
	net_run(&net, 1, "ip route add 10.77.0.0/16 dev t0");
	hear();
	assert_int_equal(count[CHIM_NEWS_ROUTE], 0);
}

static void neighbors(void **state)
{
	after("ip neigh replace 10.9.0.2 dev t0 lladdr 02:00:00:00:00:77");
	assert_true(count[CHIM_NEWS_NEIGH] > 0);
	assert_memory_equal(seen[CHIM_NEWS_NEIGH].addr, "\x0a\x09\0\x02", 4);
	assert_int_equal(seen[CHIM_NEWS_NEIGH].mac[5], 0x77);
	assert_true(seen[CHIM_NEWS_NEIGH].usable);
	after("ip neigh del 10.9.0.2 dev t0");
	assert_false(seen[CHIM_NEWS_NEIGH].usable);
}

static void links(void **state)
{
	after("ip link set t0 mtu 1400");
	assert_int_equal(seen[CHIM_NEWS_LINK].mtu, 1400);
	assert_true(seen[CHIM_NEWS_LINK].up);
	assert_string_equal(seen[CHIM_NEWS_LINK].ifname, "t0");
	after("ip link set t0 down");
	assert_false(seen[CHIM_NEWS_LINK].up);
	after("ip link set t0 up mtu 1500");
	assert_true(seen[CHIM_NEWS_LINK].up);
	after("ip link add v0 type veth peer name v1 && ip link del v0");
	assert_true(seen[CHIM_NEWS_LINK].gone);
}

static void routes(void **state)
{
	after("ip route add 10.99.0.0/16 via 10.9.0.2");
	assert_int_equal(seen[CHIM_NEWS_ROUTE].bits, 16);
	assert_memory_equal(seen[CHIM_NEWS_ROUTE].addr, "\x0a\x63\0\0", 4);
	assert_false(seen[CHIM_NEWS_ROUTE].gone);
	after("ip route del 10.99.0.0/16");
	assert_true(seen[CHIM_NEWS_ROUTE].gone);
	after("ip -6 route add fd99::/64 dev t0 && ip -6 route del fd99::/64 dev t0");
	assert_true(seen[CHIM_NEWS_ROUTE].v6);
	assert_true(seen[CHIM_NEWS_ROUTE].gone);
}

static void rules(void **state)
{
	after("ip rule add fwmark 5 table 99");
	assert_true(count[CHIM_NEWS_RULE] > 0);
	after("ip -6 rule add fwmark 5 table 99");
	assert_true(count[CHIM_NEWS_RULE] > 0);
}

static void addresses(void **state)
{
	after("ip addr add 10.8.0.1/24 dev t0");
	assert_memory_equal(seen[CHIM_NEWS_ADDR].addr, "\x0a\x08\0\x01", 4);
	after("ip addr del 10.8.0.1/24 dev t0");
	assert_true(seen[CHIM_NEWS_ADDR].gone);
}

/* More than there is room for is told as such, and then it goes on. */
static void overrun(void **state)
{
	int small = 1;

	assert_int_equal(
		setsockopt(chim_watch_fd(watch), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	after("for i in 1 2 3 4 5 6 7 8; do ip route add 10.99.$i.0/24 dev t0; done");
	assert_true(count[CHIM_NEWS_LOST] > 0);
	after("ip neigh replace 10.9.0.3 dev t0 lladdr 02:00:00:00:00:78");
	assert_int_equal(seen[CHIM_NEWS_NEIGH].mac[5], 0x78);
}

/* Somebody else's messages are not the kernel's. */
static void forged(void **state)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK}, self;
	struct nlmsghdr msg = {.nlmsg_len = sizeof(msg), .nlmsg_type = 32 /* RTM_NEWRULE */};
	socklen_t len = sizeof(self);
	int fd;

	hear();
	assert_int_equal(getsockname(chim_watch_fd(watch), (struct sockaddr *)&self, &len), 0);
	to.nl_pid = self.nl_pid;
	net_enter(&net, 0);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	net_enter(&net, -1);
	assert_int_equal(sendto(fd, &msg, sizeof(msg), 0, (struct sockaddr *)&to, sizeof(to)),
			 sizeof(msg));
	hear();
	assert_int_equal(count[CHIM_NEWS_RULE], 0);
	close(fd);
}

static int open_all(void **state)
{
	struct err e;

	net_open(&net);
	pair_open(&pair, &net, PAIR_V4);
	watch = chim_watch_open(pair.end[0].fd, &e);
	assert_non_null(watch);
	return 0;
}

static int close_all(void **state)
{
	chim_watch_close(watch);
	pair_close(&pair);
	net_close(&net);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing), cmocka_unit_test(neighbors), cmocka_unit_test(links),
		cmocka_unit_test(routes),  cmocka_unit_test(rules),	cmocka_unit_test(addresses),
		cmocka_unit_test(forged),  cmocka_unit_test(overrun),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

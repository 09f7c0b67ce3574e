/* SPDX-License-Identifier: BSD-3-Clause */
/* Ways through real namespaces, seen from a thread that is in none of them. Skipped (77) where they
 * cannot be had. */
#include "offload/chimney/slow/path.h"

#include "offload/chimney/slow/test_pair.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct net net;
static struct pair pair;
static struct chim_tuple tuple;

static int find(struct chim_found *f, struct err *e)
{
	memset(e, 0, sizeof(*e));
	assert_int_equal(chim_repair_tuple(pair.end[0].fd, &tuple), 0);
	return chim_path_find(pair.end[0].fd, &tuple, f, e);
}

static void expect_direct(const struct chim_found *f)
{
	static const uint8_t own[6] = {2, 0, 0, 0, 9, 1}, peer[6] = {2, 0, 0, 0, 9, 2};

	assert_string_equal(f->ifname, "t0");
	assert_string_equal(f->port_ifname, "t0");
	assert_int_equal(f->ifindex, f->port_ifindex);
	assert_int_equal(f->vlan, 0);
	assert_memory_equal(f->neigh.local_mac, own, 6);
	assert_memory_equal(f->neigh.remote_mac, peer, 6);
	assert_int_equal(f->why, CHIM_REFUSE_NONE);
}

static void direct(void **state)
{
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		struct chim_found f;
		struct stat st, before, after;
		struct err e;

		pair_open(&pair, &net, kind);
		assert_int_equal(stat("/proc/thread-self/ns/net", &before), 0);
		assert_int_equal(find(&f, &e), 0);
		expect_direct(&f);
		assert_int_equal(f.mtu, 1500);
		assert_int_equal(f.link_mtu, 1500);
		assert_false(f.gateway);
		assert_int_equal(f.next_hop_v6, kind == PAIR_V6);
		assert_memory_equal(f.next_hop, tuple.remote, 16);
		assert_int_equal(fstat(net.side[0].netns, &st), 0);
		assert_int_equal(f.netns.ino, st.st_ino);
		assert_int_equal(f.netns.dev, st.st_dev);
		/* This thread is where it was. */
		assert_int_equal(stat("/proc/thread-self/ns/net", &after), 0);
		assert_int_equal(before.st_ino, after.st_ino);
		assert_int_not_equal(before.st_ino, st.st_ino);
		pair_close(&pair);
	}
}

/* From the socket's own namespace no other is entered. */
static void own_namespace(void **state)
{
	struct chim_found f;
	struct err e;
	int rc;

	pair_open(&pair, &net, PAIR_V4);
	net_enter(&net, 0);
	rc = find(&f, &e);
	net_enter(&net, -1);
	assert_int_equal(rc, 0);
	expect_direct(&f);
	pair_close(&pair);
}

static void mtus(void **state)
{
	struct chim_found f;
	struct err e;

	pair_open(&pair, &net, PAIR_V4);
	net_run(&net, 0, "ip link set t0 mtu 9000");
	assert_int_equal(find(&f, &e), 0);
	assert_int_equal(f.link_mtu, 9000);
	net_run(&net, 0, "ip route add 10.9.0.2/32 dev t0 mtu lock 1400");
	assert_int_equal(find(&f, &e), 0);
	assert_int_equal(f.mtu, 1400);
	net_run(&net, 0, "ip route del 10.9.0.2/32 dev t0; ip link set t0 mtu 1500");
	pair_close(&pair);
}

static void gateways(void **state)
{
	static const uint8_t gw4[4] = {10, 9, 0, 7};
	struct chim_found f;
	struct in6_addr gw6;
	struct err e;

	pair_open(&pair, &net, PAIR_V4);
	net_run(&net, 0,
		"ip neigh add 10.9.0.7 dev t0 lladdr 02:00:00:00:09:07 && "
		"ip -6 neigh add fe80::7 dev t0 lladdr 02:00:00:00:09:08 && "
		"ip route add 10.9.0.2/32 via 10.9.0.7");
	assert_int_equal(find(&f, &e), 0);
	assert_true(f.gateway);
	assert_memory_equal(f.next_hop, gw4, 4);
	assert_int_equal(f.neigh.remote_mac[5], 7);
	/* RFC 5549: an IPv4 route with an IPv6 gateway. */
	net_run(&net, 0, "ip route replace 10.9.0.2/32 via inet6 fe80::7 dev t0");
	assert_int_equal(find(&f, &e), 0);
	assert_true(f.gateway);
	assert_true(f.next_hop_v6);
	inet_pton(AF_INET6, "fe80::7", &gw6);
	assert_memory_equal(f.next_hop, &gw6, 16);
	assert_int_equal(f.neigh.remote_mac[5], 8);
	net_run(&net, 0, "ip route del 10.9.0.2/32; ip neigh flush all");
	pair_close(&pair);
}

/* Routes that are chosen by mark, and by the device that the socket is bound to. */
static void marks(void **state)
{
	struct chim_found f;
	struct err e;
	int mark = 5;

	pair_open(&pair, &net, PAIR_V4);
	net_run(&net, 0,
		"ip neigh replace 10.9.0.7 dev t0 lladdr 02:00:00:00:09:07 && "
		"ip rule add fwmark 5 table 99 && ip route add default via 10.9.0.7 table 99");
	assert_int_equal(find(&f, &e), 0);
	assert_false(f.gateway);
	assert_int_equal(setsockopt(pair.end[0].fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)), 0);
	assert_int_equal(find(&f, &e), 0);
	assert_true(f.gateway);
	net_run(&net, 0, "ip rule del fwmark 5; ip route flush table 99; ip neigh flush all");
	pair_close(&pair);
}

static void expect_none(const char *setup, const char *back, const char *text)
{
	struct chim_found f;
	struct err e;
	int rc;

	pair_open(&pair, &net, PAIR_V4);
	net_run(&net, 0, setup);
	rc = find(&f, &e);
	net_run(&net, 0, back);
	assert_int_equal(rc, -EHOSTUNREACH);
	assert_int_equal(f.why, CHIM_REFUSE_NO_PATH);
	assert_non_null(strstr(e.text, text));
	pair_close(&pair);
}

static void no_path(void **state)
{
	expect_none("ip route add unreachable 10.9.0.2/32", "ip route del unreachable 10.9.0.2/32",
		    "no route");
	expect_none("ip route add blackhole 10.9.0.2/32", "ip route del blackhole 10.9.0.2/32",
		    "no route");
	expect_none("ip link add br0 type bridge && ip link set br0 up && "
		    "ip link set t0 master br0 && ip -4 addr flush dev t0 && "
		    "ip addr add 10.9.0.1/24 dev br0 && sleep 0.1",
		    "ip link del br0 && ip addr add 10.9.0.1/24 dev t0", "itself a port");
	expect_none("ip link add v0 type veth peer name v1 && ip link set v0 up && "
		    "ip link set v1 up && ip link add br0 type bridge && ip link set v0 master br0 "
		    "&& ip route add 10.9.0.2/32 dev v0",
		    "ip link del v0; ip link del br0", "itself a port");
}

/* A peer on the host itself. */
static void local(void **state)
{
	struct chim_found f;
	struct err e;
	int fd;

	pair_open(&pair, &net, PAIR_V4);
	fd = pair_connect(&pair, 1);
	usleep(10000);
	assert_int_equal(chim_repair_tuple(fd, &tuple), 0);
	assert_int_equal(chim_path_find(fd, &tuple, &f, &e), -EHOSTUNREACH);
	assert_non_null(strstr(e.text, "stays on this host"));
	close(fd);
	pair_close(&pair);
}

/* The neighbor is asked for, and found when it has answered. */
static void unresolved(void **state)
{
	struct chim_found f;
	struct err e;

	for (int kind = PAIR_V4; kind <= PAIR_V6; kind++) {
		pair_open(&pair, &net, kind);
		net_run(&net, 0, "ip neigh flush all; ip -6 neigh flush all");
		assert_int_equal(find(&f, &e), -EAGAIN);
		assert_int_equal(f.why, CHIM_REFUSE_NO_NEIGH);
		while (find(&f, &e) == -EAGAIN)
			pair_settle(&pair);
		expect_direct(&f);
		pair_close(&pair);
	}
}

static int open_all(void **state)
{
	net_open(&net);
	return 0;
}

static int close_all(void **state)
{
	net_close(&net);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direct), cmocka_unit_test(own_namespace),
		cmocka_unit_test(mtus),	  cmocka_unit_test(gateways),
		cmocka_unit_test(marks),  cmocka_unit_test(no_path),
		cmocka_unit_test(local),  cmocka_unit_test(unresolved),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

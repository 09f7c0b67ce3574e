/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segmentation of tunnelled units against Linux' own. In a network namespace of its own, a TAP and
 * a VXLAN device are ports of a Linux bridge; what the VXLAN device sends leaves by a second TAP,
 * which takes no offloads. A unit written to the first is put into the tunnel by the kernel and
 * segmented there. The outer headers that the kernel chose are taken from its first frame, put
 * before the same unit, and tso_split() must make the same frames, byte for byte. Skipped (77)
 * where a namespace, a TAP, VXLAN or the command ip cannot be had.
 */
#include "offload/tso_lro/tso_split.h"

#include "offload/tso_lro/test_unit.h"
#include "packet/burst.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	SKIPPED = 77,
	WAIT_MS = 2000,
	FRAMES_MAX = 120,
	GSO_UDP_L4 = 5, /* VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2 */
};

static int tap_in, tap_out;
static bool has_uso, outer_ipv6;
static struct rte_mempool *data_pool, *header_pool;
static struct rte_mbuf *frames[PKT_FRAMES_MAX];
static struct test_unit unit;
static uint8_t whole[TEST_UNIT_MAX], theirs[TEST_UNIT_MAX], ours[TEST_UNIT_MAX];

static void skip_all(const char *what)
{
	fprintf(stderr, "skipped: %s\n", what);
	exit(SKIPPED);
}

static void run(const char *command)
{
	if (system(command) != 0)
		skip_all(command);
}

static int tap_open(const char *name, int flags)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI | flags};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		skip_all("/dev/net/tun");
	strcpy(req.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &req) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0)
		skip_all("TUNSETIFF");
	return fd;
}

static void network_setup(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		skip_all("network namespace");
	tap_in = tap_open("in", IFF_VNET_HDR);
	tap_out = tap_open("out", 0);
	run("ip link add br0 type bridge");
	run("ip link set in address 02:00:00:00:01:0a mtu 65000 master br0 up");
	run("ip link set out address 02:00:00:00:00:1a mtu 65500 up");
	run("ip link set br0 up");
	run("ip address add 192.168.1.1/24 dev out");
	run("ip neighbour add 192.168.1.2 lladdr 02:00:00:00:00:1b dev out");
	run("ip address add fc00::8/64 dev out nodad");
	run("ip neighbour add fc00::9 lladdr 02:00:00:00:00:1b dev out");
}

/* Puts another tunnel behind the bridge. */
static void tunnel_setup(const char *options)
{
	char command[256];

	if (if_nametoindex("vx") != 0)
		run("ip link delete vx");
	snprintf(command, sizeof(command),
		 "ip link add vx type vxlan id 42 dstport 4789 dev out %s", options);
	run(command);
	run("ip link set vx mtu 65000 master br0 up");
}

static int unit_send(void)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.hdr_len = unit.l2_len + unit.l3_len + unit.l4_len,
		.csum_start = unit.l2_len + unit.l3_len,
		.csum_offset = unit.udp ? 6 : 16,
	};
	struct iovec iov[2] = {{&hdr, sizeof(hdr)}, {unit.bytes, unit.len}};

	if (unit.payload > unit.segsz) {
		hdr.gso_size = unit.segsz;
		hdr.gso_type = unit.udp	   ? GSO_UDP_L4
			       : unit.ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6
					   : VIRTIO_NET_HDR_GSO_TCPV4;
		if (!unit.udp && (unit.tcp_flags & 0x80) != 0)
			hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	}
	return writev(tap_in, iov, 2) < 0 ? -errno : 0;
}

/* Where the inner frame begins. */
static uint32_t inner_at(void)
{
	return 14 + (outer_ipv6 ? 40 : 20) + 8 + 8;
}

/* The next frame of ours (the kernel's own neighbour discovery mixes in); its length, or 0. */
static uint32_t frame_receive(int wait_ms)
{
	struct pollfd p = {.fd = tap_out, .events = POLLIN};

	while (poll(&p, 1, wait_ms) == 1) {
		ssize_t n = read(tap_out, theirs, sizeof(theirs));

		if (n >= inner_at() + 14 && memcmp(theirs + inner_at(), unit.bytes, 12) == 0)
			return n;
	}
	return 0;
}

/* The unit behind the outer headers of the kernel's first frame, with lengths of its own. */
static struct rte_mbuf *put_into_tunnel(uint32_t *seed)
{
	struct test_tunnel *t = &unit.tunnel;
	struct rte_mbuf *m;
	uint32_t len;

	*t = (struct test_tunnel){.kind = TEST_VXLAN, .ipv6 = outer_ipv6};
	test_tunnel_plan(t);
	len = t->inner + unit.len;
	memcpy(whole, theirs, t->inner);
	memcpy(whole + t->inner, unit.bytes, unit.len);
	if (outer_ipv6)
		test_put16(whole + t->l3 + 4, len - t->l4);
	else
		test_put16(whole + t->l3 + 2, len - t->l3);
	test_put16(whole + t->l4 + 4, len - t->l4);
	m = test_chain(data_pool, whole, len, 2048, 2048, seed);
	assert_non_null(m);
	test_unit_intent(&unit, m);
	*t = (struct test_tunnel){0};
	return m;
}

static void compare(uint32_t *seed)
{
	uint32_t len;
	int n;

	assert_int_equal(unit_send(), 0);
	len = frame_receive(WAIT_MS);
	assert_in_range(len, inner_at() + 14, sizeof(theirs));
	n = tso_split(put_into_tunnel(seed), header_pool, frames, FRAMES_MAX);
	assert_in_range(n, 1, FRAMES_MAX);
	for (int i = 0; i < n; i++) {
		if (i > 0)
			len = frame_receive(WAIT_MS);
		assert_int_equal(frames[i]->pkt_len, len);
		assert_memory_equal(rte_pktmbuf_read(frames[i], 0, len, ours), theirs, len);
	}
	rte_pktmbuf_free_bulk(frames, n);
}

static void units(const char *options, bool ipv6)
{
	static const struct test_unit chosen[] = {
		{.tcp_flags = 0x10},
		{.tcp_flags = 0xd9, .ip_frag = 0x4000, .tcp_options = 12, .tos = 3},
		{.tcp_flags = 0x99, .ipv6 = true, .tos = 0x2b},
		{.tcp_flags = 0x18, .tags = 1},
		{.tcp_flags = 0x18, .ipv6 = true, .extensions = 1, .tcp_options = 12},
		{.udp = true},
		{.udp = true, .ipv6 = true},
	};
	uint32_t seed = 5;

	outer_ipv6 = ipv6;
	tunnel_setup(options);
	for (size_t i = 0; i < RTE_DIM(chosen); i++) {
		for (uint32_t payload = 1; payload < 65000; payload = payload * 3 + 7) {
			if (chosen[i].udp && !has_uso)
				continue;
			unit = chosen[i];
			unit.segsz = 1000 + i * 37;
			unit.payload = payload;
			unit.ip_id = 0xfff0 + i;
			unit.seq = 0xffff0000;
			test_unit_build(&unit, &seed);
			compare(&seed);
		}
	}
}

static void ipv4_without_sum(void **state)
{
	units("local 192.168.1.1 remote 192.168.1.2 noudpcsum", false);
}

static void ipv4_with_sum(void **state)
{
	units("local 192.168.1.1 remote 192.168.1.2 udpcsum", false);
}

static void ipv6_with_sum(void **state)
{
	units("local fc00::8 remote fc00::9", true);
}

/* The bridge forwards when its ports are up; and does this kernel know UDP units? */
static void network_probe(void)
{
	uint32_t seed = 3, len = 0;

	tunnel_setup("local 192.168.1.1 remote 192.168.1.2");
	unit = (struct test_unit){.segsz = 1000, .payload = 900};
	test_unit_build(&unit, &seed);
	for (int i = 0; i < 50 && len == 0; i++) {
		if (unit_send() < 0)
			skip_all("write to a TAP");
		len = frame_receive(100);
	}
	if (len == 0)
		skip_all("nothing comes out of the tunnel");
	while (frame_receive(100) != 0)
		;
	unit = (struct test_unit){.segsz = 1000, .payload = 1900, .udp = true};
	test_unit_build(&unit, &seed);
	has_uso = unit_send() == 0;
	if (!has_uso)
		fprintf(stderr, "UDP units are not compared: this kernel has none\n");
	while (frame_receive(100) != 0)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_without_sum),
		cmocka_unit_test(ipv4_with_sum),
		cmocka_unit_test(ipv6_with_sum),
	};

	network_setup();
	network_probe();
	test_eal_init();
	data_pool = test_pool("data", 1023, 2048);
	header_pool = test_pool("header", 2047, 256);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

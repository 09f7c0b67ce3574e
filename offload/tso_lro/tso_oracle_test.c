/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segmentation against Linux' own. In a network namespace of its own, two TAPs are ports of a Linux
 * bridge: a unit written to one with a virtio-net header is segmented by the kernel on its way out
 * of the other, which takes no offloads. The frames must be tso_split()'s, byte for byte.
 * Skipped (77) where a namespace, a TAP or a bridge cannot be had.
 */
#include "offload/tso_lro/tso_split.h"

#include "offload/tso_lro/test_unit.h"
#include "packet/burst.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	SKIPPED = 77,
	WAIT_MS = 2000,
	FRAMES_MAX = 300,     /* a TAP's queue holds 500 or more */
	UDP_FRAMES_MAX = 128, /* Linux refuses more: UDP_MAX_SEGMENTS */
	MTU = 65500,
	GSO_UDP_L4 = 5, /* VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2 */
};

static int tap_in, tap_out;
static bool has_uso;
static struct rte_mempool *data_pool, *header_pool;
static struct rte_mbuf *frames[PKT_FRAMES_MAX];
static struct test_unit unit;

static void skip_all(const char *what)
{
	fprintf(stderr, "skipped: %s: %s\n", what, strerror(errno));
	exit(SKIPPED);
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

static void link_up(int sock, const char *name)
{
	struct ifreq req = {.ifr_mtu = MTU};

	strcpy(req.ifr_name, name);
	if (ioctl(sock, SIOCSIFMTU, &req) < 0)
		skip_all("MTU");
	req.ifr_flags = IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &req) < 0)
		skip_all("link up");
}

static void bridge_add(int sock, const char *name)
{
	struct ifreq req = {.ifr_ifindex = if_nametoindex(name)};

	strcpy(req.ifr_name, "br0");
	if (ioctl(sock, SIOCBRADDIF, &req) < 0)
		skip_all("bridge port");
}

/* Without this the kernel's own neighbour discovery mixes in. */
static void no_ipv6(const char *conf)
{
	int fd = open(conf, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* a kernel without IPv6 */
	if (write(fd, "1", 1) != 1)
		skip_all(conf);
	close(fd);
}

static void network_setup(void)
{
	int sock;

	if (unshare(CLONE_NEWNET) < 0)
		skip_all("network namespace");
	no_ipv6("/proc/sys/net/ipv6/conf/all/disable_ipv6");
	no_ipv6("/proc/sys/net/ipv6/conf/default/disable_ipv6");
	tap_in = tap_open("in", IFF_VNET_HDR);
	tap_out = tap_open("out", 0);
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || ioctl(sock, SIOCBRADDBR, "br0") < 0)
		skip_all("bridge");
	link_up(sock, "in");
	link_up(sock, "out");
	bridge_add(sock, "in");
	bridge_add(sock, "out");
	link_up(sock, "br0");
	close(sock);
}

/* Hands the unit to the kernel: as a unit, or as a frame without a checksum where it is one. */
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

/* The next frame of ours; its length, or 0 when none comes in time. */
static uint32_t frame_receive(uint8_t *to, uint32_t size, int wait_ms)
{
	struct pollfd p = {.fd = tap_out, .events = POLLIN};

	while (poll(&p, 1, wait_ms) == 1) {
		ssize_t n = read(tap_out, to, size);

		if (n >= 14 && memcmp(to, unit.bytes, 12) == 0)
			return n;
	}
	return 0;
}

static void compare(uint32_t *seed)
{
	static uint8_t theirs[TEST_UNIT_MAX], ours[TEST_UNIT_MAX];
	struct rte_mbuf *m = test_chain(data_pool, unit.bytes, unit.len, 2048, 2048, seed);
	int n;

	assert_non_null(m);
	test_unit_intent(&unit, m);
	n = tso_split(m, header_pool, frames, FRAMES_MAX);
	assert_in_range(n, 1, FRAMES_MAX);
	assert_int_equal(unit_send(), 0);
	for (int i = 0; i < n; i++) {
		uint32_t len = frame_receive(theirs, sizeof(theirs), WAIT_MS);
		const uint8_t *bytes = rte_pktmbuf_read(frames[i], 0, frames[i]->pkt_len, ours);

		assert_int_equal(frames[i]->pkt_len, len);
		assert_memory_equal(bytes, theirs, len);
	}
	rte_pktmbuf_free_bulk(frames, n);
}

/* What each rule of the header decides, one at a time. */
static void chosen_units(void **state)
{
	static const struct test_unit units[] = {
		{.tcp_flags = 0x10},
		{.tcp_flags = 0x18, .ip_frag = 0x4000},
		{.tcp_flags = 0x11, .ip_id = 0xfffe},
		{.tcp_flags = 0x19, .seq = 0xffffff00},
		{.tcp_flags = 0x90, .tos = 2},
		{.tcp_flags = 0xd9, .tos = 3, .tcp_options = 12},
		{.tcp_flags = 0x10, .ip_options = 8, .tcp_options = 40},
		{.tcp_flags = 0x18, .tags = 1},
		{.tcp_flags = 0x18, .tags = 2},
		{.tcp_flags = 0x18, .ipv6 = true},
		{.tcp_flags = 0x99, .ipv6 = true, .tos = 0x2b, .tags = 1},
		{.tcp_flags = 0x18, .ipv6 = true, .extensions = 1},
		{.tcp_flags = 0x18, .ipv6 = true, .extensions = 7, .tcp_options = 12},
		{.udp = true},
		{.udp = true, .ip_id = 0xffff, .ip_frag = 0x4000, .tags = 1},
		{.udp = true, .ipv6 = true},
		{.udp = true, .ipv6 = true, .extensions = 4, .tags = 2},
	};
	uint32_t seed = 1;

	for (size_t i = 0; i < RTE_DIM(units); i++) {
		for (uint32_t payload = 1; payload < 65000; payload = payload * 3 + 7) {
			unit = units[i];
			if (unit.udp && !has_uso)
				continue;
			unit.segsz = 1000 + i * 37;
			unit.payload = payload;
			test_unit_build(&unit, &seed);
			compare(&seed);
		}
	}
}

static void random_units(void **state)
{
	uint32_t seed = 2;

	for (int round = 0; round < 1000; round++) {
		uint32_t most;

		test_unit_random(&unit, 65535, &seed);
		unit.fixed_id = false; /* the virtio-net header cannot say it */
		most = unit.udp ? UDP_FRAMES_MAX : FRAMES_MAX;
		if ((unit.udp && !has_uso) || unit.payload > most * unit.segsz)
			continue;
		compare(&seed);
	}
}

/* The bridge forwards when its ports are up; and does this kernel know UDP units? */
static void network_probe(void)
{
	static uint8_t bytes[2048];
	uint32_t seed = 3, len = 0;

	unit = (struct test_unit){.segsz = 1000, .payload = 900};
	test_unit_build(&unit, &seed);
	for (int i = 0; i < 50 && len == 0; i++) {
		if (unit_send() < 0)
			skip_all("write to a TAP");
		len = frame_receive(bytes, sizeof(bytes), 100);
	}
	if (len == 0)
		skip_all("the bridge does not forward");
	while (frame_receive(bytes, sizeof(bytes), 100) != 0)
		;

	unit = (struct test_unit){.segsz = 1000, .payload = 1900, .udp = true};
	test_unit_build(&unit, &seed);
	has_uso = unit_send() == 0;
	if (!has_uso)
		fprintf(stderr, "UDP units are not compared: this kernel has none\n");
	while (frame_receive(bytes, sizeof(bytes), 100) != 0)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chosen_units),
		cmocka_unit_test(random_units),
	};

	network_setup();
	network_probe();
	test_eal_init();
	data_pool = test_pool("data", 1023, 2048);
	header_pool = test_pool("header", 2047, 256);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

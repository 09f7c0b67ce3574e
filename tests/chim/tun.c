/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/tun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/ipv6.h has it, and does not go together with netinet/in.h. */
struct in6_ifreq {
	struct in6_addr addr;
	uint32_t prefixlen;
	int ifindex;
};

static void skip(const char *what)
{
	fprintf(stderr, "skipped: %s: %s\n", what, strerror(errno));
	exit(TUN_SKIPPED);
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		skip(path);
	close(fd);
}

static int device(uint8_t net)
{
	struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "chim%u", net);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req) < 0)
		skip("/dev/net/tun");
	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0)
		skip("TUNSETOFFLOAD");
	return fd;
}

static void addresses(uint8_t net, uint16_t mtu)
{
	struct ifreq req = {0};
	struct in6_ifreq six = {.prefixlen = 64};
	struct sockaddr_in in = {.sin_family = AF_INET};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int sock6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "chim%u", net);
	in.sin_addr.s_addr = htonl(10u << 24 | 9u << 16 | (uint32_t)net << 8 | 1);
	memcpy(&req.ifr_addr, &in, sizeof(in));
	if (sock < 0 || ioctl(sock, SIOCSIFADDR, &req) < 0)
		skip("address");
	in.sin_addr.s_addr = htonl(0xffff0000);
	memcpy(&req.ifr_netmask, &in, sizeof(in));
	if (ioctl(sock, SIOCSIFNETMASK, &req) < 0)
		skip("netmask");
	req.ifr_mtu = mtu;
	if (ioctl(sock, SIOCSIFMTU, &req) < 0)
		skip("MTU");
	req.ifr_flags = IFF_UP | IFF_NOARP;
	if (ioctl(sock, SIOCSIFFLAGS, &req) < 0)
		skip("link up");
	six.addr.s6_addr[0] = 0xfd;
	six.addr.s6_addr[1] = 0x09;
	six.addr.s6_addr[3] = net;
	six.addr.s6_addr[15] = 1;
	six.ifindex = (int)if_nametoindex(req.ifr_name);
	if (sock6 < 0 || ioctl(sock6, SIOCSIFADDR, &six) < 0)
		skip("IPv6 address");
	close(sock);
	close(sock6);
}

int tun_new(uint8_t net, uint16_t mtu)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		skip("network namespace");
	fd = device(net);
	set("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	set("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
	addresses(net, mtu);
	return fd;
}

/* Is it whole, and TCP? Then its lengths are noted. */
static bool is_tcp(struct packet *p)
{
	bool v6 = p->len > 0 && p->bytes[0] >> 4 == 6;

	p->l3_len = v6 ? 40 : 20;
	if (p->len < p->l3_len + 20u || p->bytes[v6 ? 6 : 9] != IPPROTO_TCP)
		return false;
	p->l4_len = (uint8_t)(p->bytes[p->l3_len + 12] >> 4 << 2);
	return true;
}

const struct packet *tun_read(int fd)
{
	static _Alignas(struct packet) uint8_t room[sizeof(struct packet) + TUN_BYTES];
	struct packet *p = (struct packet *)room;
	struct virtio_net_hdr hdr;
	struct iovec iov[2] = {{&hdr, sizeof(hdr)}, {p->bytes, TUN_BYTES}};

	for (;;) {
		ssize_t n = readv(fd, iov, 2);

		if (n < (ssize_t)sizeof(hdr))
			return NULL;
		p->len = (uint32_t)n - sizeof(hdr);
		p->segsz = hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE ? hdr.gso_size : 0;
		if (is_tcp(p))
			return p;
	}
}

/* The pseudo-header's sum, as who completes the checksum wants it. */
static uint16_t phdr_sum(const struct packet *p)
{
	const uint8_t *from = p->bytes + (p->l3_len == 40 ? 8 : 12);
	uint32_t bytes = p->l3_len == 40 ? 32 : 8, sum = htons(IPPROTO_TCP);

	sum += htons((uint16_t)(p->len - p->l3_len));
	for (uint32_t i = 0; i < bytes; i += 2) {
		uint16_t word;

		memcpy(&word, from + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

void tun_write(int fd, const struct packet *p)
{
	static uint8_t bytes[TUN_BYTES];
	struct virtio_net_hdr hdr = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_offset = 16};
	struct iovec iov[2] = {{&hdr, sizeof(hdr)}, {bytes, p->len}};
	uint16_t sum = phdr_sum(p);

	hdr.csum_start = p->l3_len;
	hdr.hdr_len = (uint16_t)(p->l3_len + p->l4_len);
	memcpy(bytes, p->bytes, p->len);
	memcpy(bytes + p->l3_len + 16, &sum, sizeof(sum));
	if (p->segsz) {
		hdr.gso_size = p->segsz;
		hdr.gso_type =
			p->l3_len == 40 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		if (bytes[p->l3_len + 13] & 0x80)
			hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	}
	if (writev(fd, iov, 2) < 0)
		fprintf(stderr, "tun: %s\n", strerror(errno));
}

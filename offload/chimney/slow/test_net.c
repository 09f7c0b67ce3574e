/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/test_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void skip_all(const char *what)
{
	fprintf(stderr, "skipped: %s: %s\n", what, strerror(errno));
	exit(NET_SKIPPED);
}

static int tap_open(void)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	strcpy(req.ifr_name, "t0");
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req) != 0)
		skip_all("/dev/net/tun");
	return fd;
}

static void side_open(struct net *n, int i)
{
	struct net_side *s = &n->side[i];
	char text[512];

	if (unshare(CLONE_NEWNET) != 0)
		skip_all("network namespace");
	s->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	s->queue = calloc(NET_HELD, sizeof(*s->queue));
	s->tap = tap_open();
	snprintf(text, sizeof(text),
		 "echo 0 >/proc/sys/net/ipv6/conf/t0/accept_dad && "
		 "echo 0 >/proc/sys/net/ipv6/conf/t0/router_solicitations && "
		 "ip link set lo up && ip link set t0 address 02:00:00:00:09:0%d up && "
		 "ip addr add 10.9.0.%d/24 dev t0 && ip -6 addr add fd09::%d/64 dev t0 nodad && "
		 "ip -6 addr add fe80::%d/64 dev t0 nodad",
		 i + 1, i + 1, i + 1, i + 1);
	if (s->netns < 0 || !s->queue || system(text) != 0)
		skip_all("addresses");
	n->ifindex = if_nametoindex("t0");
}

void net_open(struct net *n)
{
	memset(n, 0, sizeof(*n));
	if (geteuid() != 0 && unshare(CLONE_NEWUSER) != 0)
		skip_all("user namespace");
	n->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	side_open(n, 0);
	side_open(n, 1);
	net_enter(n, -1);
}

void net_close(struct net *n)
{
	for (int i = 0; i < 2; i++) {
		close(n->side[i].tap);
		close(n->side[i].netns);
		free(n->side[i].queue);
	}
	close(n->home);
}

void net_enter(struct net *n, int side)
{
	/* A user namespace of one's own cannot be left, nor its first network namespace reached. */
	if (setns(side < 0 ? n->home : n->side[side].netns, CLONE_NEWNET) != 0 && side >= 0)
		skip_all("setns");
}

void net_run(struct net *n, int side, const char *command)
{
	net_enter(n, side);
	if (system(command) != 0)
		skip_all(command);
	net_enter(n, -1);
}

/* The TCP header of a plain frame; NULL: it has none. */
static const uint8_t *tcp_of(const uint8_t *f, ssize_t len)
{
	if (len >= 54 && f[12] == 0x08 && f[13] == 0 && f[23] == 6)
		return f + 14 + (f[14] & 15) * 4;
	return len >= 74 && f[12] == 0x86 && f[20] == 6 ? f + 14 + 40 : NULL;
}

static void look(struct net_side *to, const uint8_t *frame, ssize_t len)
{
	static const uint8_t timestamps[4] = {1, 1, 8, 10};
	const uint8_t *tcp = tcp_of(frame, len);

	to->seen++;
	if (!tcp)
		return;
	to->resets += (tcp[13] & 4) != 0;
	if (tcp + 32 <= frame + len && memcmp(tcp + 20, timestamps, 4) == 0) {
		memcpy(&to->ts, tcp + 24, 4);
		to->ts = ntohl(to->ts);
		memcpy(&to->ts_echo, tcp + 28, 4);
		to->ts_echo = ntohl(to->ts_echo);
	}
}

static void deliver(struct net_side *s, const void *frame, size_t len)
{
	if (write(s->tap, frame, len) < 0 && errno != EAGAIN)
		perror("tap");
}

/* One frame from the other side. */
static bool move_one(struct net_side *from, struct net_side *to)
{
	uint8_t frame[NET_FRAME];
	ssize_t len = read(from->tap, frame, sizeof(frame));

	if (len <= 0)
		return false;
	look(to, frame, len);
	if (to->lose_nth && to->seen % to->lose_nth == 0)
		return true;
	if (!to->hold) {
		deliver(to, frame, (size_t)len);
	} else if (to->held < NET_HELD) {
		to->queue[to->held].len = (uint16_t)len;
		memcpy(to->queue[to->held++].bytes, frame, (size_t)len);
	}
	return true;
}

static void release(struct net_side *s)
{
	for (uint32_t i = 0; i < s->held; i++)
		deliver(s, s->queue[i].bytes, s->queue[i].len);
	s->held = 0;
}

void net_first(struct net *n, int side, const void *frame, uint16_t len)
{
	deliver(&n->side[side], frame, len);
}

void net_pump(struct net *n)
{
	bool moved = true;

	for (int i = 0; i < 2; i++)
		if (!n->side[i].hold)
			release(&n->side[i]);
	for (int turns = 0; moved && turns < 256; turns++) {
		moved = move_one(&n->side[0], &n->side[1]);
		moved |= move_one(&n->side[1], &n->side[0]);
	}
}

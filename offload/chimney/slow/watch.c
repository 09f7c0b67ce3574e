/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/watch.h"

#include "offload/chimney/slow/netns.h"
#include "offload/chimney/slow/nl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ROOM = 4 << 20,	 /* a flapping port of a large host makes thousands of messages at once */
	DATAGRAMS = 256, /* of one chim_watch_read() */
};

struct chim_watch {
	int fd;
	_Alignas(8) uint8_t buf[CHIM_NL_ROOM];
};

static int join(int fd)
{
	static const int groups[] = {
		RTNLGRP_LINK,	     RTNLGRP_NEIGH,	 RTNLGRP_IPV4_IFADDR,
		RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,	 RTNLGRP_NEXTHOP,
	};
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	int room = ROOM;

	/* As root the kernel lets it be this much whatever rmem_max is. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) != 0)
		return -errno;
	for (unsigned int i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		/* Kernels before 5.3 have no next hops by themselves. */
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])) != 0 &&
		    groups[i] != RTNLGRP_NEXTHOP)
			return -errno;
	return 0;
}

struct chim_watch *chim_watch_open(int sockfd, struct err *e)
{
	struct chim_watch *w = calloc(1, sizeof(*w));
	int rc;

	if (!w) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	w->fd = chim_netns_socket(sockfd, AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE, e);
	if (w->fd < 0)
		goto free_watch;
	rc = join(w->fd);
	if (rc == 0)
		return w;
	err_set(e, rc, "cannot listen to what the kernel tells of routes: %s", strerror(-rc));
	close(w->fd);
free_watch:
	free(w);
	return NULL;
}

void chim_watch_close(struct chim_watch *w)
{
	if (!w)
		return;
	close(w->fd);
	free(w);
}

int chim_watch_fd(const struct chim_watch *w)
{
	return w->fd;
}

int chim_watch_read(struct chim_watch *w, void (*tell)(void *arg, const struct chim_news *news),
		    void *arg)
{
	static const struct chim_news lost = {.kind = CHIM_NEWS_LOST};

	for (int i = 0; i < DATAGRAMS; i++) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(w->fd, w->buf, sizeof(w->buf), MSG_TRUNC | MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			return -errno;
		/* Anybody may send to a socket of their network namespace; the kernel is 0. */
		if (n >= 0 && from.nl_pid != 0)
			continue;
		if (n < 0 || (size_t)n > sizeof(w->buf))
			tell(arg, &lost);
		else
			chim_news_read(w->buf, (size_t)n, tell, arg);
	}
	return 0;
}

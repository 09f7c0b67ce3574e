/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/watch.h"
#include "sriov-pf/sys/nla.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's own group; udevd repeats events in another. */
#define UEVENT_KERNEL 1

/* A uevent has at most 2 KiB; a link's message without its VFs is one of a few. */
#define DATAGRAM 16384

/* Hundreds of VFs come at once. As root the kernel lets it be this much whatever rmem_max is. */
#define ROOM (4 << 20)

struct pf_watch {
	int link, uevent;
};

static int open_socket(int protocol, unsigned int groups)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int room = ROOM, code;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0)
		return fd;
	code = -errno;
	close(fd);
	return code;
}

struct pf_watch *pf_watch_open(struct err *e)
{
	struct pf_watch *w = calloc(1, sizeof(*w));
	int code = -ENOMEM;

	if (!w)
		goto fail;
	code = w->link = open_socket(NETLINK_ROUTE, RTMGRP_LINK);
	if (code < 0)
		goto free_watch;
	code = w->uevent = open_socket(NETLINK_KOBJECT_UEVENT, UEVENT_KERNEL);
	if (code >= 0)
		return w;
	close(w->link);
free_watch:
	free(w);
fail:
	err_set(e, code, "cannot listen to what the kernel tells of devices: %s", strerror(-code));
	return NULL;
}

void pf_watch_close(struct pf_watch *w)
{
	if (!w)
		return;
	close(w->link);
	close(w->uevent);
	free(w);
}

void pf_watch_fds(const struct pf_watch *w, int fds[PF_WATCH_FDS])
{
	fds[0] = w->link;
	fds[1] = w->uevent;
}

bool pf_watch_link(const void *msg, size_t len, struct pf_event *event)
{
	struct ifinfomsg ifi;
	struct pf_nlas rest;
	struct pf_nla a;
	uint16_t type;

	memset(event, 0, sizeof(*event));
	if (!pf_nla_of_message(msg, len, sizeof(ifi), &type, &rest) ||
	    (type != RTM_NEWLINK && type != RTM_DELLINK))
		return false;
	memcpy(&ifi, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(ifi));
	if (ifi.ifi_index <= 0)
		return false;
	/* A bridge tells of its ports' tables in messages of another family. */
	event->kind =
		type == RTM_DELLINK && ifi.ifi_family == AF_UNSPEC ? PF_EVENT_GONE : PF_EVENT_LINK;
	event->ifindex = (unsigned int)ifi.ifi_index;
	while (pf_nla_next(&rest, &a))
		if (a.type == IFLA_IFNAME)
			pf_nla_text(&a, event->ifname, sizeof(event->ifname));
	return true;
}

static void tell_links(const uint8_t *at, size_t len,
		       void (*each)(void *arg, const struct pf_event *event), void *arg)
{
	struct pf_event event;
	struct nlmsghdr nlh;
	size_t step;

	while (len >= sizeof(nlh)) {
		memcpy(&nlh, at, sizeof(nlh));
		if (nlh.nlmsg_len < sizeof(nlh) || nlh.nlmsg_len > len)
			return;
		if (pf_watch_link(at, nlh.nlmsg_len, &event))
			each(arg, &event);
		step = NLMSG_ALIGN((size_t)nlh.nlmsg_len);
		if (step > len)
			return;
		at += step;
		len -= step;
	}
}

static void tell_device(const uint8_t *at, size_t len,
			void (*each)(void *arg, const struct pf_event *event), void *arg)
{
	struct pf_event event = {.kind = PF_EVENT_DEVICE};

	if (pf_uevent_parse((const char *)at, len, &event.device))
		each(arg, &event);
}

int pf_watch_read(struct pf_watch *w, int fd, void (*each)(void *arg, const struct pf_event *event),
		  void *arg)
{
	static const struct pf_event lost = {.kind = PF_EVENT_LOST};
	uint8_t buf[DATAGRAM];

	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), MSG_TRUNC, (struct sockaddr *)&from,
				     &from_len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			return -errno;
		/* Anybody may send to a socket of their network namespace; the kernel is 0. */
		if (n >= 0 && from.nl_pid != 0)
			continue;
		if (n < 0 || (size_t)n > sizeof(buf))
			each(arg, &lost);
		else if (fd == w->link)
			tell_links(buf, (size_t)n, each, arg);
		else
			tell_device(buf, (size_t)n, each, arg);
	}
}

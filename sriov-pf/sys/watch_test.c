/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/watch.h"
#include "sriov-pf/sys/test_msg.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t buf[2048];

static void links_are_told(void **state)
{
	struct nlmsghdr *nlh = start_link(buf, "eth7");
	struct pf_event event;

	assert_true(pf_watch_link(nlh, nlh->nlmsg_len, &event));
	assert_int_equal(event.kind, PF_EVENT_LINK);
	assert_int_equal(event.ifindex, 7);
	assert_string_equal(event.ifname, "eth7");
	nlh->nlmsg_type = RTM_DELLINK;
	assert_true(pf_watch_link(nlh, nlh->nlmsg_len, &event));
	assert_int_equal(event.kind, PF_EVENT_GONE);
	/* It left a bridge, and is still there. */
	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_family = AF_BRIDGE;
	assert_true(pf_watch_link(nlh, nlh->nlmsg_len, &event));
	assert_int_equal(event.kind, PF_EVENT_LINK);
	nlh->nlmsg_type = RTM_NEWADDR;
	assert_false(pf_watch_link(nlh, nlh->nlmsg_len, &event));
	nlh->nlmsg_type = RTM_NEWLINK;
	assert_false(pf_watch_link(nlh, nlh->nlmsg_len - 1, &event));
}

struct seen {
	unsigned int lost, others, ifindex;
};

static void on_event(void *arg, const struct pf_event *event)
{
	struct seen *seen = arg;

	if (event->kind == PF_EVENT_LOST)
		seen->lost++;
	else
		seen->others++;
	seen->ifindex = event->ifindex;
}

/* The kernel's word for each time is a link message. */
static void switch_lo(unsigned int times)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_name = "lo"};

	for (unsigned int i = 0; i < times; i++) {
		ifr.ifr_flags = i % 2 ? 0 : IFF_UP;
		assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	}
	close(fd);
}

/* In a network namespace of our own, which has nothing but lo. */
static void overruns_are_told(void **state)
{
	struct seen seen = {0};
	struct err e = {0};
	int fds[PF_WATCH_FDS], room = 65536;
	struct pf_watch *w;

	if (unshare(CLONE_NEWNET) != 0)
		skip();
	w = pf_watch_open(&e);
	assert_non_null(w);
	pf_watch_fds(w, fds);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	switch_lo(400);
	assert_int_equal(pf_watch_read(w, fds[0], on_event, &seen), 0);
	assert_int_equal(seen.lost, 1);
	assert_in_range(seen.others, 1, 399);
	/* And then as before. */
	seen = (struct seen){0};
	switch_lo(2);
	assert_int_equal(pf_watch_read(w, fds[0], on_event, &seen), 0);
	assert_int_equal(seen.lost, 0);
	assert_int_equal(seen.others, 2);
	assert_int_equal(seen.ifindex, 1);
	pf_watch_close(w);
}

/* What is sent to us by another process than the kernel is left out. */
static void strangers_are_not_believed(void **state)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	socklen_t len = sizeof(to);
	struct nlmsghdr *nlh = start_link(buf, "eth7");
	struct seen seen = {0};
	struct err e = {0};
	struct pf_watch *w = pf_watch_open(&e);
	int fds[PF_WATCH_FDS], fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	assert_non_null(w);
	pf_watch_fds(w, fds);
	assert_int_equal(getsockname(fds[0], (struct sockaddr *)&to, &len), 0);
	to.nl_groups = 0;
	/* Only root may even send it. */
	if (geteuid() == 0)
		assert_true(sendto(fd, nlh, nlh->nlmsg_len, 0, (struct sockaddr *)&to, sizeof(to)) >
			    0);
	assert_int_equal(pf_watch_read(w, fds[0], on_event, &seen), 0);
	assert_int_equal(seen.others, 0);
	close(fd);
	pf_watch_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_told),
		cmocka_unit_test(overruns_are_told),
		cmocka_unit_test(strangers_are_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

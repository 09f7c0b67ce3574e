/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/hostif.h"

#include "base/mac.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct hostif {
	struct mnl_socket *nl;
	unsigned int index;
	uint32_t seq;
	char name[IF_NAMESIZE];
};

int netns_enter(const char *name, struct err *e)
{
	char path[288];
	int was, to;

	was = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (was < 0)
		return err_set(e, -errno, "cannot open the present network namespace: %s",
			       strerror(errno));
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	to = open(path, O_RDONLY | O_CLOEXEC);
	if (to < 0) {
		int code = -errno;

		close(was);
		return err_set(
			e, code,
			"netns: cannot open namespace '%s': %s; make it with 'ip netns add %s'",
			name, strerror(-code), name);
	}
	if (setns(to, CLONE_NEWNET) != 0) {
		int code = -errno;

		close(to);
		close(was);
		return err_set(e, code, "netns: cannot enter '%s': %s; flued needs CAP_SYS_ADMIN",
			       name, strerror(-code));
	}
	close(to);
	return was;
}

void netns_leave(int was)
{
	/* Going back to where one was just now does not fail; if it did, all that follows would
	 * happen in the wrong place. */
	if (setns(was, CLONE_NEWNET) != 0)
		abort();
	close(was);
}

int netns_id(uint64_t *dev, uint64_t *ino)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st) != 0)
		return -errno;
	*dev = st.st_dev;
	*ino = st.st_ino;
	return 0;
}

struct hostif *hostif_open(const char *ifname, struct err *e)
{
	struct hostif *c = calloc(1, sizeof(*c));

	if (!c)
		goto fail;
	snprintf(c->name, sizeof(c->name), "%s", ifname);
	c->index = if_nametoindex(ifname);
	if (c->index == 0)
		goto free_conf;
	c->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!c->nl)
		goto free_conf;
	if (mnl_socket_bind(c->nl, 0, MNL_SOCKET_AUTOPID) != 0)
		goto close_socket;
	return c;

close_socket:
	mnl_socket_close(c->nl);
free_conf:
	free(c);
fail:
	err_set(e, -errno, "cannot talk to the kernel about interface %s: %s", ifname,
		strerror(errno));
	return NULL;
}

void hostif_close(struct hostif *c)
{
	mnl_socket_close(c->nl);
	free(c);
}

unsigned int hostif_index(const struct hostif *c)
{
	return c->index;
}

/* fd: any socket; its namespace is the one that is looked in. */
static int read_mtu(int fd, unsigned int index, char name[16], uint32_t *mtu)
{
	struct ifreq ifr = {.ifr_ifindex = (int)index};

	if (ioctl(fd, SIOCGIFNAME, &ifr) != 0)
		return -errno;
	memcpy(name, ifr.ifr_name, IFNAMSIZ);
	if (ioctl(fd, SIOCGIFMTU, &ifr) != 0)
		return -errno;
	*mtu = (uint32_t)ifr.ifr_mtu;
	return 0;
}

int hostif_mtu(const struct hostif *c, char name[16], uint32_t *mtu)
{
	return read_mtu(mnl_socket_get_fd(c->nl), c->index, name, mtu);
}

int hostif_mtu_of(unsigned int index, char name[16], uint32_t *mtu)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	ret = read_mtu(fd, index, name, mtu);
	close(fd);
	return ret;
}

/* ifr: what the request wants; its name is filled in. */
static int ioctl_of(unsigned int index, unsigned long request, struct ifreq *ifr)
{
	struct ifreq who = {.ifr_ifindex = (int)index};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, SIOCGIFNAME, &who);
	if (ret == 0) {
		memcpy(ifr->ifr_name, who.ifr_name, IFNAMSIZ);
		ret = ioctl(fd, request, ifr);
	}
	ret = ret == 0 ? 0 : -errno;
	close(fd);
	return ret;
}

int hostif_set_mtu_of(unsigned int index, uint32_t mtu)
{
	struct ifreq ifr = {.ifr_mtu = (int)mtu};

	return ioctl_of(index, SIOCSIFMTU, &ifr);
}

int hostif_ethtool_of(unsigned int index, uint32_t command, uint32_t *value)
{
	struct ethtool_value v = {.cmd = command, .data = *value};
	struct ifreq ifr = {.ifr_data = (void *)&v};
	int ret = ioctl_of(index, SIOCETHTOOL, &ifr);

	*value = v.data;
	return ret;
}

/* Sends the request and waits for the kernel's acknowledgement, which comes at once. */
static int talk(struct hostif *c, struct nlmsghdr *nlh)
{
	char buf[8192];
	ssize_t n;

	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++c->seq;
	if (mnl_socket_sendto(c->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(c->nl, buf, sizeof(buf));
	if (n < 0)
		return -errno;
	return mnl_cb_run(buf, (size_t)n, c->seq, mnl_socket_get_portid(c->nl), NULL, NULL) < 0
		       ? -errno
		       : 0;
}

int hostif_filter_of(unsigned int index, const uint8_t mac[6], bool take)
{
	struct hostif c = {.index = index};
	struct nlmsghdr *nlh;
	struct ndmsg *ndm;
	char buf[256];
	int ret;

	c.nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!c.nl)
		return -errno;
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = take ? RTM_NEWNEIGH : RTM_DELNEIGH;
	nlh->nlmsg_flags = take ? NLM_F_CREATE | NLM_F_EXCL : 0;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = (int)index;
	ndm->ndm_state = NUD_PERMANENT;
	ndm->ndm_flags = NTF_SELF;
	mnl_attr_put(nlh, NDA_LLADDR, 6, mac);
	ret = mnl_socket_bind(c.nl, 0, MNL_SOCKET_AUTOPID) == 0 ? talk(&c, nlh) : -errno;
	mnl_socket_close(c.nl);
	return ret == (take ? -EEXIST : -ENOENT) ? 0 : ret;
}

static struct ifinfomsg *link_request(struct hostif *c, char *buf, struct nlmsghdr **nlh)
{
	struct ifinfomsg *ifi;

	*nlh = mnl_nlmsg_put_header(buf);
	(*nlh)->nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(*nlh, sizeof(*ifi));
	ifi->ifi_index = (int)c->index;
	return ifi;
}

int hostif_set_mtu(struct hostif *c, uint32_t mtu, struct err *e)
{
	char buf[256];
	struct nlmsghdr *nlh;
	int ret;

	link_request(c, buf, &nlh);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	ret = talk(c, nlh);
	return ret == 0 ? 0
			: err_set(e, ret, "mtu: cannot set %u on %s: %s%s", mtu, c->name,
				  strerror(-ret),
				  ret == -ENODEV ? "; it was removed: make the port anew" : "");
}

int hostif_set_mac(struct hostif *c, const char *mac, struct err *e)
{
	char buf[256];
	struct nlmsghdr *nlh;
	uint8_t b[6];
	int ret;

	if (!mac_parse(mac, b))
		return err_set(e, -EINVAL, "mac: '%s' is not an address", mac);
	link_request(c, buf, &nlh);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(b), b);
	ret = talk(c, nlh);
	return ret == 0 ? 0
			: err_set(e, ret, "mac: cannot set %s on %s: %s", mac, c->name,
				  strerror(-ret));
}

int hostif_set_up(struct hostif *c, struct err *e)
{
	char buf[256];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi = link_request(c, buf, &nlh);
	int ret;

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	ret = talk(c, nlh);
	return ret == 0 ? 0 : err_set(e, ret, "cannot set %s up: %s", c->name, strerror(-ret));
}

static int add_address(struct hostif *c, char *prefix, struct err *e)
{
	char *slash = strchr(prefix, '/');
	bool v6 = strchr(prefix, ':') != NULL;
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;
	uint8_t addr[16];
	char buf[256];
	int ret;

	if (!slash)
		return err_set(e, -EINVAL, "address: '%s' has no prefix length", prefix);
	*slash = '\0';
	if (inet_pton(v6 ? AF_INET6 : AF_INET, prefix, addr) != 1)
		return err_set(e, -EINVAL, "address: '%s' is not an IP address", prefix);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = RTM_NEWADDR;
	nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = v6 ? AF_INET6 : AF_INET;
	ifa->ifa_prefixlen = (uint8_t)atoi(slash + 1);
	ifa->ifa_flags = v6 ? IFA_F_NODAD : 0;
	ifa->ifa_index = c->index;
	mnl_attr_put(nlh, IFA_LOCAL, v6 ? 16 : 4, addr);
	mnl_attr_put(nlh, IFA_ADDRESS, v6 ? 16 : 4, addr);
	ret = talk(c, nlh);
	if (ret == 0 || ret == -EEXIST)
		return 0;
	return err_set(e, ret, "address: cannot add %s/%s to %s: %s", prefix, slash + 1, c->name,
		       strerror(-ret));
}

int hostif_add_addresses(struct hostif *c, const char *prefixes, struct err *e)
{
	char *list = strdup(prefixes), *rest = list, *prefix;
	int ret = 0;

	if (!list)
		return err_set(e, -ENOMEM, "out of memory");
	while (ret == 0 && (prefix = strsep(&rest, ",")) != NULL)
		ret = add_address(c, prefix, e);
	free(list);
	return ret;
}

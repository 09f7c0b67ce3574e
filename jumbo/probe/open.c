/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening the socket: which kind is allowed, what it must report, and in which namespace.
 *
 * A socket stays in the namespace it was made in. So a thread enters the namespace, makes it there
 * and ends: a namespace is a thread's, and the caller's never changes.
 */
#include "jumbo/probe/sock.h"

#include <net/if.h> /* before the kernel's own, which then leaves out what is here */

#include <fcntl.h>
#include <linux/icmp.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct opening {
	const struct probe_config *config;
	struct probe_sock *s;
	struct err *e;
	int ret;
};

/* The address, in the namespace: a link-local one names an interface of it. */
static int resolve(struct opening *o)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	struct probe_sock *s = o->s;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&s->to;
	struct addrinfo *found;

	if (getaddrinfo(o->config->target, NULL, &hints, &found) != 0)
		return err_set(o->e, -EINVAL,
			       "'%.64s' is no IPv4 or IPv6 address (names are not looked up; a "
			       "link-local address needs its interface: fe80::1%%eth0)",
			       o->config->target);
	memcpy(&s->to, found->ai_addr, found->ai_addrlen);
	s->to_len = found->ai_addrlen;
	s->family = found->ai_family;
	s->head = s->family == AF_INET ? 20 : 40;
	freeaddrinfo(found);
	if (s->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) &&
	    in6->sin6_scope_id == 0 && o->config->ifname)
		in6->sin6_scope_id = if_nametoindex(o->config->ifname);
	return 0;
}

/* As ping does: a ping socket, which needs no privilege where net.ipv4.ping_group_range has the
 * caller's group; else a raw one, which needs CAP_NET_RAW. */
static int open_socket(struct opening *o)
{
	struct probe_sock *s = o->s;
	int proto = s->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	s->fd = socket(s->family, SOCK_DGRAM | SOCK_CLOEXEC, proto);
	if (s->fd >= 0)
		return 0;
	s->raw = true;
	s->fd = socket(s->family, SOCK_RAW | SOCK_CLOEXEC, proto);
	if (s->fd >= 0)
		return 0;
	if (errno == EAFNOSUPPORT)
		return err_set(o->e, -EAFNOSUPPORT, "this kernel has no %s",
			       s->family == AF_INET ? "IPv4" : "IPv6");
	return err_set(o->e, -EPERM,
		       "no right to send echoes: run as root or with CAP_NET_RAW, or let group %u "
		       "do so in that namespace: sysctl -w net.ipv4.ping_group_range='%u %u'",
		       getegid(), getegid(), getegid());
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : -errno;
}

/* Nobody fragments, the cached path MTU does not count, errors are queued, and answers say whether
 * they came in fragments. */
static int set_options(struct opening *o)
{
	struct probe_sock *s = o->s;
	bool v4 = s->family == AF_INET;
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6, ret;

	ret = set_int(s->fd, level, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
		      v4 ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE);
	ret = ret ? ret : set_int(s->fd, level, v4 ? IP_RECVERR : IPV6_RECVERR, 1);
	if (ret == 0 && !v4)
		ret = set_int(s->fd, level, IPV6_DONTFRAG, 1);
	if (ret != 0)
		return err_set(o->e, ret, "the kernel does not probe path MTUs: %s",
			       strerror(-ret));
	ret = set_int(s->fd, level, v4 ? IP_RECVFRAGSIZE : IPV6_RECVFRAGSIZE, 1);
	if (ret != 0)
		return err_set(o->e, ret,
			       "the kernel does not tell the size of fragments (Linux 4.10 and "
			       "later do): %s",
			       strerror(-ret));
	set_int(s->fd, SOL_SOCKET, SO_RCVBUF, 1 << 20); /* as much as the host allows */
	return 0;
}

/* Only answers; errors come by the queue. */
static void set_filter(struct probe_sock *s)
{
	struct icmp_filter filter4 = {.data = ~(1u << ICMP_ECHOREPLY)};
	struct icmp6_filter filter6;

	if (!s->raw)
		return;
	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	if (s->family == AF_INET)
		setsockopt(s->fd, SOL_RAW, ICMP_FILTER, &filter4, sizeof(filter4));
	else
		setsockopt(s->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof(filter6));
}

static int bind_device(struct opening *o, int fd)
{
	const char *ifname = o->config->ifname;

	if (!ifname ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)) == 0)
		return 0;
	return err_set(o->e, -errno, "interface %.15s%s%.64s cannot be used: %s", ifname,
		       o->config->netns ? " in namespace " : "",
		       o->config->netns ? o->config->netns : "",
		       errno == ENODEV ? "there is none of that name" : strerror(errno));
}

/* A raw socket's id is our choice, a ping socket's the kernel's. */
static int take_id(struct opening *o)
{
	struct probe_sock *s = o->s;
	struct sockaddr_storage own = {.ss_family = (sa_family_t)s->family};
	socklen_t len = s->to_len;

	if (getrandom(&s->nonce, sizeof(s->nonce), 0) != (ssize_t)sizeof(s->nonce) ||
	    getrandom(&s->id, sizeof(s->id), 0) != (ssize_t)sizeof(s->id))
		return err_set(o->e, -EIO, "the kernel gives no random numbers");
	if (s->raw)
		return 0;
	if (bind(s->fd, (struct sockaddr *)&own, len) != 0 ||
	    getsockname(s->fd, (struct sockaddr *)&own, &len) != 0)
		return err_set(o->e, -errno, "a ping socket gets no id: %s", strerror(errno));
	s->id = ntohs(s->family == AF_INET ? ((struct sockaddr_in *)&own)->sin_port
					   : ((struct sockaddr_in6 *)&own)->sin6_port);
	return 0;
}

/* What TCP would go by, of a socket that is connected but sends nothing. */
static uint32_t cached_mtu(struct opening *o)
{
	struct probe_sock *s = o->s;
	struct sockaddr_storage to = s->to;
	int fd = socket(s->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	socklen_t len = sizeof(mtu);

	if (fd < 0)
		return 0;
	/* The port does not matter. */
	((struct sockaddr_in *)&to)->sin_port = htons(9);
	if (bind_device(o, fd) != 0 || connect(fd, (struct sockaddr *)&to, s->to_len) != 0 ||
	    getsockopt(fd, s->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		       s->family == AF_INET ? IP_MTU : IPV6_MTU, &mtu, &len) != 0)
		mtu = 0;
	close(fd);
	return mtu > 0 ? (uint32_t)mtu : 0;
}

static int open_here(struct opening *o)
{
	int ret = resolve(o);

	ret = ret ? ret : open_socket(o);
	ret = ret ? ret : bind_device(o, o->s->fd);
	ret = ret ? ret : set_options(o);
	ret = ret ? ret : take_id(o);
	if (ret != 0)
		return ret;
	set_filter(o->s);
	o->s->cached_mtu = cached_mtu(o);
	return 0;
}

static int enter(struct opening *o)
{
	const char *name = o->config->netns;
	char path[300];
	int fd, ret = 0;

	if (!*name || strchr(name, '/') || strlen(name) > 255)
		return err_set(o->e, -EINVAL, "'%.64s' is no name of a network namespace", name);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(o->e, -errno,
			       errno == ENOENT ? "there is no network namespace %.64s; 'ip netns "
						 "list' lists them"
					       : "network namespace %.64s cannot be opened",
			       name);
	if (setns(fd, CLONE_NEWNET) != 0)
		ret = err_set(
			o->e, -errno,
			"network namespace %.64s cannot be entered (that needs CAP_SYS_ADMIN: "
			"run as root): %s",
			name, strerror(errno));
	close(fd);
	return ret;
}

static void *open_there(void *arg)
{
	struct opening *o = arg;

	o->ret = enter(o);
	if (o->ret == 0)
		o->ret = open_here(o);
	return NULL;
}

int probe_sock_open(const struct probe_config *config, struct probe_sock *s, struct err *e)
{
	struct opening o = {.config = config, .s = s, .e = e};
	pthread_t thread;
	int ret;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->buf = malloc(PROBE_BUFFER);
	if (!s->buf)
		return err_set(e, -ENOMEM, "no memory for a probe");
	if (config->netns) {
		ret = pthread_create(&thread, NULL, open_there, &o);
		if (ret != 0)
			o.ret = err_set(e, -ret, "no thread for a probe: %s", strerror(ret));
		else
			pthread_join(thread, NULL);
	} else {
		o.ret = open_here(&o);
	}
	if (o.ret != 0)
		probe_sock_close(s);
	return o.ret;
}

void probe_sock_close(struct probe_sock *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->buf);
	s->fd = -1;
	s->buf = NULL;
}

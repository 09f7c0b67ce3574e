/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/refuse.h"
#include "offload/chimney/names.h"

#include "offload/chimney/slow/netns.h"
#include "offload/chimney/slow/nl.h"
#include "offload/chimney/slow/repair_impl.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* As in Linux 6.7 and later: TCP_AO_INFO and the size of what it answers. */
enum { AO_INFO = 40, AO_INFO_BYTES = 48, OPTIONS_ROOM = 2048 };

static enum chim_refusal check_kind(int fd)
{
	int domain = chim_opt(fd, SOL_SOCKET, SO_DOMAIN, -1),
	    protocol = chim_opt(fd, SOL_SOCKET, SO_PROTOCOL, -1);

	if (chim_opt(fd, SOL_SOCKET, SO_TYPE, -1) != SOCK_STREAM ||
	    (domain != AF_INET && domain != AF_INET6))
		return CHIM_REFUSE_NOT_TCP;
	if (protocol == IPPROTO_MPTCP)
		return CHIM_REFUSE_MPTCP;
	return protocol == IPPROTO_TCP ? CHIM_REFUSE_NONE : CHIM_REFUSE_NOT_TCP;
}

static enum chim_refusal check_ulp(int fd)
{
	char name[16] = "";
	socklen_t len = sizeof(name) - 1;

	if (getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len) != 0 || len == 0 || !name[0])
		return CHIM_REFUSE_NONE;
	return strcmp(name, "mptcp") == 0 ? CHIM_REFUSE_MPTCP : CHIM_REFUSE_ULP;
}

/* The user's own end of reading cannot be moved, and shows in no state. */
static enum chim_refusal check_polled(int fd, const struct tcp_info *info)
{
	struct pollfd p = {.fd = fd, .events = POLLPRI | POLLRDHUP};
	int mark = 0;

	if (poll(&p, 1, 0) < 0 || ioctl(fd, SIOCATMARK, &mark) != 0)
		return CHIM_REFUSE_NOT_TCP;
	if (p.revents & POLLPRI || mark)
		return CHIM_REFUSE_URGENT;
	if (p.revents & POLLERR ||
	    (p.revents & POLLRDHUP && info->tcpi_state == CHIM_LINUX_ESTABLISHED))
		return CHIM_REFUSE_NOT_ESTABLISHED;
	return CHIM_REFUSE_NONE;
}

static bool has_option(int fd, int level, int name)
{
	uint8_t room[OPTIONS_ROOM];
	socklen_t len = sizeof(room);

	return getsockopt(fd, level, name, room, &len) == 0 && len > 0;
}

static enum chim_refusal check_ip_options(int fd)
{
	static const int ipv6[] = {IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR, IPV6_DSTOPTS};

	if (has_option(fd, IPPROTO_IP, IP_OPTIONS))
		return CHIM_REFUSE_IP_OPTIONS;
	for (unsigned int i = 0; i < sizeof(ipv6) / sizeof(ipv6[0]); i++)
		if (has_option(fd, IPPROTO_IPV6, ipv6[i]))
			return CHIM_REFUSE_IP_OPTIONS;
	return CHIM_REFUSE_NONE;
}

/* Received memory is charged, and none of it is to be read: it waits for what is missing. With
 * data to be read this cannot be told; what is out of order then is received twice. The queue is
 * asked last: what comes between the two questions is then to be read. */
static enum chim_refusal check_order(int fd, struct chim_facts *facts)
{
	uint32_t mem[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(mem);

	if (facts->rcv_queue == 0 && getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len) == 0 &&
	    mem[SK_MEMINFO_RMEM_ALLOC] > 0 &&
	    chim_repair_queues(fd, &facts->snd_queue, &facts->rcv_queue) == 0 &&
	    facts->rcv_queue == 0)
		return CHIM_REFUSE_OUT_OF_ORDER;
	return CHIM_REFUSE_NONE;
}

static struct nlmsghdr *diag_request(int fd, const struct chim_tuple *t, void *buf)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req;
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	msg->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	msg->nlmsg_flags = NLM_F_REQUEST;
	req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
	req->sdiag_family = t->v6 ? AF_INET6 : AF_INET;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_ext = 1 << (INET_DIAG_INFO - 1); /* keys are told along with it */
	req->idiag_states = ~0u;
	req->id.idiag_sport = t->local_port;
	req->id.idiag_dport = t->remote_port;
	memcpy(req->id.idiag_src, t->local, 16);
	memcpy(req->id.idiag_dst, t->remote, 16);
	req->id.idiag_if = (uint32_t)chim_opt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, 0);
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) != 0)
		cookie = ~UINT64_C(0);
	memcpy(req->id.idiag_cookie, &cookie, sizeof(cookie));
	return msg;
}

/* MD5 keys cannot be asked of the socket itself. */
static enum chim_refusal check_md5(int diag, int fd, const struct chim_tuple *t)
{
	_Alignas(8) uint8_t buf[CHIM_NL_ROOM];
	int n = chim_nl_ask(diag, diag_request(fd, t, buf), buf);
	const struct nlmsghdr *msg = (const struct nlmsghdr *)buf;
	struct nlattr *a;

	/* Not found: it has ended meanwhile. */
	if (n <= 0 || msg->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return CHIM_REFUSE_NOT_ESTABLISHED;
	mnl_attr_for_each(a, msg, sizeof(struct inet_diag_msg))
	{
		if (mnl_attr_get_type(a) == INET_DIAG_MD5SIG)
			return CHIM_REFUSE_SIGNED;
	}
	return CHIM_REFUSE_NONE;
}

static enum chim_refusal check_signed(int diag, int fd, const struct chim_tuple *t, struct err *e)
{
	_Alignas(8) uint8_t ao[AO_INFO_BYTES] = {0};
	socklen_t len = sizeof(ao);
	enum chim_refusal r;
	int own = -1;

	/* A kernel that has AO says ENOENT of a socket without. */
	if (getsockopt(fd, IPPROTO_TCP, AO_INFO, ao, &len) == 0)
		return CHIM_REFUSE_SIGNED;
	if (diag < 0) {
		diag = own = chim_refuse_open(fd, e);
		if (diag < 0)
			return CHIM_REFUSE_NO_REPAIR;
	}
	r = check_md5(diag, fd, t);
	if (own >= 0)
		close(own);
	return r;
}

static enum chim_refusal gather(int fd, const struct tcp_info *info, struct chim_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	if (chim_repair_tuple(fd, &facts->tuple) != 0 ||
	    chim_repair_queues(fd, &facts->snd_queue, &facts->rcv_queue) != 0)
		return CHIM_REFUSE_NOT_ESTABLISHED;
	facts->bytes = info->tcpi_bytes_acked + info->tcpi_bytes_received;
	facts->rtt_us = info->tcpi_rtt;
	return CHIM_REFUSE_NONE;
}

static enum chim_refusal check(int diag, int fd, struct chim_facts *facts, struct err *e)
{
	enum chim_refusal r = check_kind(fd);
	struct tcp_info info;

	if (r == CHIM_REFUSE_NONE && chim_info(fd, &info) != 0)
		r = CHIM_REFUSE_NOT_TCP;
	if (r != CHIM_REFUSE_NONE)
		return r;
	if (info.tcpi_state != CHIM_LINUX_ESTABLISHED && info.tcpi_state != CHIM_LINUX_CLOSE_WAIT)
		return CHIM_REFUSE_NOT_ESTABLISHED;
	r = gather(fd, &info, facts);
	if (r == CHIM_REFUSE_NONE)
		r = check_ulp(fd);
	if (r == CHIM_REFUSE_NONE)
		r = check_polled(fd, &info);
	if (r == CHIM_REFUSE_NONE)
		r = check_ip_options(fd);
	if (r == CHIM_REFUSE_NONE)
		r = check_order(fd, facts);
	if (r == CHIM_REFUSE_NONE)
		r = check_signed(diag, fd, &facts->tuple, e);
	return r;
}

int chim_refuse_open(int sockfd, struct err *e)
{
	return chim_netns_socket(sockfd, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, e);
}

enum chim_refusal chim_refuse(int diag, int fd, struct chim_facts *facts, struct err *e)
{
	struct err own = {0};
	enum chim_refusal r = check(diag, fd, facts, &own);

	if (own.code)
		err_set(e, own.code, "%s", own.text);
	else if (r != CHIM_REFUSE_NONE)
		err_set(e, -EOPNOTSUPP, "the connection stays in the kernel: %s",
			chim_refusal_help(r));
	return r;
}

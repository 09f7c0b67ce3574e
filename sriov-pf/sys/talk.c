/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/talk.h"
#include "sriov-pf/sys/nla.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int pf_nl_open(struct pf_nl *nl, int bus, struct err *e)
{
	int on = 1, rc;

	memset(nl, 0, sizeof(*nl));
	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->socket)
		return err_set(e, -errno, "cannot open a netlink socket: %s", strerror(errno));
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) != 0) {
		rc = err_set(e, -errno, "cannot bind a netlink socket: %s", strerror(errno));
		pf_nl_close(nl);
		return rc;
	}
	/* Kernels before 4.12 know neither; their answers are the errno alone. */
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

void pf_nl_close(struct pf_nl *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl->buf);
	memset(nl, 0, sizeof(*nl));
}

/* One datagram of the kernel's into nl->buf, whatever its size. Its length or negative errno. */
static ssize_t receive(struct pf_nl *nl)
{
	int fd = mnl_socket_get_fd(nl->socket);
	struct sockaddr_nl from = {0};
	socklen_t from_len;
	uint8_t none;
	ssize_t n;

	do {
		n = recv(fd, &none, 0, MSG_PEEK | MSG_TRUNC);
		if (n >= 0 && (size_t)n > nl->room) {
			uint8_t *buf = realloc(nl->buf, (size_t)n);

			if (!buf)
				return -ENOMEM;
			nl->buf = buf;
			nl->room = (size_t)n;
		}
		from_len = sizeof(from);
		if (n >= 0)
			n = recvfrom(fd, nl->buf, nl->room, 0, (struct sockaddr *)&from, &from_len);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	return n < 0 ? -errno : n;
}

/* The messages of one datagram. 1: that was the answer's end; 0: more is to come. */
static int read_datagram(struct pf_nl *nl, size_t len,
			 int (*each)(void *arg, const void *msg, size_t len), void *arg,
			 struct pf_ack *ack)
{
	const uint8_t *at = nl->buf;
	struct nlmsghdr nlh;
	int rc;

	for (; len >= sizeof(nlh); at += nlh.nlmsg_len, len -= nlh.nlmsg_len) {
		memcpy(&nlh, at, sizeof(nlh));
		if (nlh.nlmsg_len < sizeof(nlh) || nlh.nlmsg_len > len)
			return -EBADMSG;
		if (nlh.nlmsg_seq == nl->seq) {
			rc = pf_ack_parse(at, nlh.nlmsg_len, ack);
			if (rc != 0)
				return rc;
			rc = each ? each(arg, at, nlh.nlmsg_len) : 0;
			if (rc < 0)
				return rc;
		}
		nlh.nlmsg_len = NLMSG_ALIGN(nlh.nlmsg_len);
		if (nlh.nlmsg_len > len)
			break;
	}
	return 0;
}

static int fail(struct pf_ack *ack, int code)
{
	memset(ack, 0, sizeof(*ack));
	ack->error = code;
	return code;
}

int pf_nl_talk(struct pf_nl *nl, struct nlmsghdr *request,
	       int (*each)(void *arg, const void *msg, size_t len), void *arg, struct pf_ack *ack)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int rc = 0;

	request->nlmsg_flags |= NLM_F_REQUEST | (dump ? 0 : NLM_F_ACK);
	request->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return fail(ack, -errno);
	while (rc == 0) {
		ssize_t n = receive(nl);

		if (n <= 0)
			return fail(ack, n ? (int)n : -EBADMSG);
		rc = read_datagram(nl, (size_t)n, each, arg, ack);
	}
	return rc < 0 ? fail(ack, rc) : ack->error;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/sock.h"

#include "base/clock.h"

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

uint32_t probe_sock_interface_mtu(struct probe_sock *s)
{
	struct probe_event ev;
	uint32_t mtu = 0;

	s->refused = 0;
	if (probe_sock_echo(s, PROBE_LARGEST, 0) != 0)
		return 0;
	if (s->refused == 0) {
		/* It went out; whoever answers it tells nothing that was asked. */
		s->sent[s->number % PROBE_OUTSTANDING].size = 0;
		return PROBE_LARGEST;
	}
	/* The kernel's refusals, one a try, are queued by the time send returns. All are taken out:
	 * they are no news of the path. */
	while (probe_sock_next(s, 0, &ev))
		if (!ev.answer && ev.complaint.local && ev.complaint.error == PROBE_ERR_TOO_BIG)
			mtu = ev.complaint.mtu;
	return mtu;
}

static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 792, RFC 4443 4.1. The kernel fills in what it knows better: the id of a ping socket, and
 * ICMPv6's checksum, which covers addresses. */
static void make_echo(const struct probe_sock *s, uint32_t size, size_t len)
{
	struct probe_mark mark = {.nonce = s->nonce, .size = size, .number = s->number};
	uint8_t *p = s->buf;
	uint16_t sum;

	for (size_t i = PROBE_ECHO_HEADER; i < len; i++)
		p[i] = (uint8_t)i;
	p[0] = s->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	p[1] = p[2] = p[3] = 0;
	p[4] = (uint8_t)(s->id >> 8);
	p[5] = (uint8_t)s->id;
	p[6] = (uint8_t)(s->number >> 8);
	p[7] = (uint8_t)s->number;
	memcpy(p + PROBE_ICMP_HEADER, &mark, sizeof(mark));
	sum = s->family == AF_INET ? checksum(p, len) : 0;
	p[2] = (uint8_t)(sum >> 8);
	p[3] = (uint8_t)sum;
}

static int set_hops(struct probe_sock *s, unsigned int hops)
{
	int value = hops ? (int)hops : -1; /* -1: the usual one */

	if (s->family == AF_INET)
		return setsockopt(s->fd, IPPROTO_IP, IP_TTL, &value, sizeof(value));
	return setsockopt(s->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &value, sizeof(value));
}

static void clear_pending(struct probe_sock *s)
{
	socklen_t len = sizeof(int);
	int pending;

	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &pending, &len);
}

int probe_sock_echo(struct probe_sock *s, uint32_t size, unsigned int hops)
{
	size_t len = size - s->head;
	struct probe_sent *sent;
	ssize_t n = -1;

	s->number++;
	sent = &s->sent[s->number % PROBE_OUTSTANDING];
	*sent = (struct probe_sent){
		.number = s->number, .size = size, .hops = hops, .at_ns = clock_now_ns()};
	make_echo(s, size, len);
	if (set_hops(s, hops) != 0)
		return -errno;
	/* An error that came in for an earlier echo is reported by the next send, instead of
	 * sending. It is in the queue as well. */
	for (int i = 0; i < 3 && n < 0; i++) {
		clear_pending(s);
		n = sendto(s->fd, s->buf, len, 0, (struct sockaddr *)&s->to, s->to_len);
	}
	if (n >= 0)
		return 0;
	if (errno == EMSGSIZE) {
		s->refused = size;
		return 0;
	}
	/* As good as lost on the way. */
	if (errno == ENOBUFS || errno == ENOMEM || errno == EAGAIN)
		return 0;
	return -errno;
}

static struct probe_sent *find_sent(struct probe_sock *s, uint16_t seq)
{
	struct probe_sent *sent = &s->sent[seq % PROBE_OUTSTANDING];

	return sent->size && (sent->number & 0xffff) == seq ? sent : NULL;
}

static bool is_fragment_size(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVFRAGSIZE) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVFRAGSIZE);
}

static bool is_complaint(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

static bool take_answer(struct probe_sock *s, struct msghdr *msg, size_t len,
			struct probe_event *ev)
{
	struct probe_mark mark;
	struct probe_sent *sent;
	uint32_t bytes;
	int fragment = 0;

	if (probe_parse_answer(s->family, s->raw && s->family == AF_INET, s->buf, len, &mark,
			       &bytes) != 0 ||
	    mark.nonce != s->nonce)
		return false;
	sent = find_sent(s, (uint16_t)mark.number);
	if (!sent || sent->number != mark.number || sent->answered)
		return false;
	sent->answered = true;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (is_fragment_size(c))
			memcpy(&fragment, CMSG_DATA(c), sizeof(fragment));
	*ev = (struct probe_event){.answer = true,
				   .echo = *sent,
				   .reply = bytes + s->head,
				   .fragment = (uint32_t)fragment,
				   .took_ns = clock_now_ns() - sent->at_ns};
	return true;
}

static bool take_complaint(struct probe_sock *s, struct msghdr *msg, size_t len,
			   struct probe_event *ev)
{
	struct probe_sent *sent = NULL;
	uint16_t seq;

	memset(ev, 0, sizeof(*ev));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (!is_complaint(c) ||
		    probe_parse_complaint(CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0),
					  &ev->complaint) != 0)
			continue;
		if (probe_parse_quote(s->family, s->buf, len, s->id, &seq) == 0)
			sent = find_sent(s, seq);
		if (sent)
			ev->echo = *sent;
		else if (ev->complaint.local)
			ev->echo.size = s->refused;
		return ev->echo.size != 0;
	}
	return false;
}

/* One message of the queue or the socket. -1: there is none; else whether it is an event. */
static int take(struct probe_sock *s, int flags, struct probe_event *ev)
{
	char control[512] __attribute__((aligned(sizeof(size_t))));
	struct iovec iov = {s->buf, PROBE_BUFFER};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(s->fd, &msg, flags | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EBADF ? -1 : 0;
	return flags & MSG_ERRQUEUE ? take_complaint(s, &msg, (size_t)n, ev)
				    : take_answer(s, &msg, (size_t)n, ev);
}

bool probe_sock_next(struct probe_sock *s, uint64_t until_ns, struct probe_event *ev)
{
	struct pollfd pfd = {.fd = s->fd, .events = POLLIN};

	for (;;) {
		uint64_t now_ns = clock_now_ns();
		int ret;

		while ((ret = take(s, MSG_ERRQUEUE, ev)) == 0)
			;
		if (ret > 0)
			return true;
		while ((ret = take(s, 0, ev)) == 0)
			;
		if (ret > 0)
			return true;
		if (now_ns >= until_ns)
			return false;
		/* Rounded up, so that the last millisecond is not spent spinning. */
		poll(&pfd, 1, (int)((until_ns - now_ns + 999999) / 1000000));
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/repair_impl.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/*
 * A socket in repair still receives, and its timers still run: they send what waits for the pacing
 * timer, for instance. Only while its send queue is chosen nothing is sent; but then what would be
 * counts as sent, though it is not. So:
 *
 *   1. with the receive queue chosen: rcv_nxt and what was received
 *   2. what was not sent yet, and how many bytes ever were (retransmissions included)
 *   3. with the send queue chosen, which it stays: if no more bytes were sent since 2, what 2 said
 *      is true and stays true; what is in the send queue
 *   4. has anything arrived since 1? Then all is read again.
 */
enum { TRIES = 8 };

struct numbers {
	uint32_t state, write_seq, rcv_nxt, outq, unsent, inq;
	uint64_t received;
	struct tcp_repair_window w;
};

struct room {
	void *snd, *rcv;
	uint32_t snd_room, rcv_room;
};

static int queue_seq(int fd, uint32_t *seq)
{
	socklen_t len = sizeof(*seq);

	return getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, seq, &len) == 0 ? 0 : -errno;
}

static int count(int fd, unsigned long which, uint32_t *bytes)
{
	int n = 0;

	if (ioctl(fd, which, &n) != 0)
		return -errno;
	*bytes = (uint32_t)n;
	return 0;
}

static int peek(int fd, void *to, uint32_t bytes)
{
	ssize_t n;

	if (bytes == 0)
		return 0;
	n = recv(fd, to, bytes, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	return (uint32_t)n == bytes ? 0 : -EAGAIN;
}

static bool may_be_taken(uint32_t state)
{
	return state == CHIM_LINUX_ESTABLISHED || state == CHIM_LINUX_CLOSE_WAIT;
}

static int read_received(int fd, const struct room *room, struct numbers *n)
{
	int rc = chim_queue(fd, TCP_RECV_QUEUE);

	if (rc == 0)
		rc = queue_seq(fd, &n->rcv_nxt);
	if (rc == 0)
		rc = count(fd, SIOCINQ, &n->inq);
	if (rc != 0)
		return rc;
	return n->inq <= room->rcv_room ? peek(fd, room->rcv, n->inq) : -E2BIG;
}

static int read_sent(int fd, const struct room *room, struct numbers *n, struct tcp_info *info)
{
	uint64_t sent = info->tcpi_bytes_sent;
	int rc = count(fd, SIOCOUTQNSD, &n->unsent);

	if (rc == 0)
		rc = chim_queue(fd, TCP_SEND_QUEUE);
	if (rc == 0)
		rc = chim_info(fd, info);
	if (rc == 0)
		rc = count(fd, SIOCOUTQ, &n->outq);
	if (rc == 0)
		rc = queue_seq(fd, &n->write_seq);
	if (rc != 0)
		return rc;
	if (info->tcpi_bytes_sent != sent)
		return -EAGAIN;
	return n->outq <= room->snd_room ? peek(fd, room->snd, n->outq) : -E2BIG;
}

/* -EAGAIN: it changed meanwhile. */
static int read_once(int fd, const struct room *room, struct numbers *n, struct tcp_info *info)
{
	socklen_t len = sizeof(n->w);
	uint32_t outq, inq;
	int rc = read_received(fd, room, n);

	if (rc == 0)
		rc = chim_info(fd, info);
	if (rc != 0)
		return rc;
	n->state = info->tcpi_state;
	n->received = info->tcpi_bytes_received;
	if (!may_be_taken(n->state))
		return -ENOTCONN;
	rc = read_sent(fd, room, n, info);
	if (rc != 0)
		return rc;
	memset(&n->w, 0, sizeof(n->w));
	if (getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &n->w, &len) != 0)
		return -errno;
	rc = chim_info(fd, info);
	if (rc == 0)
		rc = chim_repair_queues(fd, &outq, &inq);
	if (rc != 0)
		return rc;
	return outq == n->outq && inq == n->inq && info->tcpi_state == n->state &&
			       info->tcpi_bytes_received == n->received
		       ? 0
		       : -EAGAIN;
}

static void put_addr(uint8_t to[16], uint16_t *port, const union chim_addr *from, bool *v6)
{
	memset(to, 0, 16);
	*v6 = false;
	if (from->sa.sa_family == AF_INET) {
		memcpy(to, &from->v4.sin_addr, 4);
		*port = from->v4.sin_port;
		return;
	}
	*port = from->v6.sin6_port;
	if (IN6_IS_ADDR_V4MAPPED(&from->v6.sin6_addr)) {
		memcpy(to, &from->v6.sin6_addr.s6_addr[12], 4);
		return;
	}
	*v6 = true;
	memcpy(to, &from->v6.sin6_addr, 16);
}

int chim_repair_tuple(int fd, struct chim_tuple *t)
{
	union chim_addr local, remote;
	socklen_t ll = sizeof(local), rl = sizeof(remote);

	memset(t, 0, sizeof(*t));
	if (getsockname(fd, &local.sa, &ll) != 0 || getpeername(fd, &remote.sa, &rl) != 0)
		return -errno;
	if (local.sa.sa_family != AF_INET && local.sa.sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	put_addr(t->local, &t->local_port, &local, &t->v6);
	put_addr(t->remote, &t->remote_port, &remote, &t->v6);
	return 0;
}

/* Without its interface a link-local peer cannot be connected to. */
static void take_scope(int fd, struct chim_tcp_state *s)
{
	union chim_addr remote;
	socklen_t len = sizeof(remote);

	if (s->tuple.v6 && getpeername(fd, &remote.sa, &len) == 0 && remote.v6.sin6_scope_id)
		s->path.ifindex = remote.v6.sin6_scope_id;
}

static void take_options(int fd, struct chim_tcp_state *s)
{
	socklen_t len = sizeof(s->cc);

	s->nodelay = chim_opt(fd, IPPROTO_TCP, TCP_NODELAY, 0) != 0;
	s->cork = chim_opt(fd, IPPROTO_TCP, TCP_CORK, 0) != 0;
	s->keepalive = chim_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 0) != 0;
	s->keep_idle_s = (uint32_t)chim_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 7200);
	s->keep_intvl_s = (uint32_t)chim_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL, 75);
	s->keep_cnt = (uint32_t)chim_opt(fd, IPPROTO_TCP, TCP_KEEPCNT, 9);
	s->user_timeout_ms = (uint32_t)chim_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
	s->notsent_lowat = (uint32_t)chim_opt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0);
	memset(s->cc, 0, sizeof(s->cc));
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, s->cc, &len) != 0)
		s->cc[0] = '\0';
	s->cc[sizeof(s->cc) - 1] = '\0';
	if (s->tuple.v6) {
		s->path.ttl = (uint8_t)chim_opt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64);
		s->path.tos = (uint8_t)(chim_opt(fd, IPPROTO_IPV6, IPV6_TCLASS, 0) & ~3);
	} else {
		s->path.ttl = (uint8_t)chim_opt(fd, IPPROTO_IP, IP_TTL, 64);
		s->path.tos = (uint8_t)(chim_opt(fd, IPPROTO_IP, IP_TOS, 0) & ~3);
	}
}

/* What is paced has the time at which it leaves for its TSval, and what is said meanwhile as well:
 * milliseconds that may be ahead of the clock, two of the largest units at the present rate. The
 * engine hears of it when it was more, but then what it sent first was for nothing. */
static uint32_t paced_ahead(int fd, const struct chim_tcp_state *s, const struct tcp_info *info)
{
	enum { UNITS = 2 << 16, MOST_MS = 1000 };
	uint64_t most = UINT64_MAX, rate = info->tcpi_pacing_rate, ms;
	socklen_t len = sizeof(most);

	if (getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &most, &len) != 0 || len != sizeof(most))
		most = UINT64_MAX;
	if ((strncmp(s->cc, "bbr", 3) != 0 && most == UINT64_MAX) || rate == 0)
		return 0;
	ms = UNITS * UINT64_C(1000) / rate;
	return ms < MOST_MS ? (uint32_t)ms : MOST_MS;
}

/* The kernel tells our TSval but for its lowest bit. It must not go back, so the bit is set. The
 * clock may tick between the two: read again then. */
static int take_timestamp(int fd, struct chim_tcp_state *s, uint32_t ahead)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t before = chim_ts_clock(), value;

		value = (uint32_t)chim_opt(fd, IPPROTO_TCP, TCP_TIMESTAMP, 0);
		if (value & 1)
			return -EOPNOTSUPP;
		s->ts_offset = (value | 1) + ahead - before;
		if (chim_ts_clock() == before)
			break;
	}
	return 0;
}

/* The kernel takes the timestamps' room off what it announced, but not of a connection that it was
 * given back. */
static uint16_t announced(const struct tcp_info *info, const struct chim_tcp_state *s)
{
	enum { TIMESTAMPS = 12, HEADERS_V4 = 40, HEADERS_V6 = 60 };
	uint32_t mss = info->tcpi_advmss + (s->timestamps ? TIMESTAMPS : 0),
		 headers = s->tuple.v6 ? HEADERS_V6 : HEADERS_V4;

	if (info->tcpi_pmtu > headers && mss > info->tcpi_pmtu - headers)
		mss = info->tcpi_pmtu - headers;
	return mss < UINT16_MAX ? (uint16_t)mss : UINT16_MAX;
}

/* A connection that was given back knows no round trip until something is acknowledged, and if it
 * is taken again before that, what is lost would wait for a timeout of a second that begins anew
 * each time. The kernel still has the shortest one: with a margin, it is a beginning. */
static void guess_rtt(struct chim_tcp_state *s)
{
	enum { LEAST_US = 5000 };

	if (s->srtt_us || !s->min_rtt_us)
		return;
	s->srtt_us = s->min_rtt_us > LEAST_US ? s->min_rtt_us : LEAST_US;
	s->rttvar_us = s->srtt_us / 2;
}

static void fill(struct chim_tcp_state *s, const struct numbers *n, const struct tcp_info *info)
{
	bool wscale = info->tcpi_options & TCPI_OPT_WSCALE;

	s->timestamps = info->tcpi_options & TCPI_OPT_TIMESTAMPS;
	s->sack = info->tcpi_options & TCPI_OPT_SACK;
	s->ecn = info->tcpi_options & TCPI_OPT_ECN;
	s->wscale = wscale;
	s->snd_wscale = wscale ? info->tcpi_snd_wscale : 0;
	s->rcv_wscale = wscale ? info->tcpi_rcv_wscale : 0;
	s->advmss = announced(info, s);
	s->path.mtu = info->tcpi_pmtu < UINT16_MAX ? (uint16_t)info->tcpi_pmtu : UINT16_MAX;
	s->path.flowlabel = 0;
	s->phase = n->state == CHIM_LINUX_CLOSE_WAIT ? CHIM_CLOSE_WAIT : CHIM_ESTABLISHED;
	s->snd_len = n->outq;
	s->unsent_len = n->unsent;
	s->rcv_len = n->inq;
	s->snd_una = n->write_seq - n->outq;
	s->snd_nxt = n->write_seq - n->unsent;
	s->rcv_nxt = n->rcv_nxt;
	s->snd_wl1 = n->w.snd_wl1;
	s->snd_wnd = n->w.snd_wnd;
	s->max_window = n->w.max_window;
	s->rcv_wnd = n->w.rcv_wnd;
	s->rcv_wup = n->w.rcv_wup;
	s->ts_recent = 0;
	s->srtt_us = info->tcpi_rtt;
	s->rttvar_us = info->tcpi_rttvar;
	s->min_rtt_us = info->tcpi_min_rtt == UINT32_MAX ? 0 : info->tcpi_min_rtt;
	guess_rtt(s);
	s->cwnd = info->tcpi_snd_cwnd;
	s->ssthresh = info->tcpi_snd_ssthresh >= INT32_MAX ? 0 : info->tcpi_snd_ssthresh;
}

static int read_all(int fd, struct chim_tcp_state *s, const struct room *room)
{
	struct tcp_info info;
	struct numbers n;
	int rc = -EAGAIN;

	for (int i = 0; i < TRIES && rc == -EAGAIN; i++)
		rc = read_once(fd, room, &n, &info);
	if (rc != 0)
		return rc;
	rc = chim_repair_tuple(fd, &s->tuple);
	if (rc != 0)
		return rc;
	take_scope(fd, s);
	fill(s, &n, &info);
	/* In repair this is what both agreed on, not what is used now. */
	s->mss = (uint16_t)chim_opt(fd, IPPROTO_TCP, TCP_MAXSEG, 536);
	take_options(fd, s);
	return s->timestamps ? take_timestamp(fd, s, paced_ahead(fd, s, &info)) : 0;
}

static int explain(int code, struct err *e)
{
	switch (code) {
	case -EAGAIN:
		return err_set(e, code, "the connection kept changing: offer it again");
	case -E2BIG:
		return err_set(e, code, "its queues grew beyond their room: offer it again");
	case -ENOTCONN:
		return err_set(e, code, "it is not established: offer it when it is");
	case -EOPNOTSUPP:
		return err_set(e, code,
			       "its TCP timestamps count microseconds, or SO_PEEK_OFF is "
			       "set: leave it to the kernel");
	default:
		return err_set(e, code, "its state cannot be read (%s)", strerror(-code));
	}
}

int chim_repair_take(int fd, struct chim_tcp_state *s, void *snd, uint32_t snd_room, void *rcv,
		     uint32_t rcv_room, struct err *e)
{
	const struct room room = {snd, rcv, snd_room, rcv_room};
	struct tcp_info info;
	int rc;

	rc = chim_info(fd, &info);
	if (rc == 0 && !may_be_taken(info.tcpi_state))
		rc = -ENOTCONN;
	/* A user's own offset for peeking would be ours too. */
	if (rc == 0 && chim_opt(fd, SOL_SOCKET, SO_PEEK_OFF, -1) >= 0)
		rc = -EOPNOTSUPP;
	if (rc != 0)
		return explain(rc, e);
	s->reuseaddr = chim_opt(fd, SOL_SOCKET, SO_REUSEADDR, 0) != 0;
	rc = chim_opt_set(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	if (rc != 0)
		return err_set(e, rc,
			       "the kernel refuses TCP_REPAIR (%s): give flued CAP_NET_ADMIN",
			       strerror(-rc));
	rc = read_all(fd, s, &room);
	if (rc == 0)
		return 0;
	chim_repair_thaw(fd, s, NULL);
	return explain(rc, e);
}

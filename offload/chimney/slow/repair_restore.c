/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order matters, and is the kernel's: sequence numbers only while closed; buffers before the
 * connection, so that it is given a window; what was agreed with the peer (TCP_REPAIR_OPTIONS) only
 * when connected and before anything was sent; data before the windows, which are checked against
 * it; what was never sent only when repair is over, for in repair it would count as sent.
 */
#include "offload/chimney/slow/detour.h"
#include "offload/chimney/slow/repair_impl.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

enum {
	/* A write to the receive queue becomes one buffer of contiguous pages. */
	CHUNK = 16384,
	/* Accounted beside the data itself. */
	SLACK = 65536,
	BUFFER_MAX = 1 << 29,
	OPTIONS = 4,
};

struct plan {
	int fd, domain;
	const struct chim_tcp_state *s;
	struct tcp_repair_window w;
	uint32_t rcv_nxt;	 /* before a FIN */
	uint32_t sndbuf, rcvbuf; /* as they were */
	uint32_t sent;		 /* bytes of the send queue that were sent */
};

static int set_queue_seq(int fd, int queue, uint32_t seq)
{
	int rc = chim_queue(fd, queue);

	return rc == 0 ? chim_opt_set(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)seq) : rc;
}

/* Without taking the kernel's right to size the buffer from it. */
static void set_buffer(int fd, int force, uint64_t bytes)
{
	int lock = chim_opt(fd, SOL_SOCKET, SO_BUF_LOCK, -1);

	if (bytes > BUFFER_MAX)
		bytes = BUFFER_MAX;
	/* The kernel doubles it. */
	chim_opt_set(fd, SOL_SOCKET, force, (int)((bytes + 1) / 2));
	if (lock >= 0)
		chim_opt_set(fd, SOL_SOCKET, SO_BUF_LOCK, lock);
}

/* What a queue takes of a buffer at most, with what is accounted beside the data. */
static uint64_t taken(uint32_t queue)
{
	return 2 * (uint64_t)queue + SLACK;
}

/* Room for the queues while they are written. */
static void widen(struct plan *p)
{
	const struct chim_tcp_state *s = p->s;

	p->sndbuf = (uint32_t)chim_opt(p->fd, SOL_SOCKET, SO_SNDBUF, 0);
	p->rcvbuf = (uint32_t)chim_opt(p->fd, SOL_SOCKET, SO_RCVBUF, 0);
	if (p->sndbuf < taken(s->snd_len))
		set_buffer(p->fd, SO_SNDBUFFORCE, taken(s->snd_len));
	if (p->rcvbuf < taken(s->rcv_len) + s->rcv_wnd)
		set_buffer(p->fd, SO_RCVBUFFORCE, taken(s->rcv_len) + s->rcv_wnd);
}

/* The buffers are what they were: a connection that moves often would grow without end. But what
 * the peer was allowed to send must find its place. */
static void narrow(const struct plan *p)
{
	const struct chim_tcp_state *s = p->s;
	uint64_t least = (uint64_t)s->rcv_len + s->rcv_wnd;

	if (p->sndbuf < taken(s->snd_len))
		set_buffer(p->fd, SO_SNDBUFFORCE, p->sndbuf);
	if (p->rcvbuf < taken(s->rcv_len) + s->rcv_wnd)
		set_buffer(p->fd, SO_RCVBUFFORCE, p->rcvbuf > least ? p->rcvbuf : least);
}

/* connect() computes from this what a segment carries, once and for all: it would be that of a peer
 * which says nothing, since what this one said can be told only afterwards. Where the path alone
 * decides, what we announced must not shrink with it. */
static void set_segment_size(const struct plan *p)
{
	enum { UNLIMITED = 32767, HEADERS_V4 = 40, HEADERS_V6 = 60 };
	const struct chim_tcp_state *s = p->s;
	uint32_t headers = s->tuple.v6 ? HEADERS_V6 : HEADERS_V4;
	bool path = !s->path.mtu || s->mss + headers >= s->path.mtu || s->mss > UNLIMITED;

	chim_opt_set(p->fd, IPPROTO_TCP, TCP_MAXSEG, path ? UNLIMITED : s->mss);
}

static int begin(struct plan *p)
{
	const struct chim_tcp_state *s = p->s;
	union chim_addr to;
	socklen_t len;
	int rc = chim_opt_set(p->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);

	if (rc != 0)
		return rc;
	/* An error that is there already would end connect(). */
	chim_opt(p->fd, SOL_SOCKET, SO_ERROR, 0);
	widen(p);
	set_segment_size(p);
	rc = set_queue_seq(p->fd, TCP_SEND_QUEUE, s->snd_una);
	if (rc == 0)
		rc = set_queue_seq(p->fd, TCP_RECV_QUEUE, p->rcv_nxt - s->rcv_len);
	if (rc != 0)
		return rc;
	len = chim_addr_of(&to, p->domain, s->tuple.remote, s->tuple.v6, s->tuple.remote_port,
			   s->path.ifindex);
	rc = connect(p->fd, &to.sa, len) == 0 ? 0 : -errno;
	/* Its interface is down, its route or its address gone: it lives on nevertheless. */
	if (rc == -ENETUNREACH || rc == -EHOSTUNREACH || rc == -EINVAL || rc == -EADDRNOTAVAIL)
		rc = chim_detour_connect(p->fd, &s->tuple, &to.sa, len);
	/* No limit of the application: a connection that this socket makes one day is not bound. */
	chim_opt_set(p->fd, IPPROTO_TCP, TCP_MAXSEG, 0);
	return rc;
}

static bool same_tuple(const struct chim_tuple *a, const struct chim_tuple *b)
{
	return a->v6 == b->v6 && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port &&
	       memcmp(a->local, b->local, sizeof(a->local)) == 0 &&
	       memcmp(a->remote, b->remote, sizeof(a->remote)) == 0;
}

/* The kernel chose the source itself where the socket is bound to no address. */
static int check_tuple(struct plan *p)
{
	struct chim_tuple t;
	int rc = chim_repair_tuple(p->fd, &t);

	if (rc != 0)
		return rc;
	return same_tuple(&t, &p->s->tuple) ? 0 : -EADDRNOTAVAIL;
}

static int set_agreed(struct plan *p)
{
	enum { MSS = 2, WINDOW = 3, SACK_PERMITTED = 4, TIMESTAMP = 8 };
	const struct chim_tcp_state *s = p->s;
	struct tcp_repair_opt opt[OPTIONS];
	unsigned int n = 0;

	opt[n++] = (struct tcp_repair_opt){MSS, s->mss};
	if (s->wscale)
		opt[n++] = (struct tcp_repair_opt){WINDOW,
						   s->snd_wscale | (uint32_t)s->rcv_wscale << 16};
	if (s->sack)
		opt[n++] = (struct tcp_repair_opt){SACK_PERMITTED, 0};
	if (s->timestamps)
		opt[n++] = (struct tcp_repair_opt){TIMESTAMP, 0};
	if (setsockopt(p->fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, opt, n * sizeof(opt[0])) != 0)
		return -errno;
	return 0;
}

/* The kernel takes the lowest bit for another meaning: the next even number, so that our TSval does
 * not go back. */
static int set_timestamp(struct plan *p)
{
	int rc = 0;

	for (int i = 0; p->s->timestamps && i < 8 && rc == 0; i++) {
		uint32_t now = chim_ts_clock();

		rc = chim_opt_set(p->fd, IPPROTO_TCP, TCP_TIMESTAMP,
				  (int)((now + p->s->ts_offset + 1) & ~1U));
		if (chim_ts_clock() == now)
			break;
	}
	return rc;
}

/* Bytes [from, to) of the two pieces, in chunks. */
static int write_range(int fd, const struct iovec piece[2], uint32_t from, uint32_t to,
		       uint32_t chunk)
{
	uint32_t at = 0;

	for (int i = 0; i < 2; i++) {
		uint32_t len = (uint32_t)piece[i].iov_len, lo = from > at ? from - at : 0,
			 hi = to > at ? to - at : 0;

		if (hi > len)
			hi = len;
		while (lo < hi) {
			uint32_t part = hi - lo < chunk ? hi - lo : chunk;
			ssize_t n = send(fd, (const uint8_t *)piece[i].iov_base + lo, part,
					 MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n <= 0)
				return n < 0 ? -errno : -EIO;
			lo += (uint32_t)n;
		}
		at += len;
	}
	return at >= to ? 0 : -EINVAL;
}

static int unsent_in_kernel(int fd)
{
	int n;

	return ioctl(fd, SIOCOUTQNSD, &n) == 0 ? n : -errno;
}

static int set_queues(struct plan *p, const struct iovec snd[2], const struct iovec rcv[2])
{
	int rc = chim_queue(p->fd, TCP_RECV_QUEUE);

	if (rc == 0)
		rc = write_range(p->fd, rcv, 0, p->s->rcv_len, CHUNK);
	if (rc != 0 || p->sent == 0)
		return rc;
	rc = chim_queue(p->fd, TCP_SEND_QUEUE);
	/* Neither cork nor Nagle may keep a part of it from counting as sent. */
	if (rc == 0)
		rc = chim_opt_set(p->fd, IPPROTO_TCP, TCP_CORK, 0);
	if (rc == 0)
		rc = chim_opt_set(p->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (rc == 0)
		rc = write_range(p->fd, snd, 0, p->sent, UINT32_MAX);
	if (rc == 0 && unsent_in_kernel(p->fd) > 0)
		rc = chim_opt_set(p->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return rc;
}

static int differ(int fd, int level, int name, uint32_t value)
{
	if ((uint32_t)chim_opt(fd, level, name, (int)~value) == value)
		return 0;
	return chim_opt_set(fd, level, name, (int)value);
}

/* Of options that the application set while it was offloaded. One that the kernel does not take
 * any more is no reason to lose the connection. */
static void set_options(struct plan *p)
{
	const struct chim_tcp_state *s = p->s;
	bool v6 = s->tuple.v6;
	char cc[sizeof(s->cc)] = "";
	socklen_t len = sizeof(cc);

	differ(p->fd, IPPROTO_TCP, TCP_KEEPIDLE, s->keep_idle_s);
	differ(p->fd, IPPROTO_TCP, TCP_KEEPINTVL, s->keep_intvl_s);
	differ(p->fd, IPPROTO_TCP, TCP_KEEPCNT, s->keep_cnt);
	differ(p->fd, SOL_SOCKET, SO_KEEPALIVE, s->keepalive);
	differ(p->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, s->user_timeout_ms);
	differ(p->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, s->notsent_lowat);
	differ(p->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, s->path.tos);
	differ(p->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_UNICAST_HOPS : IP_TTL, s->path.ttl);
	if (s->cc[0] && getsockopt(p->fd, IPPROTO_TCP, TCP_CONGESTION, cc, &len) == 0 &&
	    strncmp(cc, s->cc, sizeof(cc)) != 0)
		setsockopt(p->fd, IPPROTO_TCP, TCP_CONGESTION, s->cc,
			   (socklen_t)strnlen(s->cc, sizeof(s->cc)));
	chim_opt_set(p->fd, IPPROTO_TCP, TCP_NODELAY, s->nodelay);
	chim_opt_set(p->fd, IPPROTO_TCP, TCP_CORK, s->cork);
}

static int check_numbers(struct plan *p)
{
	uint32_t snd, rcv;
	int rc = chim_repair_queues(p->fd, &snd, &rcv);

	if (rc != 0)
		return rc;
	if (snd != p->sent || rcv != p->s->rcv_len || unsent_in_kernel(p->fd) != 0)
		return -EPROTO;
	return 0;
}

/* The kernel owes the peer an ACK it knows nothing of: its window probe is one. */
static int end_repair(struct plan *p)
{
	bool owed = p->w.rcv_wup != p->rcv_nxt;

	return chim_repair_off(p->fd, owed ? TCP_REPAIR_OFF : TCP_REPAIR_OFF_NO_WP,
			       p->s->reuseaddr);
}

static int run(struct plan *p, const struct iovec snd[2], const struct iovec rcv[2])
{
	int rc = begin(p);

	if (rc == 0)
		rc = check_tuple(p);
	if (rc == 0)
		rc = set_agreed(p);
	if (rc == 0)
		rc = set_timestamp(p);
	if (rc == 0)
		rc = set_queues(p, snd, rcv);
	if (rc != 0)
		return rc;
	chim_queue(p->fd, TCP_NO_QUEUE);
	rc = check_numbers(p);
	if (rc == 0 && setsockopt(p->fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &p->w, sizeof(p->w)) != 0)
		rc = -errno;
	if (rc != 0)
		return rc;
	set_options(p);
	rc = end_repair(p);
	if (rc == 0)
		rc = write_range(p->fd, snd, p->sent, p->s->snd_len, UINT32_MAX);
	narrow(p);
	return rc;
}

static void plan_of(struct plan *p, int fd, const struct chim_tcp_state *s)
{
	uint32_t fin = s->phase == CHIM_CLOSE_WAIT;

	memset(p, 0, sizeof(*p));
	p->fd = fd;
	p->domain = chim_opt(fd, SOL_SOCKET, SO_DOMAIN, AF_INET);
	p->s = s;
	p->sent = s->snd_len - s->unsent_len;
	p->rcv_nxt = s->rcv_nxt - fin;
	p->w.snd_wl1 = s->snd_wl1;
	p->w.snd_wnd = s->snd_wnd;
	p->w.max_window = s->max_window > s->snd_wnd ? s->max_window : s->snd_wnd;
	p->w.rcv_wnd = s->rcv_wnd;
	p->w.rcv_wup = s->rcv_wup;
	/* The end of the window stays where it is. */
	if (fin && s->rcv_wup == s->rcv_nxt) {
		p->w.rcv_wup--;
		p->w.rcv_wnd++;
	}
}

int chim_repair_restore(int fd, const struct chim_tcp_state *s, const struct iovec snd[2],
			const struct iovec rcv[2], struct err *e)
{
	struct plan p;
	int rc = -EINVAL;

	plan_of(&p, fd, s);
	if (s->unsent_len <= s->snd_len && s->snd_nxt - s->snd_una == p.sent)
		rc = run(&p, snd, rcv);
	if (rc == 0)
		return 0;
	chim_repair_lose(fd, s->reuseaddr);
	return err_set(e, rc,
		       "the connection is lost, the kernel did not take it back (%s): look at its "
		       "address and route",
		       strerror(-rc));
}

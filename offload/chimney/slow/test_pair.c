/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/test_pair.h"

#include "offload/chimney/slow/fin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WRITE_MAX = 60000, READ_MAX = 80000, STILL = 20000 };

/* Of the stream from end `from`. */
static uint8_t byte_at(int from, uint64_t at)
{
	return (uint8_t)((at * 0x9e3779b97f4a7c15ull) >> 56) ^ (uint8_t)(from ? 0x5a : 0);
}

static void check(int from, uint64_t at, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != byte_at(from, at + i))
			fail_msg("the stream from %d differs at byte %lu", from,
				 (unsigned long)(at + i));
}

uint32_t pair_random(struct pair *p, uint32_t below)
{
	p->random = p->random * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)p->random * below) >> 32);
}

static socklen_t listen_at(const struct pair *p, struct sockaddr_in6 *to)
{
	static const char *const text[] = {"", "fd09::2", "::ffff:10.9.0.2", "fe80::2"};

	memset(to, 0, sizeof(*to));
	if (p->kind == PAIR_V4) {
		struct sockaddr_in *in = (struct sockaddr_in *)to;

		in->sin_family = AF_INET;
		in->sin_port = htons(p->port);
		inet_pton(AF_INET, "10.9.0.2", &in->sin_addr);
		return sizeof(*in);
	}
	to->sin6_family = AF_INET6;
	to->sin6_port = htons(p->port);
	inet_pton(AF_INET6, text[p->kind], &to->sin6_addr);
	if (p->kind == PAIR_LINK_LOCAL)
		to->sin6_scope_id = p->net->ifindex;
	return sizeof(*to);
}

static int tcp_socket(struct pair *p, int side)
{
	int fd;

	net_enter(p->net, side);
	fd = socket(p->kind == PAIR_V4 ? AF_INET : AF_INET6,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	net_enter(p->net, -1);
	assert_true(fd >= 0);
	return fd;
}

int pair_connect(struct pair *p, int side)
{
	struct sockaddr_in6 to;
	socklen_t len = listen_at(p, &to);
	int fd = tcp_socket(p, side);

	connect(fd, (struct sockaddr *)&to, len);
	return fd;
}

static void listen_here(struct pair *p)
{
	struct sockaddr_in6 any;
	socklen_t len = listen_at(p, &any);
	int on = 1;

	/* A listener for both families accepts IPv4 peers as mapped ones. */
	if (p->kind == PAIR_MAPPED)
		any.sin6_addr = in6addr_any;
	p->listener = tcp_socket(p, 1);
	setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(p->listener, (struct sockaddr *)&any, len), 0);
	assert_int_equal(listen(p->listener, 5), 0);
}

void pair_open(struct pair *p, struct net *net, enum pair_kind kind)
{
	static uint16_t port = 99; /* each its own: a test that failed leaves its pair open */

	memset(p, 0, sizeof(*p));
	p->net = net;
	p->kind = kind;
	p->port = port++;
	p->random = 7;
	p->snd = malloc(PAIR_ROOM);
	p->rcv = malloc(PAIR_ROOM);
	listen_here(p);
	p->end[0].fd = pair_connect(p, 0);
	do {
		net_pump(net);
		p->end[1].fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (p->end[1].fd < 0);
}

void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		close(p->end[i].fd);
	close(p->listener);
	free(p->snd);
	free(p->rcv);
	net_pump(p->net);
}

static uint64_t write_some(struct pair *p, int i)
{
	static uint8_t buf[WRITE_MAX];
	struct pair_end *e = &p->end[i];
	uint64_t left = e->limit - e->sent, want = 1 + pair_random(p, WRITE_MAX);
	ssize_t n;

	if (want > left)
		want = left;
	if (want == 0)
		return 0;
	for (uint64_t k = 0; k < want; k++)
		buf[k] = byte_at(i, e->sent + k);
	n = send(e->fd, buf, want, MSG_NOSIGNAL);
	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		return 0;
	}
	e->sent += (uint64_t)n;
	return (uint64_t)n;
}

static uint64_t read_some(struct pair *p, int i)
{
	static uint8_t buf[READ_MAX];
	struct pair_end *e = &p->end[i];
	ssize_t n = e->deaf ? 0 : recv(e->fd, buf, 1 + pair_random(p, READ_MAX), 0);

	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		return 0;
	}
	check(1 - i, e->got, buf, (size_t)n);
	e->got += (uint64_t)n;
	return (uint64_t)n;
}

uint64_t pair_step(struct pair *p)
{
	uint64_t moved = 0;

	for (int i = 0; i < 2; i++)
		moved += write_some(p, i) + read_some(p, i);
	net_pump(p->net);
	return moved;
}

static void wait_a_little(struct pair *p)
{
	struct pollfd at[2] = {{.fd = p->net->side[0].tap, .events = POLLIN},
			       {.fd = p->net->side[1].tap, .events = POLLIN}};

	poll(at, 2, 5);
}

void pair_settle(struct pair *p)
{
	for (int still = 0; still < 6; still++)
		if (pair_step(p) > 0)
			still = 0;
		else
			wait_a_little(p);
}

void pair_finish(struct pair *p)
{
	int still = 0;

	p->end[0].deaf = p->end[1].deaf = false;
	while (p->end[0].got < p->end[1].limit || p->end[1].got < p->end[0].limit) {
		if (pair_step(p) > 0) {
			still = 0;
			continue;
		}
		if (++still > STILL)
			fail_msg("stands still: %lu of %lu, %lu of %lu", p->end[1].got,
				 p->end[0].limit, p->end[0].got, p->end[1].limit);
		wait_a_little(p);
	}
}

void pair_take(struct pair *p, int end, struct chim_tcp_state *s)
{
	struct pair_end *e = &p->end[end];
	struct err err = {0};

	memset(s, 0, sizeof(*s));
	if (chim_repair_take(e->fd, s, p->snd, PAIR_ROOM, p->rcv, PAIR_ROOM, &err) != 0)
		fail_msg("take: %s", err.text);
	check(end, e->sent - s->snd_len, p->snd, s->snd_len);
	check(1 - end, e->got, p->rcv, s->rcv_len);
	assert_int_equal(s->snd_nxt, s->snd_una + s->snd_len - s->unsent_len);
}

void pair_append(struct pair *p, int end, struct chim_tcp_state *s, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		p->snd[s->snd_len + i] = byte_at(end, p->end[end].sent + i);
	p->end[end].sent += bytes;
	s->snd_len += bytes;
	s->unsent_len += bytes;
}

/* The two pieces of a ring that wraps somewhere. */
static void two_pieces(struct pair *p, struct iovec piece[2], uint8_t *bytes, uint32_t len)
{
	uint32_t first = len ? pair_random(p, len + 1) : 0;

	piece[0] = (struct iovec){bytes, first};
	piece[1] = (struct iovec){bytes + first, len - first};
}

void pair_restore(struct pair *p, int end, const struct chim_tcp_state *s)
{
	struct iovec snd[2], rcv[2];
	struct err err = {0};

	two_pieces(p, snd, p->snd, s->snd_len);
	two_pieces(p, rcv, p->rcv, s->rcv_len);
	if (chim_repair_restore(p->end[end].fd, s, snd, rcv, &err) != 0)
		fail_msg("restore: %s", err.text);
	if (s->phase == CHIM_CLOSE_WAIT) {
		struct chim_tcp_state with = *s;
		uint8_t frame[CHIM_FIN_ROOM];

		memcpy(with.neigh.local_mac, "\x02\0\0\0\x09", 5);
		with.neigh.local_mac[5] = (uint8_t)(end + 1);
		memcpy(with.neigh.remote_mac, "\x02\0\0\0\x09", 5);
		with.neigh.remote_mac[5] = (uint8_t)(2 - end);
		net_first(p->net, end, frame, (uint16_t)chim_fin_frame(&with, frame));
	}
}

void pair_move(struct pair *p, int end)
{
	struct chim_tcp_state s;
	struct err err = {0};

	pair_take(p, end, &s);
	if (chim_repair_close(p->end[end].fd, &s, &err) != 0)
		fail_msg("close: %s", err.text);
	pair_restore(p, end, &s);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection has beside its streams, and keeps while it is out of the kernel and in again:
 * options, its port, its listener, the peer's FIN. Skipped (77) where it cannot be tried.
 */
#include "offload/chimney/slow/test_pair.h"

#include "offload/chimney/slow/repair_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net net;

static uint32_t info(int fd, size_t field)
{
	struct tcp_info i = {0};
	socklen_t len = sizeof(i);
	uint32_t v;

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	memcpy(&v, (uint8_t *)&i + field, sizeof(v));
	return v;
}

static const struct {
	int level, name, value;
} kept[] = {
	{IPPROTO_TCP, TCP_NODELAY, 1},
	{IPPROTO_TCP, TCP_CORK, 1},
	{IPPROTO_TCP, TCP_KEEPIDLE, 77},
	{IPPROTO_TCP, TCP_KEEPINTVL, 7},
	{IPPROTO_TCP, TCP_KEEPCNT, 5},
	{SOL_SOCKET, SO_KEEPALIVE, 1},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, 9000},
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT, 12345},
	{IPPROTO_IP, IP_TOS, 0x48},
	{IPPROTO_IP, IP_TTL, 33},
	{SOL_SOCKET, SO_REUSEADDR, 1},
	{SOL_SOCKET, SO_MARK, 3},
};

enum { KEPT = sizeof(kept) / sizeof(kept[0]) };

static void options(void **state)
{
	struct pair p;
	char cc[16] = "";
	socklen_t len = sizeof(cc);
	uint32_t mss;

	pair_open(&p, &net, PAIR_V4);
	mss = info(p.end[0].fd, offsetof(struct tcp_info, tcpi_snd_mss));
	for (int i = 0; i < KEPT; i++)
		assert_int_equal(
			chim_opt_set(p.end[0].fd, kept[i].level, kept[i].name, kept[i].value), 0);
	assert_int_equal(setsockopt(p.end[0].fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	pair_move(&p, 0);
	pair_move(&p, 1);
	for (int i = 0; i < KEPT; i++)
		assert_int_equal(chim_opt(p.end[0].fd, kept[i].level, kept[i].name, -1),
				 kept[i].value);
	assert_int_equal(getsockopt(p.end[0].fd, IPPROTO_TCP, TCP_CONGESTION, cc, &len), 0);
	assert_string_equal(cc, "reno");
	assert_int_equal(chim_opt(p.end[1].fd, SOL_SOCKET, SO_KEEPALIVE, -1), 0);
	chim_opt_set(p.end[0].fd, IPPROTO_TCP, TCP_CORK, 0);
	p.end[0].limit = 100000;
	pair_finish(&p);
	assert_int_equal(info(p.end[0].fd, offsetof(struct tcp_info, tcpi_snd_mss)), mss);
	pair_close(&p);
}

/* The kernel computes what a segment carries when it connects, before it is told the peer's MSS. */
static void segment_size(void **state)
{
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		struct pair p;
		uint32_t mss;

		pair_open(&p, &net, kind);
		mss = info(p.end[0].fd, offsetof(struct tcp_info, tcpi_snd_mss));
		for (int i = 0; i < 3; i++) {
			pair_move(&p, 0);
			assert_int_equal(info(p.end[0].fd, offsetof(struct tcp_info, tcpi_snd_mss)),
					 mss);
		}
		p.end[0].limit = 100000;
		pair_finish(&p);
		assert_int_equal(info(p.end[0].fd, offsetof(struct tcp_info, tcpi_snd_mss)), mss);
		pair_close(&p);
	}
}

static void no_resets(void)
{
	assert_int_equal(net.side[0].resets, 0);
	assert_int_equal(net.side[1].resets, 0);
}

/* Linux forgets the peer's timestamp when it closes. It must: echoed when the connection is back,
 * it would be measured as a round trip as long as the connection was out (RFC 7323 4). */
static void no_old_echo(void **state)
{
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		struct chim_tcp_state s;
		struct pair p;

		pair_open(&p, &net, kind);
		p.end[0].limit = p.end[1].limit = 20000;
		pair_finish(&p);
		assert_int_not_equal(net.side[1].ts_echo, 0);
		pair_take(&p, 0, &s);
		assert_int_equal(chim_repair_close(p.end[0].fd, &s, NULL), 0);
		pair_append(&p, 0, &s, 100);
		net.side[1].ts_echo = 1;
		net.side[1].hold = true;
		pair_restore(&p, 0, &s);
		net_pump(&net);
		assert_int_equal(net.side[1].ts_echo, 0);
		net.side[1].hold = false;
		p.end[0].limit = p.end[0].sent + 1000;
		pair_finish(&p);
		no_resets();
		pair_close(&p);
	}
}

static uint8_t tcp_state(int fd)
{
	return (uint8_t)info(fd, 0);
}

static void close_wait(void **state)
{
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		struct chim_tcp_state s;
		struct pair p;
		uint8_t byte;

		pair_open(&p, &net, kind);
		p.end[0].limit = 5000;
		p.end[1].deaf = true;
		pair_settle(&p);
		shutdown(p.end[0].fd, SHUT_WR);
		pair_settle(&p);
		for (int i = 0; i < 3; i++) {
			pair_take(&p, 1, &s);
			assert_int_equal(s.phase, CHIM_CLOSE_WAIT);
			assert_int_equal(s.rcv_len, 5000);
			assert_int_equal(chim_repair_close(p.end[1].fd, &s, NULL), 0);
			/* As the switch saw it in the peer's frames. */
			if (i == 1)
				s.ts_recent = (uint32_t)chim_opt(p.end[0].fd, IPPROTO_TCP,
								 TCP_TIMESTAMP, 0);
			pair_restore(&p, 1, &s);
			net_pump(&net);
			assert_int_equal(tcp_state(p.end[1].fd), CHIM_LINUX_CLOSE_WAIT);
		}
		/* The other direction goes on. */
		p.end[1].limit = 300000;
		pair_finish(&p);
		assert_int_equal(recv(p.end[1].fd, &byte, 1, 0), 0);
		shutdown(p.end[1].fd, SHUT_WR);
		pair_settle(&p);
		assert_int_equal(recv(p.end[0].fd, &byte, 1, 0), 0);
		/* LAST-ACK is over, its FIN was acknowledged. */
		assert_int_equal(tcp_state(p.end[1].fd), 7);
		no_resets();
		pair_close(&p);
	}
}

/* Our TSval neither goes back, which the peer would take for an old duplicate (RFC 7323 5), nor
 * far ahead. */
static void timestamps(void **state)
{
	struct pair p;

	pair_open(&p, &net, PAIR_V4);
	assert_int_equal(setsockopt(p.end[0].fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	for (int i = 0; i < 100; i++) {
		uint32_t clock = chim_ts_clock(),
			 before = (uint32_t)chim_opt(p.end[0].fd, IPPROTO_TCP, TCP_TIMESTAMP, 0),
			 after;

		pair_move(&p, 0);
		after = (uint32_t)chim_opt(p.end[0].fd, IPPROTO_TCP, TCP_TIMESTAMP, 0);
		assert_in_range(after - before, 0, chim_ts_clock() - clock + 4);
	}
	pair_close(&p);
}

/* Linux stamps what it paces, and what it says meanwhile, with the time at which it will leave. */
static void paced_timestamps(void **state)
{
	const uint32_t began = chim_ts_clock();
	struct chim_tcp_state s;
	struct pair p;
	int ahead = 0;

	pair_open(&p, &net, PAIR_V4);
	/* Two segments take 29 ms, the largest unit 655. */
	assert_int_equal(chim_opt_set(p.end[0].fd, SOL_SOCKET, SO_MAX_PACING_RATE, 100000), 0);
	p.end[0].limit = p.end[1].limit = 100000000;
	while (ahead < 10 && chim_ts_clock() - began < 60000) {
		pair_step(&p);
		ahead = (int)(net.side[1].ts -
			      (uint32_t)chim_opt(p.end[0].fd, IPPROTO_TCP, TCP_TIMESTAMP, 0));
	}
	assert_in_range(ahead, 10, 1000);
	pair_take(&p, 0, &s);
	assert_true((int32_t)(chim_ts_clock() + s.ts_offset - net.side[1].ts) >= 0);
	assert_int_equal(chim_repair_close(p.end[0].fd, &s, NULL), 0);
	pair_restore(&p, 0, &s);
	chim_opt_set(p.end[0].fd, SOL_SOCKET, SO_MAX_PACING_RATE, -1);
	p.end[0].limit = p.end[0].sent;
	p.end[1].limit = p.end[1].sent;
	pair_finish(&p);
	no_resets();
	pair_close(&p);
}

/* However often it moves with full queues, its buffers do not grow by that. */
static void buffers(void **state)
{
	struct pair p;
	int sndbuf, rcvbuf;

	pair_open(&p, &net, PAIR_V4);
	/* What is paced may stand still before it has come to its end. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(setsockopt(p.end[i].fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4),
				 0);
	p.end[0].limit = p.end[1].limit = 8000000;
	p.end[0].deaf = p.end[1].deaf = true;
	pair_settle(&p);
	sndbuf = chim_opt(p.end[0].fd, SOL_SOCKET, SO_SNDBUF, 0);
	rcvbuf = chim_opt(p.end[0].fd, SOL_SOCKET, SO_RCVBUF, 0);
	for (int i = 0; i < 20; i++)
		pair_move(&p, 0);
	assert_in_range(chim_opt(p.end[0].fd, SOL_SOCKET, SO_SNDBUF, 0), sndbuf, sndbuf + 1);
	assert_in_range(chim_opt(p.end[0].fd, SOL_SOCKET, SO_RCVBUF, 0), rcvbuf, rcvbuf + 1);
	/* The kernel still sizes them itself. */
	assert_int_equal(chim_opt(p.end[0].fd, SOL_SOCKET, 72 /* SO_BUF_LOCK */, -1), 0);
	pair_finish(&p);
	pair_close(&p);
}

/* Options that were changed while it was out. */
static void changed_options(void **state)
{
	struct chim_tcp_state s;
	struct pair p;

	pair_open(&p, &net, PAIR_V4);
	pair_take(&p, 0, &s);
	assert_int_equal(chim_repair_close(p.end[0].fd, &s, NULL), 0);
	s.nodelay = s.cork = s.keepalive = true;
	s.keep_idle_s = 11;
	s.path.tos = 0x20;
	strcpy(s.cc, "reno");
	pair_restore(&p, 0, &s);
	assert_int_equal(chim_opt(p.end[0].fd, IPPROTO_TCP, TCP_NODELAY, -1), 1);
	assert_int_equal(chim_opt(p.end[0].fd, IPPROTO_TCP, TCP_CORK, -1), 1);
	assert_int_equal(chim_opt(p.end[0].fd, SOL_SOCKET, SO_KEEPALIVE, -1), 1);
	assert_int_equal(chim_opt(p.end[0].fd, IPPROTO_TCP, TCP_KEEPIDLE, -1), 11);
	assert_int_equal(chim_opt(p.end[0].fd, IPPROTO_IP, IP_TOS, -1), 0x20);
	pair_close(&p);
}

static int accept_own(struct pair *p)
{
	int client = pair_connect(p, 1), fd = -1;

	for (int i = 0; i < 100 && fd < 0; i++) {
		net_pump(p->net);
		fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK);
		if (fd < 0)
			usleep(1000);
	}
	close(client);
	return fd;
}

/* While an accepted connection is out: its listener accepts, and may be opened anew; a connected
 * one's port is nobody else's. */
static void ports(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	struct chim_tcp_state s[2];
	struct pair p;
	int fd;

	pair_open(&p, &net, PAIR_V4);
	for (int i = 0; i < 2; i++) {
		pair_take(&p, i, &s[i]);
		assert_int_equal(chim_repair_close(p.end[i].fd, &s[i], NULL), 0);
		/* What the kernel leaves behind, nobody sees. */
		assert_int_equal(chim_opt(p.end[i].fd, SOL_SOCKET, SO_ERROR, -1), 0);
		assert_int_equal(chim_opt(p.end[i].fd, SOL_SOCKET, SO_REUSEADDR, -1), i);
	}
	fd = accept_own(&p);
	assert_true(fd >= 0);
	close(fd);
	net_enter(&net, 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	net_enter(&net, -1);
	at.sin_port = s[0].tuple.local_port;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	/* Empty queues both: the rooms may be shared. */
	pair_restore(&p, 0, &s[0]);
	pair_restore(&p, 1, &s[1]);
	assert_int_equal(chim_opt(p.end[1].fd, SOL_SOCKET, SO_REUSEADDR, -1), 1);
	p.end[0].limit = p.end[1].limit = 100000;
	pair_finish(&p);
	fd = accept_own(&p);
	assert_true(fd >= 0);
	close(fd);
	pair_close(&p);
}

/* A client that bound its port itself. */
static void bound_client(void **state)
{
	struct pair p;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(4711)};
	struct sockaddr_in to = {.sin_family = AF_INET};

	for (int any = 0; any < 2; any++) {
		pair_open(&p, &net, PAIR_V4);
		close(p.end[0].fd);
		close(p.end[1].fd);
		at.sin_addr.s_addr = any ? 0 : htonl(0x0a090001);
		to.sin_addr.s_addr = htonl(0x0a090002);
		to.sin_port = htons(p.port);
		at.sin_port = htons((uint16_t)(4711 + any));
		net_enter(&net, 0);
		p.end[0].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		net_enter(&net, -1);
		assert_int_equal(bind(p.end[0].fd, (struct sockaddr *)&at, sizeof(at)), 0);
		connect(p.end[0].fd, (struct sockaddr *)&to, sizeof(to));
		do {
			net_pump(&net);
			p.end[1].fd = accept4(p.listener, NULL, NULL, SOCK_NONBLOCK);
		} while (p.end[1].fd < 0);
		pair_move(&p, 0);
		p.end[0].limit = p.end[1].limit = 100000;
		pair_finish(&p);
		pair_close(&p);
	}
}

static int open_all(void **state)
{
	struct pair p;
	int on = 1;

	net_open(&net);
	pair_open(&p, &net, PAIR_V4);
	if (setsockopt(p.end[0].fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) != 0) {
		fprintf(stderr, "skipped: TCP_REPAIR: %s\n", strerror(errno));
		exit(NET_SKIPPED);
	}
	chim_repair_off(p.end[0].fd, TCP_REPAIR_OFF_NO_WP, false);
	pair_close(&p);
	return 0;
}

static int close_all(void **state)
{
	net_close(&net);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),     cmocka_unit_test(segment_size),
		cmocka_unit_test(timestamps),  cmocka_unit_test(paced_timestamps),
		cmocka_unit_test(buffers),     cmocka_unit_test(close_wait),
		cmocka_unit_test(no_old_echo), cmocka_unit_test(changed_options),
		cmocka_unit_test(ports),       cmocka_unit_test(bound_client),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

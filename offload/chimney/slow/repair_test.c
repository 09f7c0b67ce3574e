/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Live connections out of the kernel and in again, with the peer's kernel none the wiser. Skipped
 * (77) where namespaces, TAPs or TCP_REPAIR cannot be had.
 */
#include "offload/chimney/slow/test_pair.h"

#include "offload/chimney/slow/repair_impl.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAM = 12000000, MOVES = 60 };

static struct net net;

static void no_resets(void)
{
	assert_int_equal(net.side[0].resets, 0);
	assert_int_equal(net.side[1].resets, 0);
}

/* Both streams at once, both ends moved at any time, readers that pause so that queues fill. */
static void streams(enum pair_kind kind)
{
	struct pair p;
	int moves = 0;

	pair_open(&p, &net, kind);
	p.end[0].limit = p.end[1].limit = STREAM;
	while (p.end[0].got < STREAM || p.end[1].got < STREAM) {
		for (int i = (int)pair_random(&p, 8); i >= 0; i--)
			pair_step(&p);
		if (moves < MOVES) {
			int end = (int)pair_random(&p, 2);

			p.end[pair_random(&p, 2)].deaf = pair_random(&p, 3) == 0;
			/* Sent and not delivered. */
			net.side[1 - end].hold = pair_random(&p, 2);
			pair_step(&p);
			pair_move(&p, end);
			net.side[1 - end].hold = false;
			moves++;
		} else {
			pair_finish(&p);
		}
	}
	/* Not one moved too late to matter. */
	assert_int_equal(moves, MOVES);
	for (int i = 0; i < 2; i++) {
		shutdown(p.end[i].fd, SHUT_WR);
		pair_settle(&p);
	}
	assert_int_equal(p.end[0].got, STREAM);
	assert_int_equal(p.end[1].got, STREAM);
	no_resets();
	pair_close(&p);
}

static void streams_v4(void **state)
{
	streams(PAIR_V4);
}

static void streams_v6(void **state)
{
	streams(PAIR_V6);
}

static void streams_mapped(void **state)
{
	streams(PAIR_MAPPED);
}

/* Each kind of queue for itself, exactly. */
static void queues(void **state)
{
	for (int end = 0; end < 2; end++) {
		struct chim_tcp_state s;
		uint32_t snd, rcv;
		struct pair p;

		pair_open(&p, &net, PAIR_V4);
		p.end[0].limit = p.end[1].limit = 400000;
		p.end[0].deaf = p.end[1].deaf = true;
		pair_settle(&p);
		net.side[1 - end].hold = true;
		p.end[end].limit += 100000;
		for (int i = 0; i < 10; i++)
			pair_step(&p);
		pair_take(&p, end, &s);
		assert_true(s.rcv_len > 0);
		assert_true(s.snd_len > 0);
		assert_int_equal(chim_repair_close(p.end[end].fd, &s, NULL), 0);
		pair_restore(&p, end, &s);
		assert_int_equal(chim_repair_queues(p.end[end].fd, &snd, &rcv), 0);
		assert_int_equal(snd, s.snd_len);
		assert_int_equal(rcv, s.rcv_len);
		net.side[1 - end].hold = false;
		pair_finish(&p);
		no_resets();
		pair_close(&p);
	}
}

/* A peer that reads nothing: a window of none, and bytes that were never sent. */
static void unsent(void **state)
{
	struct chim_tcp_state s;
	struct pair p;
	int left;

	pair_open(&p, &net, PAIR_V6);
	p.end[0].limit = 8000000;
	p.end[1].deaf = true;
	pair_settle(&p);
	pair_take(&p, 0, &s);
	assert_true(s.unsent_len > 0);
	assert_int_equal(chim_repair_close(p.end[0].fd, &s, NULL), 0);
	pair_restore(&p, 0, &s);
	assert_int_equal(ioctl(p.end[0].fd, SIOCOUTQNSD, &left), 0);
	assert_int_equal(left, s.unsent_len);
	p.end[0].limit = p.end[0].sent;
	pair_finish(&p);
	pair_close(&p);
}

/* What an engine would have done meanwhile: its application wrote and read. */
static void written_meanwhile(void **state)
{
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		struct chim_tcp_state s;
		struct pair p;

		pair_open(&p, &net, kind);
		p.end[0].limit = p.end[1].limit = 50000;
		p.end[1].deaf = true;
		pair_settle(&p);
		pair_take(&p, 1, &s);
		assert_true(s.rcv_len > 0);
		assert_int_equal(chim_repair_close(p.end[1].fd, &s, NULL), 0);
		p.end[1].got += s.rcv_len;
		s.rcv_len = 0;
		p.end[1].limit += 5000000;
		pair_append(&p, 1, &s, 5000000);
		pair_restore(&p, 1, &s);
		pair_finish(&p);
		no_resets();
		pair_close(&p);
	}
}

/* A receive queue of several megabytes, which the kernel's default buffer has no room for. */
static void long_receive_queue(void **state)
{
	struct chim_tcp_state s;
	struct pair p;
	int big = 16 << 20, small = 1;

	pair_open(&p, &net, PAIR_V4);
	chim_opt_set(p.end[1].fd, SOL_SOCKET, SO_RCVBUFFORCE, big);
	p.end[0].limit = 6000000;
	p.end[1].deaf = true;
	pair_settle(&p);
	pair_take(&p, 1, &s);
	assert_true(s.rcv_len > 1000000);
	assert_int_equal(chim_repair_close(p.end[1].fd, &s, NULL), 0);
	chim_opt_set(p.end[1].fd, SOL_SOCKET, SO_RCVBUF, small);
	pair_restore(&p, 1, &s);
	pair_finish(&p);
	no_resets();
	pair_close(&p);
}

static void link_local(void **state)
{
	struct pair p;

	pair_open(&p, &net, PAIR_LINK_LOCAL);
	p.end[0].limit = p.end[1].limit = 200000;
	for (int i = 0; i < 10; i++) {
		pair_step(&p);
		pair_move(&p, i & 1);
	}
	pair_finish(&p);
	no_resets();
	pair_close(&p);
}

static void thawed(void **state)
{
	struct chim_tcp_state s;
	struct pair p;

	pair_open(&p, &net, PAIR_V4);
	p.end[0].limit = p.end[1].limit = 1000000;
	for (int i = 0; i < 20; i++) {
		pair_step(&p);
		pair_take(&p, i & 1, &s);
		assert_int_equal(recv(p.end[i & 1].fd, &s, 1, 0), -1);
		assert_int_equal(chim_repair_thaw(p.end[i & 1].fd, &s, NULL), 0);
	}
	assert_int_equal(chim_opt(p.end[1].fd, SOL_SOCKET, SO_REUSEADDR, -1), 1);
	pair_finish(&p);
	pair_close(&p);
}

static void refused(void **state)
{
	struct chim_tcp_state s;
	uint32_t snd, rcv;
	struct err err;
	struct pair p;
	int fd;

	pair_open(&p, &net, PAIR_V4);
	p.end[0].limit = 10000;
	p.end[1].deaf = true; /* reads fail while it is in repair */
	pair_take(&p, 1, &s);
	/* The switch did not hold it. */
	pair_step(&p);
	assert_int_equal(chim_repair_close(p.end[1].fd, &s, &err), -EAGAIN);
	/* Only an ACK comes. */
	p.end[0].deaf = true;
	net.side[0].hold = true;
	p.end[0].limit += 5000;
	p.end[1].deaf = false;
	pair_settle(&p);
	pair_take(&p, 0, &s);
	assert_int_equal(s.snd_len, 5000);
	net.side[0].hold = false;
	net_pump(&net);
	assert_int_equal(chim_repair_close(p.end[0].fd, &s, &err), -EAGAIN);
	/* Its application writes all the same. */
	pair_take(&p, 0, &s);
	p.end[0].limit += 30000;
	while (p.end[0].sent < p.end[0].limit)
		pair_step(&p);
	assert_int_equal(chim_repair_close(p.end[0].fd, &s, &err), -EAGAIN);
	p.end[0].limit += 10000;
	p.end[1].deaf = true;
	do
		pair_step(&p);
	while (chim_repair_queues(p.end[1].fd, &snd, &rcv) == 0 && rcv <= 100);
	assert_int_equal(chim_repair_take(p.end[1].fd, &s, p.snd, 100, p.rcv, 100, &err), -E2BIG);
	pair_finish(&p);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(chim_repair_take(fd, &s, p.snd, 100, p.rcv, 100, &err), -ENOTCONN);
	close(fd);
	assert_int_equal(chim_repair_take(p.listener, &s, p.snd, 100, p.rcv, 100, &err), -ENOTCONN);
	pair_close(&p);
}

static void expect_lost(int fd)
{
	uint8_t byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNABORTED);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
}

/* What cannot be given back is lost aloud. One whose address is gone is given back: detour_test.c.
 */
static void lost(void **state)
{
	static const struct iovec none[2];
	struct chim_tcp_state s, bad;
	struct err err;
	struct pair p;

	for (int i = 0; i < 3; i++) {
		pair_open(&p, &net, PAIR_V4);
		pair_take(&p, 1, &s);
		assert_int_equal(chim_repair_close(p.end[1].fd, &s, NULL), 0);
		bad = s;
		if (i == 0)
			bad.rcv_len = 5; /* which nobody has */
		if (i == 1)
			bad.snd_wl1 = s.rcv_nxt + 0x40000000; /* a window the kernel refuses */
		if (i == 2)
			bad.tuple.remote_port = 0;
		assert_true(chim_repair_restore(p.end[1].fd, &bad, none, none, &err) < 0);
		expect_lost(p.end[1].fd);
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
		cmocka_unit_test(streams_v4),
		cmocka_unit_test(streams_v6),
		cmocka_unit_test(streams_mapped),
		cmocka_unit_test(queues),
		cmocka_unit_test(unsent),
		cmocka_unit_test(written_meanwhile),
		cmocka_unit_test(long_receive_queue),
		cmocka_unit_test(link_local),
		cmocka_unit_test(thawed),
		cmocka_unit_test(refused),
		cmocka_unit_test(lost),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine against Linux' TCP, both ways, over ways good and bad, with every set of options, and
 * all ways to end. Skipped (77) where a namespace or a TUN device cannot be had.
 */
#include "tests/chim/peer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NET = 1, LIMIT_S = 100 };
static const uint64_t ms = 1000000, mb = 1 << 20;

static int tun;
static struct peer peer;

/* 1 % lost, some doubled, some late enough to be overtaken; 4 ms there and back. */
static const struct link_conf bad = {
	.delay_ns = 2000000,
	.jitter_ns = 20000,
	.loss_ppm = 10000,
	.dup_ppm = 3000,
	.late_ppm = 5000,
	.late_ns = 3000000,
};

static void still_good(struct peer *p, uint64_t begin)
{
	if (p->end.bad)
		fail_msg("%s", p->end.why);
	if (p->bad)
		fail_msg("Linux read wrong bytes before %lu", p->got);
	if (peer_now() - begin > LIMIT_S * 1000 * ms)
		fail_msg("hangs: engine wrote %lu, read %lu; Linux wrote %lu, read %lu",
			 p->end.wrote, p->end.read, p->sent, p->got);
}

static uint32_t at_most(uint64_t bytes)
{
	return bytes < 256 << 10 ? (uint32_t)bytes : 256 << 10;
}

/* So many bytes out of the engine and into it, at the same time. */
static void transfer(struct peer *p, uint64_t out, uint64_t in)
{
	uint64_t begin = peer_now();

	while (p->got < out || p->end.read < in) {
		uint64_t now = peer_now();

		if (p->end.wrote < out)
			end_write(&p->end, at_most(out - p->end.wrote), now);
		end_read(&p->end, UINT32_MAX, now);
		if (p->sent < in)
			peer_sock_write(p, at_most(in - p->sent));
		while (peer_sock_read(p, 256 << 10) > 0)
			;
		peer_step(p, 1);
		still_good(p, begin);
	}
}

/* Both end in turn; who ends first keeps the connection in TIME-WAIT. */
static void end_both(struct peer *p, bool engine_first)
{
	uint64_t begin = peer_now();

	for (int turn = 0; turn < 2; turn++) {
		if ((turn == 0) == engine_first)
			end_flags(&p->end, CHIM_APP_SHUT_WR, 0, peer_now());
		else
			shutdown(p->sock, SHUT_WR);
		while ((turn == 0) == engine_first ? !p->sock_eof : !p->end.eof) {
			peer_step(p, 1);
			peer_sock_read(p, 1);
			end_read(&p->end, 1, peer_now());
			still_good(p, begin);
		}
	}
	while (!p->end.closed) {
		peer_step(p, 1);
		still_good(p, begin);
	}
	assert_int_equal(p->end.error, 0);
	assert_int_equal(p->sock_error, 0);
}

static void whole(const struct peer_conf *conf, uint64_t out, uint64_t in, bool engine_first)
{
	peer_open(&peer, tun, NET, conf);
	assert_true(peer.end.state.timestamps == !conf->no_ts);
	assert_true(peer.end.state.sack == !conf->no_sack);
	assert_true(peer.end.state.wscale == !conf->no_wscale);
	assert_true(peer.end.state.ecn == conf->ecn);
	transfer(&peer, out, in);
	end_both(&peer, engine_first);
	peer_close(&peer);
}

static void good_way(void **state)
{
	struct peer_conf conf = {.seed = 1};

	whole(&conf, 30 * mb, 0, true);
	whole(&conf, 0, 30 * mb, false);
	conf.v6 = true;
	whole(&conf, 20 * mb, 20 * mb, false);
}

static void bad_way(void **state)
{
	struct peer_conf conf = {.out = bad, .in = bad, .seed = 2};

	whole(&conf, 5 * mb, 0, false);
	conf.v6 = true;
	whole(&conf, 0, 5 * mb, true);
	conf.cc = "reno";
	conf.no_tso = true;
	whole(&conf, 3 * mb, 3 * mb, true);
}

static void without_options(void **state)
{
	for (int i = 0; i < 8; i++) {
		struct peer_conf conf = {.out = bad, .in = bad};

		conf.seed = 10 + (uint64_t)i;
		conf.no_ts = i & 1;
		conf.no_sack = i & 2;
		conf.no_wscale = i & 4;
		whole(&conf, mb / 2, mb / 2, i % 3 == 0);
	}
}

static void marked_way(void **state)
{
	struct peer_conf conf = {.ecn = true, .seed = 3};
	struct chim_tcp_info info;

	conf.out = conf.in = (struct link_conf){.delay_ns = 1000000, .mark_ppm = 20000};
	peer_open(&peer, tun, NET, &conf);
	transfer(&peer, 8 * mb, 4 * mb);
	chim_engine_info(peer.end.e, peer.end.c, &info, peer_now());
	assert_true(info.ecn_marks > 0);
	/* It slowed down, and nothing was lost. This test may itself be late enough for a probe. */
	assert_true(info.retrans <= info.tlps + info.rtos);
	end_both(&peer, true);
	peer_close(&peer);
}

/* Either reader is slow and has little room: the other waits, and goes on. */
static void small_windows(void **state)
{
	struct peer_conf conf = {.seed = 4, .ring = CHIM_RING_MIN, .linux_rcvbuf = 8192};
	uint64_t begin = peer_now(), total = 400000;

	peer_open(&peer, tun, NET, &conf);
	for (uint64_t turn = 0; peer.got < total || peer.end.read < total; turn++) {
		if (peer.end.wrote < total)
			end_write(&peer.end, (uint32_t)(total - peer.end.wrote), peer_now());
		if (peer.sent < total)
			peer_sock_write(&peer, (uint32_t)(total - peer.sent));
		peer_step(&peer, 1);
		if (turn % 8 == 0) {
			peer_sock_read(&peer, 3000);
			end_read(&peer.end, 5000, peer_now());
		}
		still_good(&peer, begin);
	}
	end_both(&peer, false);
	peer_close(&peer);
}

/* Out of the engine and in again many times while bytes are on their way. */
static void moves(void **state)
{
	struct peer_conf conf = {.seed = 5, .out = bad, .in = bad};
	uint64_t begin, took = 0;

	peer_open(&peer, tun, NET, &conf);
	for (uint64_t i = 1; i <= 40; i++) {
		transfer(&peer, i * mb / 16, i * mb / 16);
		end_write(&peer.end, 100000, peer_now());
		peer_step(&peer, 1);
		begin = peer_now();
		took += end_take(&peer.end, begin);
		assert_true(end_start(&peer.end, peer_now()));
		transfer(&peer, peer.end.wrote, i * mb / 16);
	}
	assert_int_equal(took, 40);
	end_both(&peer, true);
	peer_close(&peer);
}

static void reset_by_linux(void **state)
{
	struct peer_conf conf = {.seed = 6};
	struct linger now = {.l_onoff = 1};
	uint64_t begin = peer_now();

	peer_open(&peer, tun, NET, &conf);
	transfer(&peer, 100000, 100000);
	setsockopt(peer.sock, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(peer.sock);
	peer.sock = -1;
	while (!peer.end.closed) {
		peer_step(&peer, 1);
		still_good(&peer, begin);
	}
	assert_int_equal(peer.end.error, ECONNRESET);
	peer_close(&peer);
}

static void reset_by_engine(void **state)
{
	struct peer_conf conf = {.seed = 7};
	uint64_t begin = peer_now();

	peer_open(&peer, tun, NET, &conf);
	transfer(&peer, 100000, 100000);
	end_close(&peer.end, true, peer_now());
	while (!peer.sock_error) {
		peer_step(&peer, 1);
		peer_sock_read(&peer, 1);
		still_good(&peer, begin);
	}
	assert_int_equal(peer.sock_error, ECONNRESET);
	peer_close(&peer);
}

/* close() with everything said: what is in the ring is still sent. */
static void closed_by_engine(void **state)
{
	struct peer_conf conf = {.seed = 8, .out = bad, .in = bad};
	uint64_t begin = peer_now();

	peer_open(&peer, tun, NET, &conf);
	assert_int_equal(end_write(&peer.end, 500000, begin), 500000);
	end_close(&peer.end, false, begin);
	while (!peer.sock_eof) {
		peer_step(&peer, 1);
		peer_sock_read(&peer, 100000);
		still_good(&peer, begin);
	}
	assert_int_equal(peer.got, 500000);
	shutdown(peer.sock, SHUT_WR);
	while (!peer.end.closed) {
		peer_step(&peer, 1);
		still_good(&peer, begin);
	}
	assert_int_equal(peer.end.error, 0);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_way),	    cmocka_unit_test(bad_way),
		cmocka_unit_test(without_options),  cmocka_unit_test(marked_way),
		cmocka_unit_test(small_windows),    cmocka_unit_test(moves),
		cmocka_unit_test(reset_by_linux),   cmocka_unit_test(reset_by_engine),
		cmocka_unit_test(closed_by_engine),
	};

	tun = tun_new(NET, 1500);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

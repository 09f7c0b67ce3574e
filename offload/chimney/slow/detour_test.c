/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection comes back while its interface is down, its route or its address gone, and goes on
 * when they are there again. Skipped (77) where it cannot be tried. */
#include "offload/chimney/slow/detour.h"

#include "offload/chimney/slow/repair_impl.h"
#include "offload/chimney/slow/test_pair.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct net net;

static void back_in(enum pair_kind kind, const char *away, const char *again)
{
	struct chim_tcp_state s;
	struct pair p;

	pair_open(&p, &net, kind);
	p.end[0].limit = p.end[1].limit = 20000;
	pair_step(&p);
	pair_take(&p, 0, &s);
	assert_int_equal(chim_repair_close(p.end[0].fd, &s, NULL), 0);
	net_run(&net, 0, away);
	pair_restore(&p, 0, &s);
	/* Nothing is left of the detour. */
	net_run(&net, 0, "test -z \"$(ip route show table all dev lo proto static)\"");
	net_run(&net, 0, "test -z \"$(ip -6 route show table all dev lo proto static)\"");
	assert_int_equal(chim_opt(p.end[0].fd, IPPROTO_IP, IP_TRANSPARENT, -1), 0);
	net_run(&net, 0, again);
	pair_finish(&p);
	assert_int_equal(net.side[0].resets, 0);
	assert_int_equal(net.side[1].resets, 0);
	pair_close(&p);
}

static void no_interface(void **state)
{
	/* IPv6 takes the address away as well. */
	static const char up[] = "ip link set t0 up && ip addr replace fd09::1/64 dev t0 nodad";

	for (int kind = 0; kind < PAIR_KINDS; kind++)
		back_in((enum pair_kind)kind, "ip link set t0 down", up);
}

static void no_address(void **state)
{
	back_in(PAIR_V4, "ip addr del 10.9.0.1/24 dev t0", "ip addr add 10.9.0.1/24 dev t0");
	back_in(PAIR_V6, "ip addr del fd09::1/64 dev t0", "ip addr add fd09::1/64 dev t0 nodad");
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
		cmocka_unit_test(no_interface),
		cmocka_unit_test(no_address),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Each reason with a real socket that has it. Skipped (77) where namespaces cannot be had. TLS and
 * AO are tried where this kernel has them. */
#include "offload/chimney/slow/refuse.h"

#include "offload/chimney/names.h"

#include "offload/chimney/slow/test_pair.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net net;
static struct pair pair;
static struct chim_facts facts;

static enum chim_refusal ask(int end)
{
	struct err e = {0};
	enum chim_refusal r = chim_refuse(-1, pair.end[end].fd, &facts, &e);

	assert_int_equal(r != CHIM_REFUSE_NONE, e.text[0] != '\0');
	return r;
}

static void accepted(void **state)
{
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&pair, &net, kind);
		pair.end[0].limit = 30000;
		pair.end[1].limit = 20000;
		pair_finish(&pair);
		for (int end = 0; end < 2; end++) {
			/* The last acknowledgment is on its way still. */
			for (int i = 0; i < 5000; i++) {
				assert_int_equal(ask(end), CHIM_REFUSE_NONE);
				if (facts.bytes >= 50000)
					break;
				usleep(1000);
			}
			/* The SYN counts one. */
			assert_in_range(facts.bytes, 50000, 50001);
			assert_true(facts.rtt_us > 0);
			assert_int_equal(facts.rcv_queue, 0);
			assert_int_equal(facts.tuple.v6, kind == PAIR_V6);
		}
		pair_close(&pair);
	}
}

/* The socket that asks may be used for many. */
static void one_socket(void **state)
{
	struct err e = {0};
	int diag;

	pair_open(&pair, &net, PAIR_V4);
	diag = chim_refuse_open(pair.end[0].fd, &e);
	assert_true(diag >= 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(chim_refuse(diag, pair.end[0].fd, &facts, &e), CHIM_REFUSE_NONE);
	close(diag);
	pair_close(&pair);
}

static enum chim_refusal ask_fd(int fd)
{
	enum chim_refusal r = chim_refuse(-1, fd, &facts, NULL);

	close(fd);
	return r;
}

static void not_tcp(void **state)
{
	int two[2];

	assert_int_equal(ask_fd(socket(AF_INET, SOCK_DGRAM, 0)), CHIM_REFUSE_NOT_TCP);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
	assert_int_equal(ask_fd(two[0]), CHIM_REFUSE_NOT_TCP);
	assert_int_equal(ask_fd(two[1]), CHIM_REFUSE_NOT_TCP);
	assert_int_equal(ask_fd(dup(0)), CHIM_REFUSE_NOT_TCP);
}

static void not_established(void **state)
{
	assert_int_equal(ask_fd(socket(AF_INET, SOCK_STREAM, 0)), CHIM_REFUSE_NOT_ESTABLISHED);
	pair_open(&pair, &net, PAIR_V4);
	assert_int_equal(chim_refuse(-1, pair.listener, &facts, NULL), CHIM_REFUSE_NOT_ESTABLISHED);
	shutdown(pair.end[0].fd, SHUT_WR);
	pair_settle(&pair);
	assert_int_equal(ask(0), CHIM_REFUSE_NOT_ESTABLISHED);
	/* CLOSE-WAIT may be moved. */
	assert_int_equal(ask(1), CHIM_REFUSE_NONE);
	pair_close(&pair);
	pair_open(&pair, &net, PAIR_V4);
	shutdown(pair.end[0].fd, SHUT_RD);
	assert_int_equal(ask(0), CHIM_REFUSE_NOT_ESTABLISHED);
	pair_close(&pair);
}

static void mptcp(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, 262);

	if (fd < 0) {
		print_message("this kernel has no MPTCP\n");
		return;
	}
	assert_int_equal(ask_fd(fd), CHIM_REFUSE_MPTCP);
}

static void ulp(void **state)
{
	pair_open(&pair, &net, PAIR_V4);
	if (setsockopt(pair.end[0].fd, IPPROTO_TCP, TCP_ULP, "tls", 3) == 0)
		assert_int_equal(ask(0), CHIM_REFUSE_ULP);
	else
		print_message("this kernel has no TLS\n");
	pair_close(&pair);
}

static void md5(void **state)
{
	for (int kind = PAIR_V4; kind <= PAIR_V6; kind++) {
		struct tcp_md5sig key = {.tcpm_keylen = 3, .tcpm_key = "abc"};
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);

		pair_open(&pair, &net, kind);
		assert_int_equal(getpeername(pair.end[0].fd, (struct sockaddr *)&peer, &len), 0);
		memcpy(&key.tcpm_addr, &peer, len);
		if (setsockopt(pair.end[0].fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)) == 0)
			assert_int_equal(ask(0), CHIM_REFUSE_SIGNED);
		else
			print_message("this kernel has no MD5\n");
		assert_int_equal(ask(1), CHIM_REFUSE_NONE);
		pair_close(&pair);
	}
}

static void ip_options(void **state)
{
	static const uint8_t record_route[8] = {1, 7, 7, 4}, hop[8] = {0, 0, 1, 4};

	pair_open(&pair, &net, PAIR_V4);
	assert_int_equal(setsockopt(pair.end[0].fd, IPPROTO_IP, IP_OPTIONS, record_route, 8), 0);
	assert_int_equal(ask(0), CHIM_REFUSE_IP_OPTIONS);
	pair_close(&pair);
	pair_open(&pair, &net, PAIR_V6);
	assert_int_equal(setsockopt(pair.end[0].fd, IPPROTO_IPV6, IPV6_DSTOPTS, hop, 8), 0);
	assert_int_equal(ask(0), CHIM_REFUSE_IP_OPTIONS);
	assert_int_equal(ask(1), CHIM_REFUSE_NONE);
	pair_close(&pair);
}

static void urgent(void **state)
{
	pair_open(&pair, &net, PAIR_V4);
	pair.end[1].deaf = true;
	assert_int_equal(send(pair.end[0].fd, "abc", 3, 0), 3);
	assert_int_equal(send(pair.end[0].fd, "!", 1, MSG_OOB), 1);
	pair_settle(&pair);
	assert_int_equal(ask(1), CHIM_REFUSE_URGENT);
	pair_close(&pair);
}

static void out_of_order(void **state)
{
	pair_open(&pair, &net, PAIR_V4);
	pair.end[0].limit = 10000;
	net.side[1].hold = true;
	while (net.side[1].held < 2)
		pair_step(&pair);
	/* Overtakes the first. */
	net_first(&net, 1, net.side[1].queue[1].bytes, net.side[1].queue[1].len);
	assert_int_equal(ask(1), CHIM_REFUSE_OUT_OF_ORDER);
	net.side[1].hold = false;
	pair_finish(&pair);
	assert_int_equal(ask(1), CHIM_REFUSE_NONE);
	pair_close(&pair);
}

struct dripping {
	int fd;
	atomic_bool stop;
};

static void *drip(void *arg)
{
	struct dripping *d = arg;

	for (unsigned int i = 0; !atomic_load(&d->stop) && send(d->fd, "x", 1, 0) == 1; i++) {
		/* Comes at any moment of a look, which takes about as long. */
		for (volatile unsigned int pause = 0; pause < i % 64 * 100; pause++)
			;
	}
	return NULL;
}

/* By way of lo: nobody has to move packets. */
static void near_pair(int fd[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int listener;

	net_enter(&net, 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	net_enter(&net, -1);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd[0], (struct sockaddr *)&at, len), 0);
	fd[1] = accept(listener, NULL, NULL);
	assert_true(fd[1] >= 0);
	close(listener);
}

/* What comes while the socket is looked at is in order. */
static void arriving(void **state)
{
	struct dripping d = {0};
	unsigned int empty = 0, refused = 0;
	pthread_t thread;
	char room[4096];
	int fd[2], diag;

	near_pair(fd);
	diag = chim_refuse_open(fd[1], NULL);
	assert_true(diag >= 0);
	d.fd = fd[0];
	setsockopt(d.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	assert_int_equal(pthread_create(&thread, NULL, drip, &d), 0);
	for (int i = 0; i < 200000 && empty < 2000; i++) {
		while (recv(fd[1], room, sizeof(room), MSG_DONTWAIT) > 0)
			;
		refused += chim_refuse(diag, fd[1], &facts, NULL) != CHIM_REFUSE_NONE;
		empty += facts.rcv_queue == 0;
	}
	atomic_store(&d.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(refused, 0);
	assert_true(empty > 0);
	close(diag);
	close(fd[0]);
	close(fd[1]);
}

static void names(void **state)
{
	assert_string_equal(chim_refusal_name(CHIM_REFUSE_NOT_TCP), "not_tcp");
	assert_string_equal(chim_refusal_name(CHIM_REFUSE_STOPPING), "stopping");
	assert_string_equal(chim_refusal_help(CHIM_REFUSE_MAX), "");
	assert_string_equal(chim_refusal_name(CHIM_REFUSE_NONE), "none");
	assert_string_equal(chim_refusal_name(-1), "unknown");
	assert_string_equal(chim_refusal_name(CHIM_REFUSE_MAX), "unknown");
	assert_string_equal(chim_upload_name(CHIM_UPLOAD_MAX), "unknown");
	assert_string_equal(chim_upload_name(CHIM_UPLOAD_PATH), "path");
}

static int open_all(void **state)
{
	net_open(&net);
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
		cmocka_unit_test(accepted), cmocka_unit_test(one_socket),
		cmocka_unit_test(not_tcp),  cmocka_unit_test(not_established),
		cmocka_unit_test(mptcp),    cmocka_unit_test(ulp),
		cmocka_unit_test(md5),	    cmocka_unit_test(ip_options),
		cmocka_unit_test(urgent),   cmocka_unit_test(out_of_order),
		cmocka_unit_test(arriving), cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

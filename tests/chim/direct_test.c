/* SPDX-License-Identifier: BSD-3-Clause */
/* api/chimney.h with the stand-in behind it, which gives connections back when the test wants it,
 * and is killed. */
#include "api/chimney.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TRIES = 500, BULK = 8 << 20 };

static const char *standin;
static char path[] = "/tmp/chim-directXXXXXX/sock";
static pid_t pid;
static int peer; /* the other end, an ordinary socket */

static void start(const char *upload_ms)
{
	pid = fork();
	if (!pid) {
		execl(standin, standin, "-u", upload_ms, path, (char *)NULL);
		_exit(127);
	}
}

static struct chimney *open_it(void)
{
	struct chimney *ch = NULL;
	int rc = -1;

	for (int i = 0; i < TRIES && rc; i++) {
		rc = chimney_open(path, &ch);
		if (rc)
			usleep(10000);
	}
	assert_int_equal(rc, 0);
	return ch;
}

static void stop(void)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
}

static int connected(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int l = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(l, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, len), 0);
	peer = accept(l, NULL, NULL);
	close(l);
	return fd;
}

static struct chimney_conn *offloaded(struct chimney *ch)
{
	struct chimney_conn *c;

	assert_int_equal(chimney_offload(ch, connected(), &c, NULL), 0);
	return c;
}

static void waits_in(struct chimney_conn *c)
{
	struct chimney_wait w = {.conn = c, .events = POLLIN};

	assert_int_equal(chimney_wait(&w, 1, 10000), 1);
	assert_true(w.revents & POLLIN);
}

static void copies(void **state)
{
	struct chimney *ch;
	struct chimney_conn *c;
	struct chimney_info info;
	uint32_t crc = 0;
	char buf[64];

	start("0");
	ch = open_it();
	c = offloaded(ch);
	assert_int_equal(chimney_recv(c, buf, 64, MSG_DONTWAIT), -EAGAIN);
	/* The check value of CRC32C. */
	assert_int_equal(chimney_send_crc32c(c, "123456789", 9, 0, &crc), 9);
	assert_int_equal(crc, 0xe3069283);
	assert_int_equal(recv(peer, buf, 9, MSG_WAITALL), 9);
	assert_memory_equal(buf, "123456789", 9);
	send(peer, buf, 9, 0);
	crc = 0;
	assert_int_equal(chimney_recv_crc32c(c, buf, 9, MSG_WAITALL, &crc), 9);
	assert_int_equal(crc, 0xe3069283);
	assert_int_equal(chimney_info(c, &info), 0);
	assert_true(info.offloaded);
	assert_int_equal(chimney_shutdown(c, SHUT_WR), 0);
	assert_int_equal(recv(peer, buf, 1, 0), 0);
	assert_int_equal(chimney_send(c, "x", 1, 0), -EPIPE);
	chimney_close(c);
	chimney_end(ch);
	close(peer);
	stop();
}

static void in_place(struct chimney_conn *c)
{
	struct iovec v[2];
	char buf[64];

	assert_true(chimney_send_reserve(c, v) >= 5);
	memcpy(v[0].iov_base, "place", 5);
	assert_int_equal(chimney_send_commit(c, 5), 0);
	assert_int_equal(recv(peer, buf, 5, MSG_WAITALL), 5);
	assert_memory_equal(buf, "place", 5);
	assert_int_equal(chimney_recv_peek(c, v), -EAGAIN);
	send(peer, "answer", 6, 0);
	waits_in(c);
	assert_int_equal(chimney_recv_peek(c, v), 6);
	assert_memory_equal(v[0].iov_base, "answer", 6);
	assert_int_equal(chimney_recv_done(c, 2), 0);
	assert_int_equal(chimney_recv_peek(c, v), 4);
	assert_memory_equal(v[0].iov_base, "swer", 4);
	assert_int_equal(chimney_recv_done(c, 4), 0);
}

static void in_place_and_back(void **state)
{
	struct chimney *ch;
	struct chimney_conn *c;
	char buf[64];
	int fd;

	start("0");
	ch = open_it();
	c = offloaded(ch);
	in_place(c);
	send(peer, "left", 4, 0);
	waits_in(c);
	assert_int_equal(chimney_recv(c, buf, 1, 0), 1);
	fd = chimney_upload(c);
	assert_true(fd >= 0);
	/* What was not read is in the kernel's queue, and no more. */
	assert_int_equal(recv(fd, buf, 64, 0), 3);
	assert_memory_equal(buf, "eft", 3);
	close(fd);
	close(peer);
	chimney_end(ch);
	stop();
}

/* flued gives it back unasked: all goes on. */
static void given_back(void **state)
{
	struct chimney *ch;
	struct chimney_conn *c;
	struct chimney_info info = {.offloaded = true};

	start("10");
	ch = open_it();
	c = offloaded(ch);
	for (int i = 0; i < TRIES && info.offloaded; i++) {
		in_place(c);
		chimney_info(c, &info);
	}
	assert_false(info.offloaded);
	assert_string_equal(info.reason, "requested");
	in_place(c);
	chimney_close(c);
	close(peer);
	chimney_end(ch);
	stop();
}

static void *feeds(void *arg)
{
	static char buf[BULK];

	for (size_t i = 0; i < BULK; i++)
		buf[i] = (char)(i >> 3 ^ i >> 11);
	for (size_t at = 0; at < BULK;) {
		ssize_t n = send(peer, buf + at, BULK - at, 0);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	return NULL;
}

static void bulk_in_place(void **state)
{
	struct chimney *ch;
	struct chimney_conn *c;
	pthread_t thread;
	size_t at = 0;

	start("15");
	ch = open_it();
	c = offloaded(ch);
	pthread_create(&thread, NULL, feeds, NULL);
	while (at < BULK) {
		struct iovec v[2];
		ssize_t n = chimney_recv_peek(c, v);

		if (n == -EAGAIN) {
			waits_in(c);
			continue;
		}
		assert_true(n > 0);
		for (int k = 0; k < 2; k++) {
			const char *p = v[k].iov_base;

			for (size_t i = 0; i < v[k].iov_len; i++, at++) {
				if (p[i] != (char)(at >> 3 ^ at >> 11))
					fail_msg("byte %zu is another", at);
			}
		}
		assert_int_equal(chimney_recv_done(c, (size_t)n), 0);
	}
	pthread_join(thread, NULL);
	chimney_close(c);
	close(peer);
	chimney_end(ch);
	stop();
}

static void own_loop(void **state)
{
	struct chimney *ch;
	struct chimney_conn *c;
	short events;
	int fd;

	start("0");
	ch = open_it();
	c = offloaded(ch);
	assert_int_equal(chimney_arm(c, POLLIN, &fd, &events), 0);
	assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = events}, 1, 0), 0);
	send(peer, "x", 1, 0);
	assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = events}, 1, 10000), 1);
	assert_int_equal(chimney_arm(c, POLLIN, &fd, &events), POLLIN);
	assert_int_equal(chimney_arm(c, 0, &fd, &events), 0);
	chimney_close(c);
	close(peer);
	chimney_end(ch);
	stop();
}

/* flued is killed: its connections end, whoever waits is told, and another flued serves again. */
static void killed(void **state)
{
	struct chimney *ch, *other;
	struct chimney_conn *c;
	char buf[8];

	start("0");
	ch = open_it();
	c = offloaded(ch);
	stop();
	assert_int_equal(chimney_recv(c, buf, 8, 0), -ECONNRESET);
	assert_int_equal(chimney_recv(c, buf, 8, 0), 0);
	assert_int_equal(chimney_send(c, "x", 1, 0), -EPIPE);
	chimney_close(c);
	close(peer);
	assert_int_equal(chimney_open(path, &other), -ENOENT);
	start("0");
	other = open_it();
	c = offloaded(other); /* and a new peer */
	in_place(c);
	chimney_close(c);
	/* cppcheck-suppress doubleFree */
	close(peer);
	chimney_end(other);
	chimney_end(ch);
	stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),     cmocka_unit_test(in_place_and_back),
		cmocka_unit_test(given_back), cmocka_unit_test(bulk_in_place),
		cmocka_unit_test(own_loop),   cmocka_unit_test(killed),
	};
	int failed;

	if (argc != 2)
		return 2;
	standin = argv[1];
	*strrchr(path, '/') = 0;
	if (!mkdtemp(path))
		return 2;
	strcat(path, "/sock");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	*strrchr(path, '/') = 0;
	rmdir(path);
	return failed;
}

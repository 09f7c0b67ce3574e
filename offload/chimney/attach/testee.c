/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * testee KIND PORT: a program that knows nothing of chimneys. Connects to PORT of this host, writes
 * one stream and checks another until that ends; then ends its own and prints how many bytes it
 * read and wrote. It exits with 0 only if every byte and every result of a call was as it should
 * be.
 */
#include "offload/chimney/attach/testee.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

static struct pattern in_pattern, out_pattern;
static uint8_t in_buf[STREAM_CHUNK];
static uint64_t in_pos, out_pos;
static int in_fd, out_fd;
static atomic_bool in_ended;

static void fail(const char *what)
{
	fprintf(stderr, "testee: %s (%s), %llu in, %llu out\n", what, strerror(errno),
		(unsigned long long)in_pos, (unsigned long long)out_pos);
	exit(1);
}

static void got(ssize_t n)
{
	if (n == 0) {
		in_ended = true;
		return;
	}
	if (!pattern_is(&in_pattern, in_pos, in_buf, (size_t)n))
		fail("wrong bytes");
	in_pos += (uint64_t)n;
}

/* One that would not wait. False: there is nothing. */
static bool read_some(void)
{
	ssize_t n = read(in_fd, in_buf, sizeof(in_buf));

	if (n < 0 && errno != EAGAIN)
		fail("read");
	if (n >= 0)
		got(n);
	return n > 0;
}

static bool write_some(void)
{
	ssize_t n;

	if (in_ended)
		return false;
	n = write(out_fd, pattern_at(&out_pattern, out_pos), STREAM_CHUNK);
	if (n < 0 && errno != EAGAIN)
		fail("write");
	if (n > 0)
		out_pos += (uint64_t)n;
	return n > 0;
}

static void set_nonblock(void)
{
	fcntl(in_fd, F_SETFL, O_NONBLOCK);
}

/* Does not expect a blocking write to do less than it was asked to. */
static void *writer(void *arg)
{
	size_t n = (size_t)(uintptr_t)arg;
	unsigned int turn = 0;

	while (!in_ended) {
		const uint8_t *from = pattern_at(&out_pattern, out_pos);
		struct iovec v[3] = {
			{(void *)(uintptr_t)from, n / 3},
			{(void *)(uintptr_t)(from + n / 3), n / 2},
			{(void *)(uintptr_t)(from + n / 3 + n / 2), n - n / 3 - n / 2}};
		struct msghdr m = {.msg_iov = v, .msg_iovlen = 3};
		ssize_t done;

		switch (turn++ % 4) {
		case 0:
			done = write(out_fd, from, n);
			break;
		case 1:
			done = send(out_fd, from, n, 0);
			break;
		case 2:
			done = writev(out_fd, v, 3);
			break;
		default:
			done = sendmsg(out_fd, &m, 0);
			break;
		}
		if (done != (ssize_t)n)
			fail("short write");
		out_pos += n;
	}
	return NULL;
}

static void *reader(void *arg)
{
	while (!in_ended) {
		ssize_t n = read(in_fd, in_buf, sizeof(in_buf));

		if (n < 0)
			fail("read");
		got(n);
	}
	return NULL;
}

static void *napper(void *arg)
{
	while (!in_ended)
		usleep(300);
	return NULL;
}

/* Does not expect to get less than all it waits for, but at the end. */
static void *whole_reader(void *arg)
{
	const size_t want = 300000;
	bool turn = false;

	while (!in_ended) {
		struct iovec v[2] = {{in_buf, 1000}, {in_buf + 1000, want - 1000}};
		struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
		ssize_t n = turn ? recvmsg(in_fd, &m, MSG_WAITALL)
				 : recv(in_fd, in_buf, want, MSG_WAITALL);

		if (n < 0)
			fail("recv");
		turn = !turn;
		if (n)
			got(n);
		if (n < (ssize_t)want) {
			got(recv(in_fd, in_buf, 1, 0));
			if (!in_ended)
				fail("short read");
		}
	}
	return NULL;
}

static void run_whole(void)
{
	pthread_t t;

	pthread_create(&t, NULL, whole_reader, NULL);
	writer((void *)(uintptr_t)1000);
	pthread_join(t, NULL);
}

/* Blocked in read() and in write(), with others around them. */
static void run_threads(void)
{
	pthread_t t[3];

	pthread_create(&t[0], NULL, reader, NULL);
	pthread_create(&t[1], NULL, napper, NULL);
	pthread_create(&t[2], NULL, napper, NULL);
	writer((void *)(uintptr_t)(STREAM_CHUNK / 2));
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

/* Reads what it asked for, answers with as much, and waits again. */
static void run_ping(void)
{
	while (!in_ended) {
		ssize_t n = recv(in_fd, in_buf, 1000, 0);

		if (n < 0)
			fail("recv");
		got(n);
		if (n && send(out_fd, pattern_at(&out_pattern, out_pos), (size_t)n, 0) != n)
			fail("send");
		out_pos += (uint64_t)n;
	}
}

static void run_poll(void)
{
	set_nonblock();
	while (!in_ended) {
		struct pollfd p = {.fd = in_fd, .events = POLLIN | POLLOUT};

		if (poll(&p, 1, -1) != 1)
			fail("poll");
		if (p.revents & POLLIN)
			read_some();
		if (p.revents & POLLOUT)
			write_some();
	}
}

static void run_select(void)
{
	set_nonblock();
	while (!in_ended) {
		fd_set in;

		FD_ZERO(&in);
		FD_SET(in_fd, &in);
		if (select(in_fd + 1, &in, NULL, NULL, NULL) != 1)
			fail("select");
		read_some();
		write_some();
	}
}

static void run_epoll(uint32_t extra)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | extra,
				 .data.u64 = 0x1122334455667788};
	int ep = epoll_create1(EPOLL_CLOEXEC), other = dup(in_fd);
	bool again;

	set_nonblock();
	if (epoll_ctl(ep, EPOLL_CTL_ADD, in_fd, &ev) != 0)
		fail("epoll_ctl");
	ev.events = EPOLLPRI;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, other, &ev) != 0)
		fail("epoll_ctl");
	while (!in_ended) {
		if (epoll_wait(ep, &ev, 1, -1) != 1)
			fail("epoll_wait");
		if (ev.data.u64 != 0x1122334455667788)
			fail("epoll data");
		do {
			again = read_some();
			again |= write_some();
		} while (again);
	}
}

static void run_spin(void)
{
	set_nonblock();
	while (!in_ended) {
		read_some();
		write_some();
	}
}

/* Time limits that are far away, other numbers, and reading in full. */
static void run_dup(void)
{
	struct timeval limit = {.tv_sec = 60};
	pthread_t t;

	setsockopt(in_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(in_fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	out_fd = fcntl(in_fd, F_DUPFD_CLOEXEC, 100);
	pthread_create(&t, NULL, reader, NULL);
	writer((void *)(uintptr_t)STREAM_CHUNK);
	pthread_join(t, NULL);
	if (!(fcntl(out_fd, F_GETFD) & FD_CLOEXEC) || (fcntl(in_fd, F_GETFD) & FD_CLOEXEC))
		fail("close-on-exec");
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	signals++;
}

/* Handlers run all the time, which makes calls short or end early; it copes with that. */
static void run_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct itimerval often = {{0, 300}, {0, 300}};

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (!in_ended) {
		ssize_t n = read(in_fd, in_buf, 100000);

		if (n < 0 && errno != EINTR)
			fail("read");
		if (n >= 0)
			got(n);
		if (in_ended)
			break;
		n = write(out_fd, pattern_at(&out_pattern, out_pos), 50000);
		if (n < 0 && errno != EINTR)
			fail("write");
		out_pos += n > 0 ? (uint64_t)n : 0;
	}
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	if (signals == 0)
		fail("no signal came");
}

static int connect_to(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		fail("connect");
	return fd;
}

int main(int argc, char **argv)
{
	const char *kind = argc == 3 ? argv[1] : "";

	pattern_init(&in_pattern, STREAM_TO_PROGRAM);
	pattern_init(&out_pattern, STREAM_TO_PEER);
	in_fd = out_fd = connect_to(atoi(argv[2]));
	if (strcmp(kind, "threads") == 0)
		run_threads();
	else if (strcmp(kind, "ping") == 0)
		run_ping();
	else if (strcmp(kind, "whole") == 0)
		run_whole();
	else if (strcmp(kind, "poll") == 0)
		run_poll();
	else if (strcmp(kind, "select") == 0)
		run_select();
	else if (strcmp(kind, "epoll") == 0)
		run_epoll(0);
	else if (strcmp(kind, "epoll-edge") == 0)
		run_epoll(EPOLLET);
	else if (strcmp(kind, "spin") == 0)
		run_spin();
	else if (strcmp(kind, "dup") == 0)
		run_dup();
	else if (strcmp(kind, "signals") == 0)
		run_signals();
	else
		fail("what?");
	shutdown(out_fd, SHUT_WR);
	printf("%llu %llu\n", (unsigned long long)in_pos, (unsigned long long)out_pos);
	return 0;
}

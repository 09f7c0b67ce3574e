/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals, threads, non-blocking connects, and many bytes. */
#include "tests/chim/battery.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/uio.h>

static volatile sig_atomic_t alarms;

static int wake_fd = -1;

/* After the second one something is sent, so that a call that was taken up again ends. */
static void on_alarm(int sig)
{
	if (++alarms == 2 && wake_fd >= 0 && write(wake_fd, "alarm", 5) != 5)
		abort();
}

static void alarms_on(int flags)
{
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = flags};
	struct itimerval every = {{0, 30000}, {0, 30000}};

	sigaction(SIGALRM, &act, NULL);
	alarms = 0;
	setitimer(ITIMER_REAL, &every, NULL);
}

static void alarms_off(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	signal(SIGALRM, SIG_IGN);
}

void battery_signals(void)
{
	struct timeval tv = {5, 0};
	struct pair p = pair_new();
	struct pollfd f = {.fd = p.b, .events = POLLIN};
	struct epoll_event ev = {.events = EPOLLIN};
	int set = epoll_create1(0);
	char buf[64];

	alarms_on(0);
	says("read", read(p.b, buf, 64));
	says("recv waitall", recv(p.b, buf, 64, MSG_WAITALL));
	says("poll", poll(&f, 1, -1));
	epoll_ctl(set, EPOLL_CTL_ADD, p.b, &ev);
	says("epoll_wait", epoll_wait(set, &ev, 1, -1));
	alarms_off();
	wake_fd = p.a;
	alarms_on(SA_RESTART);
	says_bytes("read restarted", buf, read(p.b, buf, 64));
	wake_fd = -1;
	says("poll restart", poll(&f, 1, -1));
	says("epoll_wait restart", epoll_wait(set, &ev, 1, -1));
	setsockopt(p.b, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	says("read with a timeout", read(p.b, buf, 64));
	alarms_off();
	send(p.a, "ab", 2, 0);
	settle();
	alarms_on(0);
	says_bytes("partial", buf, recv(p.b, buf, 64, MSG_WAITALL));
	alarms_off();
	close(set);
	pair_close(&p);
}

struct job {
	int fd;
	long result;
	int error;
	char buf[64];
};

static void *reads(void *arg)
{
	struct job *j = arg;

	j->result = read(j->fd, j->buf, sizeof(j->buf));
	j->error = errno;
	return NULL;
}

static void cancel(struct pair *p)
{
	struct job j = {.fd = p->b};
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, reads, &j);
	settle();
	pthread_cancel(thread);
	pthread_join(thread, &result);
	says("cancelled", result == PTHREAD_CANCELED);
	says("write after", write(p->a, "after", 5));
	says_bytes("read after", j.buf, read(p->b, j.buf, 64));
}

void battery_threads(void)
{
	struct pair p = pair_new();
	struct job j = {.fd = p.b};
	struct pollfd f = {.events = POLLIN};
	pthread_t thread;

	pthread_create(&thread, NULL, reads, &j);
	settle();
	says("write", write(p.a, "to thread", 9));
	pthread_join(thread, NULL);
	says_bytes("read in thread", j.buf, j.result);
	cancel(&p);

	/* A call that waits keeps the connection until it ends. */
	j.result = -7;
	pthread_create(&thread, NULL, reads, &j);
	settle();
	close(p.b);
	settle();
	f.fd = p.a;
	says("no end yet", poll(&f, 1, 0));
	says("write closed", write(p.a, "anyway", 6));
	pthread_join(thread, NULL);
	says_bytes("read closed", j.buf, j.result);
	settle();
	says("end", read(p.a, j.buf, 64));
	close(p.a);

	p = pair_new();
	j.fd = p.b;
	pthread_create(&thread, NULL, reads, &j);
	settle();
	says("shutdown", shutdown(p.b, SHUT_RD));
	pthread_join(thread, NULL);
	says("read shut", j.result);
	pair_close(&p);
}

static int error_of(int fd)
{
	int error = -1;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

void battery_connect(void)
{
	uint16_t port;
	int l = listen_new(&port), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int set = epoll_create1(0), b;
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
	struct pollfd f = {.fd = fd, .events = POLLOUT};
	char buf[64];
	int n;

	epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev);
	says("connect", connect(fd, (struct sockaddr *)&to, sizeof(to)));
	says("poll", poll(&f, 1, 1000));
	says("events", f.revents);
	says("error", error_of(fd));
	says("connect again", connect(fd, (struct sockaddr *)&to, sizeof(to)));
	says("connect thrice", connect(fd, (struct sockaddr *)&to, sizeof(to)));
	b = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	says("nonblock", (fcntl(b, F_GETFL) & O_NONBLOCK) != 0);
	says("cloexec", fcntl(b, F_GETFD));
	says("read nothing", read(b, buf, 64));
	says("write", write(fd, "early", 5));
	settle();
	says_bytes("read", buf, read(b, buf, 64));
	epoll_wait(set, &ev, 1, 0);
	says("answer", write(b, "late", 4));
	settle();
	n = epoll_wait(set, &ev, 1, 1000);
	says_events("edge", n, ev.events);
	says("data", ev.data.fd == fd);
	says_bytes("read answer", buf, read(fd, buf, 64));
	close(fd);
	close(b);
	close(set);
	close(l);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	says("refused", connect(fd, (struct sockaddr *)&to, sizeof(to)));
	f = (struct pollfd){.fd = fd, .events = POLLOUT};
	says("refused poll", poll(&f, 1, 1000));
	says("refused events", f.revents);
	says("refused error", error_of(fd));
	says("refused error again", error_of(fd));
	close(fd);
}

enum { BULK = 20 << 20 };

static void *sends(void *arg)
{
	const struct job *j = arg;
	static char buf[200000];
	size_t at = 0;
	unsigned int step = 1;

	while (at < BULK) {
		size_t n = step * 7919 % sizeof(buf) + 1;

		if (n > BULK - at)
			n = BULK - at;
		pattern(buf, n, at);
		if (send(j->fd, buf, n, 0) != (ssize_t)n)
			abort();
		at += n;
		step++;
	}
	shutdown(j->fd, SHUT_WR);
	return NULL;
}

static long read_slowly(int fd)
{
	static char got[100000], want[100000];
	size_t at = 0;

	for (;;) {
		struct pollfd f = {.fd = fd, .events = POLLIN};
		struct iovec v[2] = {{got, 777}, {got + 777, sizeof(got) - 777}};
		ssize_t n;

		poll(&f, 1, -1);
		n = readv(fd, v, 2);
		if (n == 0)
			return (long)at;
		if (n < 0)
			return -1;
		pattern(want, (size_t)n, at);
		if (memcmp(got, want, (size_t)n))
			return -1;
		at += (size_t)n;
	}
}

void battery_bulk(void)
{
	struct pair p = pair_new();
	struct job j = {.fd = p.a};
	pthread_t thread;

	pthread_create(&thread, NULL, sends, &j);
	says("polled", read_slowly(p.b));
	pthread_join(thread, NULL);
	pair_close(&p);

	p = pair_new();
	j.fd = p.b;
	fcntl(p.a, F_SETFL, O_NONBLOCK);
	pthread_create(&thread, NULL, sends, &j);
	says("polled nonblocking", read_slowly(p.a));
	pthread_join(thread, NULL);
	pair_close(&p);

	p = pair_new();
	j.fd = p.a;
	pthread_create(&thread, NULL, sends, &j);
	says("blocking", read_pattern(p.b, 0, BULK));
	pthread_join(thread, NULL);
	says("end", read_pattern(p.b, BULK, 1));
	pair_close(&p);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Readiness: poll, select, epoll. */
#include "tests/chim/battery.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>

enum { ALL = POLLIN | POLLOUT | POLLRDHUP | POLLPRI | POLLRDNORM | POLLWRNORM };

static void look(const char *what, int fd)
{
	struct pollfd f = {.fd = fd, .events = ALL};
	int n = poll(&f, 1, 0);

	says_events(what, n, (uint32_t)f.revents);
}

/* Until nothing more goes in. */
static void fill(int fd)
{
	static char buf[1 << 16];

	do {
		while (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		settle();
	} while (send(fd, buf, 1, MSG_DONTWAIT) > 0);
}

static void empty(int fd)
{
	static char buf[1 << 16];

	do {
		while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		settle();
		settle();
	} while (recv(fd, buf, 1, MSG_DONTWAIT | MSG_PEEK) > 0);
}

static void with_select(struct pair *p)
{
	struct timeval tv = {0, 0};
	fd_set in, out, except;
	int pipes[2];

	if (pipe(pipes) || write(pipes[1], "x", 1) != 1)
		abort();
	for (int i = 0; i < 2; i++) {
		FD_ZERO(&in);
		FD_ZERO(&out);
		FD_ZERO(&except);
		FD_SET(p->b, &in);
		FD_SET(pipes[0], &in);
		FD_SET(p->b, &out);
		FD_SET(p->b, &except);
		says("select", select(64, &in, &out, &except, &tv));
		says("select in", FD_ISSET(p->b, &in) != 0);
		says("select out", FD_ISSET(p->b, &out) != 0);
		says("select except", FD_ISSET(p->b, &except) != 0);
		says("select pipe", FD_ISSET(pipes[0], &in) != 0);
		send(p->a, "s", 1, 0);
		settle();
	}
	FD_ZERO(&in);
	FD_SET(p->b, &in);
	FD_SET(60, &in);
	says("select bad", select(64, &in, NULL, NULL, &tv));
	close(pipes[0]);
	close(pipes[1]);
}

void battery_poll(void)
{
	struct pair p = pair_new();
	struct pollfd f[4] = {{.events = POLLIN}, {.events = POLLIN}, {.fd = -1}, {.fd = 60}};
	int pipes[2];
	char buf[64];

	look("idle", p.a);
	send(p.a, "x", 1, 0);
	settle();
	look("data", p.b);
	says("read", read(p.b, buf, 64));
	look("read", p.b);
	f[0].fd = p.b;
	says("timeout", poll(f, 1, 20));
	if (pipe(pipes))
		abort();
	f[1].fd = pipes[0];
	says("mixed none", poll(f, 3, 0));
	says("mixed bad", poll(f, 4, 0));
	says("bad flag", f[3].revents);
	says("pipe", write(pipes[1], "x", 1));
	says("mixed pipe", poll(f, 3, -1));
	says("mixed pipe flags", f[0].revents << 8 | f[1].revents);
	send(p.a, "y", 1, 0);
	settle();
	says("mixed both", poll(f, 3, -1));
	says("mixed both flags", f[0].revents << 8 | f[1].revents);
	f[0].events = 0;
	says("no events", poll(f, 1, 0));
	with_select(&p);
	empty(p.b);
	fill(p.a);
	look("full", p.a);
	empty(p.b);
	look("room", p.a);
	shutdown(p.a, SHUT_WR);
	settle();
	look("half closed", p.a);
	look("peer half closed", p.b);
	shutdown(p.b, SHUT_WR);
	settle();
	look("both closed", p.a);
	look("peer both closed", p.b);
	close(pipes[0]);
	close(pipes[1]);
	pair_close(&p);
}

static int set_new(int fd, uint32_t events)
{
	int set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = {.events = events, .data.u64 = 0x123456789abcull};

	says("add", epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev));
	return set;
}

static void take(const char *what, int set)
{
	struct epoll_event ev[4];
	int n = epoll_wait(set, ev, 4, 0);

	says_events(what, n, ev[0].events);
	if (n > 0 && ev[0].data.u64 != 0x123456789abcull)
		says_text(what, "the data is another");
}

static void modify(const char *what, int set, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.u64 = 0x123456789abcull};

	says(what, epoll_ctl(set, EPOLL_CTL_MOD, fd, &ev));
}

void battery_epoll(void)
{
	struct pair p = pair_new();
	struct epoll_event ev = {.events = EPOLLIN};
	int set = set_new(p.b, EPOLLIN | EPOLLRDHUP);
	char buf[64];

	says("add again", epoll_ctl(set, EPOLL_CTL_ADD, p.b, &ev));
	says("mod unknown", epoll_ctl(set, EPOLL_CTL_MOD, p.a, &ev));
	says("del unknown", epoll_ctl(set, EPOLL_CTL_DEL, p.a, &ev));
	says("ctl bad", epoll_ctl(set, 77, p.b, &ev));
	says("wait 0 events", epoll_wait(set, &ev, 0, 0));
	take("idle", set);
	send(p.a, "abc", 3, 0);
	settle();
	take("data", set);
	take("data again", set);
	says("read one", read(p.b, buf, 1));
	take("rest", set);
	says("read rest", read(p.b, buf, 64));
	take("empty", set);
	modify("mod out", set, p.b, EPOLLOUT);
	take("out", set);
	modify("mod none", set, p.b, 0);
	take("none", set);
	modify("mod both", set, p.b, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	shutdown(p.a, SHUT_WR);
	settle();
	take("half closed", set);
	says("read end", read(p.b, buf, 64));
	take("after end", set);
	shutdown(p.b, SHUT_WR);
	settle();
	take("hup", set);
	says("del", epoll_ctl(set, EPOLL_CTL_DEL, p.b, &ev));
	take("deleted", set);
	close(set);
	pair_close(&p);
}

static void edges(struct pair *p)
{
	int set = set_new(p->b, EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP);
	char buf[64];

	take("edge first", set);
	take("edge no more", set);
	send(p->a, "abc", 3, 0);
	settle();
	take("edge data", set);
	take("edge data no more", set);
	send(p->a, "def", 3, 0);
	settle();
	take("edge more data", set);
	says("edge read", read(p->b, buf, 64));
	says("edge eagain", recv(p->b, buf, 64, MSG_DONTWAIT));
	take("edge empty", set);
	modify("edge mod", set, p->b, EPOLLIN | EPOLLOUT | EPOLLET);
	take("edge rearmed", set);
	fill(p->b);
	take("edge full", set);
	empty(p->a);
	take("edge room", set);
	take("edge room no more", set);
	close(set);
}

static void once(struct pair *p)
{
	int set = set_new(p->b, EPOLLIN | EPOLLONESHOT);
	char buf[64];

	send(p->a, "abc", 3, 0);
	settle();
	take("oneshot", set);
	take("oneshot spent", set);
	send(p->a, "def", 3, 0);
	settle();
	take("oneshot still", set);
	modify("oneshot mod", set, p->b, EPOLLIN | EPOLLONESHOT);
	take("oneshot again", set);
	says("oneshot read", read(p->b, buf, 64));
	close(set);
}

/* How many of two descriptors are seen: all need not come at once. */
static long seen(int set)
{
	struct epoll_event got[2];
	bool seven = false, other = false;

	for (int i = 0; i < 5 && !(seven && other); i++) {
		int n = epoll_wait(set, got, 2, 1000);

		for (int k = 0; k < n; k++) {
			seven |= got[k].data.fd == 7;
			other |= got[k].data.fd != 7;
		}
	}
	return seven + other;
}

static void mixed(struct pair *p)
{
	int set = set_new(p->b, EPOLLIN), copy = dup(set), pipes[2];
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = 7}, got[2];
	int n;

	if (pipe(pipes))
		abort();
	says("mixed add", epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], &ev));
	says("pipe", write(pipes[1], "x", 1));
	says("mixed pipe", epoll_wait(copy, got, 2, -1));
	says("mixed pipe data", got[0].data.fd);
	send(p->a, "abc", 3, 0);
	settle();
	says("mixed both", seen(copy));
	n = epoll_wait(copy, got, 1, -1);
	says("mixed one", n);
	close(set);
	says("copy lives", seen(copy));
	close(p->b);
	n = epoll_wait(copy, got, 2, 0);
	says("closed one", n);
	says("closed one data", got[0].data.fd);
	close(copy);
	says("wait closed", epoll_wait(copy, got, 2, 0));
	close(pipes[0]);
	close(pipes[1]);
}

/* A set within a set, and one that is polled. */
static void nested(struct pair *p)
{
	int inner = set_new(p->a, EPOLLIN), outer = set_new(inner, EPOLLIN);
	struct pollfd f = {.fd = inner, .events = POLLIN};
	char buf[64];

	take("nested idle", outer);
	send(p->b, "abc", 3, 0);
	settle();
	take("nested data", outer);
	says("polled data", poll(&f, 1, 0));
	take("inner data", inner);
	says("nested read", read(p->a, buf, 1));
	take("nested rest", outer);
	says("polled rest", poll(&f, 1, 0));
	says("nested read rest", read(p->a, buf, 64));
	take("nested empty", outer);
	close(inner);
	close(outer);
}

void battery_epoll_more(void)
{
	struct pair p = pair_new();

	edges(&p);
	empty(p.b);
	once(&p);
	nested(&p);
	mixed(&p);
	pair_close(&p);
}

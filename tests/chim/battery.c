/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/battery.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

static const char *group;

void begin(const char *name)
{
	group = name;
}

void says(const char *what, long n)
{
	if (n < 0)
		printf("%s: %s: %ld %s\n", group, what, n, strerrorname_np(errno));
	else
		printf("%s: %s: %ld\n", group, what, n);
}

void says_text(const char *what, const char *text)
{
	printf("%s: %s: %s\n", group, what, text);
}

void says_bytes(const char *what, const char *buf, long n)
{
	if (n < 0)
		says(what, n);
	else
		printf("%s: %s: %ld \"%.*s\"\n", group, what, n, (int)n, buf);
}

void says_events(const char *what, long n, uint32_t events)
{
	if (n < 0)
		says(what, n);
	else
		printf("%s: %s: %ld 0x%x\n", group, what, n, n ? events : 0);
}

static long ms_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* On a machine that is short of time others are late as well: until three sleeps in a row took no
 * longer than they should. */
void settle(void)
{
	long start = ms_now(), was;

	for (int good = 0; good < 3 && ms_now() - start < 1000;) {
		was = ms_now();
		usleep(20000);
		good = ms_now() - was < 25 ? good + 1 : 0;
	}
}

void pattern(char *buf, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)((at + i) * 2654435761u >> 13);
}

long read_pattern(int fd, size_t at, size_t n)
{
	static char got[1 << 16], want[1 << 16];
	size_t done = 0;

	while (done < n) {
		size_t k = n - done < sizeof(got) ? n - done : sizeof(got);
		ssize_t r = recv(fd, got, k, 0);

		if (r <= 0)
			break;
		pattern(want, (size_t)r, at + done);
		if (memcmp(got, want, (size_t)r))
			return -1;
		done += (size_t)r;
	}
	return (long)done;
}

int listen_new(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&at, &len))
		abort();
	*port = ntohs(at.sin_port);
	return fd;
}

int connect_to(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		abort();
	return fd;
}

struct pair pair_new(void)
{
	struct pair p;
	uint16_t port;
	int l = listen_new(&port);

	p.a = connect_to(port);
	p.b = accept(l, NULL, NULL);
	if (p.b < 0)
		abort();
	close(l);
	return p;
}

void pair_close(struct pair *p)
{
	close(p->a);
	close(p->b);
}

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{"basic", battery_basic},	{"flags", battery_flags},     {"end", battery_end},
	{"reset", battery_reset},	{"poll", battery_poll},	      {"epoll", battery_epoll},
	{"epoll2", battery_epoll_more}, {"options", battery_options}, {"copies", battery_copies},
	{"process", battery_process},	{"signals", battery_signals}, {"threads", battery_threads},
	{"connect", battery_connect},	{"bulk", battery_bulk},	      {"files", battery_files},
};

/* All groups, or those that are named. */
int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		bool wanted = argc == 1;

		for (int k = 1; k < argc; k++)
			wanted |= !strcmp(argv[k], groups[i].name);
		if (!wanted)
			continue;
		begin(groups[i].name);
		groups[i].run();
	}
	return 0;
}

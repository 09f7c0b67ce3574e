/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chim_stream listen|connect ADDRESS PORT [KEY VALUE]...: one end of TCP connections over which
 * both sides send what the other can check, byte by byte.
 *
 *	bytes N		what is sent each way over each connection (default 1000000)
 *	count N		connections, at the same time (default 1)
 *	chunk N		read and written at most at once; lengths vary below that (default 65536)
 *	seed N		of lengths and pauses (default 1)
 *	pause-us N	now and then, at most so long (default 0)
 *	mode M		blocking, poll or epoll (default poll)
 *	half on		each side ends its direction when it has sent all; off: when it has
 *			received all as well, not in mode blocking (default on)
 *
 * The byte at position p of a direction is a function of p alone, so that one that is lost, doubled
 * or out of place is seen where it happens. Ends with 0 when all was sent and received and the
 * other side ended in order; else it says what was wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct {
	uint64_t bytes;
	unsigned int count, chunk, seed, pause_us;
	const char *mode;
	bool half;
} conf = {1000000, 1, 65536, 1, 0, "poll", true};

struct stream {
	pthread_t thread;
	int fd, epoll;
	bool listener;
	uint64_t sent, received;
	bool ended; /* the other side has */
	uint64_t rng;
	uint8_t *buf;
};

static _Atomic int failures;

static void complain(const struct stream *s, const char *what, int error)
{
	fprintf(stderr, "%s after %llu sent, %llu received: %s\n", what,
		(unsigned long long)s->sent, (unsigned long long)s->received,
		error ? strerror(error) : "");
	failures++;
}

static uint32_t random_below(struct stream *s, uint32_t n)
{
	s->rng ^= s->rng << 13;
	s->rng ^= s->rng >> 7;
	s->rng ^= s->rng << 17;
	return (uint32_t)((s->rng >> 32) * n >> 32);
}

/* The two directions differ. */
static uint8_t byte_at(bool from_listener, uint64_t p)
{
	uint64_t x = (p >> 3) * 0x9e3779b97f4a7c15ull + from_listener;

	x ^= x >> 29;
	return (uint8_t)(x >> (p & 7) * 8) ^ (uint8_t)p;
}

static void pause_now_and_then(struct stream *s)
{
	if (conf.pause_us && random_below(s, 8) == 0)
		usleep(random_below(s, conf.pause_us));
}

/* If it is time for that: -1 if it fails, else 1. */
static int end_direction(struct stream *s)
{
	if (s->sent < conf.bytes || (!conf.half && s->received < conf.bytes))
		return 1;
	if (shutdown(s->fd, SHUT_WR) == 0)
		return 1;
	complain(s, "shutdown", errno);
	return -1;
}

/* 1: something went; 0: not now; -1: failed. */
static int send_some(struct stream *s)
{
	uint64_t left = conf.bytes - s->sent;
	size_t n = 1 + random_below(s, conf.chunk);
	ssize_t done;

	if (n > left)
		n = left;
	for (size_t i = 0; i < n; i++)
		s->buf[i] = byte_at(s->listener, s->sent + i);
	done = send(s->fd, s->buf, n, MSG_NOSIGNAL);
	if (done < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		complain(s, "send", errno);
		return -1;
	}
	s->sent += (uint64_t)done;
	return end_direction(s);
}

static int receive_some(struct stream *s)
{
	ssize_t n = recv(s->fd, s->buf, 1 + random_below(s, conf.chunk), 0);

	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		complain(s, "receive", errno);
		return -1;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (s->buf[i] != byte_at(!s->listener, s->received + (uint64_t)i)) {
			s->received += (uint64_t)i;
			complain(s, "another byte than was sent", 0);
			return -1;
		}
	}
	s->received += (uint64_t)n;
	s->ended = n == 0;
	if (s->ended && s->received != conf.bytes) {
		complain(s, "it ended early", 0);
		return -1;
	}
	if (s->received > conf.bytes) {
		complain(s, "more came than was sent", 0);
		return -1;
	}
	return conf.half || s->ended ? 1 : end_direction(s);
}

/* What the descriptor is ready for; 0: nothing in time, which is a failure. */
static short wait_for(struct stream *s, short wanted)
{
	struct pollfd p = {.fd = s->fd, .events = wanted};
	struct epoll_event ev = {.events = (uint32_t)wanted}, got;

	if (strcmp(conf.mode, "epoll") != 0)
		return poll(&p, 1, 60000) == 1 ? p.revents : 0;
	if (epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->fd, &ev) != 0)
		return 0;
	return epoll_wait(s->epoll, &got, 1, 60000) == 1 ? (short)got.events : 0;
}

static void both_ways(struct stream *s)
{
	while (!s->ended || s->sent < conf.bytes) {
		short ready = wait_for(
			s, (short)((s->ended ? 0 : POLLIN) | (s->sent < conf.bytes ? POLLOUT : 0)));

		if (ready == 0) {
			complain(s, "nothing happened for a minute", 0);
			return;
		}
		if (ready & (POLLIN | POLLHUP | POLLERR) && !s->ended && receive_some(s) < 0)
			return;
		if (ready & POLLOUT && s->sent < conf.bytes && send_some(s) < 0)
			return;
		pause_now_and_then(s);
	}
}

static void *sender(void *arg)
{
	struct stream *s = arg;

	while (s->sent < conf.bytes && send_some(s) >= 0)
		pause_now_and_then(s);
	return NULL;
}

/* Two threads, each in its own direction. */
static void blocking(struct stream *s)
{
	struct stream out = *s;
	pthread_t thread;

	out.buf = malloc(conf.chunk + 1);
	out.rng ^= 0x5555;
	pthread_create(&thread, NULL, sender, &out);
	while (!s->ended && receive_some(s) >= 0)
		pause_now_and_then(s);
	pthread_join(thread, NULL);
	free(out.buf);
}

static void *run(void *arg)
{
	struct stream *s = arg;
	struct epoll_event ev = {0};

	s->buf = malloc(conf.chunk + 1);
	if (strcmp(conf.mode, "blocking") == 0) {
		blocking(s);
	} else {
		fcntl(s->fd, F_SETFL, O_NONBLOCK);
		s->epoll = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->fd, &ev);
		both_ways(s);
		close(s->epoll);
	}
	if (close(s->fd) != 0)
		complain(s, "close", errno);
	free(s->buf);
	return NULL;
}

static int open_end(bool listener, const struct addrinfo *to)
{
	static int listening = -1;
	int one = 1, fd;

	if (!listener) {
		fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) != 0)
			return -1;
		return fd;
	}
	if (listening < 0) {
		listening = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(listening, to->ai_addr, to->ai_addrlen) != 0 || listen(listening, 64) != 0)
			return -1;
		puts("listening");
		fflush(stdout);
	}
	return accept4(listening, NULL, NULL, SOCK_CLOEXEC);
}

static int configure(int argc, char **argv)
{
	for (int i = 0; i + 1 < argc; i += 2) {
		const char *key = argv[i], *value = argv[i + 1];

		if (strcmp(key, "bytes") == 0)
			conf.bytes = strtoull(value, NULL, 10);
		else if (strcmp(key, "count") == 0)
			conf.count = (unsigned int)atoi(value);
		else if (strcmp(key, "chunk") == 0)
			conf.chunk = (unsigned int)atoi(value);
		else if (strcmp(key, "seed") == 0)
			conf.seed = (unsigned int)atoi(value);
		else if (strcmp(key, "pause-us") == 0)
			conf.pause_us = (unsigned int)atoi(value);
		else if (strcmp(key, "mode") == 0)
			conf.mode = value;
		else if (strcmp(key, "half") == 0)
			conf.half = strcmp(value, "off") != 0;
		else
			return -1;
	}
	return argc % 2 == 0 && conf.count > 0 && conf.chunk > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	bool listener = argc > 1 && strcmp(argv[1], "listen") == 0;
	struct addrinfo *to;
	struct stream *streams;

	if (argc < 4 || configure(argc - 4, argv + 4) != 0 ||
	    getaddrinfo(argv[2], argv[3], &hints, &to) != 0) {
		fputs("usage: chim_stream listen|connect ADDRESS PORT [KEY VALUE]...\n", stderr);
		return 2;
	}
	streams = calloc(conf.count, sizeof(*streams));
	for (unsigned int i = 0; i < conf.count; i++) {
		struct stream *s = &streams[i];

		s->listener = listener;
		s->rng = (conf.seed * 1000003ull + i) * 0x9e3779b97f4a7c15ull | 1;
		s->fd = open_end(listener, to);
		if (s->fd < 0) {
			fprintf(stderr, "connection %u: %s\n", i, strerror(errno));
			return 1;
		}
		pthread_create(&s->thread, NULL, run, s);
	}
	for (unsigned int i = 0; i < conf.count; i++)
		pthread_join(streams[i].thread, NULL);
	free(streams);
	freeaddrinfo(to);
	if (failures == 0)
		printf("%u connections, %llu bytes each way, as sent\n", conf.count,
		       (unsigned long long)conf.bytes);
	return failures ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Lies in messages: what is said, in which order, and what is offered. */
#include "tests/chim/hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 20000 };

/* Messages of a wrong size, version or order end the conversation. */
static void nonsense(void)
{
	struct {
		struct chim_msg m;
		char more[300];
	} big = {.m = {.type = CHIM_MSG_HELLO, .conn = CHIM_MSG_VERSION}};
	static const size_t sizes[] = {1, 4, 31, 33, 64, sizeof(big)};
	struct talk *t;

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		t = talk_open();
		talk_say(t, &big.m, sizes[i], NULL, 0);
		talk_must_end(t, "a message of a wrong size is taken");
	}
	for (uint32_t version = 0; version < 5; version++) {
		if (version == CHIM_MSG_VERSION)
			continue;
		t = talk_open();
		talk_tell(t, CHIM_MSG_HELLO, version, 0);
		talk_must_end(t, "another version is taken");
	}
	for (uint32_t type = 0; type < 16; type++) {
		if (type == CHIM_MSG_HELLO)
			continue;
		t = talk_open();
		talk_tell(t, type, 0, 0);
		talk_must_end(t, "no hello is needed");
	}
	t = talk_begin();
	talk_tell(t, CHIM_MSG_HELLO, CHIM_MSG_VERSION, 0);
	talk_must_end(t, "two hellos are taken");
	t = talk_begin();
	talk_tell(t, CHIM_MSG_OFFER, 0, 0);
	talk_must_end(t, "an offer of nothing is taken");
	talk_end(talk_open());
}

static void random_messages(void)
{
	for (int round = 0; round < 50; round++) {
		struct talk *t = rnd(2) ? talk_begin() : talk_open();

		for (int i = 0; i < 100; i++) {
			struct chim_msg m = {
				.type = rnd(12),
				.conn = rnd(2) ? rnd(4) : rnd(UINT32_MAX),
				.cookie = rnd(UINT32_MAX),
				.reason = (int32_t)rnd(UINT32_MAX),
				.retry_ms = rnd(UINT32_MAX),
			};

			talk_say(t, &m, rnd(20) ? sizeof(m) : rnd(sizeof(m)), NULL, 0);
		}
		talk_end(t);
	}
}

static int listening(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0 || listen(fd, 1) != 0)
		die("cannot listen");
	return fd;
}

static int udp(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, getenv("HOSTILE_ADDRESS"), &to.sin_addr);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("cannot connect a datagram socket");
	return fd;
}

static int shut(void)
{
	int fd = tcp_connect();

	shutdown(fd, SHUT_RDWR);
	return fd;
}

/* What is no established TCP connection is refused, whatever else it is. */
static void no_connections(void)
{
	struct talk *t = talk_begin();
	int pair[2], pipes[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || pipe(pipes) != 0)
		die("no descriptors");
	const int fds[] = {
		listening(),
		udp(),
		shut(),
		pair[0],
		pipes[0],
		pipes[1],
		dup(t->fd),
		dup(t->bell_fds[0]),
		socket(AF_INET, SOCK_STREAM, 0),
		socket(AF_INET6, SOCK_STREAM, 0),
		socket(AF_UNIX, SOCK_SEQPACKET, 0),
		socket(AF_NETLINK, SOCK_RAW, 0),
		socket(AF_INET, SOCK_STREAM, 262 /* MPTCP */),
		open("/dev/null", O_RDWR),
		open("/", O_RDONLY),
		open("/proc/self/fd", O_PATH),
		open("/dev/zero", O_RDONLY),
		epoll_create1(0),
		eventfd(0, 0),
		memfd_create("nothing", 0),
	};

	for (unsigned int i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		struct chim_msg m;
		int got[2];

		if (fds[i] < 0)
			continue;
		talk_offer(t, fds[i], i);
		if (talk_hear(t, &m, got, WAIT_MS) != 1 || m.type != CHIM_MSG_REFUSED ||
		    m.cookie != i || m.reason <= 0) {
			fprintf(stderr, "descriptor %u: message %u, reason %d\n", i, m.type,
				m.reason);
			die("what is no connection was not refused");
		}
		close(fds[i]);
	}
	talk_end(t);
}

/* Descriptors nobody asked for, and more than there may be. */
static void many_descriptors(void)
{
	static const unsigned int counts[] = {1, 2, 17, 18, 100, 253};
	int fds[253];

	for (int i = 0; i < 253; i++)
		fds[i] = i % 2 ? listening() : open("/dev/null", O_RDONLY);
	for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (uint32_t type = CHIM_MSG_HELLO; type <= CHIM_MSG_KEPT; type++) {
			struct talk *t = rnd(2) ? talk_begin() : talk_open();
			const struct chim_msg m = {.type = type, .conn = CHIM_MSG_VERSION};

			talk_say(t, &m, sizeof(m), fds, counts[i]);
			talk_end(t);
		}
	}
}

/* Thousands of offers of one connection, whose answers nobody reads. */
static void deaf(void)
{
	struct talk *t = talk_begin();
	int sock = tcp_connect(), wrong = socket(AF_INET, SOCK_STREAM, 0);

	for (int i = 0; i < 5000; i++)
		talk_offer(t, i % 10 ? wrong : sock, (uint64_t)i);
	talk_must_end(t, "one who does not read is waited for");
	close(sock);
	close(wrong);
}

/* The same, and answers are read: each offer has one. */
static void many_offers(void)
{
	struct talk *t = talk_begin();
	int sock = socket(AF_INET, SOCK_STREAM, 0), got[2];
	struct chim_msg m;

	for (int i = 0; i < 5000; i++) {
		talk_offer(t, sock, (uint64_t)i);
		if (talk_hear(t, &m, got, WAIT_MS) != 1 || m.cookie != (uint64_t)i)
			die("an offer has no answer");
	}
	close(sock);
	talk_end(t);
}

/* The same connection twice, and by two applications; and numbers that are somebody else's. */
static void twice(void)
{
	for (int round = 0; round < 20; round++) {
		struct talk *t = talk_begin(), *other = talk_begin();
		struct prey *p = prey_take(t);
		struct chim_msg m;
		int got[2];

		talk_offer(other, p->sock, 1);
		if (talk_hear(other, &m, got, WAIT_MS) != 1 || m.type != CHIM_MSG_REFUSED)
			die("a connection is taken from another application");
		for (uint32_t n = 0; n < 300; n++) {
			talk_tell(other, CHIM_MSG_UPLOAD, n, (int32_t)rnd(100) - 50);
			talk_tell(other, CHIM_MSG_CLOSE, n, (int32_t)rnd(2));
		}
		talk_offer(t, p->sock, 2);
		if (talk_hear(t, &m, got, WAIT_MS) != 1 || m.type != CHIM_MSG_REFUSED)
			die("a connection is taken twice");
		talk_end(other);
		prey_drop(p);
		talk_end(t);
	}
}

/* Goes away at whatever moment. */
static void leave(void)
{
	for (int round = 0; round < 60; round++) {
		struct talk *t = talk_begin();
		struct prey *p = NULL;
		int sock = -1;

		if (round % 6 == 0) {
			sock = tcp_connect();
			talk_offer(t, sock, 0);
		} else {
			p = prey_take(t);
		}
		if (round % 6 == 2)
			talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
		if (round % 6 == 3)
			talk_tell(t, CHIM_MSG_CLOSE, p->number, 1);
		if (round % 6 == 4) {
			atomic_store(&p->shm->snd_head, p->shm->snd_size);
			prey_ring(p);
		}
		if (round % 6 == 5) {
			atomic_store(&p->shm->snd_head, 100000);
			prey_ring(p);
			talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
			talk_tell(t, CHIM_MSG_CLOSE, p->number, 0);
		}
		if (rnd(2))
			usleep(rnd(5000));
		if (p)
			prey_drop(p);
		else
			close(sock);
		talk_end(t);
	}
}

/* One who is not to be read as he is called, neither in a log nor in a list. */
static void name(void)
{
	struct talk *t;
	struct prey *p;

	prctl(PR_SET_NAME, "\xff\x1b[2J\n\"");
	t = talk_begin();
	p = prey_take(t);
	sleep(2);
	prey_drop(p);
	talk_tell(t, 99, 0, 0);
	talk_must_end(t, "a message of no type is taken");
}

/* Many conversations, most of which say nothing. */
static void crowd(void)
{
	enum { CROWD = 300 };
	struct talk *t[CROWD];

	for (int i = 0; i < CROWD; i++)
		t[i] = i % 3 ? talk_open() : talk_begin();
	sleep(1);
	for (int i = 0; i < CROWD; i++)
		talk_end(t[i]);
}

const struct act talk_acts[] = {
	{"nonsense", nonsense},
	{"random_messages", random_messages},
	{"no_connections", no_connections},
	{"many_descriptors", many_descriptors},
	{"deaf", deaf},
	{"many_offers", many_offers},
	{"twice", twice},
	{"leave", leave},
	{"name", name},
	{"crowd", crowd},
	{0},
};

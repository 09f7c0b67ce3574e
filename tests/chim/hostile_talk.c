/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ROOM_FDS = 256, PATIENCE_MS = 20000 };

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(ROOM_FDS * sizeof(int))];
};

void die(const char *what)
{
	fprintf(stderr, "%s (%s)\n", what, strerror(errno));
	exit(1);
}

struct talk *talk_open(void)
{
	const char *path = getenv("FLUE_CHIMNEY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct talk *t = calloc(1, sizeof(*t));

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path ? path : CHIM_SOCKET_PATH);
	t->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (t->fd < 0 || connect(t->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("cannot connect to flued");
	memset(t->bell_fds, -1, sizeof(t->bell_fds));
	return t;
}

void talk_say(struct talk *t, const struct chim_msg *m, size_t len, const int *fds, unsigned int n)
{
	struct iovec iov = {(void *)(uintptr_t)m, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control = {0};

	if (n > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)),
							.cmsg_level = SOL_SOCKET,
							.cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, n * sizeof(int));
	}
	/* flued may have ended it already, which is for whoever hears next. */
	(void)!sendmsg(t->fd, &msg, MSG_NOSIGNAL);
}

int talk_tell(struct talk *t, uint32_t type, uint32_t conn, int32_t reason)
{
	const struct chim_msg m = {.type = type, .conn = conn, .reason = reason};

	return send(t->fd, &m, sizeof(m), MSG_NOSIGNAL) == (ssize_t)sizeof(m) ? 0 : -errno;
}

int talk_offer(struct talk *t, int sock, uint64_t cookie)
{
	const struct chim_msg m = {.type = CHIM_MSG_OFFER, .cookie = cookie};

	talk_say(t, &m, sizeof(m), &sock, 1);
	return 0;
}

static int hear_all(struct talk *t, struct chim_msg *m, int *fds, unsigned int room, int ms)
{
	struct iovec iov = {m, sizeof(*m)};
	union control control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct pollfd p = {.fd = t->fd, .events = POLLIN};

	for (unsigned int i = 0; i < room; i++)
		fds[i] = -1;
	if (poll(&p, 1, ms) != 1)
		return -1;
	if (recvmsg(t->fd, &msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*m))
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		unsigned int n = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		memcpy(fds, CMSG_DATA(c), (n < room ? n : room) * sizeof(int));
	}
	return 1;
}

int talk_hear(struct talk *t, struct chim_msg *m, int fds[2], int ms)
{
	return hear_all(t, m, fds, 2, ms);
}

struct talk *talk_begin(void)
{
	struct talk *t = talk_open();
	int fds[CHIM_MSG_FDS];
	struct chim_msg m = {0};

	talk_tell(t, CHIM_MSG_HELLO, CHIM_MSG_VERSION, 0);
	if (hear_all(t, &m, fds, CHIM_MSG_FDS, PATIENCE_MS) != 1 || m.type != CHIM_MSG_WELCOME)
		die("flued does not answer a hello");
	t->n_workers = m.retry_ms;
	t->bells = mmap(NULL, sizeof(*t->bells), PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	if (t->bells == MAP_FAILED)
		die("the bells cannot be mapped");
	close(fds[0]);
	memcpy(t->bell_fds, fds + 1, sizeof(t->bell_fds));
	return t;
}

void talk_end(struct talk *t)
{
	close(t->fd);
	for (int i = 0; i < CHIM_BELL_WORKERS; i++)
		if (t->bell_fds[i] >= 0)
			close(t->bell_fds[i]);
	if (t->bells)
		munmap(t->bells, sizeof(*t->bells));
	free(t);
}

void talk_must_end(struct talk *t, const char *after)
{
	struct chim_msg m = {0};
	int fds[2], got;

	while ((got = talk_hear(t, &m, fds, PATIENCE_MS)) == 1)
		for (int i = 0; i < 2; i++)
			if (fds[i] >= 0)
				close(fds[i]);
	if (got < 0)
		die(after);
	talk_end(t);
}

int tcp_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, getenv("HOSTILE_ADDRESS"), &to.sin_addr);
	to.sin_port = htons((uint16_t)atoi(getenv("HOSTILE_PORT")));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("cannot connect to the peer");
	return fd;
}

struct prey *prey_take(struct talk *t)
{
	struct prey *p = calloc(1, sizeof(*p));
	struct chim_msg m = {0};
	int fds[2], got = -1;

	p->talk = t;
	p->sock = tcp_connect();
	for (int tries = 0; tries < 200; tries++) {
		talk_offer(t, p->sock, 7);
		do
			got = talk_hear(t, &m, fds, PATIENCE_MS);
		while (got == 1 && m.type != CHIM_MSG_ACCEPTED && m.type != CHIM_MSG_REFUSED);
		if (got != 1 || m.type == CHIM_MSG_ACCEPTED)
			break;
		if (!m.retry_ms)
			die("a good connection is refused");
		usleep(m.retry_ms * 1000);
	}
	if (got < 0)
		die("flued does not answer an offer");
	if (got == 0) {
		close(p->sock);
		free(p);
		return NULL;
	}
	p->number = m.conn;
	p->mem = fds[0];
	p->event = fds[1];
	p->shm = mmap(NULL, CHIM_SHM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, p->mem, 0);
	p->bytes = p->shm == MAP_FAILED ? 0 : p->shm->bytes;
	if (!p->bytes || munmap(p->shm, CHIM_SHM_PAGE) != 0)
		die("a connection's memory cannot be mapped");
	p->shm = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->mem, 0);
	return p;
}

void prey_ring(struct prey *p)
{
	struct chim_bell *b = &p->talk->bells->bell[p->shm->worker % CHIM_BELL_WORKERS];
	int fd = p->talk->bell_fds[p->shm->worker % CHIM_BELL_WORKERS];
	const uint64_t one = 1;

	atomic_fetch_or(&b->bits[p->number / 64], UINT64_C(1) << p->number % 64);
	atomic_fetch_or(&b->words, UINT64_C(1) << p->number / 64);
	if (atomic_load(&b->asleep) && fd >= 0)
		(void)!write(fd, &one, sizeof(one));
}

void prey_drop(struct prey *p)
{
	if (p->shm)
		munmap(p->shm, p->bytes);
	close(p->mem);
	close(p->event);
	close(p->sock);
	free(p);
}

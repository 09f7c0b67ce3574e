/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be done with descriptors that are shared: they are the same open file on both sides. */
#include "tests/chim/hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 20000 };

static void make_blocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

/* An eventfd that is full, and blocks: whoever writes to it waits for ever. */
static void full_event(void)
{
	struct talk *t = talk_begin();
	struct prey *p = prey_take(t);
	const uint64_t most = UINT64_MAX - 1;

	if (write(p->event, &most, sizeof(most)) != (ssize_t)sizeof(most))
		die("an eventfd cannot be filled");
	make_blocking(p->event);
	for (int i = 0; i < 200; i++) {
		atomic_store(&p->shm->app_flags, CHIM_APP_WAIT_IN | CHIM_APP_WAIT_OUT);
		atomic_store(&p->shm->snd_head, atomic_load(&p->shm->snd_tail) + 1000);
		prey_ring(p);
		usleep(5000);
	}
	prey_drop(p);
	talk_end(t);
}

/* A bell's eventfd that blocks, and is emptied before flued reads it. */
static void empty_bell(void)
{
	struct talk *t = talk_begin();
	struct prey *p = prey_take(t);
	const uint64_t one = 1;
	uint64_t count;

	for (uint32_t w = 0; w < t->n_workers; w++)
		make_blocking(t->bell_fds[w]);
	for (int i = 0; i < 100000; i++) {
		int fd = t->bell_fds[(uint32_t)i % t->n_workers];

		(void)!write(fd, &one, sizeof(one));
		if (rnd(2))
			usleep(rnd(30));
		fcntl(fd, F_SETFL, O_NONBLOCK);
		(void)!read(fd, &count, sizeof(count));
		make_blocking(fd);
	}
	prey_drop(p);
	talk_end(t);
}

/* The kernel's socket, meanwhile: nothing of what is done to it reaches the connection; and where
 * it cannot be given back, it is lost with a reason. */
static void misuse(void)
{
	for (int round = 0; round < 24; round++) {
		struct talk *t = talk_begin();
		struct prey *p = prey_take(t);
		struct sockaddr_in to = {.sin_family = AF_INET};
		struct linger hard = {.l_onoff = 1};
		struct chim_msg m = {0};
		int fds[2], copy;

		fcntl(p->sock, F_SETFL, O_NONBLOCK);
		inet_pton(AF_INET, getenv("HOSTILE_ADDRESS"), &to.sin_addr);
		to.sin_port = htons((uint16_t)atoi(getenv("HOSTILE_PORT")));
		switch (round % 8) {
		case 0:
			(void)!connect(p->sock, (struct sockaddr *)&to, sizeof(to));
			break;
		case 1:
			(void)!listen(p->sock, 5);
			break;
		case 2:
			shutdown(p->sock, SHUT_RDWR);
			break;
		case 3:
			setsockopt(p->sock, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
			break;
		case 4:
			(void)!bind(p->sock, (struct sockaddr *)&to, sizeof(to));
			break;
		case 5:
			to.sin_family = AF_UNSPEC;
			(void)!connect(p->sock, (struct sockaddr *)&to, sizeof(to));
			break;
		case 6: { /* its place is taken */
			struct sockaddr_in local;
			socklen_t len = sizeof(local);
			int one = 1;

			copy = socket(AF_INET, SOCK_STREAM, 0);
			setsockopt(copy, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
			if (getsockname(p->sock, (struct sockaddr *)&local, &len) == 0)
				(void)!bind(copy, (struct sockaddr *)&local, len);
			(void)!connect(copy, (struct sockaddr *)&to, sizeof(to));
			close(copy);
			break;
		}
		default:
			(void)!write(p->sock, &m, sizeof(m));
			(void)!read(p->sock, &m, 1);
		}
		talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
		m.type = 0;
		while (m.type != CHIM_MSG_UPLOADED && m.type != CHIM_MSG_KEPT)
			if (talk_hear(t, &m, fds, WAIT_MS) != 1)
				die("an upload has no answer");
		prey_drop(p);
		talk_end(t);
	}
}

/* A socket whose last close() waits, for as long as its owner wishes: who closes it waits. The peer
 * is one that does not read: its queues are full. */
static void linger(void)
{
	struct linger long_ = {.l_onoff = 1, .l_linger = 1000};
	struct sockaddr_in any = {.sin_family = AF_INET}, to;
	int fds[4], listener = socket(AF_INET, SOCK_STREAM, 0), peer, fd;
	struct talk *t = talk_begin();
	socklen_t len = sizeof(to);
	char block[65536] = {0};

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) != 0 || listen(listener, 8) != 0 ||
	    getsockname(listener, (struct sockaddr *)&to, &len) != 0)
		die("cannot listen");
	for (int i = 0; i < 4; i++) {
		fd = fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
			die("cannot connect to itself");
		peer = accept(listener, NULL, NULL);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		while (write(fd, block, sizeof(block)) > 0)
			;
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &long_, sizeof(long_));
		talk_offer(t, fd, (uint64_t)i);
		dup2(peer, fd); /* flued's is the last one */
	}
	sleep(2);
	talk_end(t);
	talk_end(talk_begin());
}

const struct act descriptor_acts[] = {
	{"full_event", full_event},
	{"empty_bell", empty_bell},
	{"misuse", misuse},
	{"linger", linger},
	{0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests share: a back end of vhost-user in a thread, written from the protocol's text alone.
 * It connects to a path, does as told, and remembers it; connections before the last one may go
 * wrong in one way at one message.
 */
#ifndef HV_CORE_VHOST_TEST_BACK_H
#define HV_CORE_VHOST_TEST_BACK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum back_fault {
	BACK_GOOD,
	BACK_CLOSE,	   /* closes instead of reading */
	BACK_STALL,	   /* says nothing any more */
	BACK_SHORT,	   /* sends half an answer and closes */
	BACK_WRONG_SIZE,   /* of the payload */
	BACK_HUGE,	   /* payload beyond all bounds */
	BACK_WRONG_NUMBER, /* answers another message */
	BACK_VERSION,
	BACK_NO_REPLY_FLAG,
	BACK_FD,      /* a descriptor where there should be none, and none where there should */
	BACK_FDS,     /* several descriptors */
	BACK_GARBAGE, /* all payload bytes are 0xff */
	BACK_UNASKED, /* says the answer twice */
	BACK_FAULTS
};

enum { BACK_RINGS = 64 };

struct back {
	char path[108];
	uint64_t features, protocol, queue_num;
	/* What goes wrong, at the how-manieth answer, on how many connections. */
	enum back_fault fault;
	int fault_at, faulty;

	pthread_t thread;
	_Atomic bool quit;
	_Atomic int sock; /* of the connection; -1 */
	_Atomic int connections, answers;
	pthread_mutex_t lock; /* of what follows */
	uint64_t set_features, set_protocol, mtu, rarp, status;
	unsigned int regions, messages[64];
	uint32_t num[BACK_RINGS], base[BACK_RINGS], enabled[BACK_RINGS];
	uint64_t addr[BACK_RINGS][4];
	int kick[BACK_RINGS], call[BACK_RINGS];
	uint64_t log_bytes;
	int log_fd, request_fd;
	uint64_t inflight[3]; /* as SET_INFLIGHT_FD said */
	int record_fd;	      /* the last one that came with it */
};

struct back_msg {
	uint32_t request, flags, size;
	uint8_t payload[512];
};

static inline int back_read(int s, void *to, size_t n)
{
	uint8_t *p = to;

	while (n > 0) {
		ssize_t k = read(s, p, n);

		if (k <= 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* A header with up to eight descriptors, then its payload. */
static inline int back_receive(int s, struct back_msg *m, int *fd, int *n_fds)
{
	char room[CMSG_SPACE(8 * sizeof(int))];
	struct iovec io = {m, 12};
	struct msghdr h = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = room,
			   .msg_controllen = sizeof(room)};
	ssize_t n = recvmsg(s, &h, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	*n_fds = 0;
	if (n <= 0)
		return -1;
	if (c && c->cmsg_type == SCM_RIGHTS) {
		*n_fds = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fd, CMSG_DATA(c), (size_t)*n_fds * sizeof(int));
	}
	if (n < 12 && back_read(s, (uint8_t *)m + n, 12 - (size_t)n) != 0)
		return -1;
	if (m->size > sizeof(m->payload))
		abort();
	return back_read(s, m->payload, m->size);
}

static inline void back_send_raw(int s, const void *p, size_t n, const int *fd, int n_fds)
{
	char room[CMSG_SPACE(8 * sizeof(int))] = {0};
	struct iovec io = {(void *)(uintptr_t)p, n};
	struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1};

	if (n_fds > 0) {
		struct cmsghdr *c;

		h.msg_control = room;
		h.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fd, (size_t)n_fds * sizeof(int));
	}
	(void)!sendmsg(s, &h, MSG_NOSIGNAL);
}

/* Sends an answer, or what the fault makes of it. -1: the connection ends. */
static inline int back_answer(struct back *b, bool faulty, struct back_msg *m, int fd)
{
	bool now = faulty && b->answers == b->fault_at;
	int s = b->sock, n_fds = fd >= 0 ? 1 : 0, fds[3] = {fd, s, s};

	b->answers++;
	m->flags = 0x1 | 0x4;
	if (!now) {
		back_send_raw(s, m, 12 + m->size, fds, n_fds);
		return 0;
	}
	switch (b->fault) {
	case BACK_CLOSE:
		return -1;
	case BACK_STALL:
		while (read(s, m->payload, sizeof(m->payload)) > 0)
			;
		return -1;
	case BACK_SHORT:
		back_send_raw(s, m, (12 + m->size) / 2, fds, n_fds);
		return -1;
	case BACK_WRONG_SIZE:
		m->size += 4;
		break;
	case BACK_HUGE:
		m->size = 0xfffffff0;
		back_send_raw(s, m, sizeof(*m), fds, n_fds);
		return 0;
	case BACK_WRONG_NUMBER:
		m->request ^= 1;
		break;
	case BACK_VERSION:
		m->flags ^= 0x3;
		break;
	case BACK_NO_REPLY_FLAG:
		m->flags &= ~0x4u;
		break;
	case BACK_FD:
		fds[0] = s;
		n_fds = 1 - n_fds;
		break;
	case BACK_FDS:
		fds[0] = s;
		n_fds = 3;
		break;
	case BACK_GARBAGE:
		memset(m->payload, 0xff, m->size);
		break;
	case BACK_UNASKED:
		back_send_raw(s, m, 12 + m->size, fds, n_fds);
		break;
	default:
		break;
	}
	back_send_raw(s, m, 12 + m->size, fds, n_fds);
	return 0;
}

static inline void back_keep_fd(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* Carries out a message. 1: it has an answer of its own, in m and *fd. */
static inline int back_do(struct back *b, struct back_msg *m, int *fd, int n_fds, int *reply_fd)
{
	uint64_t u64;
	uint32_t state[2];
	unsigned int ring;

	memcpy(&u64, m->payload, 8);
	memcpy(state, m->payload, 8);
	ring = m->request == 12 || m->request == 13 || m->request == 14 ? u64 & 0xff : state[0];
	if (m->request < 64)
		b->messages[m->request]++;
	switch (m->request) {
	case 1:
		u64 = b->features;
		break;
	case 15:
		u64 = b->protocol;
		break;
	case 17:
		u64 = b->queue_num;
		break;
	case 2:
		b->set_features = u64;
		return 0;
	case 16:
		b->set_protocol = u64;
		return 0;
	case 5:
		b->regions = state[0];
		if (n_fds != (int)state[0])
			abort();
		return 0;
	case 8:
		b->num[ring] = state[1];
		return 0;
	case 9:
		memcpy(b->addr[ring], m->payload + 8, 32);
		return 0;
	case 10:
		b->base[ring] = state[1];
		return 0;
	case 12:
	case 13:
		back_keep_fd(m->request == 12 ? &b->kick[ring] : &b->call[ring],
			     n_fds > 0 ? fd[0] : -1);
		fd[0] = -1;
		return 0;
	case 18:
		b->enabled[ring] = state[1];
		return 0;
	case 19:
		b->rarp = u64;
		return 0;
	case 20:
		b->mtu = u64;
		return 0;
	case 39:
		b->status = u64;
		return 0;
	case 21:
		back_keep_fd(&b->request_fd, fd[0]);
		fd[0] = -1;
		return 0;
	case 32:
		memcpy(b->inflight, m->payload, sizeof(b->inflight));
		back_keep_fd(&b->record_fd, fd[0]);
		fd[0] = -1;
		return 0;
	case 6:
		memcpy(&b->log_bytes, m->payload, 8);
		back_keep_fd(&b->log_fd, fd[0]);
		fd[0] = -1;
		m->size = 0;
		return 1;
	case 11:
		state[1] = b->base[ring];
		back_keep_fd(&b->kick[ring], -1);
		back_keep_fd(&b->call[ring], -1);
		memcpy(m->payload, state, 8);
		m->size = 8;
		return 1;
	case 24: /* a configuration with an MTU of 1234 */
		memset(m->payload + 12, 0, m->size - 12);
		m->payload[12 + 10] = 1234 & 0xff;
		m->payload[12 + 11] = 1234 >> 8;
		return 1;
	case 31:
		u64 = 4096;
		memcpy(m->payload, &u64, 8);
		*reply_fd = memfd_create("inflight", MFD_CLOEXEC);
		if (*reply_fd < 0 || ftruncate(*reply_fd, 4096) != 0)
			abort();
		return 1;
	default:
		return 0;
	}
	memcpy(m->payload, &u64, 8);
	m->size = 8;
	return 1;
}

static inline void back_serve(struct back *b, bool faulty)
{
	struct back_msg m = {0};
	int fd[8], n_fds, rc = 0;

	b->answers = 0;
	while (rc == 0 && back_receive(b->sock, &m, fd, &n_fds) == 0) {
		bool ack = m.flags & 0x8;
		int reply_fd = -1, own;

		pthread_mutex_lock(&b->lock);
		own = back_do(b, &m, fd, n_fds, &reply_fd);
		pthread_mutex_unlock(&b->lock);
		if (!own && ack) {
			m.size = 8;
			memset(m.payload, 0, 8);
		}
		if (own || ack)
			rc = back_answer(b, faulty, &m, reply_fd);
		for (int i = 0; i < n_fds; i++)
			if (fd[i] >= 0)
				close(fd[i]);
		if (reply_fd >= 0)
			close(reply_fd);
	}
}

static inline void *back_run(void *arg)
{
	struct back *b = arg;
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", b->path);
	while (!b->quit) {
		int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (s < 0 || connect(s, (struct sockaddr *)&a, sizeof(a)) != 0) {
			if (s >= 0)
				close(s);
			usleep(1000);
			continue;
		}
		b->sock = s;
		back_serve(b, b->connections++ < b->faulty);
		b->sock = -1;
		close(s);
	}
	return NULL;
}

static inline void back_open(struct back *b, const char *path)
{
	memset(b, 0, sizeof(*b));
	snprintf(b->path, sizeof(b->path), "%s", path);
	b->sock = b->log_fd = b->request_fd = b->record_fd = -1;
	for (int i = 0; i < BACK_RINGS; i++)
		b->kick[i] = b->call[i] = -1;
	pthread_mutex_init(&b->lock, NULL);
}

static inline void back_start(struct back *b)
{
	if (pthread_create(&b->thread, NULL, back_run, b) != 0)
		abort();
}

/* Closes the connection under the front end's feet. */
static inline void back_kill(struct back *b)
{
	if (b->sock >= 0)
		shutdown(b->sock, SHUT_RDWR);
}

static inline void back_close(struct back *b)
{
	b->quit = true;
	back_kill(b);
	pthread_join(b->thread, NULL);
	for (int i = 0; i < BACK_RINGS; i++) {
		back_keep_fd(&b->kick[i], -1);
		back_keep_fd(&b->call[i], -1);
	}
	back_keep_fd(&b->log_fd, -1);
	back_keep_fd(&b->request_fd, -1);
	back_keep_fd(&b->record_fd, -1);
	pthread_mutex_destroy(&b->lock);
}

#endif

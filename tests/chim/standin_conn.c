/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/standin.h"

#include "offload/chimney/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

void stand_die(const char *where, int line)
{
	fprintf(stderr, "standin: %s:%d: %s\n", where, line, strerror(errno));
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct chim_shm *share(uint32_t no, uint64_t bytes, int *fd)
{
	struct chim_shm *s;

	*fd = memfd_create("standin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, (off_t)bytes) || fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK))
		die();
	s = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (s == MAP_FAILED)
		die();
	s->magic = CHIM_SHM_MAGIC;
	s->version = CHIM_SHM_VERSION;
	s->conn = no;
	s->snd_size = s->rcv_size = options.ring;
	s->snd_off = CHIM_SHM_PAGE;
	s->rcv_off = CHIM_SHM_PAGE + options.ring;
	s->bytes = bytes;
	s->info.state = 1;
	s->info.mss = 1448;
	s->info.pmtu = 1500;
	return s;
}

struct conn *conn_new(struct app *a, uint32_t no, int sock, int fds[2])
{
	struct conn *c = calloc(1, sizeof(*c));
	int from = 0;

	if (!c)
		die();
	c->app = a;
	c->no = no;
	c->sock = sock;
	c->bytes = CHIM_SHM_PAGE + 2ull * options.ring;
	c->shm = share(no, c->bytes, &fds[0]);
	fds[1] = c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	setsockopt(sock, SOL_SOCKET, SO_PEEK_OFF, &from, sizeof(from));
	return c;
}

void conn_free(struct conn *c)
{
	c->app->conns[c->no] = NULL;
	/* The application has it open as well: closing takes it out of no set. */
	epoll_ctl(standin_events, EPOLL_CTL_DEL, c->sock, NULL);
	close(c->sock);
	close(c->wake);
	munmap(c->shm, c->bytes);
	free(c);
}

static int pieces(struct iovec v[2], uint8_t *ring, uint32_t size, uint64_t from, uint64_t n)
{
	uint64_t at = from & (size - 1), first = size - at;

	if (first > n)
		first = n;
	v[0] = (struct iovec){ring + at, first};
	v[1] = (struct iovec){ring, n - first};
	return v[1].iov_len ? 2 : 1;
}

static void failed(struct conn *c, int error)
{
	if (c->over && atomic_load(&c->shm->flued_flags) & CHIM_FLUED_ERROR)
		return;
	c->over = true;
	atomic_store(&c->shm->error, error);
	atomic_fetch_or(&c->shm->flued_flags, CHIM_FLUED_ERROR);
}

/* What the application has read is taken out of the kernel. */
static void take_read(struct conn *c)
{
	uint64_t tail = atomic_load(&c->shm->rcv_tail);

	while (c->taken < tail) {
		/* Thrown away: tcp(7) allows no buffer with MSG_TRUNC. */
		/* cppcheck-suppress nullPointer */
		ssize_t n = recv(c->sock, NULL, tail - c->taken, MSG_TRUNC | MSG_DONTWAIT);

		if (n <= 0)
			break;
		c->taken += (uint64_t)n;
	}
}

static bool receive(struct conn *c)
{
	struct chim_shm *s = c->shm;
	uint64_t head = atomic_load(&s->rcv_head), start = head;

	take_read(c);
	while (!c->over) {
		uint64_t room = s->rcv_size - (head - atomic_load(&s->rcv_tail));
		struct iovec v[2];
		struct msghdr m = {.msg_iov = v};
		ssize_t n;

		if (!room)
			break;
		m.msg_iovlen =
			(size_t)pieces(v, (uint8_t *)s + s->rcv_off, s->rcv_size, head, room);
		n = recvmsg(c->sock, &m, MSG_PEEK | MSG_DONTWAIT);
		if (n < 0) {
			if (errno != EAGAIN)
				failed(c, errno);
			break;
		}
		if (!n) {
			c->over = true;
			atomic_fetch_or(&s->flued_flags, CHIM_FLUED_FIN);
			break;
		}
		head += (uint64_t)n;
		atomic_store(&s->rcv_head, head);
	}
	return c->over || head != start;
}

static bool transmit(struct conn *c)
{
	struct chim_shm *s = c->shm;
	uint64_t tail = atomic_load(&s->snd_tail), start = tail, head;

	while ((head = atomic_load(&s->snd_head)) != tail) {
		struct iovec v[2];
		struct msghdr m = {.msg_iov = v};
		ssize_t n;

		m.msg_iovlen = (size_t)pieces(v, (uint8_t *)s + s->snd_off, s->snd_size, tail,
					      head - tail);
		n = sendmsg(c->sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			failed(c, errno == EPIPE ? ECONNRESET : errno);
			return true;
		}
		tail += (uint64_t)n;
		atomic_store(&s->snd_sent, tail);
		atomic_store(&s->snd_tail, tail);
	}
	if (head == tail && (atomic_load(&s->app_flags) & CHIM_APP_SHUT_WR) && !c->ended) {
		c->ended = true;
		shutdown(c->sock, SHUT_WR);
	}
	return tail != start;
}

static bool finish(struct conn *c)
{
	if (atomic_load(&c->shm->snd_head) != atomic_load(&c->shm->snd_tail) && !c->over)
		return true;
	if (!c->linger_ms) {
		struct linger l = {1, 0};

		setsockopt(c->sock, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	}
	conn_free(c);
	return false;
}

bool conn_pump(struct conn *c)
{
	uint64_t one = 1;
	bool in = false, out;
	uint32_t flags;

	if (!c->closing)
		in = receive(c);
	else
		take_read(c);
	out = transmit(c);
	if (c->closing)
		return finish(c);
	flags = atomic_load(&c->shm->app_flags);
	if ((in && (flags & CHIM_APP_WAIT_IN)) || (out && (flags & CHIM_APP_WAIT_OUT)) ||
	    (c->over && (flags & (CHIM_APP_WAIT_IN | CHIM_APP_WAIT_OUT)))) {
		if (write(c->wake, &one, sizeof(one)) < 0)
			die();
	}
	return true;
}

int conn_upload(struct conn *c, int reason, bool asked)
{
	struct chim_shm *s = c->shm;
	int off = -1, queued = 0, room;

	atomic_fetch_or(&s->flued_flags, CHIM_FLUED_FROZEN);
	while (atomic_load(&s->snd_busy) || atomic_load(&s->rcv_busy))
		sched_yield();
	take_read(c);
	/* All that is in the ring must find room in the kernel; if nobody asked, it can wait. */
	ioctl(c->sock, SIOCOUTQ, &queued);
	room = 2 * (queued + (int)(atomic_load(&s->snd_head) - atomic_load(&s->snd_tail)));
	if (asked && room > 1 << 16)
		setsockopt(c->sock, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	transmit(c);
	if (atomic_load(&s->snd_head) != atomic_load(&s->snd_tail) || c->ended ||
	    (atomic_load(&s->flued_flags) & CHIM_FLUED_ERROR)) {
		atomic_fetch_and(&s->flued_flags, ~(uint32_t)CHIM_FLUED_FROZEN);
		return -EAGAIN;
	}
	setsockopt(c->sock, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off));
	return reason;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/standin.h"

#include "offload/chimney/state.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct options options = {.ring = 1 << 18, .again_ms = 1};

static struct app *apps;
int standin_events;

static void watch(int fd, uint32_t events, void *what)
{
	struct epoll_event ev = {.events = events, .data.ptr = what};

	if (epoll_ctl(standin_events, EPOLL_CTL_ADD, fd, &ev))
		die();
}

static void say(struct app *a, const struct chim_msg *m, const int *fds, size_t n)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * 2)];
	} control = {0};
	struct iovec v = {(void *)m, sizeof(*m)};
	struct msghdr msg = {.msg_iov = &v, .msg_iovlen = 1};

	if (n) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(&control.head), fds, sizeof(int) * n);
	}
	if (sendmsg(a->link, &msg, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		perror("standin: sendmsg");
}

static void welcome(struct app *a)
{
	struct chim_msg m = {.type = CHIM_MSG_WELCOME, .conn = CHIM_MSG_VERSION, .retry_ms = 1};
	int fds[2];

	fds[0] = memfd_create("bells", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fds[0] < 0 || ftruncate(fds[0], sizeof(*a->bells)) ||
	    fcntl(fds[0], F_ADD_SEALS, F_SEAL_SHRINK))
		die();
	a->bells = mmap(NULL, sizeof(*a->bells), PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	if (a->bells == MAP_FAILED)
		die();
	a->bells->magic = CHIM_SHM_MAGIC;
	a->bells->version = CHIM_SHM_VERSION;
	a->bells->n_workers = 1;
	fds[1] = a->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch(a->bell, EPOLLIN | EPOLLET, a);
	say(a, &m, fds, 2);
	close(fds[0]);
}

static void give_back(struct conn *c, int reason, bool asked)
{
	struct chim_msg m = {.type = CHIM_MSG_UPLOADED, .conn = c->no};
	struct app *a = c->app;

	m.reason = conn_upload(c, reason, asked);
	/* Nobody asked: it goes on as it is. */
	if (m.reason < 0 && !asked)
		return;
	m.retry_ms = options.again_ms;
	say(a, &m, NULL, 0);
	conn_free(c);
}

static uint64_t next_upload(void)
{
	uint64_t ms = options.upload_ms;

	if (options.random)
		ms = 1 + (uint64_t)random() % (2 * ms);
	return now_ns() + ms * 1000000;
}

static void offered(struct app *a, const struct chim_msg *in, int sock)
{
	struct chim_msg m = {.type = CHIM_MSG_ACCEPTED, .cookie = in->cookie};
	struct conn *c;
	int fds[2];

	while (m.conn < CHIM_APP_CONNS && a->conns[m.conn])
		m.conn++;
	if (options.refuse || m.conn == CHIM_APP_CONNS) {
		options.refuse -= options.refuse > 0;
		m.type = CHIM_MSG_REFUSED;
		m.reason = CHIM_REFUSE_RACE;
		m.retry_ms = 1;
		say(a, &m, NULL, 0);
		close(sock);
		return;
	}
	c = a->conns[m.conn] = conn_new(a, m.conn, sock, fds);
	c->next_upload_ns = next_upload();
	/* What was received already is there from the beginning. */
	conn_pump(c);
	watch(sock, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, c);
	say(a, &m, fds, 2);
	close(fds[0]);
}

static void closed(struct conn *c, uint32_t linger_ms)
{
	struct chim_msg m = {.type = CHIM_MSG_CLOSED, .conn = c->no};
	struct app *a = c->app;

	c->closing = true;
	c->linger_ms = linger_ms;
	if (!conn_pump(c) && a->link >= 0)
		say(a, &m, NULL, 0);
}

/* The application's process has ended. */
static void gone(struct app *a)
{
	close(a->link);
	a->link = -1;
	for (uint32_t i = 0; i < CHIM_APP_CONNS; i++) {
		if (a->conns[i] && !a->conns[i]->closing)
			closed(a->conns[i], UINT32_MAX);
	}
}

static void handle(struct app *a, const struct chim_msg *m, int fd)
{
	struct conn *c = m->conn < CHIM_APP_CONNS ? a->conns[m->conn] : NULL;

	if (m->type == CHIM_MSG_HELLO)
		welcome(a);
	else if (m->type == CHIM_MSG_OFFER && fd >= 0)
		offered(a, m, fd);
	else if (m->type == CHIM_MSG_UPLOAD && c)
		give_back(c, m->reason, true);
	else if (m->type == CHIM_MSG_CLOSE && c)
		closed(c, m->retry_ms);
}

static void listen_to(struct app *a)
{
	for (;;) {
		union {
			struct cmsghdr head;
			char room[CMSG_SPACE(sizeof(int))];
		} control;
		struct chim_msg m;
		struct iovec v = {&m, sizeof(m)};
		struct msghdr msg = {.msg_iov = &v,
				     .msg_iovlen = 1,
				     .msg_control = &control,
				     .msg_controllen = sizeof(control)};
		int fd = -1;
		ssize_t n = recvmsg(a->link, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n != sizeof(m)) {
			gone(a);
			return;
		}
		if (CMSG_FIRSTHDR(&msg))
			memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
		handle(a, &m, fd);
	}
}

/* All bells: a test has few connections. */
static void pump_all(void)
{
	for (struct app *a = apps; a; a = a->next) {
		struct chim_bell *b;
		uint64_t count;

		if (a->link >= 0)
			listen_to(a);
		if (!a->bells)
			continue;
		b = &a->bells->bell[0];
		atomic_store(&b->asleep, 0);
		while (read(a->bell, &count, sizeof(count)) > 0)
			;
		atomic_exchange(&b->words, 0);
		for (uint32_t w = 0; w < CHIM_APP_CONNS / 64; w++)
			atomic_exchange(&b->bits[w], 0);
		for (uint32_t i = 0; i < CHIM_APP_CONNS; i++) {
			struct conn *c = a->conns[i];

			if (!c || !conn_pump(c) || c->closing || !options.upload_ms ||
			    now_ns() < c->next_upload_ns)
				continue;
			c->next_upload_ns = next_upload();
			give_back(c, CHIM_UPLOAD_REQUESTED, false);
		}
	}
}

static bool may_sleep(void)
{
	for (struct app *a = apps; a; a = a->next) {
		if (!a->bells)
			continue;
		atomic_store(&a->bells->bell[0].asleep, 1);
		if (atomic_load(&a->bells->bell[0].words))
			return false;
	}
	return true;
}

/* What was read but is still in the kernel's queue keeps its window shut. flued has no such queue
 * and is not rung for less than 32 KB: look again soon. */
static bool any_unread(void)
{
	for (struct app *a = apps; a; a = a->next) {
		for (uint32_t i = 0; a->bells && i < CHIM_APP_CONNS; i++) {
			const struct conn *c = a->conns[i];

			if (c && atomic_load(&c->shm->rcv_head) != c->taken)
				return true;
		}
	}
	return false;
}

static int sleep_ms(void)
{
	if (!may_sleep())
		return 0;
	if (any_unread())
		return 2;
	return options.upload_ms ? 5 : -1;
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "r:u:Rn:a:")) != -1) {
		if (c == 'r')
			options.ring = (uint32_t)atoi(optarg);
		else if (c == 'u')
			options.upload_ms = (uint32_t)atoi(optarg);
		else if (c == 'R')
			options.random = true;
		else if (c == 'n')
			options.refuse = (uint32_t)atoi(optarg);
		else if (c == 'a')
			options.again_ms = (uint32_t)atoi(optarg);
		else
			exit(2);
	}
	if (optind + 1 != argc) {
		fprintf(stderr,
			"usage: standin [-r RING] [-u MS] [-R] [-n REFUSE] [-a MS] SOCKET\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int fd;

	/* A test that fails ends it, too. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	read_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	standin_events = epoll_create1(EPOLL_CLOEXEC);
	fd = listen_at(argv[optind]);
	watch(fd, EPOLLIN, NULL);
	for (;;) {
		struct epoll_event ev[64];
		int link;

		epoll_wait(standin_events, ev, 64, sleep_ms());
		while ((link = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			struct app *a = calloc(1, sizeof(*a));

			a->link = link;
			a->next = apps;
			apps = a;
			watch(link, EPOLLIN | EPOLLRDHUP | EPOLLET, a);
		}
		pump_all();
	}
}

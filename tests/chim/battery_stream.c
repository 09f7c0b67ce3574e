/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes: the ways to send and receive them, flags, the end, resets. */
#include "tests/chim/battery.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

void battery_basic(void)
{
	struct pair p = pair_new();
	char buf[64], other[64];
	struct iovec in[2] = {{buf, 3}, {other, 4}}, out[2] = {{"one", 3}, {"two", 3}};
	struct msghdr m = {.msg_iov = out, .msg_iovlen = 2};
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	struct mmsghdr mm[2] = {{.msg_hdr = m}, {.msg_hdr = m}};

	says("write", write(p.a, "hello", 5));
	says_bytes("read", buf, read(p.b, buf, sizeof(buf)));
	says("write back", write(p.b, "world", 5));
	says_bytes("read back", buf, read(p.a, buf, sizeof(buf)));
	says("write 0", write(p.a, "", 0));
	says("send 0", send(p.a, "", 0, 0));
	says("read 0", read(p.b, buf, 0));
	says("writev", writev(p.a, out, 2));
	settle();
	says("readv", readv(p.b, in, 2));
	says_bytes("readv first", buf, 3);
	says_bytes("readv second", other, 3);
	says("sendmsg", sendmsg(p.a, &m, 0));
	settle();
	m.msg_iov = in;
	m.msg_name = &from;
	m.msg_namelen = sizeof(from);
	m.msg_flags = -1;
	says("recvmsg", recvmsg(p.b, &m, 0));
	says("recvmsg name", m.msg_namelen);
	says("recvmsg flags", m.msg_flags);
	says_bytes("recvmsg second", other, 3);
	says("sendto", sendto(p.a, "xyz", 3, 0, (struct sockaddr *)&from, 0));
	settle();
	says_bytes("recvfrom", buf,
		   recvfrom(p.b, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len));
	says("recvfrom name", len);
	says("sendmmsg", sendmmsg(p.a, mm, 2, 0));
	settle();
	mm[0].msg_hdr.msg_iov = in;
	mm[1].msg_hdr.msg_iov = in;
	says("recvmmsg", recvmmsg(p.b, mm, 2, 0, NULL));
	says("recvmmsg first", mm[0].msg_len);
	says("recvmmsg second", mm[1].msg_len);
	pair_close(&p);
	says("write closed", write(p.a, "x", 1));
	says("read closed", read(p.b, buf, 1));
}

static void flags_wait(struct pair *p, char *buf)
{
	send(p->a, "abcdef", 6, 0);
	settle();
	says_bytes("peek 3", buf, recv(p->b, buf, 3, MSG_PEEK));
	says_bytes("peek all", buf, recv(p->b, buf, 64, MSG_PEEK));
	says_bytes("peek dontwait waitall", buf,
		   recv(p->b, buf, 64, MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL));
	/* cppcheck-suppress nullPointer */
	says("trunc 2", recv(p->b, NULL, 2, MSG_TRUNC));
	says_bytes("after trunc", buf, recv(p->b, buf, 2, 0));
	says_bytes("waitall dontwait", buf, recv(p->b, buf, 64, MSG_WAITALL | MSG_DONTWAIT));
	says("dontwait", recv(p->b, buf, 64, MSG_DONTWAIT));
	says("recv 0 dontwait", recv(p->b, buf, 0, MSG_DONTWAIT));
	send(p->a, "tail", 4, MSG_MORE);
	send(p->a, "s", 1, 0);
	settle();
	says("recv 0", recv(p->b, buf, 0, 0));
	says_bytes("more", buf, recv(p->b, buf, 64, 0));
}

void battery_flags(void)
{
	struct pair p = pair_new();
	char buf[64];
	pid_t pid;
	int n;

	flags_wait(&p, buf);
	says("flush before fork", fflush(stdout));
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 5; i++) {
			usleep(10000);
			send(p.a, "12345", 5, 0);
		}
		_exit(0);
	}
	says_bytes("waitall 25", buf, recv(p.b, buf, 25, MSG_WAITALL));
	pair_close(&p);
	p = pair_new();
	fcntl(p.b, F_SETFL, O_NONBLOCK);
	says("nonblock", read(p.b, buf, 64));
	says("getfl", fcntl(p.b, F_GETFL) & O_NONBLOCK);
	n = 0;
	ioctl(p.b, FIONBIO, &n);
	says("getfl off", fcntl(p.b, F_GETFL) & O_NONBLOCK);
	says("errqueue", recv(p.b, buf, 64, MSG_ERRQUEUE));
	says("oob none", recv(p.b, buf, 64, MSG_OOB));
	says("oob send", send(p.a, "!", 1, MSG_OOB));
	settle();
	says_bytes("oob", buf, recv(p.b, buf, 64, MSG_OOB));
	says("wild read", read(p.b, (void *)8, 0));
	send(p.a, "w", 1, 0);
	settle();
	says("wild buffer", recv(p.b, (void *)8, 10, 0));
	says("wild send", send(p.a, (void *)8, 10, 0));
	pair_close(&p);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int sig)
{
	pipes++;
}

static void pipe_signals(int fd)
{
	signal(SIGPIPE, on_pipe);
	pipes = 0;
	says("write after end", write(fd, "x", 1));
	says("signals", pipes);
	says("send nosignal", send(fd, "x", 1, MSG_NOSIGNAL));
	says("signals still", pipes);
	says("send signal", send(fd, "x", 1, 0));
	says("signals two", pipes);
	signal(SIGPIPE, SIG_IGN);
}

void battery_end(void)
{
	struct pair p = pair_new();
	char buf[64];

	send(p.a, "last", 4, 0);
	says("shutdown wr", shutdown(p.a, SHUT_WR));
	settle();
	says_bytes("rest", buf, read(p.b, buf, 64));
	says("end", read(p.b, buf, 64));
	says("end again", read(p.b, buf, 64));
	says("end dontwait", recv(p.b, buf, 64, MSG_DONTWAIT));
	says("end peek", recv(p.b, buf, 64, MSG_PEEK));
	says("other way", write(p.b, "still", 5));
	says_bytes("other way read", buf, read(p.a, buf, 64));
	pipe_signals(p.a);
	says("shutdown wr again", shutdown(p.a, SHUT_WR));
	says("shutdown bad", shutdown(p.a, 7));
	close(p.b);
	settle();
	says("end here", read(p.a, buf, 64));
	close(p.a);

	p = pair_new();
	says("shutdown rd", shutdown(p.b, SHUT_RD));
	says("read after rd", recv(p.b, buf, 64, MSG_DONTWAIT));
	says("send to it", send(p.a, "late", 4, 0));
	settle();
	says_bytes("late data", buf, recv(p.b, buf, 64, 0));
	says("then end", recv(p.b, buf, 64, 0));
	says("it sends", send(p.b, "ok", 2, 0));
	says_bytes("is heard", buf, recv(p.a, buf, 64, 0));
	pair_close(&p);

	p = pair_new();
	says("shutdown both", shutdown(p.a, SHUT_RDWR));
	says("read both", read(p.a, buf, 64));
	says("write both", write(p.a, "x", 1));
	settle();
	says("peer end", read(p.b, buf, 64));
	pair_close(&p);
}

static void send_reset(int fd)
{
	struct linger l = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
	settle();
}

static int so_error(int fd)
{
	int error = -1;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static void poll_of(const char *what, int fd)
{
	struct pollfd f = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
	int n = poll(&f, 1, 0);

	says_events(what, n, (uint32_t)f.revents);
}

void battery_reset(void)
{
	struct sockaddr_storage who;
	socklen_t len = sizeof(who);
	struct pair p = pair_new();
	char buf[64];

	send_reset(p.a);
	poll_of("poll", p.b);
	says("read", read(p.b, buf, 64));
	poll_of("poll after", p.b);
	says("read again", read(p.b, buf, 64));
	says("write", write(p.b, "x", 1));
	says("so_error", so_error(p.b));
	says("getpeername", getpeername(p.b, (struct sockaddr *)&who, &len));
	says("shutdown", shutdown(p.b, SHUT_RDWR));
	close(p.b);

	p = pair_new();
	send(p.a, "before", 6, 0);
	settle();
	send_reset(p.a);
	says_bytes("data first", buf, read(p.b, buf, 64));
	says("then error", read(p.b, buf, 64));
	says("then end", read(p.b, buf, 64));
	close(p.b);

	p = pair_new();
	send_reset(p.a);
	says("write first", write(p.b, "x", 1));
	says("write second", write(p.b, "x", 1));
	close(p.b);

	p = pair_new();
	send_reset(p.a);
	says("so_error first", so_error(p.b));
	says("so_error second", so_error(p.b));
	poll_of("poll so_error", p.b);
	says("read so_error", read(p.b, buf, 64));
	close(p.b);

	/* Closed with something unread: the peer is reset. */
	p = pair_new();
	send(p.a, "unread", 6, 0);
	settle();
	close(p.b);
	settle();
	says("unread read", read(p.a, buf, 64));
	close(p.a);
}

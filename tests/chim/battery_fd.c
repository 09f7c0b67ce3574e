/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors and processes: options, copies, forks, files. */
#include "tests/chim/battery.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

static long option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	int rc = getsockopt(fd, level, name, &value, &len);

	return rc ? rc : value;
}

static long set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static void timeouts(struct pair *p)
{
	struct timeval tv = {0, 30000};
	char buf[8];

	says("rcvtimeo", setsockopt(p->b, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	says("rcvtimeo read", read(p->b, buf, 8));
	tv.tv_usec = 0;
	says("rcvtimeo off", setsockopt(p->b, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	says("rcvlowat", set_option(p->b, SOL_SOCKET, SO_RCVLOWAT, 4));
	send(p->a, "ab", 2, 0);
	settle();
	says("rcvlowat dontwait", recv(p->b, buf, 8, MSG_DONTWAIT));
	says("rcvlowat 1", set_option(p->b, SOL_SOCKET, SO_RCVLOWAT, 1));
}

static void names(struct pair *p)
{
	struct sockaddr_in a, b;
	socklen_t len = sizeof(a);

	says("sockname", getsockname(p->a, (struct sockaddr *)&a, &len));
	says("len", len);
	says("peername", getpeername(p->b, (struct sockaddr *)&b, &len));
	says("the same port", a.sin_port == b.sin_port);
	says("the same address", a.sin_addr.s_addr == b.sin_addr.s_addr);
	len = 4;
	says("short", getpeername(p->b, (struct sockaddr *)&b, &len));
	says("short len", len);
}

void battery_options(void)
{
	struct pair p = pair_new();
	struct tcp_info info;
	socklen_t len = sizeof(info);
	struct stat st;
	int n = -1;

	says("type", option(p.a, SOL_SOCKET, SO_TYPE));
	says("domain", option(p.a, SOL_SOCKET, SO_DOMAIN));
	says("listens", option(p.a, SOL_SOCKET, SO_ACCEPTCONN));
	says("error", option(p.a, SOL_SOCKET, SO_ERROR));
	says("nodelay", set_option(p.a, IPPROTO_TCP, TCP_NODELAY, 1));
	says("nodelay is", option(p.a, IPPROTO_TCP, TCP_NODELAY));
	says("cork", set_option(p.a, IPPROTO_TCP, TCP_CORK, 1));
	says("cork is", option(p.a, IPPROTO_TCP, TCP_CORK));
	says("cork off", set_option(p.a, IPPROTO_TCP, TCP_CORK, 0));
	says("keepalive", set_option(p.a, SOL_SOCKET, SO_KEEPALIVE, 1));
	says("keepidle", set_option(p.a, IPPROTO_TCP, TCP_KEEPIDLE, 77));
	says("keepidle is", option(p.a, IPPROTO_TCP, TCP_KEEPIDLE));
	says("tos", set_option(p.a, IPPROTO_IP, IP_TOS, 16));
	says("tos is", option(p.a, IPPROTO_IP, IP_TOS));
	says("sndbuf", set_option(p.a, SOL_SOCKET, SO_SNDBUF, 100000));
	says("unknown", set_option(p.a, IPPROTO_TCP, 9999, 1));
	says("unknown get", option(p.a, IPPROTO_TCP, 9999));
	says("bad length", setsockopt(p.a, IPPROTO_TCP, TCP_NODELAY, &n, 1));
	says("info", getsockopt(p.a, IPPROTO_TCP, TCP_INFO, &info, &len));
	says("info state", info.tcpi_state);
	says("stat", fstat(p.a, &st));
	says("is socket", S_ISSOCK(st.st_mode));
	says("isatty", isatty(p.a));
	errno = 0;
	says("lseek", lseek(p.a, 0, SEEK_CUR));
	send(p.b, "four", 4, 0);
	settle();
	says("fionread", ioctl(p.a, FIONREAD, &n));
	says("fionread is", n);
	says("outq", ioctl(p.b, SIOCOUTQ, &n));
	says("outq is", n);
	says("atmark", ioctl(p.a, SIOCATMARK, &n));
	says("atmark is", n);
	says("ioctl bad", ioctl(p.a, 0x1234, &n));
	says("connect again", connect(p.a,
				      (struct sockaddr *)&(struct sockaddr_in){
					      .sin_family = AF_INET,
					      .sin_port = htons(1),
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
				      sizeof(struct sockaddr_in)));
	says("listen", listen(p.a, 1));
	says("accept", accept(p.a, NULL, NULL));
	names(&p);
	timeouts(&p);
	pair_close(&p);
}

void battery_copies(void)
{
	struct pair p = pair_new();
	char buf[64];
	int copy = dup(p.a), high = fcntl(p.b, F_DUPFD_CLOEXEC, 100), two;

	says("high", high);
	says("cloexec", fcntl(high, F_GETFD));
	says("write copy", write(copy, "copy", 4));
	close(copy);
	says_bytes("read high", buf, read(high, buf, 64));
	close(p.b);
	says("write", write(p.a, "still", 5));
	says_bytes("read still", buf, read(high, buf, 64));
	fcntl(high, F_SETFL, O_NONBLOCK);
	says("dup2", dup2(high, 101));
	says("nonblock shared", read(101, buf, 64));
	two = dup3(high, 102, O_CLOEXEC);
	says("dup3", two);
	says("dup2 same", dup2(high, high));
	says("dup2 bad", dup2(60, high));
	close(high);
	close(101);
	says("write two", write(p.a, "two", 3));
	settle();
	says_bytes("read two", buf, read(two, buf, 64));
	says("dup2 over", dup2(STDIN_FILENO, two));
	settle();
	says("peer sees the end", read(p.a, buf, 64));
	close(two);
	close(p.a);
	p = pair_new();
	says("close range", close_range((unsigned int)p.b, (unsigned int)p.b, 0));
	settle();
	says("end by range", read(p.a, buf, 64));
	close(p.a);
}

static void pass(struct pair *p)
{
	char buf[64], control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {buf, 1};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int ends[2], fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		abort();
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &p->b, sizeof(int));
	says("pass", sendmsg(ends[0], &m, 0));
	close(p->b);
	says("passed", recvmsg(ends[1], &m, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	send(p->a, "over", 4, 0);
	says_bytes("read passed", buf, read(fd, buf, 64));
	close(ends[0]);
	close(ends[1]);
	p->b = fd;
}

void battery_process(void)
{
	struct pair p = pair_new();
	char *const argv[] = {"sh", "-c", "printf spawned >&9", NULL};
	char buf[64];
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(p.a);
		if (write(p.b, "child", 5) != 5)
			_exit(1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	says("child", status);
	says_bytes("from child", buf, read(p.a, buf, 64));
	says("parent", write(p.b, "parent", 6));
	says_bytes("from parent", buf, read(p.a, buf, 64));
	pass(&p);
	pair_close(&p);

	p = pair_new();
	dup2(p.b, 9);
	says("spawn", posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ));
	waitpid(pid, &status, 0);
	says("spawned", status);
	says_bytes("from spawned", buf, read(p.a, buf, 64));
	close(9);
	pair_close(&p);

	p = pair_new();
	dup2(p.b, 9);
	pid = vfork();
	if (!pid) {
		execv("/bin/sh", argv);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	says("vforked", status);
	says_bytes("from vforked", buf, read(p.a, buf, 64));
	says("parent still", write(p.b, "yes", 3));
	says_bytes("from parent still", buf, read(p.a, buf, 64));
	close(9);
	pair_close(&p);
}

void battery_files(void)
{
	struct pair p = pair_new();
	char name[] = "/tmp/batteryXXXXXX", buf[64];
	int file = mkstemp(name), pipes[2];
	off_t at = 5;
	FILE *stream;

	unlink(name);
	if (file < 0 || write(file, "0123456789", 10) != 10 || lseek(file, 2, SEEK_SET) != 2)
		abort();
	says("sendfile at", sendfile(p.a, file, &at, 3));
	says("sendfile offset", at);
	says_bytes("sent at", buf, read(p.b, buf, 64));
	says("sendfile", sendfile(p.a, file, NULL, 100));
	says("sendfile place", lseek(file, 0, SEEK_CUR));
	says_bytes("sent", buf, read(p.b, buf, 64));
	says("sendfile end", sendfile(p.a, file, NULL, 100));
	if (pipe(pipes))
		abort();
	says("to pipe", write(pipes[1], "piped", 5));
	says("splice", splice(pipes[0], NULL, p.a, NULL, 5, 0));
	says_bytes("spliced", buf, read(p.b, buf, 64));
	close(pipes[0]);
	close(pipes[1]);
	says("dprintf", dprintf(p.a, "number %d", 5));
	says_bytes("printed", buf, read(p.b, buf, 64));
	pair_close(&p);
	p = pair_new();
	stream = fdopen(p.b, "r+");
	says("stream", fprintf(stream, "line\n"));
	says("flush", fflush(stream));
	says_bytes("from stream", buf, read(p.a, buf, 64));
	says("to stream", write(p.a, "text\n", 5));
	says_text("gets", fgets(buf, 64, stream) ? buf : "nothing");
	fclose(stream);
	says("end of stream", read(p.a, buf, 64));
	close(p.a);
	close(file);
}

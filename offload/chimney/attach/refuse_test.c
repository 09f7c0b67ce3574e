/* SPDX-License-Identifier: BSD-3-Clause */
/* What cannot be attached to is refused with one sentence, and left as it was. Needs root. */
#include "offload/chimney/attach/session.h"
#include "offload/chimney/attach/test_echo.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

static struct att_session s;
static struct err e;

static void assert_refused(const struct program *p, int code, const char *why)
{
	assert_int_equal(att_session_open(&s, p->pid, p->fd, &e), code);
	if (!strstr(e.text, why))
		fail_msg("expected '%s' in '%s'", why, e.text);
	assert_echoes(p);
	assert_int_equal(end_of(p), 0);
}

static void test_nothing_there(void **state)
{
	struct program p = start(NULL);

	assert_int_equal(att_session_open(&s, 1 << 30, 3, &e), -ESRCH);
	assert_int_equal(att_session_open(&s, getpid(), p.sock, &e), -EINVAL);
	assert_int_equal(att_session_open(&s, 2, 3, &e), -ESRCH);
	p.fd = 99;
	assert_refused(&p, -EBADF, "no descriptor 99");
}

static void make_others(int fd)
{
	dup2(open("/dev/null", O_RDONLY), 100);
	dup2(socket(AF_UNIX, SOCK_STREAM, 0), 101);
	dup2(socket(AF_INET, SOCK_DGRAM, 0), 102);
	dup2(socket(AF_INET, SOCK_STREAM, 0), 103);
	listen(103, 1);
	dup2(socket(AF_INET6, SOCK_STREAM, 0), 104);
}

static void test_no_connection(void **state)
{
	struct program p = start(make_others);

	assert_int_equal(att_session_open(&s, p.pid, 100, &e), -ENOTSOCK);
	assert_int_equal(att_session_open(&s, p.pid, 101, &e), -EPROTOTYPE);
	assert_int_equal(att_session_open(&s, p.pid, 102, &e), -EPROTOTYPE);
	assert_int_equal(att_session_open(&s, p.pid, 103, &e), -ENOTCONN);
	p.fd = 104;
	assert_refused(&p, -ENOTCONN, "no established connection");
}

static void test_traced(void **state)
{
	struct program p = start(NULL);

	assert_int_equal(ptrace(PTRACE_SEIZE, p.pid, NULL, NULL), 0);
	assert_refused(&p, -EPERM, "is being traced by process");
}

static void share(int fd)
{
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
}

static void test_shared(void **state)
{
	struct program p = start(share);

	assert_refused(&p, -EMLINK, "has the socket too, as descriptor");
}

static void use_uring(int fd)
{
	char params[256] = "";

	syscall(SYS_io_uring_setup, 4, params);
}

static void test_uring(void **state)
{
	struct program p = start(use_uring);

	assert_refused(&p, -ENOTSUP, "io_uring");
}

static void watch_closed(int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int number = dup(fd);

	epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, number, &ev);
	close(number);
}

static void test_watched_by_closed(void **state)
{
	struct program p = start(watch_closed);

	assert_refused(&p, -ENOTSUP, "which it has closed");
}

static void want_signals(int fd)
{
	signal(SIGIO, SIG_IGN);
	fcntl(fd, F_SETFL, O_ASYNC);
}

static void test_async(void **state)
{
	struct program p = start(want_signals);

	assert_refused(&p, -ENOTSUP, "O_ASYNC");
}

/* The first temporary descriptor has room, the second has not. */
static void use_up(int fd)
{
	int last = dup(fd);
	struct rlimit limit = {(rlim_t)last + 1, (rlim_t)last + 1};

	close(last);
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void test_full(void **state)
{
	struct program p = start(use_up);

	assert_refused(&p, -EMFILE, "may open no further descriptor");
}

/* A program for i386 that waits: its header, one segment, pause() again and again. */
static void become_32_bit(int fd)
{
	static const unsigned char file[] = {
		0x7f, 'E', 'L', 'F', 1,	   1,  1, 0, 0,	   0,	 0,    0,    0,	   0, 0, 0,
		2,    0,   3,	0,   1,	   0,  0, 0, 0x54, 0,	 1,    0,    0x34, 0, 0, 0,
		0,    0,   0,	0,   0,	   0,  0, 0, 0x34, 0,	 0x20, 0,    1,	   0, 0, 0,
		0,    0,   0,	0,   1,	   0,  0, 0, 0,	   0,	 0,    0,    0,	   0, 1, 0,
		0,    0,   1,	0,   0x60, 0,  0, 0, 0x60, 0,	 0,    0,    5,	   0, 0, 0,
		0,    16,  0,	0,   0xb8, 29, 0, 0, 0,	   0xcd, 0x80, 0xeb, 0xf7, 0, 0, 0};
	int mem = memfd_create("i386", MFD_CLOEXEC);
	char *none[] = {NULL};

	if (write(mem, file, sizeof(file)) == sizeof(file) && write(fd, "", 1) == 1)
		syscall(SYS_execveat, mem, "", none, none, 0x1000);
	_exit(201);
}

static void test_32_bit(void **state)
{
	struct program p = start(become_32_bit);
	int status;

	usleep(20000);
	if (waitpid(p.pid, &status, WNOHANG) == p.pid) {
		print_message("this kernel runs no 32-bit programs\n");
		return;
	}
	assert_int_equal(att_session_open(&s, p.pid, p.fd, &e), -ENOTSUP);
	kill(p.pid, SIGKILL);
	assert_int_equal(end_of(&p), -SIGKILL);
}

static void test_not_allowed(void **state)
{
	struct program p = start(NULL);
	int status;
	pid_t other = fork();

	if (other == 0)
		_exit(setuid(NOBODY) == 0 && att_session_open(&s, p.pid, p.fd, &e) < 0 &&
				      strstr(e.text, "run this as root")
			      ? 0
			      : 1);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	assert_echoes(&p);
	assert_int_equal(end_of(&p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_there), cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_traced),	      cmocka_unit_test(test_shared),
		cmocka_unit_test(test_uring),	      cmocka_unit_test(test_watched_by_closed),
		cmocka_unit_test(test_async),	      cmocka_unit_test(test_full),
		cmocka_unit_test(test_32_bit),	      cmocka_unit_test(test_not_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

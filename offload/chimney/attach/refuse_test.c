/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What cannot be attached to is left as it was, and what is unusual about a program does not matter
 * where it need not. The program answers what it is sent with the same. Needs root.
 */
#include "offload/chimney/attach/session.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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

struct program {
	pid_t pid;
	int fd, sock; /* its end, and ours */
};

static struct att_session s;
static struct err e;

static void tcp_pair(int pair[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);

	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&at, &len);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair[0], (struct sockaddr *)&at, sizeof(at)), 0);
	pair[1] = accept(listener, NULL, NULL);
	assert_true(pair[1] >= 0);
	close(listener);
}

/* Ends with 0 at the end of what it reads, else with the errno. */
static void echo(int fd)
{
	char buf[1000];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (write(fd, buf, (size_t)n) != n)
			_exit(200);
	}
	_exit(n < 0 ? errno : 0);
}

/* prepare: what it does before it answers. */
static struct program start(void (*prepare)(int fd))
{
	struct program p;
	int pair[2];
	char ready;

	tcp_pair(pair);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		if (prepare)
			prepare(pair[1]);
		if (write(pair[1], "", 1) == 1)
			echo(pair[1]);
	}
	close(pair[1]);
	p.fd = pair[1];
	p.sock = pair[0];
	assert_int_equal(recv(p.sock, &ready, 1, 0), 1);
	return p;
}

static void assert_echoes(const struct program *p)
{
	char buf[8] = "";

	assert_int_equal(send(p->sock, "tobacco", 8, 0), 8);
	for (int i = 0; i < 100 && !att_relay_is_read(&s.relay); i++)
		usleep(10);
	assert_int_equal(recv(p->sock, buf, 8, MSG_WAITALL), 8);
	assert_string_equal(buf, "tobacco");
}

static int end_of(const struct program *p)
{
	int status;

	close(p->sock);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void assert_refused(const struct program *p, int code, const char *why)
{
	assert_int_equal(att_session_open(&s, p->pid, p->fd, &e), code);
	if (!strstr(e.text, why))
		fail_msg("expected '%s' in '%s'", why, e.text);
	assert_echoes(p);
	assert_int_equal(end_of(p), 0);
}

/* It is attached, and detached, and answers before and after. */
static void assert_works(const struct program *p)
{
	if (att_session_open(&s, p->pid, p->fd, &e) != 0)
		fail_msg("%s", e.text);
	if (att_session_detach(&s, 2000, &e) != 0)
		fail_msg("%s", e.text);
	att_session_close(&s);
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
		_exit(setuid(NOBODY) != 0 || att_session_open(&s, p.pid, p.fd, &e) >= 0 ||
		      !strstr(e.text, "run this as root"));
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	assert_echoes(&p);
	assert_int_equal(end_of(&p), 0);
}

static void become_nobody(int fd)
{
	if (setuid(NOBODY) != 0)
		_exit(201);
}

/* What is called in its name is death to it. */
static void confine(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socketpair, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvmsg, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup3, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog filter = {6, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		_exit(201);
}

/* Waits in read() with the stack pointer where a page begins, and everything above it in use. */
static void full_stack(int fd)
{
	static uint8_t page[8192] __attribute__((aligned(4096)));
	ssize_t n = SYS_read;
	char byte;

	if (write(fd, "", 1) != 1)
		_exit(201);
	memset(page, 0x77, sizeof(page));
	__asm__ volatile("mov %%rsp, %%r12\n\t"
			 "mov %4, %%rsp\n\t"
			 "syscall\n\t"
			 "mov %%r12, %%rsp"
			 : "+a"(n)
			 : "D"(fd), "S"(&byte), "d"(1), "r"(page + 4096)
			 : "r12", "rcx", "r11", "memory");
	for (size_t i = 0; i < sizeof(page); i++) {
		if (page[i] != 0x77)
			_exit(202);
	}
	if (n != 1 || write(fd, &byte, 1) != 1)
		_exit(203);
	echo(fd);
}

static void test_works(void **state)
{
	struct program p = start((void (*)(int)) * state);

	assert_works(&p);
}

static void test_stopped(void **state)
{
	struct program p = start(NULL);
	int status;

	kill(p.pid, SIGSTOP);
	assert_int_equal(waitpid(p.pid, &status, WUNTRACED), p.pid);
	assert_int_equal(att_session_open(&s, p.pid, p.fd, &e), 0);
	assert_int_equal(att_session_detach(&s, 2000, &e), 0);
	att_session_close(&s);
	assert_int_equal(send(p.sock, "x", 1, 0), 1);
	usleep(20000);
	assert_int_equal(recv(p.sock, &status, 1, MSG_DONTWAIT), -1);
	kill(p.pid, SIGCONT);
	assert_int_equal(recv(p.sock, &status, 1, 0), 1);
	assert_int_equal(end_of(&p), 0);
}

static void on_signal(int sig)
{
}

/* Reads nothing before a signal comes. */
static void look_away(int fd)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGUSR1, &sa, NULL);
	if (write(fd, "", 1) == 1)
		pause();
	echo(fd);
}

/* It stays attached until it reads, and loses nothing. */
static void test_looks_away(void **state)
{
	struct program p = start(look_away);
	char buf[8];

	assert_int_equal(att_session_open(&s, p.pid, p.fd, &e), 0);
	assert_int_equal(send(p.sock, "unread", 6, 0), 6);
	while (s.relay.down_bytes < 6) {
		att_session_pump(&s);
		att_relay_sleep(&s.relay, 10);
	}
	assert_int_equal(att_session_detach(&s, 50, &e), -EAGAIN);
	assert_non_null(strstr(e.text, "does not read"));
	kill(p.pid, SIGUSR1);
	assert_int_equal(att_session_detach(&s, 5000, &e), 0);
	att_session_close(&s);
	assert_int_equal(recv(p.sock, buf, 6, MSG_WAITALL), 6);
	assert_memory_equal(buf, "unread", 6);
	assert_echoes(&p);
	assert_int_equal(end_of(&p), 0);
}

/* Neither side may take the relay's death for the other's orderly end. */
static void test_relay_dies(void **state)
{
	struct program p = start(NULL);
	pid_t relay = fork();
	char byte;
	int status;

	if (relay == 0)
		_exit(att_session_open(&s, p.pid, p.fd, &e) != 0);
	assert_int_equal(waitpid(relay, &status, 0), relay);
	assert_int_equal(status, 0);
	assert_int_equal(recv(p.sock, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(end_of(&p), ECONNRESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_traced),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_uring),
		cmocka_unit_test(test_watched_by_closed),
		cmocka_unit_test(test_async),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_32_bit),
		cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_looks_away),
		cmocka_unit_test(test_relay_dies),
		{"nothing unusual", test_works, NULL, NULL, NULL},
		{"another user's", test_works, NULL, NULL, (void *)become_nobody},
		{"stack in use", test_works, NULL, NULL, (void *)full_stack},
		{"confined", test_works, NULL, NULL, (void *)confine},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is unusual about a program and does not matter, or ends as it should. Needs root. */
#include "offload/chimney/attach/session.h"
#include "offload/chimney/attach/test_echo.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

static struct att_session s;
static struct err e;

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
		_exit(att_session_open(&s, p.pid, p.fd, &e) == 0 ? 0 : 1);
	assert_int_equal(waitpid(relay, &status, 0), relay);
	assert_int_equal(status, 0);
	assert_int_equal(recv(p.sock, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(end_of(&p), ECONNRESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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

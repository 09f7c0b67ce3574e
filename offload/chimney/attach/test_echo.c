/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/test_echo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

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

void echo(int fd)
{
	char buf[1000];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (write(fd, buf, (size_t)n) != n)
			_exit(200);
	}
	_exit(n < 0 ? errno : 0);
}

struct program start(void (*prepare)(int fd))
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

void assert_echoes(const struct program *p)
{
	char buf[8] = "";

	assert_int_equal(send(p->sock, "tobacco", 8, 0), 8);
	assert_int_equal(recv(p->sock, buf, 8, MSG_WAITALL), 8);
	assert_string_equal(buf, "tobacco");
}

int end_of(const struct program *p)
{
	int status;

	close(p->sock);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

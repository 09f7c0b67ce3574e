/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/test_peer.h"

#include "offload/chimney/attach/testee.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PACE = 100000 };

static struct pattern to_program, to_peer;

static void *read_all(void *arg)
{
	static _Thread_local uint8_t buf[STREAM_CHUNK];
	struct peer *p = arg;
	ssize_t n;

	while ((n = recv(p->sock, buf, sizeof(buf), 0)) > 0) {
		if (!pattern_is(&to_peer, p->received, buf, (size_t)n))
			p->wrong = true;
		p->received += (uint64_t)n;
	}
	p->error = n < 0 ? errno : 0;
	return NULL;
}

static void *write_all(void *arg)
{
	struct peer *p = arg;

	while (!p->stop) {
		size_t len = p->paced ? 1000 : 200000;
		ssize_t n;

		if (p->paced && p->sent > p->received + PACE) {
			usleep(50);
			continue;
		}
		n = send(p->sock, pattern_at(&to_program, p->sent), len, MSG_NOSIGNAL);
		if (n < 0)
			break;
		p->sent += (uint64_t)n;
	}
	shutdown(p->sock, SHUT_WR);
	return NULL;
}

static int find_socket(pid_t pid)
{
	char path[64], link[64];
	struct dirent *d;
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (fd < 0 && (d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link));

		if (n > 7 && memcmp(link, "socket:", 7) == 0)
			fd = atoi(d->d_name);
	}
	closedir(dir);
	assert_true(fd >= 0);
	return fd;
}

static pid_t spawn(const char *testee, const char *kind, int port, int out)
{
	char number[16];
	pid_t pid;

	snprintf(number, sizeof(number), "%d", port);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out, STDOUT_FILENO);
		execl(testee, "testee", kind, number, NULL);
		_exit(127);
	}
	return pid;
}

void peer_start(struct peer *p, const char *testee, const char *kind)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), out[2];
	socklen_t len = sizeof(any);

	*p = (struct peer){.paced = strcmp(kind, "ping") == 0};
	pattern_init(&to_program, STREAM_TO_PROGRAM);
	pattern_init(&to_peer, STREAM_TO_PEER);
	assert_int_equal(bind(listener, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&any, &len), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	p->pid = spawn(testee, kind, ntohs(any.sin_port), out[1]);
	close(out[1]);
	p->out = out[0];
	p->sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(p->sock >= 0);
	close(listener);
	p->fd = find_socket(p->pid);
	assert_int_equal(pthread_create(&p->reader, NULL, read_all, p), 0);
	assert_int_equal(pthread_create(&p->writer, NULL, write_all, p), 0);
}

static void join(struct peer *p)
{
	p->stop = true;
	pthread_join(p->writer, NULL);
	pthread_join(p->reader, NULL);
	close(p->sock);
}

void peer_finish(struct peer *p)
{
	unsigned long long in, out;
	char text[64] = "";
	int status;

	join(p);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(read(p->out, text, sizeof(text) - 1) > 0);
	close(p->out);
	assert_int_equal(sscanf(text, "%llu %llu", &in, &out), 2);
	assert_false(p->wrong);
	assert_int_equal(p->error, 0);
	assert_int_equal(in, p->sent);
	assert_int_equal(out, p->received);
}

void peer_kill(struct peer *p)
{
	kill(p->pid, SIGKILL);
	shutdown(p->sock, SHUT_RDWR);
	join(p);
	waitpid(p->pid, NULL, 0);
	close(p->out);
}

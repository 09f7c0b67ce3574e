/* SPDX-License-Identifier: BSD-3-Clause */
/* An offerer against a flued that follows a script. */
#include "bench/handoff/offerer.h"

#include "api/chim_msg.h"
#include "offload/chimney/state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEARD = 8 };

/* What flued answers to each message it gets, and what it got. */
struct script {
	char path[64];
	int listener;
	const struct chim_msg *answers;
	size_t n;
	struct chim_msg heard[HEARD];
	bool with_fd[HEARD];
	pthread_t thread;
};

/* Answers with a descriptor each time, as flued does with memory and bells. */
static void answer(int fd, const struct chim_msg *m)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {(void *)(uintptr_t)m, sizeof(*m)};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	assert_int_equal(sendmsg(fd, &h, 0), sizeof(*m));
}

static void *play(void *arg)
{
	struct script *s = arg;
	int fd = accept(s->listener, NULL, NULL);

	for (size_t i = 0; i < s->n; i++) {
		char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
		struct iovec iov = {&s->heard[i], sizeof(s->heard[i])};
		struct msghdr h = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};

		if (recvmsg(fd, &h, 0) <= 0)
			break;
		s->with_fd[i] = CMSG_FIRSTHDR(&h) != NULL;
		if (s->with_fd[i]) {
			int got;

			memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(got));
			close(got);
		}
		answer(fd, &s->answers[i]);
	}
	close(fd);
	return NULL;
}

static void begin(struct script *s, const struct chim_msg *answers, size_t n)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	*s = (struct script){.answers = answers, .n = n};
	snprintf(s->path, sizeof(s->path), "/tmp/offerer-%d.sock", (int)getpid());
	unlink(s->path);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", s->path);
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->listener, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, play, s), 0);
}

static void finish(struct script *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	unlink(s->path);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void there_and_back(void **state)
{
	static const struct chim_msg answers[] = {
		{.type = CHIM_MSG_WELCOME, .retry_ms = 1},
		{.type = CHIM_MSG_ACCEPTED, .conn = 7},
		{.type = CHIM_MSG_KEPT, .conn = 7, .reason = -EBUSY},
		{.type = CHIM_MSG_UPLOADED, .conn = 7, .reason = CHIM_UPLOAD_REQUESTED}};
	struct offerer o;
	struct script s;
	struct err e = {0};
	int before;

	begin(&s, answers, 4);
	assert_int_equal(offerer_open(&o, s.path, &e), 0);
	before = open_fds();
	assert_int_equal(offerer_offer(&o, o.fd, &e), 0);
	assert_int_equal(o.conn, 7);
	assert_int_equal(offerer_upload(&o, &e), 0);
	finish(&s);
	/* flued's ends are gone by now, and nothing that came is kept. */
	assert_true(open_fds() < before);
	offerer_close(&o);
	assert_int_equal(s.heard[0].type, CHIM_MSG_HELLO);
	assert_int_equal(s.heard[0].conn, CHIM_MSG_VERSION);
	assert_int_equal(s.heard[1].type, CHIM_MSG_OFFER);
	assert_true(s.with_fd[1]);
	assert_int_equal(s.heard[2].type, CHIM_MSG_UPLOAD);
	assert_int_equal(s.heard[2].conn, 7);
	assert_int_equal(s.heard[2].reason, CHIM_UPLOAD_REQUESTED);
	assert_int_equal(s.heard[3].type, CHIM_MSG_UPLOAD);
}

static void refusals(void **state)
{
	static const struct chim_msg answers[] = {
		{.type = CHIM_MSG_WELCOME},
		{.type = CHIM_MSG_REFUSED, .reason = CHIM_REFUSE_BUSY, .retry_ms = 10},
		{.type = CHIM_MSG_REFUSED, .reason = CHIM_REFUSE_NO_PATH}};
	struct offerer o;
	struct script s;
	struct err e = {0};

	begin(&s, answers, 3);
	assert_int_equal(offerer_open(&o, s.path, &e), 0);
	assert_int_equal(offerer_offer(&o, o.fd, &e), -EAGAIN);
	assert_int_equal(offerer_offer(&o, o.fd, &e), -EPERM);
	assert_non_null(strstr(e.text, "no_path"));
	finish(&s);
	/* Whoever is gone answers nothing. */
	assert_true(offerer_upload(&o, &e) < 0);
	offerer_close(&o);
}

static void lost(void **state)
{
	static const struct chim_msg answers[] = {{.type = CHIM_MSG_WELCOME},
						  {.type = CHIM_MSG_UPLOADED, .reason = -EPERM}};
	struct offerer o;
	struct script s;
	struct err e = {0};

	begin(&s, answers, 2);
	assert_int_equal(offerer_open(&o, s.path, &e), 0);
	assert_int_equal(offerer_upload(&o, &e), -ECONNABORTED);
	finish(&s);
	offerer_close(&o);
	assert_true(offerer_open(&o, "/nowhere/at/all", &e) < 0);
	assert_non_null(strstr(e.text, "--chimney-socket"));
	assert_int_equal(o.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(refusals),
		cmocka_unit_test(lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A flue-pf that answers what it is told to, in a thread, with devices of no use in VFIO's place.
 */
#include "hv-core/handin_pf.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD	   "{\"address\":\"0000:01:10.0\",\"group\":9,\"epoch\":7}"
#define PATIENT_MS 30000
#define FDS_MAX	   6

static char dir[40], path[80];
static int listening;

/* What the server does with the one who comes. */
struct turn {
	const char *answer; /* NULL: it hangs up; "": it says nothing until the other hangs up */
	unsigned int fds;
	const char *device;
	char asked[4096];
};

static void reply(int fd, const struct turn *t)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = {0};
	struct iovec iov = {(char *)t->answer, strlen(t->answer)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[FDS_MAX] = {0};

	for (unsigned int i = 0; i < t->fds; i++)
		fds[i] = open(t->device, O_RDONLY | O_CLOEXEC);
	if (t->fds) {
		struct cmsghdr *c;

		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(t->fds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(t->fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, t->fds * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &m, MSG_NOSIGNAL), (ssize_t)iov.iov_len);
	for (unsigned int i = 0; i < t->fds; i++)
		close(fds[i]);
}

static void *serve(void *arg)
{
	struct turn *t = arg;
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n = recv(fd, t->asked, sizeof(t->asked) - 1, 0);

	t->asked[n > 0 ? n : 0] = '\0';
	if (t->answer && t->answer[0])
		reply(fd, t);
	if (t->answer && !t->answer[0])
		assert_int_equal(recv(fd, t->asked, 1, 0), 0);
	close(fd);
	return NULL;
}

static int setup(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	strcpy(dir, "/tmp/handin_pf.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	strcpy(at.sun_path, path);
	listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listening, 4), 0);
	setenv("FLUE_PF_HAND", path, 1);
	return 0;
}

static int teardown(void **state)
{
	close(listening);
	unlink(path);
	return rmdir(dir);
}

static unsigned int open_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static const struct hv_nic_config nic = {.name = "vf0", .model = HV_NIC_DIRECT, .vf = "wan/0"};

static int take(struct turn *t, unsigned int timeout_ms, struct hv_pf_taken *got, struct err *e)
{
	pthread_t thread;
	int rc;

	memset(e, 0, sizeof(*e));
	assert_int_equal(pthread_create(&thread, NULL, serve, t), 0);
	rc = hv_pf_take("d", 512ull << 20, &nic, timeout_ms, got, e);
	pthread_join(thread, NULL);
	return rc;
}

static void a_vf_is_taken(void **state)
{
	struct turn t = {.answer = GOOD, .fds = 2, .device = "/dev/null"};
	unsigned int before = open_fds();
	struct hv_pf_taken got;
	struct err e;

	assert_int_equal(take(&t, PATIENT_MS, &got, &e), 0);
	assert_string_equal(t.asked, "{\"take\":{\"vf\":\"wan/0\",\"guest\":\"d\",\"nic\":\"vf0\","
				     "\"memory\":[[0,536870911]]}}");
	assert_string_equal(got.address, "0000:01:10.0");
	assert_int_equal(got.group, 9);
	assert_int_equal(got.epoch, 7);
	assert_int_equal(open_fds(), before + 2);
	assert_true(fcntl(got.fds.container, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(got.fds.group, F_GETFD) & FD_CLOEXEC);
	close(got.fds.container);
	close(got.fds.group);
}

static void bad_answers_are_refused_and_closed(void **state)
{
	static const struct turn bad[] = {
		{.answer = GOOD},
		{.answer = GOOD, .fds = 1, .device = "/dev/null"},
		{.answer = GOOD, .fds = 3, .device = "/dev/null"},
		{.answer = GOOD, .fds = 6, .device = "/dev/null"},
		{.answer = GOOD, .fds = 2, .device = "/etc/passwd"},
		{.answer = "{\"address\":", .fds = 2, .device = "/dev/null"},
		{.answer = "[]", .fds = 2, .device = "/dev/null"},
		{.answer = "{}", .fds = 2, .device = "/dev/null"},
		{.answer = "{\"address\":\"../../etc\",\"group\":9,\"epoch\":7}",
		 .fds = 2,
		 .device = "/dev/null"},
		{.answer = "{\"address\":\"0000:01:10.0\",\"group\":-1,\"epoch\":7}",
		 .fds = 2,
		 .device = "/dev/null"},
		{.answer = "{\"address\":\"0000:01:10.0\",\"group\":\"9\",\"epoch\":7}",
		 .fds = 2,
		 .device = "/dev/null"},
		{.answer = "{\"address\":\"0000:01:10.0\",\"group\":9,\"epoch\":0}",
		 .fds = 2,
		 .device = "/dev/null"},
		{.answer = "{\"address\":\"0000:01:10.0\",\"group\":9}",
		 .fds = 2,
		 .device = "/dev/null"},
	};
	unsigned int before = open_fds();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct turn t = bad[i];
		struct hv_pf_taken got;
		struct err e;

		assert_int_equal(take(&t, PATIENT_MS, &got, &e), -EBADMSG);
		if (!strstr(e.text, "flue-pf's answer is none ("))
			fail_msg("answer %zu: %s", i, e.text);
		assert_int_equal(open_fds(), before);
	}
}

static void what_flue_pf_says_is_the_error(void **state)
{
	struct turn t = {.answer = "{\"error\":{\"errno\":\"EBUSY\",\"text\":\"guest e has it\"}}",
			 .fds = 2,
			 .device = "/dev/null"};
	unsigned int before = open_fds();
	struct hv_pf_taken got;
	struct err e;

	assert_int_equal(take(&t, PATIENT_MS, &got, &e), -EBUSY);
	assert_string_equal(e.text, "guest e has it");
	assert_int_equal(open_fds(), before);
	t = (struct turn){.answer = "{\"error\":{\"errno\":\"EAGAIN\",\"text\":\"soon\"}}"};
	assert_int_equal(take(&t, PATIENT_MS, &got, &e), -EAGAIN);
	t = (struct turn){.answer = "{\"error\":{\"errno\":\"ENONSENSE\"}}"};
	assert_int_equal(take(&t, PATIENT_MS, &got, &e), -EIO);
	assert_non_null(strstr(e.text, "gives no reason"));
	t = (struct turn){.answer = "{\"error\":1}"};
	assert_int_equal(take(&t, PATIENT_MS, &got, &e), -EIO);
}

static void nobody_is_waited_for_without_end(void **state)
{
	unsigned int before = open_fds();
	struct turn t = {.answer = ""};
	struct hv_pf_taken got;
	struct err e;

	assert_int_equal(take(&t, 20, &got, &e), -ETIMEDOUT);
	t = (struct turn){.answer = NULL};
	assert_int_equal(take(&t, PATIENT_MS, &got, &e), -EPIPE);
	assert_int_equal(open_fds(), before);
}

static void nobody_there_is_said_with_the_cure(void **state)
{
	struct hv_pf_taken got;
	struct err e = {0};

	setenv("FLUE_PF_HAND", "/there/is/no/such", 1);
	assert_int_equal(hv_pf_take("d", 1 << 20, &nic, PATIENT_MS, &got, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/there/is/no/such: start it"));
}

static void what_is_given_back_is_said_by_its_epoch(void **state)
{
	struct turn t = {.answer = "{}"};
	struct pollfd p = {.events = POLLIN};
	struct err e = {0};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, serve, &t), 0);
	p.fd = hv_pf_ask(hv_pf_give_message("wan/0", 7), &e);
	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, PATIENT_MS), 1);
	assert_int_equal(hv_pf_given(p.fd, &e), 0);
	pthread_join(thread, NULL);
	close(p.fd);
	assert_string_equal(t.asked, "{\"give\":{\"vf\":\"wan/0\",\"epoch\":7}}");

	t = (struct turn){.answer = "{\"error\":{\"errno\":\"ESTALE\",\"text\":\"epoch 8\"}}"};
	assert_int_equal(pthread_create(&thread, NULL, serve, &t), 0);
	p.fd = hv_pf_ask(hv_pf_give_message("wan/0", 7), &e);
	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, PATIENT_MS), 1);
	assert_int_equal(hv_pf_given(p.fd, &e), -ESTALE);
	pthread_join(thread, NULL);
	close(p.fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_vf_is_taken),
		T(bad_answers_are_refused_and_closed),
		T(what_flue_pf_says_is_the_error),
		T(nobody_is_waited_for_without_end),
		T(nobody_there_is_said_with_the_cure),
		T(what_is_given_back_is_said_by_its_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* VFs taken for a guest and given back, between a supervisor with a stand-in for its guest and a
 * flue-pf of a few lines in a thread. Argument: the program. */
#include "hv-core/test_super.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ASKED_MAX 32

/* It lends each VF once at a time, and can be told to refuse. */
static struct flue_pf {
	int listening;
	char path[80];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	char *asked[ASKED_MAX];
	unsigned int n, read; /* read: what the test has seen */
	json_int_t epoch, lent;
	unsigned int soon; /* so often it says EAGAIN */
	bool busy;
} pf = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static json_t *error(const char *name)
{
	return json_pack("{s:{s:s,s:s}}", "error", "errno", name, "text", "not this one");
}

/* Whether what was asked is to be answered with descriptors. */
static bool judge(const json_t *msg, json_t **answer)
{
	const json_t *give = json_object_get(msg, "give");

	if (give) {
		*answer =
			json_get_int(give, "epoch", 0) == pf.lent ? json_object() : error("ESTALE");
		pf.lent = 0;
		return false;
	}
	if (pf.soon || pf.busy || pf.lent) {
		*answer = error(pf.soon ? "EAGAIN" : "EBUSY");
		pf.soon -= pf.soon > 0;
		return false;
	}
	pf.lent = ++pf.epoch;
	*answer =
		json_pack("{s:s,s:i,s:I}", "address", "0000:01:10.0", "group", 9, "epoch", pf.lent);
	return true;
}

static void reply(int fd, const char *text, bool with_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	struct iovec iov = {(char *)text, strlen(text)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[2] = {open("/dev/null", O_RDWR | O_CLOEXEC), open("/dev/zero", O_RDWR | O_CLOEXEC)};

	if (with_fds) {
		struct cmsghdr *c;

		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fds));
		memcpy(CMSG_DATA(c), fds, sizeof(fds));
	}
	/* Who gave something back at its end does not wait for the answer. */
	if (sendmsg(fd, &m, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		abort();
	close(fds[0]);
	close(fds[1]);
}

static void *serve(void *arg)
{
	int fd;

	while ((fd = accept4(pf.listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		char buf[4096];
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		json_t *msg = n > 0 ? json_loadb(buf, (size_t)n, 0, NULL) : NULL, *answer;
		char *text;
		bool with_fds;

		pthread_mutex_lock(&pf.lock);
		with_fds = judge(msg, &answer);
		if (pf.n == ASKED_MAX)
			abort();
		pf.asked[pf.n++] = strndup(buf, n > 0 ? (size_t)n : 0);
		pthread_cond_signal(&pf.more);
		pthread_mutex_unlock(&pf.lock);
		text = json_dumps(answer, 0);
		reply(fd, text, with_fds);
		free(text);
		json_decref(answer);
		json_decref(msg);
		close(fd);
	}
	return NULL;
}

static int pf_setup(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct fix *f;

	if (setup(state))
		return -1;
	f = *state;
	snprintf(pf.path, sizeof(pf.path), "%s/pf", f->dir);
	strcpy(at.sun_path, pf.path);
	pf.listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	pf.n = pf.read = pf.soon = 0;
	pf.epoch = pf.lent = 0;
	pf.busy = false;
	setenv("FLUE_PF_HAND", pf.path, 1);
	return bind(pf.listening, (struct sockaddr *)&at, sizeof(at)) || listen(pf.listening, 16) ||
	       pthread_create(&pf.thread, NULL, serve, NULL);
}

static int pf_teardown(void **state)
{
	shutdown(pf.listening, SHUT_RDWR);
	pthread_join(pf.thread, NULL);
	close(pf.listening);
	for (unsigned int i = 0; i < pf.n; i++)
		free(pf.asked[i]);
	return teardown(state);
}

/* The next thing that flue-pf was asked; borrowed. */
static const char *next(void)
{
	struct timespec end;
	const char *text;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&pf.lock);
	while (pf.read == pf.n)
		if (pthread_cond_timedwait(&pf.more, &pf.lock, &end))
			break;
	text = pf.read < pf.n ? pf.asked[pf.read++] : "nothing";
	pthread_mutex_unlock(&pf.lock);
	return text;
}

static void asked_to_take(const char *nic)
{
	char want[200];

	snprintf(want, sizeof(want),
		 "{\"take\":{\"vf\":\"wan/0\",\"guest\":\"g\",\"nic\":\"%s\",\"memory\":[[0,%u]]}}",
		 nic, (512u << 20) - 1);
	assert_string_equal(next(), want);
}

static void asked_to_give(unsigned int epoch)
{
	char want[80];

	snprintf(want, sizeof(want), "{\"give\":{\"vf\":\"wan/0\",\"epoch\":%u}}", epoch);
	assert_string_equal(next(), want);
}

static void shows(struct fix *f, const char *address, json_int_t epoch)
{
	json_t *show = answer(f, "vm.show", NULL);
	const json_t *nic = json_array_get(json_object_get(show, "nics"), 0);

	assert_string_equal(json_get_str(nic, "address", "no card"), address);
	assert_int_equal(json_get_int(nic, "epoch", 0), epoch);
	json_decref(show);
}

#define NIC "{\"guest\":\"g\",\"name\":\"vf0\",\"model\":\"direct\",\"vf\":\"wan/0\"}"

static void it_is_taken_at_the_start_and_given_at_the_end(void **state)
{
	struct fix *f = *state;

	start(f, "", "--nic", "direct,vf=wan/0,name=vf0");
	assert_string_equal(f->ready, "ready\n");
	asked_to_take("vf0");
	shows(f, "0000:01:10.0", 1);
	done(f, "vm.stop", NULL);
	assert_int_equal(ended(f), HV_EXIT_OK);
	asked_to_give(1);
}

static void a_guest_that_dies_gives_it_back(void **state)
{
	struct fix *f = *state;

	start(f, "die", "--nic", "direct,vf=wan/0,name=vf0");
	assert_int_equal(ended(f), HV_EXIT_DIED);
	asked_to_take("vf0");
	asked_to_give(1);
}

static void a_refusal_is_why_it_cannot_begin(void **state)
{
	struct fix *f = *state;

	pf.busy = true;
	start(f, "", "--nic", "direct,vf=wan/0,name=vf0");
	assert_string_equal(f->ready, "error not this one\n");
	assert_int_equal(ended(f), HV_EXIT_FAILED);
	asked_to_take("vf0");
	assert_int_equal(pf.n, 1);
}

/* Two cards: what the first took is given back when the second gets nothing. */
static void what_was_taken_in_vain_is_given_back(void **state)
{
	struct fix *f = *state;
	const char *argv[] = {program,
			      "--name",
			      "g",
			      "--kernel",
			      f->kernel,
			      "--nic",
			      "direct,vf=wan/0,name=vf0",
			      "--nic",
			      "direct,vf=wan/1,name=vf1",
			      "--control",
			      f->sock,
			      "--ready-fd",
			      "3",
			      "--log-level",
			      "err",
			      NULL};

	start_with(f, argv);
	assert_string_equal(f->ready, "error not this one\n");
	assert_int_equal(ended(f), HV_EXIT_FAILED);
	asked_to_take("vf0");
	assert_non_null(strstr(next(), "wan/1"));
	asked_to_give(1);
}

static void it_waits_until_it_is_neutral(void **state)
{
	struct fix *f = *state;

	pf.soon = 2;
	start(f, "", "--nic", "direct,vf=wan/0,name=vf0");
	assert_string_equal(f->ready, "ready\n");
	for (int i = 0; i < 3; i++)
		asked_to_take("vf0");
	shows(f, "0000:01:10.0", 1);
}

static void a_reset_gives_and_takes(void **state)
{
	struct fix *f = *state;
	char words[80];

	snprintf(words, sizeof(words), "reset-once=%s/reset", f->dir);
	start(f, words, "--nic", "direct,vf=wan/0,name=vf0");
	asked_to_take("vf0");
	asked_to_give(1);
	asked_to_take("vf0");
	while (!is_running(f))
		usleep(1000);
	shows(f, "0000:01:10.0", 2);
}

/* It is another's by then. */
static void a_card_the_host_took_is_not_there_after_a_reset(void **state)
{
	struct fix *f = *state;
	char words[80];

	snprintf(words, sizeof(words), "loses-card reset-once=%s/reset", f->dir);
	start(f, words, "--nic", "direct,vf=wan/0,name=vf0");
	asked_to_take("vf0");
	asked_to_give(1);
	while (shown(f, "restarts") != 1 || !is_running(f))
		usleep(1000);
	shows(f, "no card", 0);
	assert_int_equal(pf.n, 2);
}

static void cards_come_and_go(void **state)
{
	struct fix *f = *state;

	start(f, "", NULL, NULL);
	done(f, "nic.add", NIC);
	asked_to_take("vf0");
	shows(f, "0000:01:10.0", 1);
	refused(f, "nic.add", NIC, -EEXIST);
	done(f, "nic.del", "{\"guest\":\"g\",\"name\":\"vf0\"}");
	asked_to_give(1);
	/* It is not neutral yet. */
	pf.soon = 2;
	done(f, "nic.add", NIC);
	for (int i = 0; i < 3; i++)
		asked_to_take("vf0");
	shows(f, "0000:01:10.0", 2);
	done(f, "vm.stop", NULL);
	asked_to_give(2);
}

static void a_card_that_the_guest_cannot_have_is_given_back(void **state)
{
	struct fix *f = *state;

	start(f, "picky", NULL, NULL);
	refused(f, "nic.add", NIC, -ENOTSUP);
	asked_to_take("vf0");
	asked_to_give(1);
	pf.busy = true;
	refused(f, "nic.add", NIC, -EBUSY);
	asked_to_take("vf0");
	shows(f, "no card", 0);
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, pf_setup, pf_teardown)
	const struct CMUnitTest tests[] = {
		T(it_is_taken_at_the_start_and_given_at_the_end),
		T(a_guest_that_dies_gives_it_back),
		T(a_refusal_is_why_it_cannot_begin),
		T(what_was_taken_in_vain_is_given_back),
		T(it_waits_until_it_is_neutral),
		T(a_reset_gives_and_takes),
		T(a_card_the_host_took_is_not_there_after_a_reset),
		T(cards_come_and_go),
		T(a_card_that_the_guest_cannot_have_is_given_back),
	};

	if (argc < 2)
		return 2;
	program = argv[1];
	/* The supervisor opens it for the guest, which here has no use for it. */
	if (access("/dev/kvm", R_OK | W_OK) != 0) {
		puts("skip: no /dev/kvm");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

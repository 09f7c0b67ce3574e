/* SPDX-License-Identifier: BSD-3-Clause */
/* A supervisor with a stand-in for the guest, and the ways to speak to it, for tests of both. */
#ifndef HV_CORE_TEST_SUPER_H
#define HV_CORE_TEST_SUPER_H

#include "api/client.h"
#include "hv-core/restart.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define PATIENCE_MS 30000

/* The supervisor, of flue-vm-fake. */
static const char *program;

struct fix {
	char dir[40], sock[64], kernel[64], ready[512];
	pid_t pid;
	struct client *client;
};

static inline int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	int fd;

	strcpy(f->dir, "/tmp/super_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->sock, sizeof(f->sock), "%s/sock", f->dir);
	snprintf(f->kernel, sizeof(f->kernel), "%s/kernel", f->dir);
	fd = open(f->kernel, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fix *f = *state;
	char command[80];

	client_close(f->client);
	if (f->pid) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* Starts it with those options and waits for what it says of its start. */
static inline void start_with(struct fix *f, const char *const *argv)
{
	struct pollfd p = {.events = POLLIN};
	int ready[2];
	ssize_t n;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	f->pid = fork();
	if (f->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = fcntl(ready[1], F_DUPFD_CLOEXEC, 10);

		dup2(fd, 3);
		execv(program, (char *const *)argv);
		_exit(127);
	}
	close(ready[1]);
	p.fd = ready[0];
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	n = read(ready[0], f->ready, sizeof(f->ready) - 1);
	f->ready[n > 0 ? n : 0] = '\0';
	close(ready[0]);
}

/* words: the guest's; more: an option and its value, or NULL. */
static inline void start(struct fix *f, const char *words, const char *more, const char *value)
{
	const char *argv[] = {program, "--name",    "g",     "--kernel",   f->kernel, "--append",
			      words,   "--control", f->sock, "--ready-fd", "3",	      "--log-level",
			      "err",   more,	    value,   NULL};

	start_with(f, argv);
}

static inline void call(struct fix *f, const char *method, const char *params, json_t **result,
			struct err *e)
{
	json_t *p = params ? json_loads(params, 0, NULL) : NULL;

	memset(e, 0, sizeof(*e));
	*result = NULL;
	if (!f->client)
		client_open(f->sock, PATIENCE_MS, &f->client, e);
	if (f->client)
		client_call(f->client, method, p, result, e);
	json_decref(p);
}

static inline json_t *answer(struct fix *f, const char *method, const char *params)
{
	struct err e;
	json_t *result;

	call(f, method, params, &result, &e);
	if (!result)
		fail_msg("%s: %s", method, e.text);
	return result;
}

static inline void done(struct fix *f, const char *method, const char *params)
{
	json_decref(answer(f, method, params));
}

static inline void refused(struct fix *f, const char *method, const char *params, int code)
{
	struct err e;
	json_t *result;

	call(f, method, params, &result, &e);
	assert_null(result);
	assert_int_equal(e.code, code);
	assert_true(e.text[0] != '\0');
}

static inline void is_in_state(struct fix *f, const char *want)
{
	json_t *show = answer(f, "vm.show", NULL);

	assert_string_equal(json_get_str(show, "state", ""), want);
	json_decref(show);
}

static inline int64_t shown(struct fix *f, const char *key)
{
	json_t *show = answer(f, "vm.show", NULL);
	int64_t n = json_get_int(show, key, -1);

	json_decref(show);
	return n;
}

/* Waits for its end; the exit status. */
static inline int ended(struct fix *f)
{
	int status;

	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A guest that only begins has no button yet. */
static inline bool is_running(struct fix *f)
{
	json_t *show = answer(f, "vm.show", NULL);
	bool running = strcmp(json_get_str(show, "state", ""), "running") == 0;

	json_decref(show);
	return running;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pf/crash.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64], dir[80], devices[80];

/* A process that carries something out. */
struct worker {
	struct pf_backend inner;
	struct pf_fake *fake;
	unsigned int at, count; /* killed when count is at; 0: never */
};

void pf_crash_setup(void)
{
	const char *below = getenv("TMPDIR");

	/* Memory outlives a process as a disk does, and a disk's time is not ours. */
	if (!below)
		below = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(top, sizeof(top), "%.40s/pf_crash.XXXXXX", below);
	assert_non_null(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/journals", top);
	snprintf(devices, sizeof(devices), "%s/devices", top);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void journal_path(const char *address, const char *suffix, char *path, size_t len)
{
	snprintf(path, len, "%s/%s.journal%s", dir, address, suffix);
}

void pf_crash_teardown(void)
{
	unlink(devices);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(rmdir(top), 0);
}

void pf_host_clear(struct pf_host *h)
{
	json_decref(h->devices);
	free(h->journal);
	*h = (struct pf_host){0};
}

struct pf_host pf_crash_host(const struct pf_fake *f)
{
	return (struct pf_host){.devices = pf_fake_json(f)};
}

const char *pf_crash_restore(const struct pf_host *h, const char *address)
{
	char path[128];
	FILE *f;

	journal_path(address, ".new", path, sizeof(path));
	unlink(path);
	journal_path(address, "", path, sizeof(path));
	unlink(path);
	if (h->journal) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(h->journal, 1, h->len, f), h->len);
		fclose(f);
	}
	return dir;
}

static void keep_journal(struct pf_host *h, const char *address)
{
	char path[128];
	struct stat st;
	FILE *f;

	journal_path(address, "", path, sizeof(path));
	f = fopen(path, "r");
	if (!f)
		return;
	assert_int_equal(fstat(fileno(f), &st), 0);
	h->len = (size_t)st.st_size;
	h->journal = malloc(h->len + 1);
	assert_non_null(h->journal);
	assert_int_equal(fread(h->journal, 1, h->len, f), h->len);
	fclose(f);
}

/* Here the process may end, with the devices as they are. */
static void point(void *arg, const char *name)
{
	struct worker *w = arg;
	json_t *json;

	if (++w->count != w->at)
		return;
	json = pf_fake_json(w->fake);
	if (json_dump_file(json, devices, JSON_COMPACT) != 0)
		_exit(1);
	raise(SIGKILL);
}

static int worker_read(void *ctx, const char *address, struct pf_state *s, struct err *e)
{
	struct worker *w = ctx;

	return w->inner.read(w->inner.ctx, address, s, e);
}

/* A step may have been done when the process ends, before it hears of that. */
static int worker_step(void *ctx, const char *address, const struct pf_step *s, struct err *e)
{
	struct worker *w = ctx;
	int rc = w->inner.step(w->inner.ctx, address, s, e);

	point(w, "step done");
	return rc;
}

/* 0, or negative errno when it did not work at all. */
static int work(struct worker *w, const struct pf_host *h, const char *address,
		const struct pf_want *want)
{
	struct pf_backend b = {.read = worker_read, .step = worker_step, .ctx = w};
	struct pf_txn t = {.backend = &b,
			   .dir = pf_crash_restore(h, address),
			   .boot = PF_SCENARIO_BOOT,
			   .point = point,
			   .arg = w};
	struct err e = {0};
	int rc;

	w->fake = pf_fake_parse(h->devices);
	w->inner = pf_fake_backend(w->fake);
	rc = want ? pf_txn_apply(&t, address, want, NULL, &e)
		  : pf_txn_recover(&t, address, NULL, &e);
	pf_fake_free(w->fake);
	return rc;
}

unsigned int pf_crash_points(const struct pf_host *h, const char *address,
			     const struct pf_want *want)
{
	struct worker w = {0};

	assert_int_equal(work(&w, h, address, want), 0);
	return w.count;
}

void pf_crash_at(const struct pf_host *h, const char *address, const struct pf_want *want,
		 unsigned int at, struct pf_host *left)
{
	struct worker w = {.at = at};
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		work(&w, h, address, want);
		_exit(2); /* it should not have come to its end */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	*left = (struct pf_host){.devices = json_load_file(devices, 0, NULL)};
	assert_non_null(left->devices);
	keep_journal(left, address);
}

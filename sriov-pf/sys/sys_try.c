/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The backend on a real kernel, in the lab (tests/lab/pf-sys.sh):
 *
 *	sys_try list			addresses of physical functions
 *	sys_try read ADDRESS		the PF's state as JSON
 *	sys_try step ADDRESS STEP	one step, as JSON; what fails is said on standard output
 *	sys_try watch SECONDS		what changes in that time, a line each
 *	sys_try faults < /dev/kmsg	what the IOMMU stopped so far, a line each
 */
#include "sriov-pf/sys/backend.h"
#include "sriov-pf/sys/dmar.h"
#include "sriov-pf/sys/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int fail(const struct err *e)
{
	printf("%s: %s\n", strerrorname_np(-e->code), e->text);
	return 1;
}

static int print(json_t *json)
{
	if (!json)
		return 1;
	json_dumpf(json, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(json);
	return 0;
}

static int read_one(const struct pf_backend *b, const char *address)
{
	struct err e = {0};
	struct pf_state s;
	json_t *json;

	if (b->read(b->ctx, address, &s, &e) != 0)
		return fail(&e);
	json = pf_state_json(&s);
	pf_state_clear(&s);
	return print(json);
}

static int step_one(const struct pf_backend *b, const char *address, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	struct err e = {0};
	struct pf_step s;
	int rc = json ? pf_step_parse(json, &s, &e) : err_set(&e, -EINVAL, "no JSON: %s", text);

	json_decref(json);
	if (rc == 0)
		rc = b->step(b->ctx, address, &s, &e);
	if (rc)
		return fail(&e);
	puts("done");
	return 0;
}

static void on_event(void *arg, const struct pf_event *v)
{
	static const char *const actions[] = {"add", "remove", "bind", "unbind", "change"};
	const struct pf_uevent *u = &v->device;

	if (v->kind == PF_EVENT_LOST)
		puts("lost");
	else if (v->kind == PF_EVENT_DEVICE)
		printf("%s %s %s%s\n", actions[u->action], u->address,
		       u->net ? u->ifname : "driver=", u->net ? "" : u->driver);
	else
		printf("%s %u %s\n", v->kind == PF_EVENT_GONE ? "gone" : "link", v->ifindex,
		       v->ifname);
	fflush(stdout);
}

static int watch(int seconds)
{
	time_t end = time(NULL) + seconds;
	struct err e = {0};
	struct pf_watch *w = pf_watch_open(&e);
	int fds[PF_WATCH_FDS];

	if (!w)
		return fail(&e);
	pf_watch_fds(w, fds);
	puts("watching");
	fflush(stdout);
	while (time(NULL) < end) {
		struct pollfd p[] = {{.fd = fds[0], .events = POLLIN},
				     {.fd = fds[1], .events = POLLIN}};

		poll(p, 2, 200);
		for (int i = 0; i < PF_WATCH_FDS; i++)
			if (p[i].revents && pf_watch_read(w, fds[i], on_event, NULL) != 0)
				return 1;
	}
	pf_watch_close(w);
	return 0;
}

static int faults(void)
{
	static const char *const kinds[] = {"read", "write", "interrupt"};
	char record[8192];
	struct pf_dmar f;
	ssize_t n;

	/* Those that there are; a record that was overwritten meanwhile is EPIPE. */
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	while ((n = read(STDIN_FILENO, record, sizeof(record))) > 0 || (n < 0 && errno == EPIPE))
		if (n > 0 && pf_dmar_parse(record, (size_t)n, &f))
			printf("%s %s 0x%llx %s\n", f.address, kinds[f.kind],
			       (unsigned long long)f.at, f.reason);
	return 0;
}

static int with_backend(int argc, char **argv)
{
	struct err e = {0};
	struct pf_sys *sys = pf_sys_new("/sys", &e);
	struct pf_backend b;
	int rc = 2;

	if (!sys)
		return fail(&e);
	b = pf_sys_backend(sys);
	if (argc == 2 && !strcmp(argv[1], "list"))
		rc = print(b.list(b.ctx, &e));
	else if (argc == 3 && !strcmp(argv[1], "read"))
		rc = read_one(&b, argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "step"))
		rc = step_one(&b, argv[2], argv[3]);
	else
		fprintf(stderr, "usage: sys_try list | read ADDRESS | step ADDRESS STEP | watch "
				"SECONDS | faults\n");
	pf_sys_free(sys);
	return rc;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "watch"))
		return watch(atoi(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "faults"))
		return faults();
	return with_backend(argc, argv);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flue-pf-fake: the daemon against a host in files, for tests.
 *
 *	flue-pf-fake DIR run [OPTION]...	the daemon, with flue-pf's options
 *	flue-pf-fake DIR add ADDRESS DRIVER	a PF without VFs
 *	flue-pf-fake DIR meddle ADDRESS VF MAC	somebody else sets a VF's address
 *	flue-pf-fake DIR reload ADDRESS		its driver is bound anew
 *	flue-pf-fake DIR fail ADDRESS N		its n-th step from now fails
 *
 * In DIR: ADDRESS.json for each PF; `steps`, a line for each step; `block`, which when it is there
 * names steps (the beginning of "ADDRESS STEP") that hang until somebody writes to the FIFO
 * `fifo`; VF.group, which is locked by who holds that VF; `fault`, "ADDRESS WORDS", what the IOMMU
 * says when the file is written.
 * FLUE_PF_FAKE_DIE=daemon:N kills the daemon, agent:N an agent, at the N-th point it comes to, and
 * only once: the file `died` then says which point it was.
 */
#include "base/log.h"
#include "base/mac.h"
#include "sriov-pf/ctrl/options.h"
#include "sriov-pf/fake/fake.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

static const char *dir;

static const char *path_of(const char *name, const char *suffix)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	return path;
}

/* The PF as its file has it; the file stays locked until fake_close(). */
struct fake_pf {
	struct pf_fake *fake;
	int lock;
};

static int fake_open(struct fake_pf *p, const char *address, struct err *e)
{
	json_t *json;

	p->lock = open(path_of(address, ".lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (p->lock < 0 || flock(p->lock, LOCK_EX) != 0)
		return err_set(e, -errno, "cannot lock %s", address);
	json = json_load_file(path_of(address, ".json"), 0, NULL);
	p->fake = json ? pf_fake_parse(json) : NULL;
	json_decref(json);
	if (p->fake)
		return 0;
	close(p->lock);
	return err_set(e, -ENODEV, "there is no %s", address);
}

static void fake_close(struct fake_pf *p, const char *address, bool changed)
{
	char part[PATH_MAX];
	json_t *json;

	if (changed) {
		json = pf_fake_json(p->fake);
		snprintf(part, sizeof(part), "%s", path_of(address, ".part"));
		if (json_dump_file(json, part, JSON_INDENT(1)) != 0 ||
		    rename(part, path_of(address, ".json")) != 0)
			log_err("cannot write %s", part);
		json_decref(json);
	}
	pf_fake_free(p->fake);
	close(p->lock);
}

static int fake_read(void *ctx, const char *address, struct pf_state *s, struct err *e)
{
	struct pf_backend b;
	struct fake_pf p;
	int ret = fake_open(&p, address, e);

	if (ret != 0)
		return ret;
	b = pf_fake_backend(p.fake);
	ret = b.read(b.ctx, address, s, e);
	fake_close(&p, address, false);
	return ret;
}

/* Like a driver that waits for something: until somebody writes to the FIFO. */
static void maybe_hang(const char *what)
{
	char blocks[256] = "", byte;
	FILE *f = fopen(path_of("block", ""), "re");
	int fd;

	if (!f)
		return;
	if (!fgets(blocks, sizeof(blocks), f))
		blocks[0] = '\0';
	fclose(f);
	blocks[strcspn(blocks, "\n")] = '\0';
	if (!blocks[0] || strncmp(what, blocks, strlen(blocks)) != 0)
		return;
	fd = open(path_of("fifo", ""), O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, &byte, 1) < 0)
		log_err("cannot wait");
	close(fd);
}

static void note_step(const char *what)
{
	FILE *f = fopen(path_of("steps", ""), "ae");

	if (f) {
		fprintf(f, "%s\n", what);
		fclose(f);
	}
}

/* 1: somebody has it open. */
static int group_held(const char *vf)
{
	int fd = open(path_of(vf, ".group"), O_RDWR | O_CREAT | O_CLOEXEC, 0600), held;

	held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;
	close(fd);
	return held;
}

static bool step_waits(struct pf_fake *fake, const char *address, const struct pf_step *s)
{
	struct pf_backend b = pf_fake_backend(fake);
	struct pf_state is = {0};
	bool held = false;

	if (b.read(b.ctx, address, &is, NULL) == 0)
		for (unsigned int i = 0; i < is.numvfs; i++)
			if ((s->kind == PF_STEP_NUMVFS || i == s->vf) && is.vf[i].address[0])
				held |= group_held(is.vf[i].address);
	pf_state_clear(&is);
	return held && (s->kind == PF_STEP_NUMVFS || s->kind == PF_STEP_VF_UNBIND);
}

static int fake_step(void *ctx, const char *address, const struct pf_step *s, struct err *e)
{
	char text[96], what[128];
	struct pf_backend b;
	struct fake_pf p;
	int ret;

	snprintf(what, sizeof(what), "%s %s", address, pf_step_text(s, text, sizeof(text)));
	note_step(what);
	maybe_hang(what);
	ret = fake_open(&p, address, e);
	if (ret != 0)
		return ret;
	b = pf_fake_backend(p.fake);
	ret = step_waits(p.fake, address, s) ? err_set(e, -EBUSY, "somebody has it open")
					     : b.step(b.ctx, address, s, e);
	fake_close(&p, address, true);
	return ret;
}

static json_t *fake_list(void *ctx, struct err *e)
{
	json_t *list = json_array();
	struct dirent *d;
	DIR *at = opendir(dir);

	while (at && (d = readdir(at))) {
		const char *dot = strrchr(d->d_name, '.');

		if (strchr(d->d_name, ':') && strcmp(dot, ".json") == 0)
			json_array_append_new(list,
					      json_stringn(d->d_name, (size_t)(dot - d->d_name)));
	}
	if (at)
		closedir(at);
	return list;
}

/* A group that only one may have open, whose lock goes along with the descriptor. */
static int fake_open_vf(void *ctx, const char *vf, pid_t pid, const json_t *memory, int fd[2],
			unsigned int *group, struct err *e)
{
	fd[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fd[1] = open(path_of(vf, ".group"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	*group = 9;
	if (fd[0] >= 0 && fd[1] >= 0 && flock(fd[1], LOCK_EX | LOCK_NB) == 0)
		return 0;
	close(fd[0]);
	close(fd[1]);
	return err_set(e, -EBUSY, "group 9 is open elsewhere; end who has it");
}

static int fake_held(void *ctx, const char *vf, struct err *e)
{
	return group_held(vf) ? err_set(e, -EBUSY, "somebody has it open") : 0;
}

static bool in_agent;

static int fake_begin(struct pf_host_agent *a, struct err *e)
{
	in_agent = true;
	*a = (struct pf_host_agent){.backend = {fake_read, fake_step, fake_list, NULL},
				    .open = fake_open_vf,
				    .held = fake_held};
	return 0;
}

struct fake_watch {
	struct pf_host_events events;
	struct event *on_event;
	int fd;
};

static void tell_fault(const struct fake_watch *w)
{
	char text[256] = "", *blank;
	FILE *f = fopen(path_of("fault", ""), "re");

	if (!f)
		return;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	blank = strchr(text, ' ');
	if (!blank)
		return;
	*blank = '\0';
	w->events.fault(w->events.arg, text, blank + 1);
}

static void on_file(evutil_socket_t fd, short what, void *arg)
{
	char buf[4096] __attribute__((aligned(8)));
	const struct fake_watch *w = arg;
	ssize_t n = read(fd, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *ev = (const struct inotify_event *)(buf + at);

		if (ev->len && strcmp(ev->name, "fault") == 0)
			tell_fault(w);
		else if (ev->len && strstr(ev->name, ".json"))
			w->events.changed(w->events.arg, 0);
		at += (ssize_t)sizeof(*ev) + ev->len;
	}
}

static void *fake_watch(struct event_base *base, const struct pf_host_events *events, struct err *e)
{
	struct fake_watch *w = calloc(1, sizeof(*w));

	w->events = *events;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	inotify_add_watch(w->fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE);
	w->on_event = event_new(base, w->fd, EV_READ | EV_PERSIST, on_file, w);
	event_add(w->on_event, NULL);
	return w;
}

static void fake_stop(void *watch)
{
	struct fake_watch *w = watch;

	event_free(w->on_event);
	close(w->fd);
	free(w);
}

/* Dies once: whoever is started after it finds `died` and lives. */
static void fake_point(const char *name)
{
	static int seen;
	const char *die = getenv("FLUE_PF_FAKE_DIE");
	const char *who = in_agent ? "agent:" : "daemon:";
	int fd;

	if (!die || strncmp(die, who, strlen(who)) != 0 || ++seen != atoi(die + strlen(who)))
		return;
	fd = open(path_of("died", ""), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	dprintf(fd, "%s%s\n", who, name);
	close(fd);
	kill(getpid(), SIGKILL);
}

static const struct pf_host host = {
	.begin = fake_begin, .watch = fake_watch, .stop = fake_stop, .point = fake_point};

static int add(const char *address, const char *profile)
{
	struct fake_pf p = {pf_fake_new(), -1};

	if (pf_fake_add(p.fake, address, profile) != 0)
		return 1;
	fake_close(&p, address, true);
	return 0;
}

static int change(const char *how, const char *address, const char *first, const char *second)
{
	struct pf_vf value = {0};
	struct err e = {0};
	struct fake_pf p;

	if (fake_open(&p, address, &e) != 0) {
		log_err("%s", e.text);
		return 1;
	}
	if (strcmp(how, "reload") == 0)
		pf_fake_reload(p.fake, address);
	else if (strcmp(how, "fail") == 0)
		pf_fake_fail(p.fake, (unsigned int)atoi(first), EIO);
	else if (mac_parse(second, value.mac))
		pf_fake_meddle(p.fake, address, (unsigned int)atoi(first), PF_MAC, &value);
	fake_close(&p, address, true);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	dir = argv[1];
	if (strcmp(argv[2], "run") == 0)
		return pf_options_main(&host, argc - 2, argv + 2);
	if (argc == 5 && strcmp(argv[2], "add") == 0)
		return add(argv[3], argv[4]);
	if (argc < 4)
		return 2;
	return change(argv[2], argv[3], argc > 4 ? argv[4] : "0", argc > 5 ? argv[5] : "");
}

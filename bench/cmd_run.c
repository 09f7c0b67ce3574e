/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/command.h"
#include "bench/options.h"
#include "bench/runfile.h"

#include "base/clock.h"
#include "bench/machine/machine.h"
#include "bench/machine/sandbox.h"
#include "bench/report/render.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Huge pages of 2 MB a vhost system and its generator use together. */
#define HUGE_PAGES_EACH 640

/* "flue", then "flue#2" for the same again, and "flue:flows=1" for it with a parameter of its own.
 */
static void name_entry(struct session *s, struct entry *entry, const char *name)
{
	size_t len = cells_name_length(name);
	unsigned int same = 1;

	for (size_t i = 0; i < s->n_entries; i++)
		same += strcmp(s->entries[i].written, name) == 0;
	if (same == 1)
		snprintf(entry->name, sizeof(entry->name), "%.50s", name);
	else
		snprintf(entry->name, sizeof(entry->name), "%.50s#%u", name, same % 100);
	/* A parameter is no part of a path. */
	if (name[len])
		snprintf(entry->file_name, sizeof(entry->file_name), "%.*s-with%zu", (int)len, name,
			 s->n_entries % 10);
	else if (same == 1)
		snprintf(entry->file_name, sizeof(entry->file_name), "%.19s", name);
	else
		snprintf(entry->file_name, sizeof(entry->file_name), "%.19s-%u", name, same % 100);
}

/* Takes a system in, if it is here; else says why not. */
static void enter(struct session *s, const char *name, bool ceiling)
{
	struct entry *entry = &s->entries[s->n_entries];
	struct err e = {0};
	char version[160] = "";

	char bare[24];

	snprintf(bare, sizeof(bare), "%.*s", (int)cells_name_length(name), name);
	*entry = (struct entry){.system = system_find(bare), .written = name, .ceiling = ceiling};
	name_entry(s, entry, name);
	if (!s->options->scenario->rigless) {
		if (entry->system->huge_pages_only && !s->huge_pages)
			err_set(&e, -ENOTSUP,
				"%s runs in huge pages only, and there are too few; as root: echo "
				"%u > /proc/sys/vm/nr_hugepages",
				name, HUGE_PAGES_EACH * 4);
		else if (entry->system->version)
			entry->system->version(version, sizeof(version), &e);
		if (e.code) {
			progress_note(&s->progress, "%s: %s", entry->name, e.text);
			json_array_append_new(
				json_object_get(s->run, "refused"),
				json_pack("{s:s,s:s}", "system", entry->name, "why", e.text));
			return;
		}
		json_array_append_new(json_object_get(s->run, "systems"),
				      json_pack("{s:s,s:s,s:b}", "name", entry->name, "version",
						version, "ceiling", ceiling));
	}
	s->n_entries++;
}

static json_t *core_list(uint64_t mask)
{
	json_t *list = json_array();

	for (int i = 0; i < 64; i++)
		if (mask >> i & 1)
			json_array_append_new(list, json_integer(i));
	return list;
}

/* The load gets the lowest processors, the systems' workers the highest one. */
static int choose_cores(struct session *s, const struct run_request *r, struct err *e)
{
	int cpus[64];
	unsigned int n = machine_cpus(cpus, 64);

	s->load_cpus = r->load_cpus;
	s->worker_cpus = r->worker_cpus;
	if (n < 2 && !(s->load_cpus && s->worker_cpus))
		return err_set(e, -ENOTSUP,
			       "one processor cannot make a load and carry it at the same time; "
			       "--load-cores 0 --worker-cores 0 does it all the same");
	if (!s->worker_cpus)
		s->worker_cpus = 1ull << cpus[n - 1];
	if (!s->load_cpus) {
		/* A generator thread for each direction, and one for what else there is. */
		for (unsigned int i = 0; i + 1 < n && i < 3; i++)
			if (!(s->worker_cpus >> cpus[i] & 1))
				s->load_cpus |= 1ull << cpus[i];
	}
	return 0;
}

static json_t *begin_file(const struct run_options *o)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;
	json_t *words = json_array();

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	for (int i = 0; i < o->argc; i++)
		json_array_append_new(words, json_string(o->argv[i]));
	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:[],s:[],s:[],s:[],s:[]}", "schema", RUNFILE_SCHEMA,
			 "scenario", o->scenario->name, "started", when, "command", words,
			 "machine", machine_fingerprint(), "systems", "results", "comparisons",
			 "refused", "raw");
}

static void run_cells(struct session *s)
{
	const struct run_options *o = s->options;
	size_t n = o->cells.n;

	for (size_t i = 0; i < n && !session_interrupted(); i++) {
		uint64_t until = 0;

		if (o->budget_seconds > 0) {
			uint64_t end = s->began_ns + (uint64_t)(o->budget_seconds * 1e9);
			uint64_t now = clock_now_ns();

			/* Its part of what is left. */
			until = now + (end > now ? (end - now) / (n - i) : 0);
			s->progress.end_ns = end;
		}
		rounds_run(s, i, until);
	}
	if (session_interrupted())
		s->partial = true;
}

static void finish_file(struct session *s, const struct watch *watch)
{
	json_t *machine = json_object_get(s->run, "machine");
	struct watch_seen seen;

	watch_end(watch, &seen);
	json_object_set_new(s->run, "seconds", json_real(seen.seconds));
	json_object_set_new(s->run, "partial", json_boolean(s->partial));
	json_object_set_new(machine, "steal", json_real(seen.steal));
	json_object_set_new(machine, "core_map",
			    json_pack("{s:o,s:o}", "load", core_list(s->load_cpus), "worker",
				      core_list(s->worker_cpus)));
}

/* The directory was to be ours; with sudo it is to be the caller's. */
static void give_back(const char *path)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	if (uid && gid && lchown(path, (uid_t)atoi(uid), (gid_t)atoi(gid)))
		fprintf(stderr, "flue-bench: %s stays root's\n", path);
}

/* Before anything is measured, and from outside the sandbox, whose /run is another: the directory
 * for the file. A descriptor, or -1 with a word said. */
static int open_directory(const char *out)
{
	int fd;

	if (mkdir(out, 0755) == 0)
		give_back(out);
	fd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || faccessat(fd, ".", W_OK, 0) != 0) {
		fprintf(stderr, "flue-bench: --out %s: %s\n", out, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int write_file(const struct session *s, int directory)
{
	char dir[32], path[PATH_MAX];
	struct err e = {0};

	snprintf(dir, sizeof(dir), "/proc/self/fd/%d", directory);
	if (runfile_write(s->run, dir, path, sizeof(path), &e)) {
		fprintf(stderr, "flue-bench: --out %s: %s\n", s->options->out, e.text);
		return BENCH_FILE;
	}
	give_back(path);
	fprintf(stderr, "flue-bench: written: %s%s\n", s->options->out, strrchr(path, '/'));
	return BENCH_OK;
}

static void print(const struct session *s)
{
	json_t *brief;

	if (!s->options->json) {
		report_text(s->run, stdout);
		return;
	}
	brief = json_copy(s->run);
	json_object_del(brief, "raw");
	json_dumpf(brief, stdout, JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(brief);
}

static int run_inside(struct session *s, const struct run_request *r, int directory)
{
	const struct run_options *o = s->options;
	struct watch watch;
	struct err e = {0};
	int status;

	if (choose_cores(s, r, &e)) {
		fprintf(stderr, "flue-bench: %s\n", e.text);
		return BENCH_FAILED;
	}
	s->run = begin_file(o);
	watch_begin(&watch);
	for (size_t i = 0; i < o->n_systems; i++)
		enter(s, o->systems[i], false);
	if (o->scenario->ceiling && s->n_entries &&
	    (!o->scenario->ceiling_unless ||
	     cells_at_default(&o->cells, o->scenario->ceiling_unless)))
		enter(s, o->scenario->ceiling, true);
	run_cells(s);
	progress_done(&s->progress);
	finish_file(s, &watch);
	status = write_file(s, directory);
	if (!json_array_size(json_object_get(s->run, "results"))) {
		fprintf(stderr, "flue-bench: nothing could be measured; the lines above say why\n");
		status = BENCH_FAILED;
	} else {
		print(s);
	}
	if (fflush(stdout) && !status)
		status = BENCH_FILE;
	json_decref(s->run);
	return s->partial ? BENCH_PARTIAL : status;
}

/* Pages for every system that is up at the same time, where there are guests, and for those that
 * cannot do without. */
static unsigned int pages_wished(const struct run_options *o)
{
	struct wiring w = {0};
	struct err ignored = {0};
	unsigned int wished = 0;

	if (o->scenario->rigless || o->scenario->wire(&o->cells.cell[0], &w, &ignored))
		return 0;
	for (size_t i = 0; i < w.n_ports; i++)
		if (w.ports[i].kind == PORT_VHOST)
			return HUGE_PAGES_EACH * (unsigned int)(o->n_systems + 1);
	for (size_t i = 0; i < o->n_systems; i++) {
		char bare[24];
		const struct bench_system *system;

		snprintf(bare, sizeof(bare), "%.*s", (int)cells_name_length(o->systems[i]),
			 o->systems[i]);
		system = system_find(bare);
		if (system && system->huge_pages_only)
			wished += HUGE_PAGES_EACH;
	}
	return wished;
}

int cmd_run(int argc, char **argv)
{
	static struct run_request request;
	static struct session session;
	struct sandbox sandbox;
	struct sandbox_wish wish;
	struct err e = {0};
	int status, directory;

	if (options_parse(argc - 1, argv + 1, &request, &e)) {
		fprintf(stderr, "flue-bench: %s\n", e.text);
		return BENCH_USAGE;
	}
	request.options.argc = argc;
	request.options.argv = argv;
	directory = open_directory(request.options.out);
	if (directory < 0) {
		options_free(&request);
		return BENCH_FILE;
	}
	/* Output that was not written yet must not be written by two processes. */
	fflush(NULL);
	wish.huge_pages = pages_wished(&request.options);
	if (sandbox_enter(&wish, &sandbox, &e)) {
		fprintf(stderr, "flue-bench: %s\n", e.text);
		options_free(&request);
		return BENCH_FAILED;
	}
	session_catch_signals();
	session.options = &request.options;
	session.huge_pages = wish.huge_pages && sandbox.huge_pages >= wish.huge_pages;
	session.began_ns = clock_now_ns();
	progress_init(&session.progress);
	if (wish.huge_pages && !session.huge_pages)
		progress_note(&session.progress,
			      "without huge pages (%u of %u are free): figures will be lower",
			      sandbox.huge_pages, wish.huge_pages);
	status = run_inside(&session, &request, directory);
	options_free(&request);
	return status;
}

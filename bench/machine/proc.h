/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes a benchmark starts: by their own pid, with their output in a file, killed by the
 * kernel when flue-bench goes (PR_SET_PDEATHSIG), frozen while another system is measured.
 * All: main thread of flue-bench.
 */
#ifndef BENCH_MACHINE_PROC_H
#define BENCH_MACHINE_PROC_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc;

struct proc_spec {
	const char *name;	 /* names the log file: <bench_dir()>/<name>.log */
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH and sbin */
	const char *const *env;	 /* "NAME=VALUE", added to ours; NULL-terminated or NULL */
	const char *netns;	 /* name of a namespace (netns.h), or NULL: where we are */
	uint64_t cpus;		 /* bit mask of processors it may use; 0: all of ours */
	bool console;		 /* its standard input is a pipe: proc_say() */
	int pass_fd;		 /* becomes its descriptor 3; 0: none */
};

/* Starts it. 0; -ENOENT names the package to install, or another negative errno. */
int proc_start(const struct proc_spec *spec, struct proc **p, struct err *e);

/* SIGTERM, then SIGKILL after grace_ms; waits; frees. A frozen one is thawed first. NULL: nothing.
 * Returns its wait status. */
int proc_stop(struct proc *p, unsigned int grace_ms);

/* SIGKILL at once and waits; frees. */
void proc_kill(struct proc *p);

/* Is it running? When not: -ECHILD with the last lines of its log in e. */
int proc_alive(struct proc *p, struct err *e);
pid_t proc_pid(const struct proc *p);

/* SIGSTOP / SIGCONT for the whole process, waited for until each thread stands still. */
int proc_freeze(struct proc *p, struct err *e);
int proc_thaw(struct proc *p, struct err *e);

/* Writes a line to its console. */
int proc_say(struct proc *p, const char *line, struct err *e);

/* Where the log ends now; and waits until `text` stands in the log after `from` (so many `times`).
 * Gives up when the process ends or after timeout_ms: -ETIMEDOUT, -ECHILD. *found (may be NULL):
 * what the log holds from `from`, the caller's. */
long proc_log_end(const struct proc *p);
int proc_wait_log(struct proc *p, long from, const char *text, unsigned int times,
		  unsigned int timeout_ms, char **found, struct err *e);

/* CPU time of the process with all its threads (ns), and its resident memory (bytes, private and
 * huge pages included; what it shares with others counted in full). 0 when it is gone. */
uint64_t proc_cpu_ns(pid_t pid);
uint64_t proc_rss_bytes(pid_t pid);

/* Runs a command to its end; what it prints goes to *out (the caller's; may be NULL). -EIO with the
 * end of its output when it fails. */
int proc_run(const char *const *argv, const char *netns, char **out, struct err *e);

/* Where a program is: in PATH, and where daemons are kept. 0; -ENOENT names the package to install.
 */
int proc_find(const char *name, char *path, size_t size, struct err *e);

/* The directory this run may write to, private to it: sockets, logs. */
const char *bench_dir(void);

/* The path of a program of this project ("flued", "flue"): beside flue-bench in the build directory
 * (../vswitch/flued, ../cli/flue, ../hv-core/flue-vm), else in the directory flue-bench is
 * installed in, else its name for PATH. "flue-bench": this program itself; "microguest": the image
 * of flue-vm's guest. Static text. */
const char *bench_program(const char *name);

#endif

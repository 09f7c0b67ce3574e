/* SPDX-License-Identifier: BSD-3-Clause */
/* The subcommands of flue-bench, one file each. Each takes the words after its own name and returns
 * the exit status. Main thread. */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

enum bench_exit {
	BENCH_OK = 0,
	BENCH_FAILED = 1, /* nothing could be measured */
	BENCH_USAGE = 2,  /* the command line is wrong */
	BENCH_FILE = 4,	  /* a file is wrong or cannot be read or written */
	BENCH_UNLIKE =
		5, /* check: something here would spoil a measurement; compare: unlike machines */
	BENCH_PARTIAL = 130 /* Ctrl-C: what was measured until then was written */
};

int cmd_list(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_check(int argc, char **argv);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* flue-bench: how fast is a virtual network path, and against what? docs/benchmarks.md */
#include "bench/command.h"
#include "bench/options.h"

#include "bench/engine/engine.h"
#include "bench/handoff/handoff.h"
#include "bench/load/load.h"
#include "bench/traffic/traffic.h"

#include <stdio.h>
#include <string.h>

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct command {
	const char *name, *words, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"list", "[-j]", "scenarios with their parameters, and systems", cmd_list},
	{"run", "SCENARIO [KEY VALUE]... [OPTION]...", "measure", cmd_run},
	{"compare", "FILE FILE [--force] [-j]", "two runs of the same scenario", cmd_compare},
	{"report", "FILE... -o PAGE", "an HTML page of one or more runs", cmd_report},
	{"check", "[-j]", "what on this machine would spoil a measurement, and the cure",
	 cmd_check},
	{"help", "[COMMAND]", "this", cmd_help},
	{"version", "", "which flue-bench this is", cmd_version},
	/* Parts of a run that are processes of their own; they speak with it over descriptor 3. */
	{"__traffic", NULL, NULL, traffic_main},
	{"__mirror", NULL, NULL, mirror_main},
	{"__engine", NULL, NULL, engine_main},
	{"__tcp", NULL, NULL, tcp_main},
	{"__rr", NULL, NULL, rr_main},
	{"__handoff", NULL, NULL, handoff_main},
	{"__iscsi", NULL, NULL, iscsi_main},
	{NULL, NULL, NULL, NULL},
};

static void usage(FILE *out)
{
	fputs("Usage: flue-bench COMMAND [WORD]...\n\nCommands:\n", out);
	for (const struct command *c = commands; c->name; c++)
		if (c->help)
			fprintf(out, "  %-8s %-36s %s\n", c->name, c->words, c->help);
	fprintf(out,
		"\n%s\n"
		"A value may be a list: size 64,1518 measures both.\n\n"
		"Exit status:\n"
		"  0    done\n"
		"  1    nothing could be measured\n"
		"  2    the command line is wrong\n"
		"  4    a file is wrong, or cannot be read or written\n"
		"  5    check: something would spoil a measurement; compare: unlike machines\n"
		"  130  interrupted; what was measured until then was written\n",
		options_help);
}

static int cmd_help(int argc, char **argv)
{
	usage(stdout);
	return BENCH_OK;
}

static int cmd_version(int argc, char **argv)
{
	printf("flue-bench %s\n", FLUE_VERSION);
	return BENCH_OK;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return BENCH_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(argc - 1, argv + 1);
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(argv[1], c->name))
			continue;
		for (int i = 2; c->help && i < argc; i++)
			if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
				return cmd_help(0, NULL);
		return c->run(argc - 1, argv + 1);
	}
	fprintf(stderr, "flue-bench: no command '%s'; flue-bench help lists them\n", argv[1]);
	return BENCH_USAGE;
}

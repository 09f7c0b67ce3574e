/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vhost-pair GUEST GUEST CASE...: two guests in one process (DPDK's virtio-user) exchange frames
 * through the switch their sockets belong to, and check every byte of what comes. A GUEST is as
 * guest.h says, a CASE as in cases.c. Prints a line of JSON for each case: the frames that were
 * sent to, and came from, each other. 0 when all is as it must be; else the first fault is named.
 */
#include "tests/pair/cases.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	stop = 1;
}

/* What happened in all streams since this was last called. */
static void print(struct pair *p, const char *name)
{
	static const struct {
		const char *name;
		size_t at;
	} sums[] = {
		{"sent", offsetof(struct stream, sent)},
		{"received", offsetof(struct stream, received)},
		{"missing", offsetof(struct stream, missing)},
		{"again", offsetof(struct stream, again)},
		{"units_whole", offsetof(struct stream, units_whole)},
		{"units_cut", offsetof(struct stream, units_cut)},
		{"sums_open", offsetof(struct stream, sums_open)},
		{"sums_short", offsetof(struct stream, sums_short)},
	};
	uint64_t streak = UINT64_MAX;

	printf("{\"case\":\"%s\"", name);
	for (size_t i = 0; i < RTE_DIM(sums); i++) {
		uint64_t sum = 0;

		for (unsigned int k = 0; k < p->n_streams; k++) {
			uint64_t *one = (uint64_t *)((char *)&p->stream[k] + sums[i].at);

			sum += *one;
			*one = 0;
		}
		printf(",\"%s\":%" PRIu64, sums[i].name, sum);
	}
	for (unsigned int k = 0; k < p->n_streams; k++)
		streak = RTE_MIN(streak, p->stream[k].streak);
	printf(",\"streak\":%" PRIu64 "}\n", streak);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct guest_options opt[2];
	static struct pair p;
	int ret = 0;

	if (argc < 4) {
		fputs("usage: vhost-pair GUEST GUEST CASE...\n", stderr);
		return 2;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	for (unsigned int i = 0; ret == 0 && i < 2; i++)
		ret = guest_parse(argv[1 + i], &opt[i], &p.err);
	if (ret == 0)
		ret = guests_start(opt, 2, &p.err);
	for (unsigned int i = 0; ret == 0 && i < 2; i++)
		ret = guest_open(&p.guest[i], &opt[i], i, &p.err);
	pair_init(&p);
	/* Every pair meets first, in place of the second guest's argument. */
	for (int i = 2; ret == 0 && i < argc; i++) {
		const char *name = i == 2 ? "meet" : argv[i];

		ret = case_run(&p, name, &stop);
		if (ret == 0)
			print(&p, name);
		else
			fprintf(stderr, "vhost-pair: %s: %s\n", name, p.err.text);
	}
	if (ret != 0 && p.n_streams == 0)
		fprintf(stderr, "vhost-pair: %s\n", p.err.text);
	for (unsigned int i = 0; ret == 0 && i < 2; i++)
		guest_close(i);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

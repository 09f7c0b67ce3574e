/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vhost-pair GUEST GUEST CASE...: two guests in one process (DPDK's virtio-user) exchange frames
 * through the switch their sockets belong to, and check every byte of what comes. A GUEST is as
 * guest.h says, a CASE as in cases.c. Prints a line of JSON for each case: the frames that were
 * sent to, and came from, each other. 0 when all is as it must be; else the first fault is named.
 */
#include "tests/pair/cases.h"

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
	uint64_t sent = 0, received = 0, missing = 0, again = 0, whole = 0, cut = 0, open = 0;
	uint64_t streak = UINT64_MAX;

	for (unsigned int i = 0; i < p->n_streams; i++) {
		struct stream *s = &p->stream[i];

		sent += s->sent;
		received += s->received;
		missing += s->missing;
		again += s->again;
		whole += s->units_whole;
		cut += s->units_cut;
		open += s->sums_open;
		streak = RTE_MIN(streak, s->streak);
		s->sent = s->received = s->missing = s->again = 0;
		s->units_whole = s->units_cut = s->sums_open = 0;
	}
	printf("{\"case\":\"%s\",\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"missing\":%" PRIu64
	       ",\"again\":%" PRIu64 ",\"streak\":%" PRIu64 ",\"whole\":%" PRIu64
	       ",\"cut\":%" PRIu64 ",\"open\":%" PRIu64 "}\n",
	       name, sent, received, missing, again, streak, whole, cut, open);
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
	for (int i = 3; ret == 0 && i < argc; i++) {
		ret = case_run(&p, argv[i], &stop);
		if (ret == 0)
			print(&p, argv[i]);
		else
			fprintf(stderr, "vhost-pair: %s: %s\n", argv[i], p.err.text);
	}
	if (ret != 0 && p.n_streams == 0)
		fprintf(stderr, "vhost-pair: %s\n", p.err.text);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chim_hostile [ACT...]: what a program that means harm could do to flued over --chimney-socket:
 * each act (all of them without arguments) in a process of its own, all at the same time. It
 * connects to HOSTILE_ADDRESS, HOSTILE_PORT, where something listens, and offers these connections
 * at FLUE_CHIMNEY_SOCKET.
 *
 * Ends with 0 when flued answered each lie as it is to: refused what cannot be, ended what makes no
 * sense, and did not let one wait who had a right to an answer.
 */
#include "tests/chim/hostile.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ACTS_MAX = 64, LIMIT_S = 50 };

static const struct act *const all[] = {talk_acts, memory_acts, descriptor_acts};
static uint64_t state = 1;

uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * below >> 32);
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 1;
}

static pid_t begin(const struct act *a)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (const char *c = a->name; *c; c++)
		state = state * 31 + (uint64_t)*c;
	alarm(LIMIT_S);
	a->fn();
	exit(0);
}

int main(int argc, char **argv)
{
	const char *names[ACTS_MAX];
	pid_t pids[ACTS_MAX], pid;
	int n = 0, failed = 0, status;

	if (!getenv("HOSTILE_ADDRESS") || !getenv("HOSTILE_PORT")) {
		fputs("usage: HOSTILE_ADDRESS= HOSTILE_PORT= chim_hostile [ACT...]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (unsigned int g = 0; g < sizeof(all) / sizeof(all[0]); g++) {
		for (const struct act *a = all[g]; a->name; a++) {
			if (!is_wanted(a->name, argc, argv) || n == ACTS_MAX)
				continue;
			names[n] = a->name;
			pids[n++] = begin(a);
		}
	}
	while ((pid = wait(&status)) > 0) {
		for (int i = 0; i < n; i++) {
			if (pids[i] != pid)
				continue;
			if (status != 0)
				failed++;
			printf("%s: %s\n", names[i],
			       status == 0	     ? "done"
			       : WIFSIGNALED(status) ? "HANGS"
						     : "FAILED");
			fflush(stdout);
		}
	}
	return failed || n == 0 ? 1 : 0;
}

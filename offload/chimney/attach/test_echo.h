/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of the tests' that answers what it is sent with the same, over TCP. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_TEST_ECHO_H
#define OFFLOAD_CHIMNEY_ATTACH_TEST_ECHO_H

#include <sys/types.h>

struct program {
	pid_t pid;
	int fd, sock; /* its end, and ours */
};

/* Starts it. prepare: what it does before it answers; or NULL. */
struct program start(void (*prepare)(int fd));

/* In the program: ends with 0 at the end of what it reads, else with the errno. */
void echo(int fd);

void assert_echoes(const struct program *p);

/* Ends the connection and waits. What it exited with, or minus the signal that ended it. */
int end_of(const struct program *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The tests' program (testee.c) with its peer: two threads of the test. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_TEST_PEER_H
#define OFFLOAD_CHIMNEY_ATTACH_TEST_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct peer {
	pid_t pid;  /* the program */
	int fd;	    /* of its socket, in the program */
	int sock;   /* the other end, here */
	int out;    /* what it prints */
	bool paced; /* no more is under way to the program than it answers at once */
	uint64_t sent;
	_Atomic uint64_t received;
	atomic_bool stop, wrong;
	int error; /* the reader's last */
	pthread_t reader, writer;
};

/* Starts the program and the threads. testee: its file. */
void peer_start(struct peer *p, const char *testee, const char *kind);

/* Ends the stream to the program, waits for its end, and checks that both sides counted the same
 * bytes and found none wrong. */
void peer_finish(struct peer *p);

/* Ends it all by force. */
void peer_kill(struct peer *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that speaks flued's protocol for connections by itself, and lies. */
#ifndef TESTS_CHIM_HOSTILE_H
#define TESTS_CHIM_HOSTILE_H

#include "api/chim_msg.h"
#include "api/chim_shm.h"

#include <stddef.h>
#include <stdint.h>

/* A conversation with flued. */
struct talk {
	int fd;
	uint32_t n_workers;
	struct chim_bells *bells;
	int bell_fds[CHIM_BELL_WORKERS];
};

/* A connection that flued runs. */
struct prey {
	struct talk *talk;
	int sock; /* the kernel's */
	int mem, event;
	uint32_t number;
	struct chim_shm *shm;
	size_t bytes;
};

uint32_t rnd(uint32_t below);
void die(const char *what) __attribute__((noreturn));

/* hostile_talk.c. What fails where it must not ends the program. */
struct talk *talk_open(void);  /* without a word */
struct talk *talk_begin(void); /* ... and hello */
void talk_end(struct talk *t);
void talk_say(struct talk *t, const struct chim_msg *m, size_t len, const int *fds, unsigned int n);
int talk_tell(struct talk *t, uint32_t type, uint32_t conn, int32_t reason);
int talk_offer(struct talk *t, int sock, uint64_t cookie);
/* The next message and its descriptors (up to two). 1; 0: flued ended it; -1: nothing for ms. */
int talk_hear(struct talk *t, struct chim_msg *m, int fds[2], int ms);
/* Whether flued ends it, within seconds. */
void talk_must_end(struct talk *t, const char *after);

int tcp_connect(void);
/* Connects, offers until it is taken. NULL: flued ended the conversation. */
struct prey *prey_take(struct talk *t);
void prey_ring(struct prey *p);
void prey_drop(struct prey *p);

/* An act: one way to misbehave. */
struct act {
	const char *name;
	void (*fn)(void);
};
extern const struct act talk_acts[], memory_acts[], descriptor_acts[];

#endif

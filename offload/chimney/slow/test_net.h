/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two network namespaces with a TAP each, and the cable between them in this program: frames move
 * only while net_pump() runs, and a direction can be held or lose frames. So a test decides what
 * reaches a kernel, and when.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_TEST_NET_H
#define OFFLOAD_CHIMNEY_SLOW_TEST_NET_H

#include <stdbool.h>
#include <stdint.h>

enum { NET_SKIPPED = 77, NET_HELD = 4096, NET_FRAME = 2048 };

struct net_frame {
	uint16_t len;
	uint8_t bytes[NET_FRAME];
};

struct net_side {
	int netns, tap;
	bool hold;	       /* frames towards this side wait */
	unsigned int lose_nth; /* of frames towards this side; 0: none */
	uint32_t ts,
		ts_echo; /* TSval and TSecr of the last frame towards this side that has them */
	uint64_t seen, resets; /* frames towards this side, and those with RST from the other */
	uint32_t held;
	struct net_frame *queue;
};

struct net {
	int home;
	unsigned int ifindex;	 /* of the TAP, on both sides */
	struct net_side side[2]; /* 10.9.0.1, fd09::1, fe80::1; 10.9.0.2, fd09::2, fe80::2 */
};

/* Ends the test with NET_SKIPPED where namespaces or TAPs cannot be had. */
void net_open(struct net *n);
void net_close(struct net *n);

/* This thread's sockets are made in that side's namespace from now on; -1: in its own. */
void net_enter(struct net *n, int side);

/* Moves what is there, until nothing comes any more. */
void net_pump(struct net *n);

/* A frame towards that side, before all that is held. */
void net_first(struct net *n, int side, const void *frame, uint16_t len);

/* A command in that side's namespace. */
void net_run(struct net *n, int side, const char *command);

#endif

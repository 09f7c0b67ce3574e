/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the link: link.c is its life, on the main thread; link_carry.c is what the card's thread
 * does with it. */
#ifndef HV_CORE_VHOST_LINK_IMPL_H
#define HV_CORE_VHOST_LINK_IMPL_H

#include "hv-core/vhost/link.h"
#include "hv-core/vhost/link_ring.h"

#include <pthread.h>

enum { RX, TX, RINGS }; /* as vhost numbers them */

struct hv_link {
	struct hv_vu *vu;
	struct hv_link_ops ops;
	void *self;
	char name[64];
	int mem_fd, call_fd, kick_fd[RINGS];
	uint8_t *mem;

	bool started; /* main thread: the other side has the rings */
	bool stopped; /* main thread: hv_link_stop() was called */
	bool fresh;   /* main thread: rings begin anew at the next start */
	uint16_t base[RINGS];
	struct event *grace_over;
	unsigned int offloads_wanted;

	pthread_mutex_t lock; /* of what follows */
	bool up;
	bool grace; /* not up, but soon: see hv_link_start() */
	bool broken_said;
	unsigned int offloads;
	bool kick[RINGS]; /* something was made available since the last flush */
	struct hv_link_ring ring[RINGS];
	struct hv_link_stats stats;
};

#endif

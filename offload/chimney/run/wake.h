/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing to eventfds that applications hold as well. Whether a write to one waits belongs to the
 * open file, which both sides share: an application that fills its eventfd and takes O_NONBLOCK off
 * would stop the worker that writes to it. So it is the kernel that signals it, as it does when an
 * asynchronous operation has ended (io_submit(2), IOCB_FLAG_RESFD), which never waits.
 */
#ifndef OFFLOAD_CHIMNEY_RUN_WAKE_H
#define OFFLOAD_CHIMNEY_RUN_WAKE_H

#include <linux/aio_abi.h>

struct chim_waker {
	aio_context_t ctx; /* 0: none */
	int ready;	   /* of which it is asked whether it may be written to: always */
	unsigned int out;  /* answers the kernel keeps for us */
};

/* 0 or a negative errno: no asynchronous I/O here; wakes are then ordinary writes. Main. */
int chim_waker_init(struct chim_waker *w);
void chim_waker_fini(struct chim_waker *w); /* Main. Zero is fine. */

/* Counts one in the eventfd, unless it is full. Worker. */
void chim_waker_wake(struct chim_waker *w, int event_fd);

#endif

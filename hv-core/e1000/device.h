/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the room: the device, and its thread. */
#ifndef HV_CORE_E1000_DEVICE_H
#define HV_CORE_E1000_DEVICE_H

#include "hv-core/e1000/card.h"
#include "hv-core/e1000/e1000.h"

#include <pthread.h>

struct hv_e1000 {
	struct hv_pci_fn fn; /* its lock guards the card and what follows `changed` */
	struct hv_e1000_card card;
	struct hv_vm *vm;
	struct hv_device device;
	struct hv_link *link;
	void (*ejected)(void *self);
	void *owner;
	bool announce; /* main thread: restored, the switch is to be told */
	int wake_fd, timer_fd;
	pthread_t thread;
	bool started; /* main thread: there is a thread */
	int (*thread_init)(void *arg, struct err *e);
	void *thread_arg;

	pthread_cond_t changed;
	bool ready;	 /* thread_init was called */
	struct err init; /* what it said */
	bool hold, held; /* the thread is to keep still; it does */
	bool end;
	bool poked;	   /* something happened since the thread last looked */
	bool asleep;	   /* the thread waits: wake_fd wakes it */
	uint64_t alarm_ns; /* what timer_fd is set to; 0: nothing */
};

/* hv_e1000_env's; lock held. */
void hv_e1000_wake(void *self);
void hv_e1000_alarm_at(void *self, uint64_t at_ns);

/* Main thread, lock not held. Nothing happens where there is no thread. */
void hv_e1000_hold(struct hv_e1000 *d); /* returns once the thread keeps still */
void hv_e1000_release(struct hv_e1000 *d);
void hv_e1000_end(struct hv_e1000 *d);

#endif

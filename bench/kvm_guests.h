/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests that are virtual machines: a trial starts flue-vm with a micro-guest for each (or one with
 * all cards, where the load has fewer processors than there are ports), and adds up what they say
 * at their end. docs/microguest.md has the guests' words. Main thread.
 */
#ifndef BENCH_KVM_GUESTS_H
#define BENCH_KVM_GUESTS_H

#include "bench/system/system.h"
#include "bench/traffic/traffic.h"

#include <jansson.h>

struct kvm_guests {
	const struct wiring *wiring;
	const char *name;	      /* unique in this run: names the processes */
	uint64_t cpus;		      /* of the load */
	enum traffic_buffers buffers; /* not TRAFFIC_2K */
	bool packed;
};

/* Could such a trial be? frame_bytes as traffic_trial's. 0; -EINVAL: micro-guests have no such
 * frames or rings, with what they do have. */
int kvm_guests_can(unsigned int frame_bytes, enum traffic_buffers buffers, enum traffic_rings rings,
		   struct err *e);

/* Are /dev/kvm, flue-vm and its guest's image here? 0; or what is missing, with the cure. */
int kvm_guests_ready(struct err *e);

/* Runs a trial to its end. TRAFFIC_PAIRS only. */
int kvm_guests_run(const struct kvm_guests *k, const struct traffic_trial *trial,
		   struct traffic_result *r, struct err *e);

/* How many guests there are for so many ports. */
size_t kvm_guests_number(const struct kvm_guests *k);
/* The command line of guest `number`. */
void kvm_guests_words(const struct kvm_guests *k, const struct traffic_trial *trial, size_t number,
		      char *words, size_t size);
/* Adds what a guest said (its console's output) to *r. -EIO: it said what went wrong, or nothing
 * that can be understood. */
int kvm_guests_add(const char *console, struct traffic_result *r, struct err *e);

#endif

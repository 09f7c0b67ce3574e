/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scenarios between guests share: the generator beside a rig, trials that are watched,
 * checked, repeated when they were disturbed and written down, and the search for a rate. Main
 * thread.
 */
#ifndef BENCH_GUESTS_H
#define BENCH_GUESTS_H

#include "bench/kvm_guests.h"
#include "bench/scenario.h"
#include "bench/stat/search.h"
#include "bench/traffic/traffic.h"

enum { GUESTS_TRIAL_INVALID = 1 };

struct guests {
	struct subject *subject;
	struct traffic *traffic; /* NULL: the guests are virtual machines */
	struct kvm_guests kvm;
	char name[64];
	struct traffic_trial base; /* size, flows and ways of this cell */
	uint64_t taught_ns;	   /* when; 0: never */
	double start_load;	   /* what an earlier search found */
	double frame_cycles;	   /* of the latest trial: busy cycles a frame; 0: not told */
	double overload_pps;	   /* received when as much as goes was offered; 0: not yet */
	json_t *trials;		   /* of the sample that is being taken */
	char why[160];		   /* the last trial that did not count */
};

/* Frame size of a cell: 64 … 9018, 0 for "imix", 65536 for "64k". */
unsigned int guests_frame_bytes(const struct cell *cell);

/* Bytes of a frame on average, with its FCS, for Gb/s. */
double guests_mean_bytes(unsigned int frame_bytes, unsigned int mtu);

/* A wiring of vhost ports for the cell's size and flows. -EINVAL. */
int guests_wire(const struct cell *cell, size_t n_ports, bool guest_serves, struct wiring *w,
		struct err *e);

/* What a trial of the cell is: its size, flows and ways between pairs of guests. Seconds and load
 * are for the caller to set. */
struct traffic_trial guests_pairs(const struct subject *s);

/* Starts the generator on the rig's sockets and waits for the switch. It sleeps unless a trial
 * runs, so there is nothing to freeze between samples. */
int guests_open(struct subject *s, struct guests *g, struct err *e);
void guests_close(struct guests *g);

/* Teaches the switch the cell's addresses, unless that was just done. */
int guests_teach(struct guests *g, struct err *e);

/* Runs a trial; while it was disturbed, again, as often as the run allows. Each try is written to
 * g->trials. 0, a negative errno, or GUESTS_TRIAL_INVALID with g->why. The histograms in *r are the
 * caller's. */
int guests_trial(struct guests *g, const struct traffic_trial *trial, struct traffic_result *r,
		 struct err *e);

/* Frames offered and not received, and what came too late to be offered at this load. A frame to
 * everybody counts once for each port. */
uint64_t guests_lost(const struct guests *g, const struct traffic_trial *trial,
		     const struct traffic_result *r);

/* What is received when as much is offered as goes, frames a second. As guests_trial(). */
int guests_overload(struct guests *g, double seconds, double *pps, struct err *e);

/* Searches for the loads at which so much may be lost. As guests_trial(). The trials are g->base
 * with another load. */
int guests_search(struct guests *g, const double *loss_ratios, size_t n, struct search_found *found,
		  struct err *e);

/* Writes what was found to "goals" of the sample's data, beside "trials"; takes both over. */
json_t *guests_data(struct guests *g, const double *loss_ratios, size_t n,
		    const struct search_found *found);

#endif

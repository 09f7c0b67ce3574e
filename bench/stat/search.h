/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which load a system carries, after MLRsearch (draft-ietf-bmwg-mlrsearch): several goals at once,
 * each with a loss ratio a trial may have and a share of the trials that may exceed it. Trials
 * begin short and grow; a load is a bound once trials of enough seconds say so.
 *
 * Pure: the caller runs the trials.
 *	while (search_next(&s, &load, &seconds))
 *		search_result(&s, &(struct search_trial){load, seconds, offered, lost});
 * No function here keeps a pointer, allocates, or reads a clock. Any thread.
 */
#ifndef BENCH_STAT_SEARCH_H
#define BENCH_STAT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEARCH_GOALS = 4, SEARCH_TRIALS = 256 };

/* What is looked for: the highest load whose trials lose at most loss_ratio, where at most
 * exceed_ratio of the trial seconds may lose more. */
struct search_goal {
	double loss_ratio;    /* 0: none at all (NDR); 0.005: half a percent (PDR) */
	double exceed_ratio;  /* 0 to below 1; by time */
	double final_seconds; /* a trial of the last phase */
	double sum_seconds;   /* trial seconds at a load before it counts as a bound */
	double width;	      /* (upper - lower) / upper at which the goal is reached */
};

struct search_spec {
	double min_load, max_load; /* frames a second; max: what the generator can offer */
	double start_load;	/* a good guess, 0: none. An earlier search's result saves trials */
	double initial_seconds; /* a trial of the first phase */
	size_t n_goals;
	struct search_goal goals[SEARCH_GOALS];
	uint32_t max_trials; /* 0: SEARCH_TRIALS. The search ends there, with what it knows */
};

struct search_trial {
	double load, seconds;
	uint64_t offered, lost; /* frames; lost: offered and not received */
};

/* How far the search for one goal is. */
struct search_state {
	uint32_t phase;
	uint32_t ups, downs;	       /* trials that looked for a bound further up, or down */
	uint32_t misses;	       /* guesses that did not halve what is between the bounds */
	double ratio;		       /* upper / lower at the last guess; 0: there was none */
	double hint_lower, hint_upper; /* the bounds of the phase before; 0: none */
};

struct search {
	struct search_spec spec;
	double grain; /* relative: loads that are nearer to each other are the same */
	bool over;
	size_t goal; /* the one that the next trial is for */
	double load, seconds;
	struct search_state states[SEARCH_GOALS];
	uint32_t n_trials;
	struct search_trial trials[SEARCH_TRIALS];
};

struct search_found {
	bool lower_known, upper_known;
	double lower, upper; /* frames a second: the goal holds at lower, not at upper */
	double throughput;   /* conditional throughput: what is received at lower, a second */
	bool reached;	     /* the two are within the goal's width (or lower is max_load) */
};

/* 0, or -EINVAL when the spec makes no sense (no goal, max below min, ratios out of range …). A
 * start_load outside of min_load to max_load counts as the nearer of the two. */
int search_init(struct search *s, const struct search_spec *spec);

/* The next trial; false when every goal is reached or max_trials are used up. The same answer until
 * search_result() is called: an invalid trial is simply run again. */
bool search_next(const struct search *s, double *load, double *seconds);

/* Takes a trial in; load and seconds as search_next() gave them, but for what could not be met: the
 * load may be off by an eighth of the narrowest width, and the time by 1 %; what is further off
 * counts as another load, or as a short trial. One with nothing offered says nothing. */
void search_result(struct search *s, const struct search_trial *trial);

/* What is known of a goal so far. Only trials of the last phase prove a lower bound; so while the
 * trials are short, none is known. */
struct search_found search_found(const struct search *s, size_t goal);

#endif

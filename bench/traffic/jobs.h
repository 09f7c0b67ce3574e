/* SPDX-License-Identifier: BSD-3-Clause */
/* What a trial means for each port: who sends from which address to which, and who receives. */
#ifndef BENCH_TRAFFIC_JOBS_H
#define BENCH_TRAFFIC_JOBS_H

#include "bench/traffic/gen.h"

/* Runs a trial (one job, or two for TRAFFIC_LEARN). Main thread of the generator. */
int jobs_run(struct gen *g, const struct traffic_trial *trial, struct traffic_result *r,
	     struct err *e);

/* Sends a frame from each address of the trial until every one arrives at its port, and there
 * only; gives up after some rounds, -EIO. Main thread of the generator. */
int jobs_teach(struct gen *g, const struct traffic_trial *trial, struct err *e);

/* Can these ports do this trial? 0; -EINVAL with the reason. */
int jobs_check(const struct tports *ports, const struct traffic_trial *trial, struct err *e);

/* Fills the job of a trial; pure. `asking`: the second part of TRAFFIC_LEARN. */
void jobs_plan(struct gen_job *job, size_t n_ports, uint16_t number,
	       const struct traffic_trial *trial, bool asking);

#endif

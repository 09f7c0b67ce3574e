/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command line does with flue-pf, the manager of SR-IOV functions. */
#ifndef CLI_PF_CALL_H
#define CLI_PF_CALL_H

#include "cli/cli.h"

/* Calls a method of flue-pf. timeout_ms 0: waits for ever. An enum cli_exit with e filled; on
 * CLI_OK *result is the caller's. */
int pf_call(const char *method, const json_t *params, unsigned int timeout_ms, json_t **result,
	    struct err *e);

/* The verb as one call, with its answer printed: for cli_verb.run. */
int pf_run(struct cli *c, const struct cli_verb *verb, json_t *params);

/* A configuration's physical and virtual functions, or NULL: it does not speak of them. The
 * caller's reference. */
json_t *pf_part(const json_t *config);

/* pf_apply.c: what flue-pf would do, as lines on c->out (not as JSON), before it is done. *plan is
 * the caller's: the answer with its members `changes` and `blast`. An enum cli_exit; CLI_REFUSED
 * also when guests would lose what they have, and evict is false. */
int pf_plan(struct cli *c, const json_t *part, bool evict, json_t **plan, struct err *e);
/* Does it. */
int pf_apply(struct cli *c, const json_t *part, bool evict, json_t **result, struct err *e);

/* vf_assign.c: with the guest's definition kept in step. For cli_verb.run. */
int vf_assign(struct cli *c, const struct cli_verb *verb, json_t *params);
int vf_release(struct cli *c, const struct cli_verb *verb, json_t *params);

#endif

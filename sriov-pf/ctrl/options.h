/* SPDX-License-Identifier: BSD-3-Clause */
/* flue-pf's command line. */
#ifndef SRIOV_PF_CTRL_OPTIONS_H
#define SRIOV_PF_CTRL_OPTIONS_H

#include "sriov-pf/ctrl/ctrl.h"

struct pf_options {
	struct ctrl_setup setup; /* but for the host */
	enum { PF_OPTIONS_RUN, PF_OPTIONS_HELP, PF_OPTIONS_VERSION } what;
};

/* Reads the command line; what it does not say is at its default. Sets the log level. 0, or
 * -EINVAL with e filled. */
int pf_options_parse(struct pf_options *o, int argc, char **argv, struct err *e);

/* The whole program with that host; what main() is to return. */
int pf_options_main(const struct pf_host *host, int argc, char **argv);

#endif

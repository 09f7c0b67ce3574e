/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flue-vm's command line. What describes the guest becomes JSON as a configuration has it, so that
 * the options and the keys are the same thing (hv-core/config.h checks both).
 */
#ifndef HV_CORE_OPTIONS_H
#define HV_CORE_OPTIONS_H

#include "base/err.h"
#include "base/json.h"

#include <sys/types.h>

struct hv_options {
	json_t *config;	     /* one guest; the caller's */
	const char *control; /* control socket; NULL: none */
	const char *group;   /* that may use it; NULL: the process's */
	const char *restore; /* a snapshot to begin from; NULL: boot */
	/* Who the guest's process is to be; -1: who flue-vm is. */
	uid_t uid;
	gid_t gid;
	int ready_fd; /* where to say how the start went, one line; -1: nowhere */
	enum { HV_OPTIONS_RUN, HV_OPTIONS_HELP, HV_OPTIONS_VERSION } what;
};

/* Reads the command line; sets the log level. 0, or negative errno with e filled. Main thread. */
int hv_options_parse(struct hv_options *o, int argc, char **argv, struct err *e);
void hv_options_free(struct hv_options *o);

extern const char hv_options_help[];

#endif

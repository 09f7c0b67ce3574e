/* SPDX-License-Identifier: BSD-3-Clause */
/* flued's command line. */
#ifndef VSWITCH_OPTIONS_H
#define VSWITCH_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_CORES_MAX = 16 };

struct options {
	const char *socket;
	const char *group;   /* NULL: flued's own */
	const char *config;  /* NULL: none */
	const char *metrics; /* "ADDRESS:PORT"; NULL: no metrics */
	const char *chimney; /* where applications offer connections; NULL: nowhere */
	uint32_t chimney_max;
	unsigned int cores[OPTIONS_CORES_MAX];
	uint16_t n_cores;
	uint32_t mbufs;
	uint32_t flows; /* as many connections may be offloaded */
	bool no_huge;
	enum { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_DOT } what;
};

/* Reads the command line; what it does not say is at its default. Sets the log level. 0, or
 * -EINVAL with e filled. Main. */
int options_parse(struct options *o, int argc, char **argv, struct err *e);

extern const char options_help[];

#endif

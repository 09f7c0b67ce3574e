/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HV_CORE_MICROGUEST_RUN_H
#define HV_CORE_MICROGUEST_RUN_H

#include "hv-core/microguest/load.h"

/* Meets the other side, sends and receives what was asked for. NULL, or what went wrong. */
const char *mg_run(struct mg_guest *g);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The result as one line of JSON. Pure. docs/microguest.md says what each member means. */
#ifndef HV_CORE_MICROGUEST_REPORT_H
#define HV_CORE_MICROGUEST_REPORT_H

#include "hv-core/microguest/load.h"
#include "hv-core/microguest/text.h"

void mg_report(struct mg_text *t, const struct mg_guest *g);
void mg_report_error(struct mg_text *t, const char *why);

/* Frames that a card received, a unit in pieces counting once its bytes are there. */
uint64_t mg_received(const struct mg_guest *g, const struct mg_card *c);
/* The card of this guest whose frames this one receives; NULL: none of this guest. */
const struct mg_card *mg_sender(const struct mg_guest *g, const struct mg_card *c);

#endif

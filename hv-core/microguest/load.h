/* SPDX-License-Identifier: BSD-3-Clause */
/* What cards do in a turn: send what is due, take in and check what came. */
#ifndef HV_CORE_MICROGUEST_LOAD_H
#define HV_CORE_MICROGUEST_LOAD_H

#include "hv-core/microguest/card.h"

struct mg_guest {
	struct mg_conf conf;
	struct mg_card card[MG_CARDS];
	unsigned int cards;
	uint16_t run; /* names this start of the guest in its frames */
	uint64_t tsc_khz;
	uint64_t start;	     /* cycles: when sending began, */
	uint64_t sent_until; /* and ended */
	uint64_t busy, turns_cycles;
};

/* Both return how many frames they handled. now: cycles. */
uint32_t mg_send(struct mg_guest *g, struct mg_card *c, uint64_t now);
uint32_t mg_receive(struct mg_guest *g, struct mg_card *c);

/* Says hello for each flow that was not answered, as many as there is room for, from `flow` on;
 * returns where to go on. */
uint32_t mg_hello(struct mg_card *c, uint32_t flow);

#endif

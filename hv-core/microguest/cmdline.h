/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line: words `name=value`, a value for each card where that makes sense, separated by
 * commas. docs/microguest.md lists them. Pure.
 */
#ifndef HV_CORE_MICROGUEST_CMDLINE_H
#define HV_CORE_MICROGUEST_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MG_CARDS = 4, MG_WHY = 160 };

enum mg_role { MG_SINK, MG_GENERATOR, MG_BOTH, MG_REFLECTOR, MG_PING };
extern const char *const mg_role_names[];

struct mg_conf {
	enum mg_role role[MG_CARDS];
	uint8_t mac[MG_CARDS][6], dst[MG_CARDS][6]; /* all 0: not given */
	uint8_t address[MG_CARDS][4];		    /* IPv4; all 0: none */
	unsigned int roles, macs, dsts, addresses;  /* how many were given */
	uint32_t bytes;				    /* of a frame on the ring, without FCS */
	uint32_t flows, mtu;
	bool unit; /* TSO units of 64 KB */
	uint64_t count;
	uint64_t duration_us; /* of sending */
	uint64_t rate;	      /* frames a second of each card that sends; 0: as fast as it goes */
	uint32_t burst, window;
	uint32_t check; /* the whole of every so many-th frame is looked at; 0: of none */
	uint64_t settle_us, wait_us;
	uint32_t ring, buffer_bytes;
	bool packed, in_order, event_idx, mergeable, csum;
};

/* false, and why[] says which word is wrong and what it may be. */
bool mg_cmdline(const char *line, struct mg_conf *c, char why[MG_WHY]);

#endif

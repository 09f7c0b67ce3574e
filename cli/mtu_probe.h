/* SPDX-License-Identifier: BSD-3-Clause */
/* `flue mtu probe`: its entry in the object's table of verbs, and what only it needs. */
#ifndef CLI_MTU_PROBE_H
#define CLI_MTU_PROBE_H

#include "cli/cli.h"

#include "jumbo/probe/probe.h"

extern const struct api_key mtu_probe_keys[];

/* Writes the text of a result, from the JSON that -j prints. */
void mtu_probe_text(FILE *out, const json_t *params, const json_t *result);

/* CLI_OK: the path carries all that was asked for, both ways; CLI_SHRINKS; CLI_NO_ANSWER; or what
 * went wrong. */
int mtu_probe_run(struct cli *c, const struct cli_verb *verb, json_t *params);

#define MTU_PROBE_VERB                                                                           \
	{                                                                                        \
		.name = "probe", .keys = mtu_probe_keys,                                         \
		.help = "find the path MTU to an address, there and back, and where it shrinks", \
		.text = mtu_probe_text, .run = mtu_probe_run                                     \
	}

/* Which of flued's ports drop packets of that size: echoes are sent, and the counters compared. A
 * list of {"port", "bridge", "direction", "size", "limit", "cure"}; NULL when flued cannot be
 * reached or no port does. The caller's. mtu_where.c */
json_t *mtu_where(struct cli *c, struct probe *p, const struct probe_result *r);

#endif

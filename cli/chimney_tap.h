/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_CHIMNEY_TAP_H
#define CLI_CHIMNEY_TAP_H

#include "cli/cli.h"

/* The verb `flue chimney tap`. */
extern const struct api_key chimney_tap_keys[];
int chimney_tap(struct cli *c, const struct cli_verb *verb, json_t *params);

#define CHIMNEY_TAP_VERB                                                         \
	{                                                                        \
		.name = "tap", .method = "tap.start", .keys = chimney_tap_keys,  \
		.help = "show the segments of an offloaded connection, or write" \
			" them for Wireshark",                                   \
		.run = chimney_tap                                               \
	}

#endif

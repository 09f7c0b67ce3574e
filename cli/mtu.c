/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/mtu_probe.h"

static const struct cli_verb verbs[] = {
	MTU_PROBE_VERB,
	{0},
};

const struct cli_object cli_mtu = {
	.name = "mtu", .help = "which packet sizes pass", .default_verb = "probe", .verbs = verbs};

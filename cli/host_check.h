/* SPDX-License-Identifier: BSD-3-Clause */
/* What this host has of what flue can use, read from /proc, /sys and /dev. */
#ifndef CLI_HOST_CHECK_H
#define CLI_HOST_CHECK_H

#include "base/json.h"

/* A list of {"item", "state", "means", "cure"}: state is "ok"; "missing", something flue cannot do
 * without; or "note", something it does slower or not at all. cure: the command that mends it;
 * absent where nothing is to be mended or no command can.
 * A network function's item is its PCI address; it has "shared", "handed_over" and "migrated", too:
 * {"can":b,"why":"..."}.
 * root: "" or, for tests, a directory that stands for /. Never NULL. */
json_t *host_check(const char *root);

/* Is any row missing? */
bool host_check_lacks(const json_t *rows);

#endif

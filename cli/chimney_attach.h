/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_CHIMNEY_ATTACH_H
#define CLI_CHIMNEY_ATTACH_H

#include "cli/cli.h"

/* `flue chimney attach PID FD [socket PATH] [foreground on|off]` and `flue chimney detach PID FD`.
 * argv: the words behind the verb. Each returns an enum cli_exit. */
int chimney_attach(struct cli *c, int argc, char **argv);
int chimney_detach(struct cli *c, int argc, char **argv);

#endif

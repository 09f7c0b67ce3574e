/* SPDX-License-Identifier: BSD-3-Clause */
/* Help at each level, printed from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/grammar.h"

void help_all(FILE *out);
void help_object(FILE *out, const struct cli_object *o);
void help_command(FILE *out, const struct command *cmd);

const char *help_of_object(const struct cli_object *o);
const char *help_of_verb(const struct cli_verb *v);

/* What a key takes: "576-9600", "on|off", "access|trunk". Returns text. */
const char *help_values(const struct api_key *k, char *text, size_t size);

/* "host", "vhost", "ethdev": the one kind of port that has the key; NULL: all. */
const char *help_kind(const struct api_key *k);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From words to a method's parameters, in the manner of iproute2.
 *
 * Objects, verbs and keys may be shortened as long as only one fits. A key that names the object
 * (API_ID) needs no keyword: `port add p0 kind host`. The rule, word by word:
 *   1. a word that is exactly a key's name is that key, and its value follows;
 *   2. else, until the first other key was given, a word that fits the type of the next naming key
 *      is that key's value;
 *   3. else it must be the beginning of one key's name; `--KEY` means KEY on.
 * So a bridge called "mtu" needs its keyword: `bridge add name mtu`.
 */
#ifndef CLI_GRAMMAR_H
#define CLI_GRAMMAR_H

#include "cli/cli.h"

#define GRAMMAR_MAX_KEYS 48

/* An object's verb with all its keys: those of the verb, then those of the method. */
struct command {
	const struct cli_object *object;
	struct cli_verb verb;
	const struct api_method *method; /* NULL: none */
	const struct api_key *keys[GRAMMAR_MAX_KEYS];
	size_t n_keys;
};

/* Keys being read. params: an object that the caller made and frees. */
struct reading {
	const struct command *cmd;
	json_t *params;
	const struct api_key *pending; /* its value comes next */
	bool past_ids;		       /* a key that does not name the object was given */
};

/* -j and the like, wherever they stand. Returns how many other words there are, moved to the front
 * of argv, or -EINVAL. */
int grammar_options(struct cli *c, int argc, char **argv, struct err *e);

/* The object of that name or beginning; NULL with e set when none or several fit. */
const struct cli_object *grammar_object(const char *word, struct err *e);

/* The object below o of exactly that name, or NULL. */
const struct cli_object *grammar_part(const struct cli_object *o, const char *word);

/* The i-th verb of an object: those of its file, then those only the schema has. false: no more. */
bool grammar_verb_at(const struct cli_object *o, size_t i, struct cli_verb *verb);

/* The object's verb of that name or beginning. NULL: its default one. 0, or -EINVAL with e set. */
int grammar_command(const struct cli_object *o, const char *word, struct command *cmd,
		    struct err *e);

/* Takes one word. 0, or -EINVAL with e set. */
int grammar_feed(struct reading *r, const char *word, struct err *e);

/* All words are in: is a value or a required key missing? 0, or -EINVAL with e set. */
int grammar_end(const struct reading *r, struct err *e);

/* Must the key be given? */
bool grammar_needs(const struct command *cmd, const struct api_key *key);

/* The next naming key without a value, if it may be given without keyword now; or NULL. */
const struct api_key *grammar_next_id(const struct reading *r);

#endif

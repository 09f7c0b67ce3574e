/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line: `flue [OPTION]... OBJECT VERB [KEY VALUE]...`.
 *
 * What can be said is the schema's (api/tables.c): an object's verbs are its methods, a verb's keys
 * the method's. An object's file here adds only what the schema cannot know: how an answer looks as
 * text, and verbs that do more than one call. Everything runs on the one thread there is.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "api/schema.h"

#include <stdio.h>

/* What the process ends with. Documented in flue(1) and `flue help`; never renumbered. */
enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1,     /* flued refused or failed; mtu check: something disagrees */
	CLI_USAGE = 2,	     /* the command line is wrong */
	CLI_UNREACHABLE = 3, /* flued cannot be reached, or was lost */
	CLI_BAD_FILE = 4,    /* a configuration file is wrong or cannot be read */
	CLI_LACKING = 5,     /* host check: something needed is missing */
	CLI_NO_OUTPUT = 6,   /* the answer could not be written */
	CLI_SHRINKS = 7,     /* mtu probe: the path carries less than was asked for */
	CLI_NO_ANSWER = 8,   /* mtu probe: the target does not answer */
};

struct client;

struct cli {
	FILE *out, *err;
	const char *socket;    /* NULL: the usual one */
	const char *vm_dir;    /* where guests are defined; NULL: the usual place */
	struct client *client; /* NULL until the first call */
	bool json;	       /* -j, -p: the answer itself instead of text */
	bool pretty;	       /* -p */
	bool stats;	       /* -s */
	bool help;	       /* -h */
};

struct cli_verb {
	const char *name;	    /* "show" */
	const char *method;	    /* the schema's; its keys are taken; NULL: none */
	const struct api_key *keys; /* further keys, before the method's; or NULL */
	const char *help;	    /* NULL: the method's */
	/* Writes an answer as text, from the same JSON that -j prints. NULL: silence. */
	void (*text)(FILE *out, const json_t *params, const json_t *result);
	/* Does it all, and returns an enum cli_exit. NULL: call the method and print. */
	int (*run)(struct cli *c, const struct cli_verb *verb, json_t *params);
	/* The same with the words as they are, which are not keys and values. usage says what they
	 * are. NULL: as above. */
	int (*run_words)(struct cli *c, int argc, char **argv);
	const char *usage;
};

struct cli_object {
	const char *name;
	const char *help;	      /* NULL: the schema's */
	const char *default_verb;     /* NULL: show */
	const struct cli_verb *verbs; /* what differs from the schema; ends with a NULL name */
	const struct cli_object *const *parts; /* objects below it: `flue vm nic add`; or NULL */
	bool single; /* verbs[0] is all there is, and is not said: `flue trace port p0` */
};

/* One file each. */
extern const struct cli_object cli_switch, cli_bridge, cli_port, cli_fdb, cli_vlan, cli_mtu,
	cli_pipeline, cli_flow, cli_chimney, cli_config, cli_apply, cli_trace, cli_vm, cli_nic,
	cli_disk, cli_pf, cli_vf, cli_host, cli_completion, cli_version;

/* All of them, in the order of help; ends with NULL. */
extern const struct cli_object *const cli_objects[];

/* Runs a whole command line (argv[0] is the program). Returns an enum cli_exit. */
int cli_run(int argc, char **argv, FILE *out, FILE *err);

/* Calls a method, connecting first if need be. On error says why on c->err and returns other than
 * CLI_OK. On success *result is the caller's. */
int cli_call(struct cli *c, const char *method, const json_t *params, json_t **result);

/* The same without saying why. */
int cli_try(struct cli *c, const char *method, const json_t *params, json_t **result,
	    struct err *e);

/* Writes "flue: ..." to c->err and returns `code`. */
int cli_fail(struct cli *c, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Writes an answer: JSON as it stands when that is asked for, else verb->text. */
void cli_print(struct cli *c, const struct cli_verb *verb, const json_t *params,
	       const json_t *result);

/* `flue __complete CWORD WORD...`: what may stand in place of WORD number CWORD. complete.c */
int cli_complete(struct cli *c, int argc, char **argv);

/* `flue __schema`: the reference of all keys, as Markdown or as scdoc. reference.c */
int cli_reference(struct cli *c, int argc, char **argv);

#endif

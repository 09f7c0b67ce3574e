/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completion. The shell's part is a few lines that ask `flue __complete`; what may stand somewhere
 * is found by reading the words before it with the same grammar that runs them.
 */
#include "cli/cli.h"
#include "cli/grammar.h"
#include "cli/vm_dir.h"

#include "api/client.h"

#include <stdlib.h>
#include <string.h>

/* A person waits for the key press to be answered. */
#define LIVE_TIMEOUT_MS 200

/* Words are split at blanks here, not by bash, which would split addresses at their colons. */
static const char script[] =
	"# bash completion for flue(1); printed by 'flue completion bash'\n"
	"_flue() {\n"
	"	local line=${COMP_LINE:0:COMP_POINT} words\n"
	"	read -ra words <<<\"$line\"\n"
	"	[[ $line == *[[:space:]] ]] && words+=('')\n"
	"	local cur=${words[-1]}\n"
	"	mapfile -t COMPREPLY < <(\"${words[0]}\" __complete $((${#words[@]} - 1)) "
	"\"${words[@]}\" 2>/dev/null)\n"
	"	if [[ ${COMPREPLY[0]-} == :files ]]; then\n"
	"		compopt -o filenames\n"
	"		mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"	fi\n"
	"}\n"
	"complete -F _flue flue\n";

static void offer(FILE *out, const char *candidate, const char *begin)
{
	if (strncmp(candidate, begin, strlen(begin)) == 0)
		fprintf(out, "%s\n", candidate);
}

static void offer_list(FILE *out, const char *values, const char *begin)
{
	char *copy = strdup(values), *rest = copy;

	for (char *v; copy && (v = strsep(&rest, "|"));)
		offer(out, v, begin);
	free(copy);
}

static void offer_guests(struct cli *c, const char *begin)
{
	json_t *names = vm_names(c), *name;
	size_t i;

	json_array_foreach (names, i, name)
		offer(c->out, json_string_value(name), begin);
	json_decref(names);
}

/* The names flued or flue-pf knows, if it answers in time. */
static void offer_live(struct cli *c, const char *object, const char *begin)
{
	bool pf = strcmp(object, "pf") == 0;
	json_t *list = NULL, *item;
	struct client *client;
	struct err e;
	char method[48];
	size_t i;

	if (client_open_peer(pf ? &client_pf : &client_flued, pf ? NULL : c->socket,
			     LIVE_TIMEOUT_MS, &client, &e) != 0)
		return;
	snprintf(method, sizeof(method), "%s.show", object);
	client_call(client, method, NULL, &list, &e);
	json_array_foreach (list, i, item)
		offer(c->out, json_get_str(item, "name", ""), begin);
	json_decref(list);
	client_close(client);
}

/* Guests' cards and disks are no names of flued's. */
static bool is_part(const struct cli_object *o)
{
	return o == &cli_nic || o == &cli_disk;
}

/* What a key's value may be. */
static void offer_values(struct cli *c, const struct command *cmd, const struct api_key *k,
			 const char *begin)
{
	/* An object's own name is new when it is added, else one that is there. */
	bool there = strcmp(k->name, "name") == 0 && (k->flags & API_ID) &&
		     strcmp(cmd->verb.name, "add") != 0;
	const char *ref = k->ref ? k->ref : there ? cmd->object->name : NULL;

	if (k->type == API_ENUM)
		offer_list(c->out, k->values, begin);
	else if (k->type == API_BOOL)
		offer_list(c->out, "on|off", begin);
	else if (api_takes_auto(k))
		offer(c->out, "auto", begin);
	else if (ref && strcmp(ref, "file") == 0)
		fputs(":files\n", c->out);
	else if (ref && strcmp(ref, "vm") == 0 && strcmp(cmd->verb.name, "create") != 0)
		offer_guests(c, begin);
	else if (ref && strcmp(ref, "vm") != 0 && !is_part(cmd->object))
		offer_live(c, ref, begin);
	else if (k->ref && strcmp(k->ref, "port") == 0)
		offer_live(c, ref, begin);
}

/* The kind of port already said leaves out the keys of the others. */
static bool fits_kind(const struct reading *r, const struct api_key *k)
{
	const char *kind = json_get_str(r->params, "kind", NULL);
	unsigned int flag = API_ETHDEV;

	if (!kind || !(k->flags & API_KINDS))
		return true;
	if (strcmp(kind, "host") == 0)
		flag = API_HOST;
	else if (strcmp(kind, "vhost") == 0)
		flag = API_VHOST;
	return k->flags & flag;
}

static void offer_keys(struct cli *c, const struct reading *r, const char *begin)
{
	const struct api_key *id = grammar_next_id(r);

	if (id)
		offer_values(c, r->cmd, id, begin);
	/* A required name comes first; its keyword is possible, but nobody looks for it. */
	if (id && grammar_needs(r->cmd, id))
		return;
	for (size_t i = 0; i < r->cmd->n_keys; i++) {
		const struct api_key *k = r->cmd->keys[i];

		if (k != id && !json_object_get(r->params, k->name) && fits_kind(r, k))
			offer(c->out, k->name, begin);
	}
}

static void complete_keys(struct cli *c, const struct command *cmd, int argc, char **argv,
			  const char *begin)
{
	struct reading r = {.cmd = cmd, .params = json_object()};
	struct err e;
	int ret = 0;

	for (int i = 0; i < argc && ret == 0; i++)
		ret = grammar_feed(&r, argv[i], &e);
	if (ret == 0 && r.pending)
		offer_values(c, cmd, r.pending, begin);
	else if (ret == 0)
		offer_keys(c, &r, begin);
	json_decref(r.params);
}

static void complete_words(struct cli *c, int argc, char **argv, const char *begin)
{
	const struct cli_object *o;
	struct cli_verb v;
	struct command cmd;
	struct err e;

	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		argc--;
		argv++;
	}
	if (argc == 0) {
		for (size_t i = 0; cli_objects[i]; i++)
			offer(c->out, cli_objects[i]->name, begin);
		offer(c->out, "help", begin);
		return;
	}
	o = grammar_object(argv[0], &e);
	if (o && argc > 1 && grammar_part(o, argv[1])) {
		o = grammar_part(o, argv[1]);
		argc--;
		argv++;
	}
	if (o && !o->single && argc == 1) {
		for (size_t i = 0; grammar_verb_at(o, i, &v); i++)
			offer(c->out, v.name, begin);
		for (size_t i = 0; o->parts && o->parts[i]; i++)
			offer(c->out, o->parts[i]->name, begin);
		offer(c->out, "help", begin);
	} else if (o && grammar_command(o, argc > 1 ? argv[1] : NULL, &cmd, &e) == 0) {
		int used = o->single ? 1 : 2;

		complete_keys(c, &cmd, argc - used, argv + used, begin);
	}
}

int cli_complete(struct cli *c, int argc, char **argv)
{
	int cword = argc > 0 ? atoi(argv[0]) : 0;
	struct err e;
	char *begin;
	int n;

	/* argv: CWORD, "flue", WORD...; CWORD counts from "flue". */
	if (cword < 1 || cword + 1 >= argc)
		return CLI_USAGE;
	begin = argv[cword + 1];
	if (strcmp(argv[cword], "--socket") == 0 || strcmp(argv[cword], "--vm-dir") == 0) {
		fputs(":files\n", c->out);
		return CLI_OK;
	}
	if (begin[0] == '-') {
		offer_list(c->out, "--json|--pretty|--stats|--socket|--vm-dir|--help", begin);
		return CLI_OK;
	}
	n = grammar_options(c, cword - 1, argv + 2, &e);
	if (n >= 0)
		complete_words(c, n, argv + 2, begin);
	return CLI_OK;
}

static int bash(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	fputs(script, c->out);
	return CLI_OK;
}

static const struct cli_verb verbs[] = {
	{.name = "bash",
	 .help = "print a script for bash: source <(flue completion bash)",
	 .run = bash},
	{0},
};

const struct cli_object cli_completion = {.name = "completion",
					  .help = "completion of command lines in a shell",
					  .default_verb = "bash",
					  .verbs = verbs};

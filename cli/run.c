/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/grammar.h"
#include "cli/help.h"

#include "api/client.h"

#include <stdarg.h>
#include <string.h>

/* config.apply may start many devices; nothing takes longer. */
#define CALL_TIMEOUT_MS 60000

const struct cli_object *const cli_objects[] = {
	&cli_switch, &cli_bridge,     &cli_port,    &cli_fdb,	&cli_vlan,
	&cli_mtu,    &cli_pipeline,   &cli_config,  &cli_apply, &cli_trace,
	&cli_flow,   &cli_chimney,    &cli_vm,	    &cli_pf,	&cli_vf,
	&cli_host,   &cli_completion, &cli_version, NULL,
};

int cli_fail(struct cli *c, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("flue: ", c->err);
	vfprintf(c->err, fmt, ap);
	fputc('\n', c->err);
	va_end(ap);
	return code;
}

int cli_try(struct cli *c, const char *method, const json_t *params, json_t **result, struct err *e)
{
	*result = NULL;
	if (!c->client && client_open(c->socket, CALL_TIMEOUT_MS, &c->client, e) != 0)
		return CLI_UNREACHABLE;
	if (client_call(c->client, method, params, result, e) == 0)
		return CLI_OK;
	return client_is_lost(c->client) ? CLI_UNREACHABLE : CLI_REFUSED;
}

int cli_call(struct cli *c, const char *method, const json_t *params, json_t **result)
{
	struct err e = {0};
	int ret = cli_try(c, method, params, result, &e);

	return ret == CLI_OK ? CLI_OK : cli_fail(c, ret, "%s", e.text);
}

void cli_print(struct cli *c, const struct cli_verb *verb, const json_t *params,
	       const json_t *result)
{
	if (c->json) {
		json_dumpf(result, c->out,
			   JSON_ENCODE_ANY | (c->pretty ? JSON_INDENT(2) : JSON_COMPACT));
		fputc('\n', c->out);
	} else if (verb->text) {
		verb->text(c->out, params, result);
	}
}

static int call_and_print(struct cli *c, const struct cli_verb *verb, const json_t *params)
{
	json_t *result;
	int ret = cli_call(c, verb->method, params, &result);

	if (ret == CLI_OK)
		cli_print(c, verb, params, result);
	json_decref(result);
	return ret;
}

static int run_words(struct cli *c, const struct command *cmd, int argc, char **argv)
{
	struct reading r = {.cmd = cmd, .params = json_object()};
	struct err e = {0};
	int ret = 0;

	if (c->stats && cmd->method && api_method_key(cmd->method, "stats"))
		json_object_set_new(r.params, "stats", json_true());
	for (int i = 0; i < argc && ret == 0; i++)
		ret = grammar_feed(&r, argv[i], &e);
	if (ret == 0)
		ret = grammar_end(&r, &e);
	if (ret != 0)
		ret = cli_fail(c, CLI_USAGE, "%s\nflue: see 'flue %s%s%s help'", e.text,
			       cmd->object->name, cmd->object->single ? "" : " ",
			       cmd->object->single ? "" : cmd->verb.name);
	else if (cmd->verb.run)
		ret = cmd->verb.run(c, &cmd->verb, r.params);
	else
		ret = call_and_print(c, &cmd->verb, r.params);
	json_decref(r.params);
	return ret;
}

static bool asks_help(int argc, char **argv)
{
	return argc > 0 && strcmp(argv[0], "help") == 0;
}

/* OBJECT [VERB [KEY VALUE]...]; `help` may stand in place of any, or before all. */
static int run_object(struct cli *c, int argc, char **argv)
{
	bool first = asks_help(argc, argv), help = first || c->help;
	const struct cli_object *o;
	struct command cmd;
	struct err e = {0};

	argc -= first;
	argv += first;
	if (argc == 0) {
		help_all(help ? c->out : c->err);
		return help ? CLI_OK : CLI_USAGE;
	}
	o = grammar_object(argv[0], &e);
	if (!o)
		return cli_fail(c, CLI_USAGE, "%s", e.text);
	argc--;
	argv++;
	if (argc > 0 && grammar_part(o, argv[0])) {
		o = grammar_part(o, argv[0]);
		argc--;
		argv++;
	}
	help |= asks_help(argc, argv) || asks_help(argc - 1, argv + 1);
	if (!o->single && (asks_help(argc, argv) || (help && argc == 0))) {
		help_object(c->out, o);
		return CLI_OK;
	}
	if (grammar_command(o, argc ? argv[0] : NULL, &cmd, &e) != 0)
		return cli_fail(c, CLI_USAGE, "%s", e.text);
	if (help) {
		help_command(c->out, &cmd);
		return CLI_OK;
	}
	if (cmd.verb.run_words)
		return cmd.verb.run_words(c, argc - 1, argv + 1);
	if (argc > 0 && !o->single)
		return run_words(c, &cmd, argc - 1, argv + 1);
	return run_words(c, &cmd, argc, argv);
}

int cli_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct cli c = {.out = out, .err = err};
	struct err e = {0};
	int ret;

	argc--;
	argv++;
	/* These see their words as they were typed. */
	if (argc > 0 && strcmp(argv[0], "__complete") == 0)
		return cli_complete(&c, argc - 1, argv + 1);
	if (argc > 0 && strcmp(argv[0], "__schema") == 0)
		return cli_reference(&c, argc - 1, argv + 1);
	argc = grammar_options(&c, argc, argv, &e);
	if (argc < 0)
		return cli_fail(&c, CLI_USAGE, "%s", e.text);
	ret = run_object(&c, argc, argv);
	client_close(c.client);
	if (ret != CLI_OK || (fflush(out) == 0 && !ferror(out)))
		return ret;
	/* Who closed the pipe (`| head`) knows it. */
	if (errno != EPIPE)
		cli_fail(&c, CLI_NO_OUTPUT, "the answer could not be written: %s", strerror(errno));
	return CLI_NO_OUTPUT;
}

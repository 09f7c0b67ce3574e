/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference of keys and methods, printed from the tables: docs/reference.md and the second half
 * of flue-config(5). */
#include "cli/cli.h"
#include "cli/help.h"

#include <string.h>

/* A table cell: '|' would end it (Markdown), '_' and '*' would be markup (scdoc). */
static void put_escaped(FILE *out, const char *s, const char *special)
{
	for (; *s; s++) {
		if (strchr(special, *s))
			fputc('\\', out);
		fputc(*s, out);
	}
}

static const char *needed(const struct api_key *k)
{
	return k->flags & API_REQUIRED ? "required" : k->def ? k->def : "";
}

static void markdown_keys(FILE *out, const struct api_key *k)
{
	char text[96];

	fputs("\n| key | takes | default | changes live | meaning |\n"
	      "| --- | --- | --- | --- | --- |\n",
	      out);
	for (; k->name; k++) {
		const char *kind = help_kind(k);

		fprintf(out, "| `%s` | ", k->name);
		put_escaped(out, help_values(k, text, sizeof(text)), "|");
		fprintf(out, " | %s | %s | ", needed(k), k->flags & API_SET ? "yes" : "no");
		put_escaped(out, k->help, "|");
		if (kind)
			fprintf(out, " (kind %s)", kind);
		fputs(" |\n", out);
	}
}

static void markdown_key(void *arg, const struct api_key *k)
{
	fprintf(arg, " `%s`", k->name);
}

static void print_markdown(FILE *out)
{
	fputs("# Reference\n\nPrinted by `flue __schema` from `api/tables.c`; "
	      "`scripts/check-reference` compares.\n\n## Keys of a configuration\n",
	      out);
	for (const struct api_object *o = api_objects; o->name; o++) {
		if (!o->member)
			continue;
		fprintf(out, "\n### `%s`: %s\n", o->member, o->help);
		markdown_keys(out, o->keys);
	}
	fputs("\n## Methods\n\n| method | parameters | what it does |\n| --- | --- | --- |\n", out);
	for (const struct api_method *m = api_methods; m->name; m++) {
		fprintf(out, "| `%s` |", m->name);
		api_method_each_key(m, markdown_key, out);
		fprintf(out, " | %s |\n", m->help);
	}
}

static void scdoc_keys(FILE *out, const struct api_key *k)
{
	char text[96];

	for (; k->name; k++) {
		const char *kind = help_kind(k);

		fprintf(out, "*%s*: ", k->name);
		put_escaped(out, help_values(k, text, sizeof(text)), "_*\\");
		fputs("\n\t", out);
		put_escaped(out, k->help, "_*\\");
		fputs(".", out);
		if (kind)
			fprintf(out, " Ports of kind %s only.", kind);
		if (k->flags & API_REQUIRED)
			fputs(" Required.", out);
		if (k->def)
			fprintf(out, " Default: %s.", k->def);
		if (k->flags & API_SET)
			fputs(" Can be changed while in use.", out);
		fputs("\n\n", out);
	}
}

static void print_scdoc(FILE *out)
{
	for (const struct api_object *o = api_objects; o->name; o++) {
		if (!o->member)
			continue;
		fprintf(out, "## %s\n\nA %s: %s.\n\n", o->member,
			strcmp(o->name, "switch") == 0 ? "mapping" : "list", o->help);
		scdoc_keys(out, o->keys);
	}
}

int cli_reference(struct cli *c, int argc, char **argv)
{
	const char *form = argc > 0 ? argv[0] : "markdown";

	if (strcmp(form, "markdown") == 0)
		print_markdown(c->out);
	else if (strcmp(form, "scdoc") == 0)
		print_scdoc(c->out);
	else
		return cli_fail(c, CLI_USAGE, "__schema: markdown or scdoc");
	return CLI_OK;
}

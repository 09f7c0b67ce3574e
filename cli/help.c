/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/help.h"

#include <ctype.h>
#include <string.h>

const char *help_values(const struct api_key *k, char *text, size_t size)
{
	switch (k->type) {
	case API_UINT:
		if (k->max == INT64_MAX)
			snprintf(text, size, "%lld or more", (long long)k->min);
		else
			snprintf(text, size, "%lld-%lld%s", (long long)k->min, (long long)k->max,
				 api_takes_auto(k) ? "|auto" : "");
		break;
	case API_ENUM:
		snprintf(text, size, "%s", k->values);
		break;
	case API_BOOL:
		snprintf(text, size, "on|off");
		break;
	case API_RANGES:
		snprintf(text, size, "list of %lld-%lld", (long long)k->min, (long long)k->max);
		break;
	case API_MAC:
		snprintf(text, size, "MAC address");
		break;
	case API_PREFIX:
		snprintf(text, size, "ADDRESS/LENGTH,...");
		break;
	case API_NAME:
		snprintf(text, size, "name, %lld-%lld bytes", (long long)k->min, (long long)k->max);
		break;
	case API_STR:
		snprintf(text, size, "text, %lld-%lld bytes", (long long)k->min, (long long)k->max);
		break;
	case API_CONFIG:
		snprintf(text, size, "configuration");
		break;
	}
	return text;
}

const char *help_kind(const struct api_key *k)
{
	if (k->flags & API_HOST)
		return "host";
	if (k->flags & API_VHOST)
		return "vhost";
	return k->flags & API_ETHDEV ? "ethdev" : NULL;
}

const char *help_of_object(const struct cli_object *o)
{
	return o->help ? o->help : api_object_find(o->name)->help;
}

const char *help_of_verb(const struct cli_verb *v)
{
	return v->help ? v->help : api_method_find(v->method)->help;
}

void help_all(FILE *out)
{
	fputs("Usage: flue [OPTION]... OBJECT [VERB] [KEY VALUE]...\n"
	      "       flue [OBJECT [VERB]] help\n\n"
	      "Objects (any unambiguous beginning will do, as with verbs and keys):\n",
	      out);
	for (size_t i = 0; cli_objects[i]; i++)
		fprintf(out, "  %-12s %s\n", cli_objects[i]->name, help_of_object(cli_objects[i]));
	fputs("\nOptions (anywhere):\n"
	      "  -j, --json      the answer as JSON\n"
	      "  -p, --pretty    the answer as JSON, indented\n"
	      "  -s, --stats     counters too\n"
	      "  --socket PATH   flued's socket; else $FLUE_SOCKET, else /run/flue/flued.sock\n"
	      "  --vm-dir DIR    where guests are kept; else $FLUE_VM_DIR, else /var/lib/flue/vm\n"
	      "\nExit status:\n"
	      "  0  done\n"
	      "  1  flued refused or failed; mtu check: something disagrees\n"
	      "  2  the command line is wrong\n"
	      "  3  flued cannot be reached\n"
	      "  4  a file is wrong or cannot be read\n"
	      "  5  host check: something needed is missing\n"
	      "  6  the answer could not be written\n"
	      "  7  mtu probe: the path carries less than was asked for\n"
	      "  8  mtu probe: the target does not answer\n",
	      out);
}

void help_object(FILE *out, const struct cli_object *o)
{
	const char *def = o->default_verb ? o->default_verb : "show";
	struct cli_verb v;

	fprintf(out, "Usage: flue %s [VERB] [KEY VALUE]...\n%s\n\nVerbs:\n", o->name,
		help_of_object(o));
	for (size_t i = 0; grammar_verb_at(o, i, &v); i++)
		fprintf(out, "  %-10s %s%s\n", v.name, help_of_verb(&v),
			strcmp(v.name, def) == 0 ? " (when no verb is given)" : "");
	for (size_t i = 0; o->parts && o->parts[i]; i++)
		fprintf(out, "  %-10s %s: 'flue %s %s help'\n", o->parts[i]->name,
			help_of_object(o->parts[i]), o->name, o->parts[i]->name);
	fprintf(out, "\nSee 'flue %s VERB help' for a verb's keys.\n", o->name);
}

static void print_upper(FILE *out, const char *s)
{
	for (; *s; s++)
		fputc(toupper((unsigned char)*s), out);
}

/* "NAME kind KIND bridge BRIDGE [KEY VALUE]..." */
static void print_usage(FILE *out, const struct command *cmd)
{
	bool more = false;

	fprintf(out, "Usage: flue %s", cmd->object->name);
	if (!cmd->object->single)
		fprintf(out, " %s", cmd->verb.name);
	if (cmd->verb.usage) {
		fprintf(out, " %s\n%s\n", cmd->verb.usage, help_of_verb(&cmd->verb));
		return;
	}
	for (size_t i = 0; i < cmd->n_keys; i++) {
		const struct api_key *k = cmd->keys[i];
		bool needed = grammar_needs(cmd, k);

		if (!needed && !(k->flags & API_ID)) {
			more = true;
			continue;
		}
		fputs(needed ? " " : " [", out);
		if (!(k->flags & API_ID))
			fprintf(out, "%s ", k->name);
		print_upper(out, k->name);
		fputs(needed ? "" : "]", out);
	}
	fprintf(out, "%s\n%s\n", more ? " [KEY VALUE]..." : "", help_of_verb(&cmd->verb));
}

static void print_key(FILE *out, const struct command *cmd, const struct api_key *k)
{
	const char *kind = help_kind(k);
	char text[96];

	fprintf(out, "  %-12s %-22s %s", k->name, help_values(k, text, sizeof(text)), k->help);
	/* A required key of one kind of port is required of that kind only. */
	if (grammar_needs(cmd, k))
		fputs(" (required)", out);
	else if (kind && (k->flags & API_REQUIRED))
		fprintf(out, " (required for kind %s)", kind);
	else if (kind)
		fprintf(out, " (kind %s only)", kind);
	if (k->def && (!cmd->method || !strstr(cmd->method->name, ".set")))
		fprintf(out, " [%s]", k->def);
	fputc('\n', out);
}

void help_command(FILE *out, const struct command *cmd)
{
	print_usage(out, cmd);
	if (cmd->n_keys == 0)
		return;
	fputs("\nKeys, what they take, and [what absence means]:\n", out);
	for (size_t i = 0; i < cmd->n_keys; i++)
		print_key(out, cmd, cmd->keys[i]);
}

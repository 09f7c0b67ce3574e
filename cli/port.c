/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"

#include <string.h>

/* How often, why, and for sizes the last offender: all that a drop reason says. */
static void print_drops(FILE *out, const json_t *drops)
{
	const char *name;
	json_t *drop;

	fputs("  drops\n", out);
	json_object_foreach ((json_t *)drops, name, drop) {
		fprintf(out, "    %-20s %12lld  %s\n", name,
			(long long)json_get_int(drop, "count", 0), json_get_str(drop, "help", ""));
		if (json_object_get(drop, "last_size"))
			fprintf(out, "    %-20s %12s  last: %lld bytes, %lld allowed\n", "", "",
				(long long)json_get_int(drop, "last_size", 0),
				(long long)json_get_int(drop, "last_limit", 0));
	}
	if (json_object_size(drops) == 0)
		fputs("    none\n", out);
}

/* What became of frames from devices: how many, in units of which size, and why they ended. */
static void print_merge(FILE *out, const json_t *merge)
{
	const char *name;
	json_t *v;

	fprintf(out, "  merge\n    %-20s %12lld  frames\n", "looked at",
		(long long)json_get_int(merge, "looked", 0));
	json_object_foreach (json_object_get(merge, "frames"), name, v)
		fprintf(out, "    up to %-14s %12lld  frames, in units of that size\n", name,
			(long long)json_integer_value(v));
	json_object_foreach (json_object_get(merge, "ended"), name, v)
		fprintf(out, "    ended: %-13s %12lld  %s\n", name,
			(long long)json_get_int(v, "count", 0), json_get_str(v, "help", ""));
}

/* One port with all that is known of it. */
static void print_port(FILE *out, const json_t *port)
{
	static const char *const apart[] = {"name", "stats", NULL};
	static const char *const nested[] = {"drops", "merge", NULL};
	const json_t *stats = json_object_get(port, "stats");

	fprintf(out, "%s\n", json_get_str(port, "name", "?"));
	render_members(out, port, 2, apart);
	if (!stats)
		return;
	fputs("  counters\n", out);
	render_members(out, stats, 4, nested);
	print_drops(out, json_object_get(stats, "drops"));
	if (json_object_get(stats, "merge"))
		print_merge(out, json_object_get(stats, "merge"));
}

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"PORT", "name", NULL, NULL},
		{"KIND", "kind", NULL, NULL},
		{"BRIDGE", "bridge", NULL, NULL},
		{"STATE", "state", NULL, NULL},
		{"MTU", "mtu", NULL, NULL},
		{"VLAN-MODE", "vlan-mode", NULL, NULL},
		{"PVID", "pvid", NULL, NULL},
		{"OFFLOADS", "offloads", NULL, NULL},
		{0},
	};
	json_t *port;
	size_t i;

	if (!json_object_get(params, "name") && !json_get_bool(params, "stats", false)) {
		render_table(out, columns, result);
		return;
	}
	json_array_foreach (result, i, port)
		print_port(out, port);
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "port.show", .text = show_text},
	{0},
};

const struct cli_object cli_port = {.name = "port", .verbs = verbs};

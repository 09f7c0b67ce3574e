/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"BRIDGE", "bridge", NULL, NULL},
		{"MAC", "mac", NULL, NULL},
		{"VLAN", "vlan", NULL, NULL},
		{"PORT", "port", NULL, NULL},
		{"TYPE", "static", "static", "learned"},
		{"AGE", "age_s", NULL, NULL},
		{0},
	};

	render_table(out, columns, json_object_get(result, "entries"));
	if (json_object_get(result, "cursor"))
		fprintf(out, "more: cursor %lld\n", (long long)json_get_int(result, "cursor", 0));
}

/* A large table comes in pages. They are put together, unless one page was asked for. */
static int show(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	bool one_page = json_object_get(params, "cursor") || json_object_get(params, "limit");
	json_t *all = NULL, *page, *cursor;
	int ret;

	do {
		ret = cli_call(c, verb->method, params, &page);
		if (ret != CLI_OK)
			break;
		cursor = one_page ? NULL : json_object_get(page, "cursor");
		if (cursor)
			json_object_set(params, "cursor", cursor);
		if (!all) {
			all = json_incref(page);
			if (!one_page)
				json_object_del(all, "cursor");
		} else {
			json_array_extend(json_object_get(all, "entries"),
					  json_object_get(page, "entries"));
		}
		json_decref(page);
	} while (cursor);
	if (ret == CLI_OK)
		cli_print(c, verb, params, all);
	json_decref(all);
	return ret;
}

static void flush_text(FILE *out, const json_t *params, const json_t *result)
{
	fprintf(out, "%lld addresses forgotten\n", (long long)json_get_int(result, "flushed", 0));
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "fdb.show", .text = show_text, .run = show},
	{.name = "flush", .method = "fdb.flush", .text = flush_text},
	{0},
};

const struct cli_object cli_fdb = {.name = "fdb", .verbs = verbs};

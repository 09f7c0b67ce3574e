/* SPDX-License-Identifier: BSD-3-Clause */
/* `flue pf`: physical functions. */
#include "cli/pf_call.h"
#include "cli/render.h"

#include <string.h>

static const struct column columns[] = {
	{"PF", "name", NULL, NULL},
	{"ADDRESS", "address", NULL, NULL},
	{"IFNAME", "ifname", NULL, NULL},
	{"DRIVER", "driver", NULL, NULL},
	{"VFS", "numvfs", NULL, NULL},
	{"OF", "totalvfs", NULL, NULL},
	{"FREE", "vfs-free", NULL, NULL},
	{"MTU", "mtu", NULL, NULL},
	{"STATE", "state", NULL, NULL},
	{"DOING", "doing", NULL, NULL},
	{0},
};

static void list_text(FILE *out, const json_t *params, const json_t *result)
{
	render_table(out, columns, result);
}

/* "  drift  wan/3 mac is 02:.., wanted 52:.." for each thing somebody else changed. */
static void show_drift(FILE *out, const json_t *pf)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(pf, "drift"), i, item) {
		char *is = render_value(json_object_get(item, "is"), NULL, NULL);
		char *want = render_value(json_object_get(item, "want"), NULL, NULL);

		fprintf(out, "  drift  %s is %s, wanted %s\n", json_get_str(item, "what", "?"), is,
			want);
		free(is);
		free(want);
	}
}

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const char *const apart[] = {"name", "drift", NULL};
	json_t *pf;
	size_t i;

	if (!json_object_get(params, "name")) {
		list_text(out, params, result);
		return;
	}
	json_array_foreach (result, i, pf) {
		fprintf(out, "%s\n", json_get_str(pf, "name", "?"));
		render_members(out, pf, 2, apart);
		show_drift(out, pf);
	}
}

static const struct cli_verb verbs[] = {
	{.name = "show",
	 .method = "pf.show",
	 .help = "list physical functions, or show one",
	 .text = show_text,
	 .run = pf_run},
	{.name = "list",
	 .method = "pf.show",
	 .help = "the same as a table",
	 .text = list_text,
	 .run = pf_run},
	{0},
};

const struct cli_object cli_pf = {.name = "pf", .verbs = verbs};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SR-IOV part of a configuration. What would be done, and which guest would lose what by it, is
 * asked and shown before anything of the whole file is carried out.
 */
#include "cli/pf_call.h"
#include "cli/render.h"

/* Making many VFs takes the kernel its time. */
#define APPLY_TIMEOUT_MS 300000
#define PLAN_TIMEOUT_MS	 30000

json_t *pf_part(const json_t *config)
{
	static const char *const members[] = {"pfs", "vfs"};
	json_t *part = json_object(), *v;

	for (int i = 0; i < 2; i++) {
		v = json_object_get(config, members[i]);
		if (v)
			json_object_set(part, members[i], v);
	}
	if (json_object_size(part) > 0)
		return part;
	json_decref(part);
	return NULL;
}

static int call(const json_t *part, bool dry_run, bool evict, json_t **result, struct err *e)
{
	json_t *request = json_pack("{s:O}", "config", part);
	int ret;

	if (dry_run)
		json_object_set_new(request, "dry-run", json_true());
	if (evict)
		json_object_set_new(request, "evict", json_true());
	ret = pf_call("pf.apply", request, dry_run ? PLAN_TIMEOUT_MS : APPLY_TIMEOUT_MS, result, e);
	json_decref(request);
	return ret;
}

/* "! guest d loses wan/3: numvfs 4 to 2" */
static void show_blast(FILE *out, const json_t *blast)
{
	json_t *item;
	size_t i;

	json_array_foreach (blast, i, item)
		fprintf(out, "! guest %s loses %s: %s\n", json_get_str(item, "guest", "?"),
			json_get_str(item, "vf", "?"), json_get_str(item, "why", "?"));
}

int pf_plan(struct cli *c, const json_t *part, bool evict, json_t **plan, struct err *e)
{
	int ret = call(part, true, evict, plan, e);
	size_t losers = json_array_size(json_object_get(*plan, "blast"));

	if (ret == CLI_OK && !c->json)
		show_blast(c->out, json_object_get(*plan, "blast"));
	if (ret == CLI_OK && losers > 0 && !evict) {
		err_set(e, -EBUSY,
			"guests would lose %zu virtual function%s; nothing is changed: release "
			"them "
			"first (flue vf release), or apply with --evict",
			losers, losers == 1 ? "" : "s");
		ret = CLI_REFUSED;
	}
	return ret;
}

int pf_apply(struct cli *c, const json_t *part, bool evict, json_t **result, struct err *e)
{
	return call(part, false, evict, result, e);
}

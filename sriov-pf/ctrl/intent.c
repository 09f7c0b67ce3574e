/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/intent.h"

#include "sriov-pf/ctrl/store.h"

#include <stdio.h>
#include <limits.h>
#include <unistd.h>

#define FILE_INTENT "intent.json"

int intent_begin(struct apply *a, struct err *e)
{
	const struct ctrl_setup *s = a->ctrl->setup;
	json_t *json = json_copy(a->ctrl->intent);
	int ret = 0;

	for (unsigned int i = 0; i < a->jobs; i++)
		if (a->job[i].planning.plan.steps > 0)
			json_object_set(json, a->job[i].entry->address, a->job[i].former);
	if (json_object_size(json) > 0)
		ret = store_write(s->state_dir, FILE_INTENT, json, s->host->point, e);
	json_decref(json);
	return ret;
}

void intent_end(struct ctrl *c)
{
	char path[PATH_MAX];

	if (json_object_size(c->intent) > 0)
		return;
	snprintf(path, sizeof(path), "%s/" FILE_INTENT, c->setup->state_dir);
	unlink(path);
}

int intent_load(struct ctrl *c, struct err *e)
{
	struct err why = {0};

	c->intent = store_read(c->setup->state_dir, FILE_INTENT, &why);
	if (!c->intent && why.code == -ENOENT)
		c->intent = json_object();
	if (c->intent)
		return 0;
	return err_set(e, why.code, "%.380s", why.text);
}

void intent_keep(struct ctrl *c, const char *address, json_t *former)
{
	json_object_set(c->intent, address, former);
}

json_t *intent_of(const struct ctrl *c, const char *address)
{
	return json_object_get(c->intent, address);
}

void intent_drop(struct ctrl *c, const char *address)
{
	json_object_del(c->intent, address);
	if (c->ready && !c->applying)
		intent_end(c);
}

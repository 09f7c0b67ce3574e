/* SPDX-License-Identifier: BSD-3-Clause */
/* mtu.* methods. */
#include "vswitch/ctrl/mtu.h"

#include <stdlib.h>

static json_t *element_json(const struct mtu_plan *p, size_t i)
{
	const struct mtu_element *e = &p->elements[i];
	struct mtu_problem problem;
	char source[96];
	json_t *out = json_pack("{s:s,s:s,s:i,s:s,s:i,s:b}", "element", e->name, "kind",
				mtu_kind_name(e->kind), "planned", e->planned, "source",
				mtu_plan_source(p, i, source, sizeof(source)), "in_force",
				mtu_plan_in_force(p, i), "ok", !mtu_plan_problem(p, i, &problem));

	if (e->actual)
		json_object_set_new(out, "actual", json_integer(e->actual));
	return out;
}

static json_t *problem_json(const struct mtu_element *e, const struct mtu_problem *problem)
{
	return json_pack("{s:s,s:s,s:i,s:i,s:s,s:s}", "element", e->name, "kind",
			 mtu_kind_name(e->kind), "planned", e->planned, "actual", (int)e->actual,
			 "text", problem->text, "cure", problem->cure);
}

json_t *mtu_show(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl_mtus *m = ctrl_mtus_read(ctx, NULL);
	json_t *list = json_array();

	if (!m) {
		json_decref(list);
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < m->plan.n; i++)
		json_array_append_new(list, element_json(&m->plan, i));
	free(m);
	return list;
}

json_t *mtu_check(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl_mtus *m = ctrl_mtus_read(ctx, NULL);
	json_t *list = json_array();
	struct mtu_problem problem;

	if (!m) {
		json_decref(list);
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < m->plan.n; i++)
		if (mtu_plan_problem(&m->plan, i, &problem))
			json_array_append_new(list, problem_json(&m->elements[i], &problem));
	free(m);
	return list;
}

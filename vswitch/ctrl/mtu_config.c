/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/mtu_config.h"

#include "jumbo/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct mtu_plan *p, enum mtu_kind kind, int parent, const json_t *obj)
{
	struct mtu_element *e = &p->elements[p->n++];

	*e = (struct mtu_element){
		.kind = kind, .parent = parent, .declared = (uint16_t)json_get_int(obj, "mtu", 0)};
	snprintf(e->name, sizeof(e->name), "%s", json_get_str(obj, "name", ""));
}

static enum mtu_kind kind_of(const json_t *port)
{
	const char *kind = json_get_str(port, "kind", "");

	if (strcmp(kind, "host") == 0)
		return MTU_HOST;
	return strcmp(kind, "vhost") == 0 ? MTU_VHOST : MTU_ETHDEV;
}

/* The index of the element that is the bridge. */
static int bridge_of(const json_t *bridges, const json_t *port)
{
	const char *name = json_get_str(port, "bridge", "");
	json_t *item;
	size_t i;

	json_array_foreach (bridges, i, item)
		if (strcmp(json_get_str(item, "name", ""), name) == 0)
			break;
	return (int)i + 1;
}

int mtu_check_config(const json_t *config, struct err *e)
{
	const json_t *bridges = json_object_get(config, "bridges");
	const json_t *ports = json_object_get(config, "ports");
	size_t n_bridges = json_array_size(bridges), i;
	struct mtu_plan p = {
		.elements = calloc(1 + n_bridges + json_array_size(ports), sizeof(*p.elements))};
	char text[sizeof(e->text)];
	json_t *item;
	int bad;

	if (!p.elements)
		return err_set(e, -ENOMEM, "out of memory");
	add(&p, MTU_SITE, MTU_NOBODY, json_object_get(config, "switch"));
	json_array_foreach (bridges, i, item)
		add(&p, MTU_BRIDGE, 0, item);
	json_array_foreach (ports, i, item)
		add(&p, kind_of(item), bridge_of(bridges, item), item);
	mtu_plan_derive(&p);
	bad = mtu_plan_refusal(&p, text, sizeof(text));
	free(p.elements);
	if (bad == MTU_NOBODY)
		return 0;
	/* Element 0 is the site, which has nobody to be above. */
	if (e && (size_t)bad <= n_bridges)
		snprintf(e->path, sizeof(e->path), "/bridges/%d/mtu", bad - 1);
	else if (e)
		snprintf(e->path, sizeof(e->path), "/ports/%d/mtu", bad - 1 - (int)n_bridges);
	return err_set(e, -EINVAL, "%s", text);
}

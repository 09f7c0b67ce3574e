/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/config.h"

#include "sriov-pf/model/caps.h"

#include <string.h>

static const struct {
	const char *key;
	const char *text; /* the neutral value: a text, */
	int number;	  /* or a number, */
	bool is_bool;	  /* or a truth value */
} neutral[] = {
	{"mac", "00:00:00:00:00:00", 0, false}, /* first: see undeclare() */
	{"vlan", NULL, 0, false},
	{"min-rate", NULL, 0, false},
	{"max-rate", NULL, 0, false},
	{"spoofchk", NULL, 1, true},
	{"trust", NULL, 0, true},
	{"link-state", "auto", 0, false},
	{"rss-query", NULL, 0, true},
	{"driver", "none", 0, false},
};
#define N_NEUTRAL (sizeof(neutral) / sizeof(neutral[0]))

json_t *config_only(const json_t *config)
{
	const json_t *pfs = json_object_get(config, "pfs"), *vfs = json_object_get(config, "vfs");

	return json_pack("{s:o,s:o}", "pfs", pfs ? json_deep_copy(pfs) : json_array(), "vfs",
			 vfs ? json_deep_copy(vfs) : json_array());
}

static bool is_of(const json_t *vf, const char *pf)
{
	return strcmp(json_get_str(vf, "pf", ""), pf) == 0;
}

json_t *config_of_pf(const json_t *config, const json_t *pf)
{
	const char *name = json_get_str(pf, "name", "");
	json_t *vfs = json_array(), *vf;
	size_t i;

	json_array_foreach (json_object_get(config, "vfs"), i, vf)
		if (is_of(vf, name))
			json_array_append_new(vfs, json_deep_copy(vf));
	return json_pack("{s:[o],s:o}", "pfs", json_deep_copy(pf), "vfs", vfs);
}

static json_t *find_vf(const json_t *vfs, const char *pf, unsigned int index)
{
	json_t *vf;
	size_t i;

	json_array_foreach (vfs, i, vf)
		if (is_of(vf, pf) && json_get_int(vf, "index", -1) == index)
			return vf;
	return NULL;
}

static json_t *declared(const struct pf_entry *p, unsigned int vf)
{
	return find_vf(json_object_get(p->config, "vfs"), p->name, vf);
}

const char *config_owner(const struct pf_entry *p, unsigned int vf)
{
	return json_get_str(declared(p, vf), "owner", "");
}

static json_t *one_vf(const struct pf_entry *p, json_t *vf)
{
	return json_pack("{s:[{s:s,s:s}],s:[o]}", "pfs", "name", p->name, "address", p->address,
			 "vfs", vf);
}

json_t *config_of_vf(const struct pf_entry *p, unsigned int vf)
{
	const json_t *is = declared(p, vf);
	json_t *copy;

	if (!is)
		return NULL;
	copy = json_copy((json_t *)is);
	json_object_del(copy, "owner");
	if (json_object_size(copy) > 2)
		return one_vf(p, copy);
	json_decref(copy);
	return NULL;
}

json_t *config_bind(const struct pf_entry *p, unsigned int vf, const char *driver)
{
	return one_vf(
		p, json_pack("{s:s,s:i,s:s}", "pf", p->name, "index", (int)vf, "driver", driver));
}

static json_t *neutral_value(unsigned int i)
{
	if (neutral[i].text)
		return json_string(neutral[i].text);
	return neutral[i].is_bool ? json_boolean(neutral[i].number) : json_integer(0);
}

/* Puts in what was declared of the VF and is not now. An address that a driver cannot take back
 * stays until the VF's next holder, or until VFs are made anew. */
static void undeclare(const struct pf_entry *p, const json_t *was, json_t *now)
{
	bool zero_mac = pf_caps_of(p->state.driver)->zero_mac;

	for (unsigned int i = zero_mac ? 0 : 1; i < N_NEUTRAL; i++)
		if (json_object_get(was, neutral[i].key) && !json_object_get(now, neutral[i].key))
			json_object_set_new(now, neutral[i].key, neutral_value(i));
}

/* VFs that were declared, and are not any more, but still there. */
static void undeclare_missing(const struct pf_entry *p, const json_t *pf, json_t *vfs)
{
	int64_t numvfs = json_get_int(pf, "numvfs", p->state.numvfs);
	const char *name = json_get_str(pf, "name", "");
	json_t *was;
	size_t i;

	json_array_foreach (json_object_get(p->config, "vfs"), i, was) {
		int64_t index = json_get_int(was, "index", 0);
		json_t *vf;

		if (index >= numvfs || find_vf(vfs, name, (unsigned int)index))
			continue;
		vf = json_pack("{s:s,s:I}", "pf", name, "index", (json_int_t)index);
		undeclare(p, was, vf);
		json_array_append_new(vfs, vf);
	}
}

static void name_by_address(const struct pf_entry *p, json_t *pf)
{
	static const char *const selectors[] = {"ifname", "device", "serial", "port"};

	for (unsigned int i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
		json_object_del(pf, selectors[i]);
	json_object_set_new(pf, "address", json_string(p->address));
}

json_t *config_effective(const struct ctrl *c, const struct pf_entry *p, const json_t *part)
{
	json_t *config = json_deep_copy(part), *vfs = json_object_get(config, "vfs");
	json_t *pf = json_array_get(json_object_get(config, "pfs"), 0);
	size_t i;

	undeclare_missing(p, pf, vfs);
	name_by_address(p, pf);
	for (i = json_array_size(vfs); i-- > 0;) {
		json_t *vf = json_array_get(vfs, i);
		unsigned int index = (unsigned int)json_get_int(vf, "index", 0);
		const struct lease *l = lease_find(&c->leases, p->address, index);

		undeclare(p, declared(p, index), vf);
		if (l)
			json_object_del(vf, "driver");
		/* It gets what is declared when it is neutral. */
		if (l && (l->state == LEASE_QUARANTINE || l->state == LEASE_UNUSABLE))
			json_array_remove(vfs, i);
	}
	return config;
}

json_t *config_with_vf(const struct ctrl *c, const struct pf_entry *p, const json_t *vf)
{
	unsigned int index = (unsigned int)json_get_int(vf, "index", 0);
	json_t *config = json_deep_copy(c->config), *vfs = json_object_get(config, "vfs");
	json_t *is = find_vf(vfs, p->name, index);

	if (!json_find(json_object_get(config, "pfs"), "name", p->name))
		json_array_append_new(
			json_object_get(config, "pfs"),
			json_pack("{s:s,s:s}", "name", p->name, "address", p->address));
	if (is)
		json_object_update(is, (json_t *)vf);
	else
		json_array_append_new(vfs, json_deep_copy(vf));
	return config;
}

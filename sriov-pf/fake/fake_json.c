/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host as JSON, so that it outlives a process that is killed. Its own files only are read
 * back, but what is damaged is refused all the same.
 */
#include "sriov-pf/fake/fake_priv.h"

#include <stdlib.h>
#include <string.h>

static bool put(json_t *obj, const char *key, json_t *json)
{
	return json_object_set_new(obj, key, json) == 0;
}

static json_t *held_json(const struct pf_fake_pf *p)
{
	json_t *list = json_array();

	for (unsigned int i = 0; list && i < p->is.totalvfs; i++)
		if (p->held[i] && json_array_append_new(list, json_integer(i)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* All VFs, also those that are not shown: some drivers keep what they had. */
static json_t *pf_json(const struct pf_fake_pf *p)
{
	struct pf_state all = p->is;
	json_t *j = json_object();

	all.numvfs = all.totalvfs;
	if (j && put(j, "profile", json_string(p->profile->driver)) &&
	    put(j, "numvfs", json_integer(p->is.numvfs)) && put(j, "state", pf_state_json(&all)) &&
	    put(j, "held", held_json(p)))
		return j;
	json_decref(j);
	return NULL;
}

json_t *pf_fake_json(const struct pf_fake *f)
{
	json_t *j = json_object(), *list = json_array();
	bool ok = j && list;

	for (unsigned int i = 0; ok && i < f->pfs; i++)
		ok = json_array_append_new(list, pf_json(&f->pf[i])) == 0;
	if (ok && put(j, "pfs", json_incref(list)) &&
	    put(j, "next-ifindex", json_integer(f->next_ifindex)) &&
	    put(j, "steps", json_integer(f->steps)) &&
	    put(j, "fail-in", json_integer(f->fail_in)) &&
	    put(j, "fail-with", json_integer(f->fail_with)) &&
	    put(j, "lie-in", json_integer(f->lie_in))) {
		json_decref(list);
		return j;
	}
	json_decref(list);
	json_decref(j);
	return NULL;
}

static bool parse_held(struct pf_fake_pf *p, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		json_int_t vf = json_integer_value(item);

		if (!json_is_integer(item) || vf < 0 || vf >= p->is.totalvfs)
			return false;
		p->held[vf] = true;
	}
	return json_is_array(list);
}

static bool parse_pf(struct pf_fake *f, const json_t *j)
{
	int64_t numvfs = json_get_int(j, "numvfs", -1);
	struct pf_state s;
	struct pf_fake_pf *p;

	if (pf_state_parse(json_object_get(j, "state"), &s, NULL) != 0)
		return false;
	if (pf_fake_add(f, s.address, json_get_str(j, "profile", "")) != 0 ||
	    s.numvfs != f->pf[f->pfs - 1].is.totalvfs || s.totalvfs != s.numvfs || numvfs < 0 ||
	    numvfs > s.totalvfs) {
		pf_state_clear(&s);
		return false;
	}
	p = &f->pf[f->pfs - 1];
	free(p->is.vf);
	p->is = s;
	p->is.numvfs = (unsigned int)numvfs;
	return parse_held(p, json_object_get(j, "held"));
}

struct pf_fake *pf_fake_parse(const json_t *json)
{
	const json_t *list = json_object_get(json, "pfs");
	struct pf_fake *f = pf_fake_new();
	json_t *item;
	size_t i;

	if (!f || !json_is_array(list))
		goto bad;
	json_array_foreach (list, i, item)
		if (!parse_pf(f, item))
			goto bad;
	f->next_ifindex = (unsigned int)json_get_int(json, "next-ifindex", 2);
	f->steps = (unsigned int)json_get_int(json, "steps", 0);
	f->fail_in = (unsigned int)json_get_int(json, "fail-in", 0);
	f->fail_with = (int)json_get_int(json, "fail-with", 0);
	f->lie_in = (unsigned int)json_get_int(json, "lie-in", 0);
	return f;
bad:
	pf_fake_free(f);
	return NULL;
}

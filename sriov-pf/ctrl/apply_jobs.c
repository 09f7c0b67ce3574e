/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/apply.h"

#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/pfs.h"
#include "sriov-pf/model/want.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The request's place of a place in the configuration. */
static void put_root(const struct apply *a, struct err *e)
{
	char path[sizeof(e->path)];

	snprintf(path, sizeof(path), "%s%.100s", a->root ? a->root : "",
		 a->root		 ? e->path
		 : strrchr(e->path, '/') ? strrchr(e->path, '/')
					 : "");
	strcpy(e->path, path);
}

static size_t place_of_vf(const struct apply *a, const char *pf, unsigned int index)
{
	const json_t *vf;
	size_t i;

	json_array_foreach (json_object_get(a->config, "vfs"), i, vf)
		if (strcmp(json_get_str(vf, "pf", ""), pf) == 0 &&
		    json_get_int(vf, "index", -1) == index)
			break;
	return i;
}

void apply_place(const struct apply *a, const struct job *j, struct err *e)
{
	char path[sizeof(e->path)];
	unsigned int vf;
	int at = 0;

	if (sscanf(e->path, "/vfs/%u%n", &vf, &at) == 1)
		snprintf(path, sizeof(path), "/vfs/%zu%.60s", place_of_vf(a, j->name, vf),
			 e->path + at);
	else
		snprintf(path, sizeof(path), "/pfs/%zu%.60s", j->index, e->path);
	strcpy(e->path, path);
	put_root(a, e);
}

static int add_job(struct apply *a, const json_t *pf, size_t index)
{
	struct job *j = &a->job[a->jobs];
	char path[40];

	j->entry = pfs_select(a->ctrl, pf, &a->e);
	snprintf(path, sizeof(path), "/pfs/%zu", index);
	if (!j->entry) {
		snprintf(a->e.path, sizeof(a->e.path), "%s", path);
		put_root(a, &a->e);
		return a->e.code;
	}
	for (unsigned int i = 0; i < a->jobs; i++)
		if (a->job[i].entry == j->entry)
			return err_at(&a->e, -EINVAL, path,
				      "'%s' and '%s' are the same function %s", a->job[i].name,
				      json_get_str(pf, "name", ""), j->entry->address);
	if (!j->entry->known)
		return err_at(&a->e, -EAGAIN, path, "nothing is known of %s yet: %.200s",
			      j->entry->address,
			      j->entry->failed[0] ? j->entry->failed : "it is being read");
	j->apply = a;
	j->index = index;
	j->part = config_of_pf(a->config, pf);
	snprintf(j->name, sizeof(j->name), "%s", json_get_str(pf, "name", ""));
	a->jobs++;
	return 0;
}

int apply_jobs(struct apply *a, const char *only)
{
	const json_t *pfs = json_object_get(a->config, "pfs");
	struct pf_want *wants;
	unsigned int n;
	json_t *pf;
	size_t i;
	int ret = pf_wants_parse(a->config, &wants, &n, &a->e);

	if (ret != 0) {
		put_root(a, &a->e);
		return ret;
	}
	pf_wants_free(wants, n);
	a->job = calloc(json_array_size(pfs) + 1, sizeof(*a->job));
	if (!a->job)
		return err_set(&a->e, -ENOMEM, "no memory for %zu physical functions",
			       json_array_size(pfs));
	json_array_foreach (pfs, i, pf) {
		if (only && strcmp(json_get_str(pf, "name", ""), only) != 0)
			continue;
		ret = add_job(a, pf, i);
		if (ret != 0)
			return ret;
	}
	return 0;
}

static void add_change(struct apply *a, const char *verb, const char *object, const char *name,
		       json_t *params, const char *note)
{
	json_array_append_new(a->changes,
			      json_pack("{s:s,s:s,s:s,s:o,s:s*}", "verb", verb, "object", object,
					"name", name, "params", params, "note", note));
}

static const json_t *find_vf(const json_t *config, const json_t *like)
{
	json_t *vf;
	size_t i;

	json_array_foreach (json_object_get(config, "vfs"), i, vf)
		if (strcmp(json_get_str(vf, "pf", ""), json_get_str(like, "pf", "")) == 0 &&
		    json_get_int(vf, "index", -1) == json_get_int(like, "index", -1))
			return vf;
	return NULL;
}

static void pf_changes(struct apply *a, const json_t *was, const json_t *now)
{
	json_t *pf;
	size_t i;

	json_array_foreach (now, i, pf) {
		const char *name = json_get_str(pf, "name", "");
		const char *drift = json_get_str(pf, "drift", "report");
		const json_t *before = json_find(was, "name", name);

		if (!before)
			add_change(a, "add", "pf", name, json_object(), NULL);
		else if (strcmp(json_get_str(before, "drift", "report"), drift) != 0)
			add_change(a, "set", "pf", name, json_pack("{s:s}", "drift", drift), NULL);
	}
	json_array_foreach (was, i, pf)
		if (!json_find(now, "name", json_get_str(pf, "name", "")))
			add_change(a, "del", "pf", json_get_str(pf, "name", ""), json_object(),
				   "it stays as it is, and is no longer looked after");
}

void apply_declared_changes(struct apply *a)
{
	json_t *vf;
	size_t i;

	pf_changes(a, json_object_get(a->ctrl->config, "pfs"), json_object_get(a->config, "pfs"));
	json_array_foreach (json_object_get(a->config, "vfs"), i, vf) {
		const char *is = json_get_str(vf, "owner", "");
		char name[PF_NAME + 12];

		if (strcmp(is, json_get_str(find_vf(a->ctrl->config, vf), "owner", "")) == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%d", json_get_str(vf, "pf", ""),
			 (int)json_get_int(vf, "index", 0));
		add_change(a, "set", "vf", name, json_pack("{s:s}", "owner", is), NULL);
	}
}

struct pf_entry *apply_blast_vf(const struct apply *a, const json_t *item, unsigned int *vf)
{
	const char *name = json_get_str(item, "vf", ""), *slash = strrchr(name, '/');
	char pf[PF_NAME];

	if (!slash || (size_t)(slash - name) >= sizeof(pf))
		return NULL;
	snprintf(pf, sizeof(pf), "%.*s", (int)(slash - name), name);
	*vf = (unsigned int)strtoul(slash + 1, NULL, 10);
	return pfs_by_name(a->ctrl, pf);
}

void apply_blast_err(struct apply *a)
{
	char text[200] = "";
	size_t len = 0, i;
	json_t *one;

	json_array_foreach (a->blast, i, one)
		if (len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s'%s' loses %s",
						len ? ", " : "", json_get_str(one, "guest", ""),
						json_get_str(one, "vf", ""));
	err_set(&a->e, -EBUSY, "guests are in the way: %s%s; 'flue apply --evict' takes them away",
		text, len >= sizeof(text) ? "..." : "");
}

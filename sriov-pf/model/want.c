/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/want.h"

#include "sriov-pf/model/want_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pf_want_error(struct err *e, int code, const char *list, size_t i, const char *key,
		  const char *text)
{
	char at[64];

	snprintf(at, sizeof(at), "/%s/%zu/%s", list, i, key);
	return err_at(e, code, at, "%s: %s", key, text);
}

/* "8086:10c9" */
static bool parse_device(const char *text, struct pf_select *s)
{
	unsigned int vendor, device;

	if (strlen(text) != 9)
		return false;
	for (int i = 0; i < 9; i++)
		if (i == 4 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return false;
	sscanf(text, "%4x:%4x", &vendor, &device);
	s->vendor = (uint16_t)vendor;
	s->device = (uint16_t)device;
	s->by_device = true;
	return true;
}

static bool has(const json_t *obj, const char *key)
{
	return json_object_get(obj, key) != NULL;
}

static int check_select(const json_t *pf, size_t i, struct err *e)
{
	int ways = has(pf, "address") + has(pf, "ifname") + has(pf, "device");

	if (ways == 0)
		return pf_want_error(e, -EINVAL, "pfs", i, "address",
				     "missing (or ifname, or device: which card is it?)");
	if (ways > 1)
		return pf_want_error(e, -EINVAL, "pfs", i,
				     has(pf, "address") ? "address" : "ifname",
				     "only one of address, ifname and device may be given");
	if (has(pf, "serial") && !has(pf, "device"))
		return pf_want_error(
			e, -EINVAL, "pfs", i, "serial",
			"tells cards of one device apart; give device, or leave it out");
	if (has(pf, "port") && !has(pf, "device"))
		return pf_want_error(
			e, -EINVAL, "pfs", i, "port",
			"tells ports of one device apart; give device, or leave it out");
	return 0;
}

static int parse_select(const json_t *pf, size_t i, struct pf_select *s, struct err *e)
{
	const char *address = json_get_str(pf, "address", "");
	const char *device = json_get_str(pf, "device", NULL);
	int rc = check_select(pf, i, e);

	if (rc != 0)
		return rc;
	if (strlen(address) >= sizeof(s->address))
		return pf_want_error(e, -EINVAL, "pfs", i, "address",
				     "is too long; write it like 0000:01:00.0, as lspci -D does");
	if (device && !parse_device(device, s))
		return pf_want_error(e, -EINVAL, "pfs", i, "device",
				     "must be vendor and device, as 8086:10c9 (lspci -n shows it)");
	for (size_t c = 0; address[c]; c++)
		s->address[c] = (char)tolower((unsigned char)address[c]);
	snprintf(s->ifname, sizeof(s->ifname), "%s", json_get_str(pf, "ifname", ""));
	snprintf(s->serial, sizeof(s->serial), "%s", json_get_str(pf, "serial", ""));
	s->by_port = has(pf, "port");
	s->port = (unsigned int)json_get_int(pf, "port", 0);
	return 0;
}

bool pf_select_fits(const struct pf_select *select, const struct pf_state *s)
{
	if (select->address[0])
		return strcmp(select->address, s->address) == 0;
	if (select->ifname[0])
		return strcmp(select->ifname, s->ifname) == 0;
	return select->by_device && select->vendor == s->vendor && select->device == s->device &&
	       (!select->serial[0] || strcmp(select->serial, s->serial) == 0) &&
	       (!select->by_port || select->port == s->port);
}

static int parse_pf(const json_t *pf, size_t i, struct pf_want *w, struct err *e)
{
	int64_t numvfs = json_get_int(pf, "numvfs", 0);
	int rc = parse_select(pf, i, &w->select, e);

	if (rc != 0)
		return rc;
	if (numvfs < 0 || numvfs > PF_VFS_MAX)
		return pf_want_error(e, -EINVAL, "pfs", i, "numvfs", "is out of its bounds");
	snprintf(w->name, sizeof(w->name), "%s", json_get_str(pf, "name", ""));
	w->set = (has(pf, "numvfs") ? PF_WANT_NUMVFS : 0) | (has(pf, "mtu") ? PF_WANT_MTU : 0) |
		 (has(pf, "eswitch") ? PF_WANT_ESWITCH : 0);
	w->numvfs = (unsigned int)numvfs;
	w->mtu = (unsigned int)json_get_int(pf, "mtu", 0);
	w->eswitch = PF_ESWITCH_LEGACY;
	if (strcmp(json_get_str(pf, "eswitch", "legacy"), "switchdev") == 0)
		w->eswitch = PF_ESWITCH_SWITCHDEV;
	w->repair = strcmp(json_get_str(pf, "drift", "report"), "repair") == 0;
	return 0;
}

static bool same_select(const struct pf_select *a, const struct pf_select *b)
{
	return strcmp(a->address, b->address) == 0 && strcmp(a->ifname, b->ifname) == 0 &&
	       a->by_device == b->by_device && a->vendor == b->vendor && a->device == b->device &&
	       strcmp(a->serial, b->serial) == 0 && a->by_port == b->by_port && a->port == b->port;
}

/* Of the first n wants, does one name the same PF, or have the same name? */
static int check_others(const struct pf_want *wants, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(wants[i].name, wants[n].name) == 0)
			return pf_want_error(e, -EEXIST, "pfs", n, "name",
					     "another PF has it already; rename one");
		if (same_select(&wants[i].select, &wants[n].select))
			return pf_want_error(e, -EEXIST, "pfs", n, "name",
					     "another PF is the same card and port; keep one");
	}
	return 0;
}

static struct pf_want *named(struct pf_want *wants, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(wants[i].name, name) == 0)
			return &wants[i];
	return NULL;
}

/* Which PF each VF belongs to, and how many entries that one needs. */
static int count_vfs(const json_t *vfs, struct pf_want *wants, size_t n, struct err *e)
{
	json_t *vf;
	size_t i;

	json_array_foreach (vfs, i, vf) {
		struct pf_want *w = named(wants, n, json_get_str(vf, "pf", ""));
		int64_t index = json_get_int(vf, "index", -1);

		if (!w)
			return pf_want_error(e, -ENOENT, "vfs", i, "pf",
					     "there is no PF of that name; add it under pfs");
		if (index < 0 || index >= PF_VFS_MAX)
			return pf_want_error(e, -EINVAL, "vfs", i, "index", "is out of its bounds");
		if ((w->set & PF_WANT_NUMVFS) && index >= w->numvfs)
			return pf_want_error(e, -EINVAL, "vfs", i, "index",
					     "is beyond the PF's numvfs; raise numvfs");
		if (index >= w->vfs)
			w->vfs = (unsigned int)index + 1;
	}
	return 0;
}

static int make_vfs(struct pf_want *wants, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct pf_want *w = &wants[i];

		if (w->set & PF_WANT_NUMVFS)
			w->vfs = w->numvfs;
		if (!w->vfs)
			continue;
		w->vf = calloc(w->vfs, sizeof(*w->vf));
		if (!w->vf)
			return err_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}

static int parse_vfs(const json_t *vfs, struct pf_want *wants, size_t n, struct err *e)
{
	int rc = count_vfs(vfs, wants, n, e);
	json_t *vf;
	size_t i;

	if (rc == 0)
		rc = make_vfs(wants, n, e);
	if (rc != 0)
		return rc;
	json_array_foreach (vfs, i, vf) {
		struct pf_want *w = named(wants, n, json_get_str(vf, "pf", ""));

		rc = pf_want_vf(vf, i, &w->vf[json_get_int(vf, "index", 0)], e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int pf_wants_parse(const json_t *config, struct pf_want **wants, unsigned int *n, struct err *e)
{
	const json_t *pfs = json_object_get(config, "pfs"), *vfs = json_object_get(config, "vfs");
	size_t count = json_array_size(pfs);
	struct pf_want *list = calloc(count + 1, sizeof(*list));
	json_t *pf;
	size_t i;
	int rc = 0;

	*wants = NULL;
	*n = 0;
	if (!list)
		return err_set(e, -ENOMEM, "out of memory");
	json_array_foreach (pfs, i, pf) {
		rc = parse_pf(pf, i, &list[i], e);
		if (rc == 0)
			rc = check_others(list, i, e);
		if (rc != 0)
			break;
	}
	if (rc == 0)
		rc = parse_vfs(vfs, list, count, e);
	if (rc != 0 || count == 0) {
		pf_wants_free(list, (unsigned int)count);
		return rc;
	}
	*wants = list;
	*n = (unsigned int)count;
	return 0;
}

void pf_wants_free(struct pf_want *wants, unsigned int n)
{
	for (unsigned int i = 0; wants && i < n; i++)
		pf_want_clear(&wants[i]);
	free(wants);
}

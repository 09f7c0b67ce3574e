/* SPDX-License-Identifier: BSD-3-Clause */
/* pf.show and vf.show: what was last told, at once, whatever an agent is stuck in. */
#include "base/mac.h"
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/pfs.h"

#include <stdio.h>
#include <string.h>

static const char *state_of(const struct pf_entry *p, const char **doing, unsigned int *for_ms)
{
	enum pf_agent_how how = pf_agent_how(p->agent, doing, for_ms);

	if (p->missing)
		return "missing";
	if (how == PF_AGENT_WEDGED)
		return "wedged";
	if (how == PF_AGENT_BUSY || p->changing > 0)
		return "busy";
	return p->failed[0] || !p->known ? "failed" : "ready";
}

static unsigned int vfs_free(const struct pf_entry *p)
{
	unsigned int n = p->known ? p->state.numvfs : 0;

	for (unsigned int i = p->known ? p->state.numvfs : 0; i-- > 0;)
		n -= lease_find(&p->ctrl->leases, p->address, i) != NULL;
	return n;
}

static json_t *show_pf(const struct pf_entry *p)
{
	static const char *const modes[] = {NULL, "legacy", "switchdev"};
	const struct pf_state *s = &p->state;
	const char *doing, *state;
	unsigned int for_ms;
	json_t *o;

	state = state_of(p, &doing, &for_ms);
	o = json_pack("{s:s,s:s,s:b,s:s,s:I,s:O,s:I}", "name", p->name, "address", p->address,
		      "declared", p->config != NULL, "state", state, "generation",
		      (json_int_t)p->generation, "drift", p->drift, "vfs-free",
		      (json_int_t)vfs_free(p));
	if (doing[0]) {
		json_object_set_new(o, "doing", json_string(doing));
		json_object_set_new(o, "for-ms", json_integer(for_ms));
	}
	if (p->failed[0])
		json_object_set_new(o, "why", json_string(p->failed));
	if (!p->known)
		return o;
	json_object_update_new(o, json_pack("{s:s,s:s,s:I,s:I,s:s*,s:s*,s:o}", "ifname", s->ifname,
					    "driver", s->driver, "numvfs", (json_int_t)s->numvfs,
					    "totalvfs", (json_int_t)s->totalvfs, "eswitch",
					    modes[s->eswitch], "serial",
					    s->serial[0] ? s->serial : NULL, "device",
					    json_sprintf("%04x:%04x", s->vendor, s->device)));
	if (s->ifname[0])
		json_object_set_new(o, "mtu", json_integer(s->mtu));
	return o;
}

/* Declared, and not of this host. */
static void show_missing(const struct ctrl *c, const char *only, json_t *list)
{
	json_t *pf;
	size_t i;

	json_array_foreach (json_object_get(c->config, "pfs"), i, pf) {
		const char *name = json_get_str(pf, "name", "");

		if ((only && strcmp(only, name) != 0) || pfs_by_name(c, name))
			continue;
		json_array_append_new(list, json_pack("{s:s,s:b,s:s,s:I,s:[]}", "name", name,
						      "declared", 1, "state", "missing", "vfs-free",
						      (json_int_t)0, "drift"));
	}
}

json_t *ctrl_pf_show(void *ctx, const json_t *params, struct err *e)
{
	const char *only = json_get_str(params, "name", NULL);
	const struct ctrl *c = ctx;
	const struct pf_entry *p;
	json_t *list = json_array();

	TAILQ_FOREACH (p, &c->pfs, entry)
		if (!only || strcmp(only, p->name) == 0)
			json_array_append_new(list, show_pf(p));
	show_missing(c, only, list);
	if (!only || json_array_size(list) > 0)
		return list;
	json_decref(list);
	err_at(e, -ENOENT, "/name", "name: there is no physical function '%s'", only);
	return NULL;
}

static void put_attrs(json_t *o, const struct pf_vf *vf)
{
	static const char *const links[] = {"auto", "enable", "disable"};
	char mac[MAC_TEXT];

	if (vf->known & PF_ATTR_BIT(PF_MAC))
		json_object_set_new(o, "mac", json_string(mac_format(vf->mac, mac)));
	if (vf->known & PF_ATTR_BIT(PF_VLAN)) {
		json_object_set_new(o, "vlan", json_integer(vf->vid));
		json_object_set_new(o, "qos", json_integer(vf->qos));
		json_object_set_new(o, "vlan-proto",
				    json_string(vf->proto == 0x88a8 ? "802.1ad" : "802.1Q"));
	}
	if (vf->known & PF_ATTR_BIT(PF_RATE)) {
		json_object_set_new(o, "min-rate", json_integer(vf->min_mbps));
		json_object_set_new(o, "max-rate", json_integer(vf->max_mbps));
	}
	if (vf->known & PF_ATTR_BIT(PF_SPOOFCHK))
		json_object_set_new(o, "spoofchk", json_boolean(vf->spoofchk));
	if (vf->known & PF_ATTR_BIT(PF_TRUST))
		json_object_set_new(o, "trust", json_boolean(vf->trust));
	if (vf->known & PF_ATTR_BIT(PF_LINK_STATE))
		json_object_set_new(o, "link-state", json_string(links[vf->link % 3]));
	if (vf->known & PF_ATTR_BIT(PF_RSS_QUERY))
		json_object_set_new(o, "rss-query", json_boolean(vf->rss_query));
	if (vf->known & PF_ATTR_BIT(PF_VF_DRIVER))
		json_object_set_new(o, "driver", json_string(vf->driver[0] ? vf->driver : "none"));
}

static void put_lease(json_t *o, const struct lease *l)
{
	json_object_update_new(o, json_pack("{s:s,s:s,s:I,s:I}", "state",
					    lease_state_name(l->state), "guest", l->guest, "epoch",
					    (json_int_t)l->epoch, "since", (json_int_t)l->since));
	if (l->pid)
		json_object_set_new(o, "holder", json_pack("{s:i}", "pid", (int)l->pid));
	if (l->nic[0])
		json_object_set_new(o, "nic", json_string(l->nic));
	if (l->why[0])
		json_object_set_new(o, "why", json_string(l->why));
}

static json_t *show_vf(const struct pf_entry *p, unsigned int vf)
{
	const struct lease *l = lease_find(&p->ctrl->leases, p->address, vf);
	const char *owner = config_owner(p, vf);
	char index[12];
	json_t *faults, *o = json_pack("{s:s,s:I,s:s,s:s}", "pf", p->name, "index", (json_int_t)vf,
				       "address", p->state.vf[vf].address, "state", "free");

	put_attrs(o, &p->state.vf[vf]);
	if (l)
		put_lease(o, l);
	if (owner[0])
		json_object_set_new(o, "owner", json_string(owner));
	snprintf(index, sizeof(index), "%u", vf);
	faults = json_object_get(p->faults, index);
	if (faults)
		json_object_set(o, "faults", faults);
	return o;
}

json_t *ctrl_vf_show(void *ctx, const json_t *params, struct err *e)
{
	const char *only = json_get_str(params, "pf", NULL);
	int64_t index = json_get_int(params, "index", -1);
	const struct ctrl *c = ctx;
	const struct pf_entry *p;
	json_t *list;

	if (only && !pfs_by_name(c, only)) {
		err_at(e, -ENOENT, "/pf", "pf: there is no physical function '%s'", only);
		return NULL;
	}
	list = json_array();
	TAILQ_FOREACH (p, &c->pfs, entry)
		for (unsigned int i = 0; p->known && i < p->state.numvfs; i++)
			if ((!only || strcmp(only, p->name) == 0) && (index < 0 || index == i))
				json_array_append_new(list, show_vf(p, i));
	if (index < 0 || json_array_size(list) > 0)
		return list;
	json_decref(list);
	err_at(e, -ENOENT, "/index", "index: there is no such virtual function");
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/pfs.h"

#include "base/log.h"
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/drift.h"
#include "sriov-pf/ctrl/leases.h"
#include "sriov-pf/ctrl/quarantine.h"
#include "sriov-pf/model/want.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 100u /* what changes at once is read once */

struct pf_entry *pfs_by_address(const struct ctrl *c, const char *address)
{
	struct pf_entry *p;

	TAILQ_FOREACH (p, &c->pfs, entry)
		if (strcmp(p->address, address) == 0)
			return p;
	return NULL;
}

/* What is declared comes first: an interface may have the name of another's declaration. */
struct pf_entry *pfs_by_name(const struct ctrl *c, const char *name)
{
	struct pf_entry *p, *other = NULL;

	TAILQ_FOREACH (p, &c->pfs, entry) {
		if (strcmp(p->name, name) != 0)
			continue;
		if (p->config)
			return p;
		other = p;
	}
	return other;
}

const char *pfs_name_of(const struct ctrl *c, const char *address)
{
	const struct pf_entry *p = pfs_by_address(c, address);

	return p ? p->name : address;
}

struct pf_entry *pfs_by_vf(const struct ctrl *c, const char *address, unsigned int *vf)
{
	struct pf_entry *p;

	TAILQ_FOREACH (p, &c->pfs, entry)
		for (*vf = 0; p->known && *vf < p->state.numvfs; (*vf)++)
			if (strcmp(p->state.vf[*vf].address, address) == 0)
				return p;
	return NULL;
}

static void names(const struct ctrl *c, char *text, size_t size)
{
	const struct pf_entry *p;
	size_t len = 0;

	text[0] = '\0';
	TAILQ_FOREACH (p, &c->pfs, entry)
		if (len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
						p->name);
}

struct pf_entry *pfs_get(const struct ctrl *c, const json_t *params, struct err *e)
{
	const char *name = json_get_str(params, "pf", "");
	struct pf_entry *p = pfs_by_name(c, name);
	char all[160];

	if (!p) {
		names(c, all, sizeof(all));
		err_at(e, -ENOENT, "/pf", "pf: there is no physical function '%s'; there are: %s",
		       name, all[0] ? all : "none");
	} else if (p->missing) {
		err_at(e, -ENODEV, "/pf", "pf: the card of '%s' is gone", name);
	} else if (!p->known) {
		err_at(e, -EAGAIN, "/pf", "pf: nothing is known of '%s' yet: %.200s", name,
		       p->failed[0] ? p->failed : "it is being read");
	} else {
		return p;
	}
	return NULL;
}

struct pf_entry *pfs_get_vf(const struct ctrl *c, const json_t *params, unsigned int *vf,
			    struct err *e)
{
	struct pf_entry *p = pfs_get(c, params, e);

	*vf = (unsigned int)json_get_int(params, "index", 0);
	if (!p || *vf < p->state.numvfs)
		return p;
	err_at(e, -ENOENT, "/index", "index: %s has %u virtual functions%s; declare more in numvfs",
	       p->name, p->state.numvfs, p->state.numvfs ? ", counted from 0" : "");
	return NULL;
}

struct pf_entry *pfs_select(const struct ctrl *c, const json_t *pf, struct err *e)
{
	json_t *config = json_pack("{s:[O],s:[]}", "pfs", pf, "vfs");
	const char *name = json_get_str(pf, "name", "");
	struct pf_entry *p, *found = NULL;
	struct pf_want *want;
	unsigned int n;
	int ret = pf_wants_parse(config, &want, &n, e);

	json_decref(config);
	if (ret != 0)
		return NULL;
	TAILQ_FOREACH (p, &c->pfs, entry) {
		if (!p->known || p->missing || !pf_select_fits(&want[0].select, &p->state))
			continue;
		if (found) {
			ret = err_set(e, -EINVAL,
				      "'%s' may be %s or %s; name it by address, serial or port",
				      name, found->address, p->address);
			break;
		}
		found = p;
	}
	pf_wants_free(want, n);
	if (!found)
		err_set(e, -ENODEV,
			"no function of this host with SR-IOV is what '%s' says; 'flue pf show' "
			"lists them",
			name);
	return ret == 0 ? found : NULL;
}

static void default_name(struct pf_entry *p)
{
	snprintf(p->name, sizeof(p->name), "%s", p->state.ifname[0] ? p->state.ifname : p->address);
	for (char *c = p->name; *c; c++)
		if (*c == ':')
			*c = '-';
}

void pfs_name(struct ctrl *c)
{
	struct pf_entry *p;
	json_t *pf;
	size_t i;

	TAILQ_FOREACH (p, &c->pfs, entry) {
		json_decref(p->config);
		p->config = NULL;
		default_name(p);
	}
	json_array_foreach (json_object_get(c->config, "pfs"), i, pf) {
		p = pfs_select(c, pf, NULL);
		if (!p || p->config)
			continue;
		snprintf(p->name, sizeof(p->name), "%s", json_get_str(pf, "name", ""));
		p->config = config_of_pf(c->config, pf);
	}
}

/* Its VFs are not those they were: who had one has none now. */
static void vfs_are_new(struct pf_entry *p)
{
	struct ctrl *c = p->ctrl;
	struct err e = {0};

	p->generation++;
	for (unsigned int i = 0; i < c->leases.leases; i++) {
		struct lease *l = c->leases.lease[i];

		if (strcmp(l->pf, p->address) != 0)
			continue;
		l->generation = p->generation;
		if (l->state == LEASE_RESERVED && l->vf < p->state.numvfs)
			continue;
		if (l->state == LEASE_HELD || l->state == LEASE_RELEASING)
			log_warn("%s: virtual function %u is no more the one that '%s' took",
				 p->name, l->vf, l->guest);
		quarantine_begin(c, l, "the virtual functions were made anew");
	}
	if (leases_save(c, &e) != 0)
		log_err("%s", e.text);
}

/* Whether they are those of the last run is in what it wrote down. */
static bool first_told(struct pf_entry *p)
{
	const json_t *was = json_find(p->ctrl->generations, "address", p->address);

	p->generation = (uint64_t)json_get_int(was, "generation", 1);
	return was && (json_get_int(was, "ifindex", 0) != p->state.ifindex ||
		       json_get_int(was, "numvfs", 0) != p->state.numvfs);
}

static void on_told(void *arg, const json_t *json)
{
	struct pf_entry *p = arg;
	struct pf_state was = p->state, now;
	struct err e = {0};
	bool first = !p->known, anew;

	if (pf_state_parse(json, &now, &e) != 0) {
		log_err("%s: its agent tells nonsense: %s", p->address, e.text);
		return;
	}
	p->state = now;
	p->known = true;
	if (p->missing)
		log_info("%s: the card is back", p->name);
	p->missing = false;
	anew = first ? first_told(p)
		     : was.numvfs != now.numvfs || was.ifindex != now.ifindex ||
			       strcmp(was.driver, now.driver) != 0;
	pf_state_clear(&was);
	if (first || strcmp(was.ifname, now.ifname) != 0)
		pfs_name(p->ctrl);
	if (anew) {
		if (!first && p->changing == 0)
			log_warn("%s: somebody else made its virtual functions anew: %u now",
				 p->name, now.numvfs);
		vfs_are_new(p);
	}
	if (p->settled)
		drift_check(p->ctrl, p);
}

static void on_recovered(void *arg, bool restored, const struct err *e)
{
	struct pf_entry *p = arg;

	if (restored)
		log_info("%s: what an interrupted change had begun is undone", p->name);
	snprintf(p->failed, sizeof(p->failed), "%.250s", e ? e->text : "");
	if (e)
		log_err("%s: %s", p->name, e->text);
	drift_settle(p->ctrl, p);
}

static void on_read(void *arg, const json_t *result, int *fds, unsigned int n, const struct err *e)
{
	struct pf_entry *p = arg;

	if (result || e->code != -ENODEV || p->missing)
		return;
	log_warn("%s: the card is gone", p->name);
	p->missing = true;
	vfs_are_new(p);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct pf_entry *p = arg;

	pf_agent_call(p->agent, "read", NULL, on_read, p);
}

void pfs_look(struct pf_entry *p)
{
	if (!evtimer_pending(p->look, NULL))
		evtimer_add(p->look, &(struct timeval){.tv_usec = LOOK_MS * 1000});
}

static void free_entry(struct pf_entry *p)
{
	pf_agent_free(p->agent);
	if (p->look)
		event_free(p->look);
	pf_state_clear(&p->state);
	json_decref(p->config);
	json_decref(p->drift);
	json_decref(p->faults);
	free(p);
}

/* In the order of addresses, as they are shown. */
static void insert(struct ctrl *c, struct pf_entry *p)
{
	struct pf_entry *next = TAILQ_FIRST(&c->pfs);

	while (next && strcmp(next->address, p->address) < 0)
		next = TAILQ_NEXT(next, entry);
	if (next)
		TAILQ_INSERT_BEFORE(next, p, entry);
	else
		TAILQ_INSERT_TAIL(&c->pfs, p, entry);
}

static void add(struct ctrl *c, const char *address)
{
	struct pf_entry *p = calloc(1, sizeof(*p));
	struct err e = {0};

	if (!p || strlen(address) >= sizeof(p->address)) {
		free(p);
		return;
	}
	p->ctrl = c;
	strcpy(p->address, address);
	default_name(p);
	p->drift = json_array();
	p->faults = json_object();
	p->look = evtimer_new(c->base, on_look, p);
	p->agent = p->look ? pf_agent_new(
				     &(struct pf_agent_setup){.base = c->base,
							      .host = c->setup->host,
							      .dir = c->setup->state_dir,
							      .address = p->address,
							      .deadline_ms = c->setup->deadline_ms,
							      .told = on_told,
							      .recovered = on_recovered,
							      .arg = p},
				     &e)
			   : NULL;
	if (p->agent) {
		insert(c, p);
		return;
	}
	log_err("%s: %s", address, e.text);
	free_entry(p);
}

static void on_list(void *arg, const json_t *result, int *fds, unsigned int n, const struct err *e)
{
	struct ctrl *c = arg;
	json_t *address;
	size_t i;

	if (!result) {
		log_err("cannot list functions with SR-IOV: %s", e->text);
	} else {
		json_array_foreach (json_object_get(result, "addresses"), i, address)
			if (json_is_string(address) &&
			    !pfs_by_address(c, json_string_value(address)))
				add(c, json_string_value(address));
	}
	c->listed = true;
	ctrl_progress(c);
}

void pfs_list(struct ctrl *c)
{
	pf_agent_call(c->lister, "list", NULL, on_list, c);
}

bool pfs_settled(const struct ctrl *c)
{
	const struct pf_entry *p;

	TAILQ_FOREACH (p, &c->pfs, entry)
		if (!p->settled)
			return false;
	return true;
}

void pfs_clear(struct ctrl *c)
{
	struct pf_entry *p;

	while ((p = TAILQ_FIRST(&c->pfs))) {
		TAILQ_REMOVE(&c->pfs, p, entry);
		free_entry(p);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[LEASE_STATES] = {
	[LEASE_RESERVED] = "reserved",	 [LEASE_HELD] = "held",
	[LEASE_RELEASING] = "releasing", [LEASE_QUARANTINE] = "quarantine",
	[LEASE_PREPARED] = "prepared",	 [LEASE_UNUSABLE] = "unusable",
};

#define TO(s) (1u << (s))
static const unsigned int ways[LEASE_STATES] = {
	/* Quarantine, because it may be half given when its taker dies. */
	[LEASE_RESERVED] = TO(LEASE_HELD) | TO(LEASE_QUARANTINE),
	[LEASE_HELD] = TO(LEASE_RELEASING) | TO(LEASE_QUARANTINE),
	/* Held again: the guest did not let go of it in time. */
	[LEASE_RELEASING] = TO(LEASE_QUARANTINE) | TO(LEASE_HELD),
	[LEASE_PREPARED] = TO(LEASE_QUARANTINE),
	[LEASE_QUARANTINE] = TO(LEASE_UNUSABLE),
	[LEASE_UNUSABLE] = TO(LEASE_QUARANTINE),
};

const char *lease_state_name(enum lease_state s)
{
	return names[s];
}

void lease_table_clear(struct lease_table *t)
{
	for (unsigned int i = 0; i < t->leases; i++)
		free(t->lease[i]);
	free(t->lease);
	t->lease = NULL;
	t->leases = t->room = 0;
}

struct lease *lease_find(const struct lease_table *t, const char *pf, unsigned int vf)
{
	for (unsigned int i = 0; i < t->leases; i++)
		if (t->lease[i]->vf == vf && strcmp(t->lease[i]->pf, pf) == 0)
			return t->lease[i];
	return NULL;
}

/* Room for one more: 0 or -ENOMEM. */
static int grow(struct lease_table *t)
{
	unsigned int room = t->room ? t->room * 2 : 16;
	struct lease **lease;

	if (t->leases < t->room)
		return 0;
	lease = realloc(t->lease, room * sizeof(struct lease *));
	if (!lease)
		return -ENOMEM;
	t->lease = lease;
	t->room = room;
	return 0;
}

static int is_taken(const struct lease *l, struct err *e)
{
	switch (l->state) {
	case LEASE_QUARANTINE:
		return err_set(e, -EBUSY,
			       "virtual function %u is being made neutral after '%s'; it is free "
			       "in a moment, or 'flue vf show' says what is in the way",
			       l->vf, l->guest);
	case LEASE_UNUSABLE:
		return err_set(e, -EBUSY,
			       "virtual function %u is unusable: %.160s; 'flue vf release' tries "
			       "again to make it neutral",
			       l->vf, l->why);
	default:
		return err_set(e, -EBUSY,
			       "virtual function %u is %s by '%s'; 'flue vf release' takes it back",
			       l->vf, l->state == LEASE_PREPARED ? "used" : names[l->state],
			       l->guest);
	}
}

struct lease *lease_add(struct lease_table *t, const char *pf, unsigned int vf,
			enum lease_state state, const char *guest, uint64_t generation, int64_t now,
			struct err *e)
{
	struct lease *l = lease_find(t, pf, vf);

	if (l) {
		is_taken(l, e);
		return NULL;
	}
	if ((state != LEASE_RESERVED && state != LEASE_PREPARED) || strlen(pf) >= sizeof(l->pf) ||
	    strlen(guest) >= sizeof(l->guest) || vf >= PF_VFS_MAX) {
		err_set(e, -EINVAL, "there can be no such lease");
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (!l || grow(t) != 0) {
		free(l);
		err_set(e, -ENOMEM, "no memory for a lease");
		return NULL;
	}
	l->vf = vf;
	l->state = state;
	l->epoch = ++t->epoch;
	l->generation = generation;
	l->since = now;
	snprintf(l->pf, sizeof(l->pf), "%s", pf);
	snprintf(l->guest, sizeof(l->guest), "%s", guest);
	t->lease[t->leases++] = l;
	return l;
}

void lease_drop(struct lease_table *t, struct lease *l)
{
	for (unsigned int i = 0; i < t->leases; i++) {
		if (t->lease[i] != l)
			continue;
		t->lease[i] = t->lease[--t->leases];
		free(l);
		return;
	}
}

int lease_move(struct lease *l, enum lease_state to, const char *why, int64_t now, struct err *e)
{
	if (!(ways[l->state] & TO(to)))
		return err_set(e, -EINVAL, "virtual function %u cannot go from %s to %s", l->vf,
			       names[l->state], names[to]);
	l->state = to;
	l->since = now;
	snprintf(l->why, sizeof(l->why), "%s", why ? why : "");
	return 0;
}

int lease_is(const struct lease *l, uint64_t epoch, struct err *e)
{
	if (epoch == 0 || epoch == l->epoch)
		return 0;
	return err_at(e, -ESTALE, "/epoch",
		      "epoch: the lease of epoch %llu has ended; '%s' has the virtual function "
		      "now, and nothing was changed",
		      (unsigned long long)epoch, l->guest);
}

static json_t *to_json(const struct lease *l)
{
	return json_pack("{s:s,s:i,s:s,s:I,s:I,s:s,s:s,s:s,s:i,s:I,s:I,s:s}", "pf", l->pf, "vf",
			 (int)l->vf, "state", names[l->state], "epoch", (json_int_t)l->epoch,
			 "generation", (json_int_t)l->generation, "guest", l->guest, "nic", l->nic,
			 "qmp", l->qmp, "pid", (int)l->pid, "start", (json_int_t)l->start, "since",
			 (json_int_t)l->since, "why", l->why);
}

json_t *lease_table_json(const struct lease_table *t)
{
	json_t *list = json_array(), *o;
	int ret = 0;

	for (unsigned int i = 0; i < t->leases; i++)
		ret |= json_array_append_new(list, to_json(t->lease[i]));
	o = json_pack("{s:s,s:I,s:o}", "boot", t->boot, "epoch", (json_int_t)t->epoch, "leases",
		      list);
	if (ret == 0)
		return o;
	json_decref(o);
	return NULL;
}

/* Copies a text that must be there and fit. */
static bool take(const json_t *o, const char *key, char *to, size_t size)
{
	const char *text = json_get_str(o, key, NULL);

	return text && (size_t)snprintf(to, size, "%s", text) < size;
}

static bool take_number(const json_t *o, const char *key, int64_t max, int64_t *to)
{
	*to = json_get_int(o, key, -1);
	return *to >= 0 && *to <= max;
}

static bool from_json(const json_t *o, struct lease *l)
{
	int64_t vf, epoch, generation, pid, start, since;
	char state[16];
	int s = 0;

	if (!take(o, "pf", l->pf, sizeof(l->pf)) || !take(o, "guest", l->guest, sizeof(l->guest)) ||
	    !take(o, "nic", l->nic, sizeof(l->nic)) || !take(o, "qmp", l->qmp, sizeof(l->qmp)) ||
	    !take(o, "why", l->why, sizeof(l->why)) || !take(o, "state", state, sizeof(state)) ||
	    !take_number(o, "vf", PF_VFS_MAX - 1, &vf) ||
	    !take_number(o, "epoch", INT64_MAX, &epoch) ||
	    !take_number(o, "generation", INT64_MAX, &generation) ||
	    !take_number(o, "pid", INT32_MAX, &pid) ||
	    !take_number(o, "start", INT64_MAX, &start) ||
	    !take_number(o, "since", INT64_MAX, &since))
		return false;
	while (s < LEASE_STATES && strcmp(names[s], state) != 0)
		s++;
	l->vf = (unsigned int)vf;
	l->epoch = (uint64_t)epoch;
	l->generation = (uint64_t)generation;
	l->pid = (pid_t)pid;
	l->start = (uint64_t)start;
	l->since = since;
	l->state = (enum lease_state)s;
	return s < LEASE_STATES && epoch > 0;
}

static int parse_one(struct lease_table *t, const json_t *item, size_t i, struct err *e)
{
	struct lease *l = calloc(1, sizeof(*l));
	char path[40];
	int ret = 0;

	if (!l || grow(t) != 0) {
		free(l);
		return err_set(e, -ENOMEM, "no memory for a lease");
	}
	snprintf(path, sizeof(path), "/leases/%zu", i);
	if (!from_json(item, l))
		ret = err_at(e, -EINVAL, path, "this is not a lease");
	else if (lease_find(t, l->pf, l->vf))
		ret = err_at(e, -EINVAL, path, "a virtual function is leased twice");
	if (ret != 0) {
		free(l);
		return ret;
	}
	if (l->epoch > t->epoch)
		t->epoch = l->epoch;
	t->lease[t->leases++] = l;
	return 0;
}

int lease_table_parse(struct lease_table *t, const json_t *json, struct err *e)
{
	const json_t *list = json_object_get(json, "leases"), *item;
	const char *boot = json_get_str(json, "boot", NULL);
	int64_t epoch = json_get_int(json, "epoch", -1);
	size_t i;
	int ret = 0;

	if (!boot || epoch < 0 || !json_is_array(list))
		return err_at(e, -EINVAL, "", "this is not a table of leases");
	if ((uint64_t)epoch > t->epoch)
		t->epoch = (uint64_t)epoch;
	json_array_foreach (list, i, item) {
		ret = parse_one(t, item, i, e);
		if (ret != 0)
			break;
	}
	if (ret != 0 || strcmp(boot, t->boot) != 0)
		lease_table_clear(t);
	return ret;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Cards that come and go while the guest runs. They are the supervisor's, too, so that a reset does
 * not lose them. */
#include "hv-core/handin.h"
#include "hv-core/handin_pf.h"
#include "hv-core/handin_vfio.h"
#include "hv-core/super.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plug {
	struct rpc_reply *reply;
	struct hv_nic_config nic;
	json_t *params;
	int listen;
};

static struct plug *plug_new(struct rpc_reply *r, const json_t *params)
{
	struct plug *p = calloc(1, sizeof(*p));

	if (!p) {
		super_refuse(r, -ENOMEM, "", "out of memory");
		return NULL;
	}
	p->reply = r;
	p->params = json_copy((json_t *)params);
	p->listen = -1;
	return p;
}

static void plug_free(struct plug *p)
{
	json_decref(p->params);
	free(p);
}

static unsigned int find_nic(const struct super *s, const char *name)
{
	unsigned int i = 0;

	while (i < s->config->nics && strcmp(s->config->nic[i].name, name) != 0)
		i++;
	return i;
}

static void plugged(struct super *s, void *arg, const json_t *result, const struct err *e)
{
	struct plug *p = arg;
	struct hv_config *c = s->config;

	if (result && c->nics < HV_NICS_MAX) {
		s->listen[c->nics] = p->listen;
		c->nic[c->nics++] = p->nic;
	} else if (p->listen >= 0) {
		close(p->listen);
		unlink(p->nic.socket);
	}
	if (!result && p->nic.epoch)
		super_pf_give(s, p->nic.name, p->nic.epoch);
	super_pass_on(s, p->reply, result, e);
	plug_free(p);
}

/* The child tells by the model which they are. */
static void plug_direct(struct super *s, struct plug *p, int container, int group)
{
	const int fds[] = {container, group};

	super_call(s, "nic-add", p->params, fds, 2, SUPER_CALL_S, plugged, p);
}

static void add_direct(struct super *s, struct plug *p)
{
	const struct hv_handin_guest g = {s->config->name, s->config->mem_bytes};
	struct hv_nic_fds fds = {-1, -1, -1, -1};
	struct err e = {0};

	if (hv_handin_direct(&fds, &p->nic, 1, &g, &hv_handin_vfio, &e) != 0)
		plugged(s, p, NULL, &e);
	else
		plug_direct(s, p, fds.container, fds.group);
	hv_handin_nic_close(&fds);
}

/* What flue-pf said goes to the child beside the card's keys. */
static void taken(struct super *s, void *arg, const struct hv_pf_taken *t, const struct err *e)
{
	struct plug *p = arg;

	if (!t) {
		plugged(s, p, NULL, e);
		return;
	}
	p->nic.epoch = t->epoch;
	memcpy(p->nic.address, t->address, sizeof(t->address));
	super_pf_has(s, &p->nic);
	json_object_set_new(
		p->params, "taken",
		json_pack("{s:s,s:I}", "address", t->address, "epoch", (json_int_t)t->epoch));
	plug_direct(s, p, t->fds.container, t->fds.group);
	close(t->fds.container);
	close(t->fds.group);
}

static void add_socket(struct super *s, struct plug *p)
{
	struct err e = {0};

	if (hv_handin_listen(&p->listen, &p->nic, &e) != 0)
		plugged(s, p, NULL, &e);
	else
		super_call(s, "nic-add", p->params, &p->listen, p->listen >= 0, SUPER_CALL_S,
			   plugged, p);
}

static bool is_ours(const struct super *s, const json_t *params, struct rpc_reply *r)
{
	if (strcmp(json_get_str(params, "guest", ""), s->config->name) == 0)
		return true;
	super_refuse(r, -ENOENT, "/guest", "guest: another guest runs here");
	return false;
}

void super_nic_add(void *ctx, const json_t *params, struct rpc_reply *r)
{
	struct super *s = ctx;
	struct plug *p = is_ours(s, params, r) ? plug_new(r, params) : NULL;
	struct err e = {0};

	if (!p)
		return;
	if (hv_config_nic(&p->nic, params, &e) != 0) {
		rpc_reply_error(r, &e);
		plug_free(p);
	} else if (find_nic(s, p->nic.name) < s->config->nics) {
		super_refuse(r, -EEXIST, "/name", "name: the guest has a card of that name");
		plug_free(p);
	} else if (s->config->nics == HV_NICS_MAX) {
		super_refuse(r, -ENOSPC, "", "the guest has all the cards it can have");
		plug_free(p);
	} else if (p->nic.vf[0]) {
		super_pf_take(s, &p->nic, taken, p);
	} else if (p->nic.model == HV_NIC_DIRECT) {
		add_direct(s, p);
	} else {
		add_socket(s, p);
	}
}

static void forget(struct super *s, unsigned int i)
{
	struct hv_config *c = s->config;

	if (s->listen[i] >= 0) {
		close(s->listen[i]);
		unlink(c->nic[i].socket);
	}
	c->nics--;
	memmove(&c->nic[i], &c->nic[i + 1], (c->nics - i) * sizeof(c->nic[0]));
	memmove(&s->listen[i], &s->listen[i + 1], (c->nics - i) * sizeof(s->listen[0]));
	s->listen[c->nics] = -1;
}

static void unplugged(struct super *s, void *arg, const json_t *result, const struct err *e)
{
	struct plug *p = arg;
	unsigned int i = find_nic(s, p->nic.name);

	if (result && i < s->config->nics)
		forget(s, i);
	super_pass_on(s, p->reply, result, e);
	plug_free(p);
}

void super_nic_del(void *ctx, const json_t *params, struct rpc_reply *r)
{
	struct super *s = ctx;
	unsigned int i;
	struct plug *p;

	if (!is_ours(s, params, r))
		return;
	i = find_nic(s, json_get_str(params, "name", ""));
	if (i == s->config->nics) {
		super_refuse(r, -ENOENT, "/name", "name: the guest has no such card");
		return;
	}
	p = plug_new(r, params);
	if (!p)
		return;
	p->nic = s->config->nic[i];
	super_call(s, "nic-del", p->params, NULL, 0, SUPER_CALL_S, unplugged, p);
}

/* flue-pf lends it to others from now on, so it is not there again after a reset. */
void super_nic_gone(struct super *s, const char *name)
{
	unsigned int i = find_nic(s, name);

	if (super_pf_give(s, name, 0) && i < s->config->nics && s->config->nic[i].vf[0])
		forget(s, i);
}

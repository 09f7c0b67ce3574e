/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/mtu.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

uint16_t ctrl_site_mtu(const struct ctrl *c)
{
	return (uint16_t)json_get_int(c->switch_conf, "mtu", MTU_DEFAULT);
}

uint16_t ctrl_bridge_mtu(const struct ctrl *c, const struct ctrl_bridge *b)
{
	uint16_t declared = (uint16_t)json_get_int(b->conf, "mtu", 0);

	/* A site that declares nothing bounds nobody. */
	if (declared && json_get_int(c->switch_conf, "mtu", 0) == 0)
		return declared;
	return mtu_derive(declared, ctrl_site_mtu(c));
}

uint16_t ctrl_port_mtu(const struct ctrl *c, const struct ctrl_port *p)
{
	return mtu_derive((uint16_t)json_get_int(p->conf, "mtu", 0),
			  ctrl_bridge_mtu(c, &c->bridges[p->bridge]));
}

static struct mtu_element *add(struct ctrl_mtus *m, enum mtu_kind kind, int parent,
			       const char *name, const json_t *conf, int port)
{
	struct mtu_element *e = &m->elements[m->plan.n];

	m->port[m->plan.n++] = port;
	e->kind = kind;
	e->parent = parent;
	e->declared = (uint16_t)json_get_int(conf, "mtu", 0);
	snprintf(e->name, sizeof(e->name), "%s", name);
	return e;
}

static enum mtu_kind kind_of(const struct port *p)
{
	if (p->ops == &port_host_ops)
		return MTU_HOST;
	return p->ops == &port_vhost_ops ? MTU_VHOST : MTU_ETHDEV;
}

/* Whoever rules a namespace names its interfaces, with any bytes; JSON takes UTF-8 only. */
static void put_ifname(char *to, const char *name)
{
	size_t i = 0;

	for (; name[i] && i < sizeof(((struct mtu_element *)0)->ifname) - 1; i++)
		to[i] = (char)(name[i] > ' ' && name[i] <= '~' ? name[i] : '?');
	to[i] = '\0';
}

/* The port, and who hangs on it. `there`: it was created, so it can be asked. */
static void add_port(struct ctrl_mtus *m, struct ctrl_port *p, int parent, bool there)
{
	int port = p->port.id, me = (int)m->plan.n;
	struct port_mtu has = {0};
	struct mtu_element *e;

	if (there)
		p->port.ops->mtu(&p->port, &has);
	e = add(m, kind_of(&p->port), parent, p->port.name, p->conf, port);
	e->actual = has.actual;
	e->max = has.max;
	if (e->kind == MTU_HOST) {
		put_ifname(e->ifname, has.ifname);
		snprintf(e->netns, sizeof(e->netns), "%s", json_get_str(p->conf, "netns", ""));
	} else if (has.ifname[0]) {
		e = add(m, MTU_INTERFACE, me, "", NULL, port);
		put_ifname(e->ifname, has.ifname);
		put_ifname(e->name, has.ifname);
		e->actual = has.beneath;
	}
	if (has.guest) {
		e = add(m, MTU_GUEST, me, p->port.name, NULL, port);
		e->actual = has.guest;
	}
}

struct ctrl_mtus *ctrl_mtus_read(struct ctrl *c, const struct ctrl_port *coming)
{
	struct ctrl_mtus *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->plan.elements = m->elements;
	add(m, MTU_SITE, MTU_NOBODY, "site", c->switch_conf, -1);
	for (int i = 0; i < FWD_BRIDGES_MAX; i++) {
		struct ctrl_bridge *b = &c->bridges[i];
		int me = (int)m->plan.n;

		if (!b->used)
			continue;
		add(m, MTU_BRIDGE, 0, ctrl_bridge_name(b), b->conf, -1);
		for (int j = 0; j < FWD_PORTS_MAX; j++) {
			struct ctrl_port *p = &c->ports[j];

			if ((p->used || p == coming) && p->bridge == i)
				add_port(m, p, me, p->used);
		}
	}
	mtu_plan_derive(&m->plan);
	return m;
}

static int check(const struct ctrl *c, const struct ctrl_mtus *m, struct err *e)
{
	char text[sizeof(e->text)];

	if (c->applying || mtu_plan_refusal(&m->plan, text, sizeof(text)) == MTU_NOBODY)
		return 0;
	return err_at(e, -EINVAL, "/mtu", "%s", text);
}

int ctrl_mtu_holds(struct ctrl *c, const struct ctrl_port *coming, struct err *e)
{
	struct ctrl_mtus *m = ctrl_mtus_read(c, coming);
	int ret;

	if (!m)
		return err_set(e, -ENOMEM, "out of memory");
	ret = check(c, m, e);
	free(m);
	return ret;
}

void ctrl_mtu_before(const struct ctrl *c, struct ctrl_mtus_before *before)
{
	for (int i = 0; i < FWD_PORTS_MAX; i++)
		before->port[i] = c->ports[i].used ? ctrl_port_mtu(c, &c->ports[i]) : 0;
}

/* Sets the port's MTU back; who refuses that keeps what it has, and is named in the log. */
static void set_back(struct ctrl_port *p, uint16_t mtu)
{
	struct err e = {0};

	if (p->port.ops->set_mtu(&p->port, mtu, &e) != 0)
		log_warn("port %s: cannot go back to MTU %u: %s", p->port.name, mtu, e.text);
}

/* Carries out the changes in the plan's order. One that is refused: those before it go back. */
static int carry_out(struct ctrl *c, const struct ctrl_mtus *m, const uint16_t *order, size_t n,
		     const struct ctrl_mtus_before *before, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct ctrl_port *p = &c->ports[m->port[order[i]]];
		int ret = p->port.ops->set_mtu(&p->port, m->elements[order[i]].planned, e);

		if (ret == 0)
			continue;
		while (i-- > 0) {
			p = &c->ports[m->port[order[i]]];
			set_back(p, before->port[p->port.id]);
		}
		return ret;
	}
	return 0;
}

int ctrl_mtu_change(struct ctrl *c, const struct ctrl_mtus_before *before, struct err *e)
{
	struct ctrl_mtus *m = ctrl_mtus_read(c, NULL);
	uint16_t *order = m ? calloc(m->plan.n, sizeof(*order)) : NULL;
	int ret;

	if (!order) {
		free(m);
		return err_set(e, -ENOMEM, "out of memory");
	}
	ret = check(c, m, e);
	if (ret == 0) {
		/* From plan to plan: what somebody changed behind our back is for mtu.check. */
		for (size_t i = 0; i < m->plan.n; i++)
			m->elements[i].actual = m->port[i] < 0 ? 0 : before->port[m->port[i]];
		ret = carry_out(c, m, order, mtu_plan_order(&m->plan, order), before, e);
	}
	free(order);
	free(m);
	return ret;
}

void ctrl_mtu_undo(struct ctrl *c, const struct ctrl_mtus_before *before)
{
	for (int i = 0; i < FWD_PORTS_MAX; i++)
		if (before->port[i] && before->port[i] != ctrl_port_mtu(c, &c->ports[i]))
			set_back(&c->ports[i], before->port[i]);
}

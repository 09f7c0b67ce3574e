/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/chimney_way.h"

#include "base/log.h"

#include <errno.h>

const struct ctrl_port *chimney_way_port(const struct ctrl *c, const struct chim_found *f)
{
	for (int i = 0; i < FWD_PORTS_MAX; i++) {
		const struct ctrl_port *p = &c->ports[i];

		if (p->used && p->port.iface.index == f->port_ifindex &&
		    p->port.iface.netns_dev == f->netns.dev &&
		    p->port.iface.netns_ino == f->netns.ino)
			return p;
	}
	return NULL;
}

enum chim_refusal chimney_way(const struct ctrl *c, int rtnl, int sock, const struct chim_tuple *t,
			      struct chim_way *out)
{
	struct err e = {0};
	int ret = chim_path_find_on(rtnl, sock, t, &out->found, &e);
	const struct ctrl_port *p;

	if (ret != 0) {
		log_debug("chimney: no way for a connection: %s", e.text);
		return ret == -EAGAIN ? CHIM_REFUSE_NO_NEIGH : CHIM_REFUSE_NO_PATH;
	}
	p = chimney_way_port(c, &out->found);
	if (!p)
		return CHIM_REFUSE_NO_PATH;
	out->port = p->port.id;
	out->tag = out->found.vlan;
	out->vlan = out->tag ? out->tag : (uint16_t)json_get_int(p->conf, "pvid", 1);
	return CHIM_REFUSE_NONE;
}

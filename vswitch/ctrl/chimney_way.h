/* SPDX-License-Identifier: BSD-3-Clause */
/* Which way a connection's packets go: the port of this switch they come from. All: main. */
#ifndef VSWITCH_CTRL_CHIMNEY_WAY_H
#define VSWITCH_CTRL_CHIMNEY_WAY_H

#include "offload/chimney/slow/path.h"
#include "offload/chimney/state.h"
#include "vswitch/ctrl/ctrl.h"

struct chim_way {
	struct chim_found found; /* the interface, the neighbor, the MTU */
	uint16_t port;
	uint16_t vlan; /* of the bridge */
	uint16_t tag;  /* what its frames are tagged with where they enter the switch; 0: none */
};

/* rtnl: of chim_path_open() for that socket. CHIM_REFUSE_NONE, NO_PATH or NO_NEIGH. */
enum chim_refusal chimney_way(const struct ctrl *c, int rtnl, int sock, const struct chim_tuple *t,
			      struct chim_way *out);

/* The port that what was found leads through; NULL: none of this switch. */
const struct ctrl_port *chimney_way_port(const struct ctrl *c, const struct chim_found *f);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports on devices are told which addresses are behind the other ports of their bridge. */
#include "vswitch/ctrl/ctrl.h"

#include <string.h>

enum { INSIDE_MAX = 256 }; /* more than any card takes */

static bool there(const uint8_t (*mac)[6], unsigned int n, const uint8_t one[6])
{
	for (unsigned int i = 0; i < n; i++)
		if (memcmp(mac[i], one, 6) == 0)
			return true;
	return false;
}

/* An address that is known in several VLANs counts once. */
static unsigned int collect(const struct ctrl *c, uint16_t bridge, uint8_t (*mac)[6])
{
	struct fdb_entry entry;
	unsigned int n = 0;
	uint32_t slot = 0;
	uint16_t vlan;

	while (n < INSIDE_MAX && fdb_next(c->bridges[bridge].fdb, &slot, &entry)) {
		if (!c->ports[entry.port].used || c->ports[entry.port].port.wire)
			continue;
		fdb_key_split(entry.key, mac[n], &vlan);
		if (!there(mac, n, mac[n]))
			n++;
	}
	return n;
}

void ctrl_tell_inside(struct ctrl *c)
{
	uint8_t mac[INSIDE_MAX][6];

	for (int i = 0; i < FWD_PORTS_MAX; i++) {
		struct ctrl_port *p = &c->ports[i];

		if (p->used && p->port.inside)
			p->port.ops->inside(&p->port, mac, collect(c, p->bridge, mac));
	}
}

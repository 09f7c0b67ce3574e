/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive filters (3.2.1, 13.4.22, 13.5): by address, then by VLAN. */
#include "hv-core/e1000/card.h"

#include <string.h>

static bool exact(const struct hv_e1000_card *c, const uint8_t *mac)
{
	uint32_t low, high;

	memcpy(&low, mac, 4);
	high = (uint32_t)(mac[4] | mac[5] << 8);
	for (uint32_t i = 0; i < E1000_ADDRESSES; i++) {
		uint32_t rah = E1000_REG(c, E1000_RAL + 8 * i + 4);

		if (rah & E1000_RAH_AV && !(rah & E1000_RAH_AS) && (rah & 0xffff) == high &&
		    E1000_REG(c, E1000_RAL + 8 * i) == low)
			return true;
	}
	return false;
}

/* Twelve bits of the address, from which on RCTL.MO says, index the table's 4096 (13.5.1). */
static bool hashed(const struct hv_e1000_card *c, const uint8_t *mac)
{
	static const uint8_t shift[] = {4, 3, 2, 0};
	uint32_t top = (uint32_t)(mac[4] | mac[5] << 8);
	uint32_t hash = top >> shift[E1000_RCTL_MO(E1000_REG(c, E1000_RCTL))] & 0xfff;

	return E1000_REG(c, E1000_MTA + 4 * (hash >> 5)) >> (hash & 31) & 1;
}

static bool address_wanted(const struct hv_e1000_card *c, const uint8_t *mac)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint32_t rctl = E1000_REG(c, E1000_RCTL);

	if (memcmp(mac, broadcast, 6) == 0 && rctl & E1000_RCTL_BAM)
		return true;
	if (mac[0] & 1)
		return rctl & E1000_RCTL_MPE || exact(c, mac) || hashed(c, mac);
	return rctl & E1000_RCTL_UPE || exact(c, mac);
}

static bool vlan_wanted(const struct hv_e1000_card *c, const uint8_t *head)
{
	uint32_t rctl = E1000_REG(c, E1000_RCTL);
	uint32_t type = (uint32_t)(head[12] << 8 | head[13]);
	uint32_t tag = (uint32_t)(head[14] << 8 | head[15]), id = tag & 0xfff;

	if (!(rctl & E1000_RCTL_VFE) || type != E1000_REG(c, E1000_VET))
		return true;
	if (rctl & E1000_RCTL_CFIEN && !(tag & 0x1000) != !(rctl & E1000_RCTL_CFI))
		return false;
	return E1000_REG(c, E1000_VFTA + 4 * (id >> 5)) >> (id & 31) & 1;
}

bool hv_e1000_accepts(const struct hv_e1000_card *c, const uint8_t head[18])
{
	return address_wanted(c, head) && vlan_wanted(c, head);
}

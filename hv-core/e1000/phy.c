/* SPDX-License-Identifier: BSD-3-Clause */
/* The PHY, an M88E1011 (sections 8.3 and 13.4.8): IEEE 802.3 clause 22 registers through MDIC. Its
 * partner is the switch, which can do everything; the cable is the connection to it. */
#include "hv-core/e1000/card.h"

#include <string.h>

enum {
	CONTROL = 0,
	STATUS = 1,
	ID1 = 2,
	ID2 = 3,
	ADVERTISED = 4,
	PARTNER = 5,
	EXPANSION = 6,
	CONTROL_1000 = 9,
	STATUS_1000 = 10,
	STATUS_EXT = 15,
	SPECIFIC = 16, /* M88: PHY specific control, then status */
	SPECIFIC_STATUS = 17,
	EXT_SPECIFIC = 20,
};

enum {
	RESET = 0x8000,
	SPEED_100 = 0x2000,
	ANEG = 0x1000,
	DOWN = 0x0800,
	RESTART = 0x0200,
	FULL = 0x0100,
	SPEED_1000 = 0x0040,
	CONTROL_DEFAULT = ANEG | FULL | SPEED_1000
};

struct speed {
	uint16_t mbps; /* 0: no link */
	bool full;
};

/* What both sides can do, the best of it (802.3 annex 28B.3), or what is forced. */
static struct speed resolve(const struct hv_e1000_card *c)
{
	uint16_t control = c->phy[CONTROL], can = c->phy[ADVERTISED];

	if (!c->cable || control & DOWN)
		return (struct speed){0, false};
	if (!(control & ANEG))
		return (struct speed){control & SPEED_1000  ? 1000
				      : control & SPEED_100 ? 100
							    : 10,
				      control & FULL};
	if (c->phy[CONTROL_1000] & 0x0200)
		return (struct speed){1000, true};
	if (can & 0x0180)
		return (struct speed){100, can & 0x0100};
	if (can & 0x0060)
		return (struct speed){10, can & 0x0040};
	return (struct speed){0, false};
}

bool hv_e1000_phy_link(const struct hv_e1000_card *c)
{
	return resolve(c).mbps != 0;
}

uint32_t hv_e1000_status(const struct hv_e1000_card *c)
{
	struct speed s = resolve(c);
	uint32_t v = 0;

	if (s.mbps && E1000_REG(c, E1000_CTRL) & E1000_CTRL_SLU)
		v |= E1000_STATUS_LU;
	if (s.full || !s.mbps)
		v |= E1000_STATUS_FD;
	v |= s.mbps == 100 ? E1000_STATUS_100 : s.mbps == 10 ? 0 : E1000_STATUS_1000;
	/* The frames wait for the switch: to the driver, that is a partner that said "pause", and
	 * no reason to think the card hangs. */
	if (c->tx_full)
		v |= E1000_STATUS_TXOFF;
	return v;
}

static void defaults(struct hv_e1000_card *c)
{
	memset(c->phy, 0, sizeof(c->phy));
	c->phy[CONTROL] = CONTROL_DEFAULT;
	c->phy[ID1] = 0x0141;
	c->phy[ID2] = 0x0c20;
	c->phy[ADVERTISED] = 0x01e1;
	c->phy[CONTROL_1000] = 0x0200;
	c->phy[SPECIFIC] = 0x0068;
	c->phy[EXT_SPECIFIC] = 0x0c68;
}

/* Something was changed that may have changed the link. */
static void link_seen(struct hv_e1000_card *c, bool was)
{
	bool is = hv_e1000_phy_link(c);

	if (!is)
		c->link_lost = true;
	if (is != was)
		hv_e1000_raise(c, E1000_INT_LSC);
}

void hv_e1000_phy_reset(struct hv_e1000_card *c)
{
	bool was = hv_e1000_phy_link(c);

	defaults(c);
	c->link_lost = true;
	link_seen(c, was);
}

void hv_e1000_set_cable(struct hv_e1000_card *c, bool plugged)
{
	bool was = hv_e1000_phy_link(c);

	c->cable = plugged;
	link_seen(c, was);
}

static uint16_t status_read(struct hv_e1000_card *c, bool link)
{
	uint16_t v = 0x7949; /* all of 10 and 100, extended status, negotiates */

	if (link && c->phy[CONTROL] & ANEG)
		v |= 0x0020;
	/* The link bit says 0 once after the link was down (802.3 22.2.4.2.13). */
	if (link && !c->link_lost)
		v |= 0x0004;
	c->link_lost = !link;
	return v;
}

static uint16_t phy_read(struct hv_e1000_card *c, unsigned int reg)
{
	struct speed s = resolve(c);

	switch (reg) {
	case STATUS:
		return status_read(c, s.mbps);
	case PARTNER:
		return s.mbps ? 0x41e1 : 0;
	case EXPANSION:
		return s.mbps ? 0x0003 : 0;
	case STATUS_1000: /* both receivers work; the partner can do 1000 */
		return s.mbps == 1000 ? 0x3c00 : 0;
	case STATUS_EXT:
		return 0x3000;
	case SPECIFIC_STATUS: /* speed, duplex, resolved, link */
		if (!s.mbps)
			return 0;
		return (uint16_t)((s.mbps == 1000  ? 0x8000
				   : s.mbps == 100 ? 0x4000
						   : 0) |
				  (s.full ? 0x2000 : 0) | 0x0c00);
	default:
		return c->phy[reg];
	}
}

static void phy_write(struct hv_e1000_card *c, unsigned int reg, uint16_t value)
{
	bool was = hv_e1000_phy_link(c);

	switch (reg) {
	case CONTROL: /* negotiation takes no time; a reset keeps what registers 4, 9 and 16 say */
		c->phy[CONTROL] = value & RESET ? CONTROL_DEFAULT : value & ~RESTART;
		break;
	case STATUS:
	case ID1:
	case ID2:
	case PARTNER:
	case EXPANSION:
	case STATUS_1000:
	case STATUS_EXT:
	case SPECIFIC_STATUS:
		return;
	default:
		c->phy[reg] = value;
	}
	link_seen(c, was);
}

void hv_e1000_mdic_write(struct hv_e1000_card *c, uint32_t value)
{
	unsigned int reg = value >> 16 & 0x1f, address = value >> 21 & 0x1f;
	uint32_t v = value & ~(E1000_MDIC_READY | E1000_MDIC_ERROR);

	if (address != E1000_MDIC_ADDRESS)
		v |= E1000_MDIC_ERROR;
	else if (value & E1000_MDIC_WRITE)
		phy_write(c, reg, (uint16_t)value);
	else if (value & E1000_MDIC_READ)
		v = (v & ~0xffffu) | phy_read(c, reg);
	E1000_REG(c, E1000_MDIC) = v | E1000_MDIC_READY;
	if (value & E1000_MDIC_INT)
		hv_e1000_raise(c, E1000_INT_MDAC);
}

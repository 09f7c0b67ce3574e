/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers as the guest sees them: a table of what is held and which bits can be written, and the
 * few that do something. An offset that is not in the table reads as 0 and ignores writes.
 *
 * Registers are 32 bits wide (13.3); 64-bit accesses are two. Of a narrower read the guest gets its
 * part of the register; narrower writes change nothing, as on the card.
 */
#include "hv-core/e1000/card.h"

#include <string.h>

#define ALL 0xffffffffu
#define HELD(off, mask)            \
	{                          \
		off, 1, mask, mask \
	}
#define ARRAY(off, n, mask)        \
	{                          \
		off, n, mask, mask \
	}
#define SPECIAL(off, held)      \
	{                       \
		off, 1, 0, held \
	}

/* In order of offsets. */
const struct hv_e1000_reg hv_e1000_regs[] = {
	SPECIAL(E1000_CTRL, ALL & ~(E1000_CTRL_RST | E1000_CTRL_PHY_RST)),
	SPECIAL(E1000_STATUS, 0),
	SPECIAL(E1000_EECD, 0x77),
	SPECIAL(E1000_EERD, ALL),
	HELD(E1000_CTRL_EXT, ALL),
	HELD(E1000_FLA, 0x3f),
	SPECIAL(E1000_MDIC, ALL),
	HELD(E1000_FCAL, ALL),
	HELD(E1000_FCAH, 0xffff),
	HELD(E1000_FCT, 0xffff),
	HELD(E1000_VET, 0xffff),
	SPECIAL(E1000_ICR, E1000_INT_ALL),
	HELD(E1000_ITR, 0xffff),
	SPECIAL(E1000_ICS, 0),
	SPECIAL(E1000_IMS, E1000_INT_ALL),
	SPECIAL(E1000_IMC, 0),
	SPECIAL(E1000_RCTL, 0x07fffffe),
	HELD(E1000_FCTTV, 0xffff),
	HELD(E1000_TXCW, 0xc000ffff),
	SPECIAL(E1000_RXCW, 0),
	SPECIAL(E1000_TCTL, 0x07fffffe),
	HELD(E1000_TIPG, 0x3fffffff),
	HELD(E1000_AIFS, 0xffff),
	HELD(E1000_LEDCTL, ALL),
	HELD(E1000_PBA, 0x7f),
	HELD(E1000_FCRTL, 0x8000fff8),
	HELD(E1000_FCRTH, 0xfff8),
	ARRAY(E1000_RDFH, 9, 0x1fff),
	HELD(E1000_RDBAL, 0xfffffff0),
	HELD(E1000_RDBAH, ALL),
	HELD(E1000_RDLEN, 0xfff80),
	SPECIAL(E1000_RDH, 0xffff),
	SPECIAL(E1000_RDT, 0xffff),
	HELD(E1000_RDTR, 0xffff),
	HELD(E1000_RXDCTL, ALL),
	HELD(E1000_RADV, 0xffff),
	HELD(E1000_RSRPD, 0xfff),
	HELD(E1000_TXDMAC, 0x1),
	ARRAY(E1000_TDFH, 9, 0x1fff),
	HELD(E1000_TDBAL, 0xfffffff0),
	HELD(E1000_TDBAH, ALL),
	HELD(E1000_TDLEN, 0xfff80),
	SPECIAL(E1000_TDH, 0xffff),
	SPECIAL(E1000_TDT, 0xffff),
	HELD(E1000_TIDV, 0xffff),
	HELD(E1000_TXDCTL, ALL),
	HELD(E1000_TADV, 0xffff),
	HELD(E1000_TSPMT, ALL),
	{E1000_STATS, 64, 0, ALL},
	HELD(E1000_RXCSUM, 0x7ff),
	ARRAY(E1000_MTA, 128, ALL),
	ARRAY(E1000_RAL, 2 * E1000_ADDRESSES, ALL), /* of RAH: see write_reg() */
	ARRAY(E1000_VFTA, 128, ALL),
	HELD(E1000_WUC, 0xffff),
	HELD(E1000_WUFC, 0xfffff),
	HELD(E1000_WUS, ALL),
	HELD(E1000_MANC, ALL),
	HELD(E1000_IPAV, ALL),
	ARRAY(E1000_IP4AT, 8, ALL),
	ARRAY(E1000_IP6AT, 4, ALL),
	ARRAY(E1000_WUPM, 32, ALL),
	ARRAY(E1000_FFLT, 8, ALL),
};
const unsigned int hv_e1000_regs_n = sizeof(hv_e1000_regs) / sizeof(hv_e1000_regs[0]);

const struct hv_e1000_reg *hv_e1000_reg_find(uint32_t off)
{
	unsigned int low = 0, high = hv_e1000_regs_n;

	while (low < high) {
		unsigned int mid = (low + high) / 2;
		const struct hv_e1000_reg *g = &hv_e1000_regs[mid];

		if (off < g->off)
			high = mid;
		else if (off >= g->off + 4u * g->count)
			low = mid + 1;
		else
			return g;
	}
	return NULL;
}

void hv_e1000_card_init(struct hv_e1000_card *c, const struct hv_e1000_env *env,
			const uint8_t mac[6])
{
	memset(c, 0, sizeof(*c));
	c->env = *env;
	hv_e1000_eeprom_init(c, mac);
	hv_e1000_phy_reset(c);
	hv_e1000_card_reset(c);
}

void hv_e1000_card_reset(struct hv_e1000_card *c)
{
	const uint16_t *mac = c->eeprom;

	memset(c->r, 0, sizeof(c->r));
	memset(&c->wire_ee, 0, sizeof(c->wire_ee));
	memset(&c->context, 0, sizeof(c->context));
	c->unit_done = c->causes = 0;
	c->tx_full = c->rx_short = false;
	c->line_after_ns = 0;
	E1000_REG(c, E1000_CTRL) = E1000_CTRL_FD | E1000_CTRL_SPD1000;
	E1000_REG(c, E1000_EECD) = 0x10; /* FWE: not to be written */
	E1000_REG(c, E1000_VET) = 0x8100;
	E1000_REG(c, E1000_LEDCTL) = 0x07068302;
	E1000_REG(c, E1000_PBA) = 0x30;
	E1000_REG(c, E1000_RAL) = (uint32_t)mac[0] | (uint32_t)mac[1] << 16;
	E1000_REG(c, E1000_RAL + 4) = mac[2] | E1000_RAH_AV;
	hv_e1000_line_update(c);
}

static uint32_t read_reg(struct hv_e1000_card *c, uint32_t off)
{
	const struct hv_e1000_reg *g = hv_e1000_reg_find(off);

	if (!g)
		return 0;
	uint32_t v = E1000_REG(c, off);
	switch (off) {
	case E1000_STATUS:
		return hv_e1000_status(c);
	case E1000_EECD:
		return hv_e1000_eecd_read(c);
	case E1000_ICR:
		E1000_REG(c, off) = 0;
		hv_e1000_line_update(c);
		return v;
	case E1000_PBA: /* the rest of 64 KB is for transmission (13.4.37) */
		return v | (0x40 - (v < 0x40 ? v : 0x40)) << 16;
	case E1000_GORCL: /* a pair is cleared by its upper half */
	case E1000_GOTCL:
	case E1000_TORL:
	case E1000_TOTL:
		return v;
	case E1000_GORCH:
	case E1000_GOTCH:
	case E1000_TORH:
	case E1000_TOTH:
		E1000_REG(c, off - 4) = 0;
		break;
	}
	if (g->off == E1000_STATS)
		E1000_REG(c, off) = 0;
	return v;
}

static void ctrl_write(struct hv_e1000_card *c, uint32_t v)
{
	if (v & E1000_CTRL_PHY_RST)
		hv_e1000_phy_reset(c);
	if (v & E1000_CTRL_RST)
		hv_e1000_card_reset(c);
	else
		E1000_REG(c, E1000_CTRL) = v & ~E1000_CTRL_PHY_RST;
}

/* The registers with a mask of 0. */
static void write_special(struct hv_e1000_card *c, uint32_t off, uint32_t v, uint32_t held)
{
	switch (off) {
	case E1000_CTRL:
		ctrl_write(c, v);
		break;
	case E1000_EECD:
		hv_e1000_eecd_write(c, v);
		break;
	case E1000_EERD:
		hv_e1000_eerd_write(c, v);
		break;
	case E1000_MDIC:
		hv_e1000_mdic_write(c, v);
		break;
	case E1000_ICR: /* what is written as 1 goes */
		E1000_REG(c, E1000_ICR) &= ~v;
		hv_e1000_line_update(c);
		break;
	case E1000_ICS:
		hv_e1000_raise(c, v & E1000_INT_ALL);
		break;
	case E1000_IMS:
		E1000_REG(c, E1000_IMS) |= v & E1000_INT_ALL;
		hv_e1000_line_update(c);
		break;
	case E1000_IMC:
		E1000_REG(c, E1000_IMS) &= ~v;
		hv_e1000_line_update(c);
		break;
	case E1000_TDH: /* another frame is at the head now */
		c->unit_done = 0;
		E1000_REG(c, off) = v & held;
		break;
	case E1000_RDT:
		E1000_REG(c, off) = v & held;
		if (c->rx_short)
			c->env.wake(c->env.self);
		break;
	case E1000_RCTL:
	case E1000_TCTL:
	case E1000_RDH:
	case E1000_TDT:
		E1000_REG(c, off) = v & held;
		c->env.wake(c->env.self);
		break;
	}
}

static void write_reg(struct hv_e1000_card *c, uint32_t off, uint32_t v)
{
	const struct hv_e1000_reg *g = hv_e1000_reg_find(off);
	uint32_t mask = g ? g->mask : 0;

	if (!g)
		return;
	if (g->off == E1000_RAL && off & 4)
		mask = 0x8003ffff;
	if (mask)
		E1000_REG(c, off) = v & mask;
	else
		write_special(c, off, v, g->held);
}

uint64_t hv_e1000_mem_read(struct hv_e1000_card *c, uint64_t off, unsigned int len)
{
	uint32_t at = (uint32_t)off & ~3u, shift = 8 * (uint32_t)(off & 3);
	uint64_t v;

	if (len == 8 && shift == 0) {
		v = read_reg(c, at);
		return v | (uint64_t)read_reg(c, at + 4) << 32;
	}
	v = read_reg(c, at) >> shift;
	return len >= 4 ? v : v & ((1u << 8 * len) - 1);
}

void hv_e1000_mem_write(struct hv_e1000_card *c, uint64_t off, unsigned int len, uint64_t value)
{
	if (off & 3 || len < 4)
		return;
	write_reg(c, (uint32_t)off, (uint32_t)value);
	if (len == 8)
		write_reg(c, (uint32_t)off + 4, (uint32_t)(value >> 32));
}

/* An address in one port, the register it names in the other (4.1.4). */
uint64_t hv_e1000_io_read(struct hv_e1000_card *c, uint64_t off, unsigned int len)
{
	if (len != 4)
		return 0;
	if (off == E1000_IO_ADDR)
		return c->io_addr;
	return off == E1000_IO_DATA ? hv_e1000_mem_read(c, c->io_addr & ~3u, 4) : 0;
}

void hv_e1000_io_write(struct hv_e1000_card *c, uint64_t off, unsigned int len, uint64_t value)
{
	if (len != 4)
		return;
	if (off == E1000_IO_ADDR)
		c->io_addr = (uint32_t)value;
	else if (off == E1000_IO_DATA)
		hv_e1000_mem_write(c, c->io_addr & ~3u, 4, value);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The card's state: the table's registers in the table's order, then what is behind them. Frames
 * are not part of it: those to be sent are in the guest's ring, those that came are the link's.
 */
#include "hv-core/e1000/card.h"

void hv_e1000_card_save(const struct hv_e1000_card *c, struct hv_out *out)
{
	const struct hv_e1000_context *x = &c->context;

	for (unsigned int i = 0; i < hv_e1000_regs_n; i++)
		for (uint32_t n = 0; n < hv_e1000_regs[i].count; n++)
			hv_out_u32(out, E1000_REG(c, hv_e1000_regs[i].off + 4 * n));
	for (unsigned int i = 0; i < E1000_EEPROM_WORDS; i++)
		hv_out_u16(out, c->eeprom[i]);
	for (unsigned int i = 0; i < 32; i++)
		hv_out_u16(out, c->phy[i]);
	hv_out_u16(out, c->wire_ee.in);
	hv_out_u8(out, c->wire_ee.bits);
	hv_out_u8(out, c->wire_ee.out_left);
	hv_out_u16(out, c->wire_ee.out);
	hv_out_u8(out, c->wire_ee.data);
	hv_out_u32(out, c->io_addr);
	hv_out_u8(out, c->cable);
	hv_out_u8(out, c->link_lost);
	hv_out_u32(out, c->causes);
	hv_out_u32(out, c->unit_done);

	hv_out_u8(out, x->ip_start);
	hv_out_u8(out, x->ip_sum);
	hv_out_u16(out, x->ip_end);
	hv_out_u8(out, x->l4_start);
	hv_out_u8(out, x->l4_sum);
	hv_out_u16(out, x->l4_end);
	hv_out_u32(out, x->payload);
	hv_out_u8(out, x->header);
	hv_out_u16(out, x->mss);
	hv_out_u8(out, (uint8_t)(x->tcp | x->ipv4 << 1 | x->segment << 2));
}

static bool get_bool(struct hv_in *in)
{
	uint8_t v = hv_in_u8(in);

	in->bad |= v > 1;
	return v == 1;
}

static void load_context(struct hv_e1000_context *x, struct hv_in *in)
{
	x->ip_start = hv_in_u8(in);
	x->ip_sum = hv_in_u8(in);
	x->ip_end = hv_in_u16(in);
	x->l4_start = hv_in_u8(in);
	x->l4_sum = hv_in_u8(in);
	x->l4_end = hv_in_u16(in);
	x->payload = hv_in_max(in, 0xfffff);
	x->header = hv_in_u8(in);
	x->mss = hv_in_u16(in);
	uint8_t flags = hv_in_u8(in);
	in->bad |= flags > 7;
	x->tcp = flags & 1;
	x->ipv4 = flags & 2;
	x->segment = flags & 4;
}

void hv_e1000_card_load(struct hv_e1000_card *c, struct hv_in *in)
{
	for (unsigned int i = 0; i < hv_e1000_regs_n; i++) {
		const struct hv_e1000_reg *g = &hv_e1000_regs[i];

		for (uint32_t n = 0; n < g->count; n++) {
			uint32_t v = hv_in_u32(in);

			in->bad |= v & ~g->held;
			E1000_REG(c, g->off + 4 * n) = v & g->held;
		}
	}
	for (unsigned int i = 0; i < E1000_EEPROM_WORDS; i++)
		c->eeprom[i] = hv_in_u16(in);
	for (unsigned int i = 0; i < 32; i++)
		c->phy[i] = hv_in_u16(in);
	c->wire_ee.in = hv_in_u16(in);
	c->wire_ee.bits = hv_in_u8(in);
	c->wire_ee.out_left = hv_in_u8(in);
	if (c->wire_ee.bits > 9 || c->wire_ee.out_left > 16) {
		in->bad = true;
		c->wire_ee.bits = c->wire_ee.out_left = 0;
	}
	c->wire_ee.out = hv_in_u16(in);
	c->wire_ee.data = get_bool(in);
	c->io_addr = hv_in_u32(in);
	c->cable = get_bool(in);
	c->link_lost = get_bool(in);
	c->causes = hv_in_max(in, E1000_INT_ALL);
	c->unit_done = hv_in_max(in, 0xfffff);
	load_context(&c->context, in);
	c->line_after_ns = 0;
	c->tx_full = c->rx_short = false;
	c->line = false;
	hv_e1000_line_update(c);
}

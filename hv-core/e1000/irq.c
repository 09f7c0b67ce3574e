/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupt causes (13.4.17 to 13.4.21): what happened is in ICR until it is read; what of it may
 * interrupt is in IMS. The line is on while both have a bit in common, but is not switched on again
 * earlier than ITR says after the last time (13.4.18: units of 256 ns).
 */
#include "hv-core/e1000/card.h"

#define ITR_UNIT_NS 256u

static void set_line(struct hv_e1000_card *c, bool on)
{
	c->line = on;
	c->env.line(c->env.self, on);
}

void hv_e1000_line_update(struct hv_e1000_card *c)
{
	bool want = E1000_REG(c, E1000_ICR) & E1000_REG(c, E1000_IMS);
	uint32_t interval = E1000_REG(c, E1000_ITR);

	if (want == c->line)
		return;
	if (want && interval) {
		uint64_t now = c->env.now_ns(c->env.self);

		if (now < c->line_after_ns) {
			c->env.alarm(c->env.self, c->line_after_ns);
			return;
		}
		c->line_after_ns = now + (uint64_t)interval * ITR_UNIT_NS;
	}
	set_line(c, want);
}

void hv_e1000_alarm(struct hv_e1000_card *c)
{
	hv_e1000_line_update(c);
}

void hv_e1000_raise(struct hv_e1000_card *c, uint32_t causes)
{
	E1000_REG(c, E1000_ICR) |= causes;
	hv_e1000_line_update(c);
}

void hv_e1000_raise_gathered(struct hv_e1000_card *c)
{
	if (c->causes)
		hv_e1000_raise(c, c->causes);
	c->causes = 0;
}

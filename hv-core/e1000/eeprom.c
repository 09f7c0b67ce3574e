/* SPDX-License-Identifier: BSD-3-Clause */
/* The EEPROM (section 5): 64 words behind four microwire wires in EECD (5.3.1), or read by the
 * card itself through EERD (13.4.4). It cannot be written. */
#include "hv-core/e1000/card.h"

#include <string.h>

#define VENDOR 0x8086
#define DEVICE 0x100e
#define BOARD  0x001e /* PRO/1000 MT Desktop Adapter */

void hv_e1000_eeprom_init(struct hv_e1000_card *c, const uint8_t mac[6])
{
	uint16_t *w = c->eeprom, sum = 0;

	memset(w, 0, sizeof(c->eeprom));
	for (int i = 0; i < 3; i++)
		w[i] = (uint16_t)(mac[2 * i] | mac[2 * i + 1] << 8);
	w[0x04] = 0xffff;	    /* LEDs: as the driver likes */
	w[0x08] = w[0x09] = 0xffff; /* no part number */
	w[0x0a] = 0x4003;	    /* signature; identifiers come from here */
	w[0x0b] = BOARD;
	w[0x0d] = DEVICE;
	w[0x0c] = w[0x0e] = VENDOR;
	/* Word 0x0f: no flow control; word 0x24: no wake-up. Both 0. */
	for (unsigned int i = 0; i + 1 < E1000_EEPROM_WORDS; i++)
		sum = (uint16_t)(sum + w[i]);
	w[E1000_EEPROM_WORDS - 1] = (uint16_t)(E1000_EEPROM_SUM - sum);
}

void hv_e1000_eerd_write(struct hv_e1000_card *c, uint32_t value)
{
	uint32_t address = value >> 8 & 0xff;

	if (value & E1000_EERD_START)
		value = (uint32_t)c->eeprom[address % E1000_EEPROM_WORDS] << 16 | address << 8 |
			E1000_EERD_DONE;
	E1000_REG(c, E1000_EERD) = value;
}

/* A bit arrives with the clock's rising edge: a start bit 1, two of opcode, six of address. Then
 * 16 bits come back, the highest first. */
static void clock_bit(struct hv_e1000_microwire *m, bool bit, const uint16_t *words)
{
	enum { COMMAND_BITS = 9, READ = 2 };

	if (m->out_left) {
		m->out_left--;
		m->data = m->out >> m->out_left & 1;
		return;
	}
	m->data = false;
	if (m->bits == COMMAND_BITS || (m->bits == 0 && !bit))
		return;
	m->in = (uint16_t)(m->in << 1 | bit);
	m->bits++;
	if (m->bits < COMMAND_BITS || (m->in >> 6 & 3) != READ)
		return;
	m->out = words[m->in % E1000_EEPROM_WORDS];
	m->out_left = 16;
}

void hv_e1000_eecd_write(struct hv_e1000_card *c, uint32_t value)
{
	uint32_t was = E1000_REG(c, E1000_EECD);
	uint32_t now = value & (E1000_EECD_SK | E1000_EECD_CS | E1000_EECD_DI | E1000_EECD_FWE |
				E1000_EECD_REQ);

	E1000_REG(c, E1000_EECD) = now;
	if (!(now & E1000_EECD_CS))
		c->wire_ee = (struct hv_e1000_microwire){0};
	else if (now & ~was & E1000_EECD_SK)
		clock_bit(&c->wire_ee, now & E1000_EECD_DI, c->eeprom);
}

uint32_t hv_e1000_eecd_read(const struct hv_e1000_card *c)
{
	uint32_t v = E1000_REG(c, E1000_EECD) | E1000_EECD_PRESENT;

	if (v & E1000_EECD_REQ)
		v |= E1000_EECD_GNT;
	if (c->wire_ee.data)
		v |= E1000_EECD_DO;
	return v;
}

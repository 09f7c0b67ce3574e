/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux' e1000 does from probe to open (6.1 and 6.12 alike), register by register, with what
 * it demands of each answer. The names in the comments are the driver's functions.
 */
#include "hv-core/e1000/test_card.h"

/* As QEMU, KVM and the board do it: reset is written through the ports. */
static void io_wr(struct test_card *t, uint32_t reg, uint32_t v)
{
	hv_e1000_io_write(&t->c, E1000_IO_ADDR, 4, reg);
	hv_e1000_io_write(&t->c, E1000_IO_DATA, 4, v);
}

/* e1000_reset_hw() */
static void reset_hw(struct test_card *t)
{
	wr(t, E1000_IMC, 0xffffffff);
	wr(t, E1000_RCTL, 0);
	wr(t, E1000_TCTL, E1000_TCTL_PSP);
	rd(t, E1000_STATUS);
	io_wr(t, E1000_CTRL, rd(t, E1000_CTRL) | E1000_CTRL_RST);
	assert_int_equal(rd(t, E1000_CTRL) & E1000_CTRL_RST, 0);
	wr(t, E1000_MANC, rd(t, E1000_MANC) & ~0x2000u);
	wr(t, E1000_IMC, 0xffffffff);
	rd(t, E1000_ICR);
	assert_int_equal(rd(t, E1000_IMS), 0);
	assert_int_equal(rd(t, E1000_ICR), 0);
}

static void raise_clock(struct test_card *t, uint32_t *eecd)
{
	*eecd |= E1000_EECD_SK;
	wr(t, E1000_EECD, *eecd);
	rd(t, E1000_STATUS);
}

static void lower_clock(struct test_card *t, uint32_t *eecd)
{
	*eecd &= ~E1000_EECD_SK;
	wr(t, E1000_EECD, *eecd);
	rd(t, E1000_STATUS);
}

/* e1000_shift_out_ee_bits() */
static void shift_out(struct test_card *t, uint32_t data, uint32_t count)
{
	uint32_t eecd = rd(t, E1000_EECD) & ~E1000_EECD_DO;

	for (uint32_t mask = 1u << (count - 1); mask; mask >>= 1) {
		eecd &= ~E1000_EECD_DI;
		if (data & mask)
			eecd |= E1000_EECD_DI;
		wr(t, E1000_EECD, eecd);
		raise_clock(t, &eecd);
		lower_clock(t, &eecd);
	}
	wr(t, E1000_EECD, eecd & ~E1000_EECD_DI);
}

/* e1000_shift_in_ee_bits() */
static uint16_t shift_in(struct test_card *t, uint32_t count)
{
	uint32_t eecd = rd(t, E1000_EECD) & ~(E1000_EECD_DO | E1000_EECD_DI);
	uint16_t data = 0;

	while (count--) {
		data = (uint16_t)(data << 1);
		raise_clock(t, &eecd);
		eecd = rd(t, E1000_EECD) & ~E1000_EECD_DI;
		if (eecd & E1000_EECD_DO)
			data |= 1;
		lower_clock(t, &eecd);
	}
	return data;
}

/* e1000_standby_eeprom() */
static void standby(struct test_card *t)
{
	uint32_t eecd = rd(t, E1000_EECD) & ~(E1000_EECD_CS | E1000_EECD_SK);

	wr(t, E1000_EECD, eecd);
	raise_clock(t, &eecd);
	eecd |= E1000_EECD_CS;
	wr(t, E1000_EECD, eecd);
	lower_clock(t, &eecd);
}

/* e1000_do_read_eeprom() with acquire and release, for microwire */
static void read_eeprom(struct test_card *t, uint32_t offset, uint32_t words, uint16_t *data)
{
	uint32_t eecd = rd(t, E1000_EECD) | E1000_EECD_REQ;

	wr(t, E1000_EECD, eecd);
	eecd = rd(t, E1000_EECD);
	assert_true(eecd & E1000_EECD_GNT);
	eecd &= ~(E1000_EECD_DI | E1000_EECD_SK);
	wr(t, E1000_EECD, eecd);
	eecd |= E1000_EECD_CS;
	wr(t, E1000_EECD, eecd);
	for (uint32_t i = 0; i < words; i++) {
		shift_out(t, 6, 3);
		shift_out(t, offset + i, 6);
		data[i] = shift_in(t, 16);
		standby(t);
	}
	eecd = rd(t, E1000_EECD) & ~(E1000_EECD_CS | E1000_EECD_DI);
	wr(t, E1000_EECD, eecd);
	raise_clock(t, &eecd);
	lower_clock(t, &eecd);
	wr(t, E1000_EECD, eecd & ~E1000_EECD_REQ);
	assert_false(rd(t, E1000_EECD) & E1000_EECD_GNT);
}

/* e1000_read_phy_reg_ex(), e1000_write_phy_reg_ex() */
static uint16_t read_phy(struct test_card *t, uint32_t reg)
{
	wr(t, E1000_MDIC, reg << 16 | 1u << 21 | E1000_MDIC_READ);
	uint32_t mdic = rd(t, E1000_MDIC);
	assert_true(mdic & E1000_MDIC_READY);
	assert_false(mdic & E1000_MDIC_ERROR);
	return (uint16_t)mdic;
}

static void write_phy(struct test_card *t, uint32_t reg, uint16_t v)
{
	wr(t, E1000_MDIC, v | reg << 16 | 1u << 21 | E1000_MDIC_WRITE);
	assert_true(rd(t, E1000_MDIC) & E1000_MDIC_READY);
}

/* e1000_validate_eeprom_checksum(), e1000_read_mac_addr(), and what probe reads else */
static void eeprom(struct test_card *t)
{
	uint16_t words[64], one, sum = 0;

	assert_int_equal(rd(t, E1000_EECD) & 0x200, 0); /* E1000_EECD_SIZE: 64 words */
	for (uint32_t i = 0; i < 64; i++) {
		read_eeprom(t, i, 1, &one);
		sum = (uint16_t)(sum + one);
	}
	assert_int_equal(sum, 0xbaba);
	read_eeprom(t, 0, 64, words);
	for (int i = 0; i < 6; i++)
		assert_int_equal(words[i / 2] >> 8 * (i & 1) & 0xff, test_mac[i]);
	assert_int_equal(words[0x24] & 0x0400, 0); /* no wake-up: EEPROM_APME */
	assert_int_equal(words[0x0f] & 0x3000, 0); /* no flow control */
	for (uint32_t i = 0; i < 64; i++) {
		wr(t, E1000_EERD, i << 8 | E1000_EERD_START);
		assert_true(rd(t, E1000_EERD) & E1000_EERD_DONE);
		assert_int_equal(rd(t, E1000_EERD) >> 16, words[i]);
	}
}

/* e1000_copper_link_preconfig() to e1000_copper_link_postconfig() */
static void setup_copper_link(struct test_card *t)
{
	wr(t, E1000_CTRL, (rd(t, E1000_CTRL) | E1000_CTRL_SLU) & ~0x1800u);
	uint32_t id = (uint32_t)read_phy(t, 2) << 16 | (read_phy(t, 3) & 0xfff0u);
	assert_int_equal(id, 0x01410c20); /* M88E1011_I_PHY_ID, which an 82540 must have */
	write_phy(t, 16, (uint16_t)((read_phy(t, 16) | 0x0800) & ~0x2));
	assert_true(read_phy(t, 16) & 0x0800);
	write_phy(t, 20, (uint16_t)((read_phy(t, 20) | 0x70) & ~0xf00));
	write_phy(t, 0, (uint16_t)(read_phy(t, 0) | 0x8000));
	assert_int_equal(read_phy(t, 0) & 0x8000, 0); /* reset is over */
	uint16_t adv = (uint16_t)((read_phy(t, 4) & ~0x0de0) | 0x01e0);
	uint16_t ctrl1000 = (uint16_t)((read_phy(t, 9) & ~0x0300) | 0x0200);
	write_phy(t, 4, adv);
	write_phy(t, 9, ctrl1000);
	write_phy(t, 0, (uint16_t)(read_phy(t, 0) | 0x1200));
	assert_int_equal(read_phy(t, 0) & 0x0200, 0); /* restarted */
	read_phy(t, 1);
	assert_true(read_phy(t, 1) & 0x0004); /* link, and the negotiation is complete: */
	assert_true(read_phy(t, 1) & 0x0020);
	assert_int_equal(read_phy(t, 5) & 0x0c00, 0); /* the partner does not pause */
	assert_int_equal(rd(t, E1000_STATUS) & 0xff, 0x83);
}

/* e1000_phy_m88_get_info() */
static void phy_info(struct test_card *t)
{
	assert_int_equal(read_phy(t, 17) & 0xc000, 0x8000);
	assert_int_equal(read_phy(t, 10) & 0x3000, 0x3000);
}

/* e1000_init_hw(): address, tables, link, counters */
static void init_hw(struct test_card *t)
{
	uint16_t led;

	read_eeprom(t, 4, 1, &led);
	assert_int_equal(led, 0xffff);
	assert_int_equal(rd(t, E1000_STATUS) & 0x20, 0); /* copper: no TBIMODE */
	wr(t, E1000_VET, 0);
	for (uint32_t i = 0; i < 128; i++)
		wr(t, E1000_VFTA + 4 * i, 0);
	wr(t, E1000_RAL, 0x12005452);
	wr(t, E1000_RAL + 4, 0x5634 | E1000_RAH_AV);
	for (uint32_t i = 2; i < 32; i++)
		wr(t, E1000_RAL + 4 * i, 0);
	for (uint32_t i = 0; i < 128; i++)
		wr(t, E1000_MTA + 4 * i, 0);
	setup_copper_link(t);
	wr(t, E1000_FCT, 0x8808);
	wr(t, E1000_FCAH, 0x100);
	wr(t, E1000_FCAL, 0x00c28001);
	wr(t, E1000_FCTTV, 0xffff);
	wr(t, E1000_FCRTL, 0);
	wr(t, E1000_FCRTH, 0);
	wr(t, E1000_TXDCTL, rd(t, E1000_TXDCTL) | 0x01010000);
	for (uint32_t i = 0; i < 64; i++) /* e1000_clear_hw_cntrs() */
		rd(t, E1000_STATS + 4 * i);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(rd(t, E1000_STATS + 4 * i), 0);
}

static void the_stock_driver_finds_its_card(void **state)
{
	static struct test_card t;

	test_card_init(&t);
	assert_int_equal(rd(&t, E1000_STATUS) & 0x3800, 0); /* e1000_get_bus_info(): PCI, 32 bits */
	reset_hw(&t);
	eeprom(&t);
	/* e1000_reset() */
	wr(&t, E1000_PBA, 0x30);
	assert_int_equal(rd(&t, E1000_PBA), 0x00100030);
	reset_hw(&t);
	assert_int_equal(rd(&t, E1000_RAL), 0x12005452); /* reloaded from the EEPROM */
	wr(&t, E1000_WUC, 0);
	init_hw(&t);
	wr(&t, E1000_VET, 0x8100);
	phy_info(&t);

	/* e1000_open(): e1000_power_up_phy(), e1000_configure(), irq */
	write_phy(&t, 0, (uint16_t)(read_phy(&t, 0) & ~0x0800));
	wr(&t, E1000_ITR, 1000000000 / (20000 * 256));
	start_tx(&t, 256);
	wr(&t, E1000_TCTL, 0x0103f0f8); /* without EN: the watchdog switches it on */
	wr(&t, E1000_TIDV, 8);
	wr(&t, E1000_TADV, 32);
	start_rx(&t, 256, 2048, 0x100);
	wr(&t, E1000_RXCSUM, E1000_RXCSUM_TUOFL);
	wr(&t, E1000_RDT, 254);
	wr(&t, E1000_IMS, 0x9d);
	assert_false(t.line);
	wr(&t, E1000_ICS, E1000_INT_LSC); /* starts the watchdog */
	assert_true(t.line);

	/* e1000_intr(): reading takes the line down; e1000_watchdog() finds the link */
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_LSC);
	assert_false(t.line);
	wr(&t, E1000_IMC, 0xffffffff);
	read_phy(&t, 1);
	assert_true(read_phy(&t, 1) & 0x0004);		     /* e1000_check_for_link() */
	assert_int_equal(rd(&t, E1000_STATUS) & 0xc1, 0x81); /* 1000, full duplex */
	wr(&t, E1000_TCTL, rd(&t, E1000_TCTL) | E1000_TCTL_EN);
	wr(&t, E1000_IMS, 0x9d);
	wr(&t, E1000_ICS, E1000_INT_RXDMT0);
	assert_false(t.line); /* moderated */
	t.now_ns = t.alarm_ns;
	hv_e1000_alarm(&t.c);
	assert_true(t.line);
	test_card_free(&t);
}

static void the_link_follows_the_cable(void **state)
{
	static struct test_card t;

	test_card_init(&t);
	wr(&t, E1000_CTRL, rd(&t, E1000_CTRL) | E1000_CTRL_SLU);
	wr(&t, E1000_IMS, E1000_INT_LSC);
	rd(&t, E1000_ICR);
	read_phy(&t, 1);
	assert_true(read_phy(&t, 1) & 4);

	hv_e1000_set_cable(&t.c, false);
	assert_true(t.line);
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_LSC);
	assert_int_equal(rd(&t, E1000_STATUS) & 2, 0);
	assert_int_equal(read_phy(&t, 1) & 0x24, 0);

	hv_e1000_set_cable(&t.c, true);
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_LSC);
	assert_int_equal(read_phy(&t, 1) & 4, 0); /* latched: it was down */
	assert_int_equal(read_phy(&t, 1) & 4, 4);
	hv_e1000_set_cable(&t.c, true);
	assert_int_equal(rd(&t, E1000_ICR), 0);

	write_phy(&t, 0, 0x1940); /* e1000_power_down_phy() */
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_LSC);
	assert_int_equal(rd(&t, E1000_STATUS) & 2, 0);
	wr(&t, E1000_CTRL, rd(&t, E1000_CTRL) | E1000_CTRL_PHY_RST); /* e1000_phy_hw_reset() */
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_LSC);
	assert_int_equal(rd(&t, E1000_STATUS) & 2, 2);

	/* ethtool -s speed 100 duplex full autoneg on, then forced to 10 half */
	write_phy(&t, 9, 0);
	write_phy(&t, 4, 0x0101);
	assert_int_equal(rd(&t, E1000_STATUS) & 0xc3, 0x43);
	write_phy(&t, 0, 0);
	assert_int_equal(rd(&t, E1000_STATUS) & 0xc3, 0x02);
	assert_int_equal(read_phy(&t, 17) & 0xe000, 0);
	test_card_free(&t);
}

static void another_phy_address_is_nobody(void **state)
{
	static struct test_card t;

	test_card_init(&t);
	wr(&t, E1000_MDIC, 2u << 16 | 2u << 21 | E1000_MDIC_READ);
	assert_int_equal(rd(&t, E1000_MDIC) >> 24 & 0x50, 0x50);
	wr(&t, E1000_IMS, E1000_INT_MDAC);
	wr(&t, E1000_MDIC, 2u << 16 | 1u << 21 | E1000_MDIC_READ | E1000_MDIC_INT);
	assert_true(t.line);
	test_card_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stock_driver_finds_its_card),
		cmocka_unit_test(the_link_follows_the_cable),
		cmocka_unit_test(another_phy_address_is_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

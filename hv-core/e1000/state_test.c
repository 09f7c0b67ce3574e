/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/e1000/test_card.h"

static struct test_card a, b;

#define LAST (E1000_TX_EOP | E1000_TX_IFCS | E1000_TX_RS)
#define DATA (E1000_TX_DEXT | 1ull << 20 | E1000_TX_TSE | E1000_TX_IXSM | E1000_TX_TXSM)

static int setup(void **state)
{
	test_card_init(&a);
	test_card_init(&b);
	return 0;
}

static int teardown(void **state)
{
	test_card_free(&a);
	test_card_free(&b);
	return 0;
}

/* a becomes b, memory too. */
static void move(void)
{
	struct hv_out out = {0};

	hv_e1000_card_save(&a.c, &out);
	assert_false(out.failed);
	struct hv_in in = {out.buf, out.len, false};
	hv_e1000_card_load(&b.c, &in);
	assert_int_equal(hv_in_end(&in, "a card", NULL), 0);
	memcpy(b.ram, a.ram, TEST_MEM);
	hv_out_free(&out);
}

static void registers_move(void **state)
{
	for (uint32_t off = 0; off < E1000_REGS_END; off += 4)
		if (off != E1000_CTRL && off != E1000_MDIC && off != E1000_EECD)
			wr(&a, off, off * 0x01010101u);
	wr(&a, E1000_MDIC, 0x1234 | 4u << 16 | 1u << 21 | E1000_MDIC_WRITE);
	hv_e1000_count(&a.c, E1000_GPRC, 77);
	hv_e1000_io_write(&a.c, E1000_IO_ADDR, 4, E1000_GPRC);
	move();
	assert_memory_equal(a.c.r, b.c.r, sizeof(a.c.r));
	assert_memory_equal(a.c.phy, b.c.phy, sizeof(a.c.phy));
	assert_memory_equal(a.c.eeprom, b.c.eeprom, sizeof(a.c.eeprom));
	assert_int_equal(hv_e1000_io_read(&b.c, E1000_IO_DATA, 4), 77);
	assert_int_equal(rd(&a, E1000_STATUS), rd(&b, E1000_STATUS));
}

static void a_pending_interrupt_moves(void **state)
{
	wr(&a, E1000_ITR, 1000);
	wr(&a, E1000_IMS, E1000_INT_RXT0);
	wr(&a, E1000_ICS, E1000_INT_RXT0);
	rd(&a, E1000_ICR);
	wr(&a, E1000_ICS, E1000_INT_RXT0); /* moderated */
	assert_false(a.line);
	move();
	assert_true(b.line); /* another clock; no reason to wait */
	assert_int_equal(rd(&b, E1000_ICR) & E1000_INT_RXT0, E1000_INT_RXT0);
}

/* In the middle of a unit's frames, and of an EEPROM command. */
static void a_unit_goes_on(void **state)
{
	static uint8_t unit[8000];
	uint32_t bytes = make_tcp4(unit, 5000, true);

	start_tx(&a, 16);
	memcpy(a.ram + TEST_BUF, unit, bytes);
	put_desc(&a, TEST_TX, 0, 14 | 24 << 8 | 33 << 16 | 34ull << 32 | 50ull << 40,
		 5000 | E1000_TX_DEXT | E1000_TU_TCP | E1000_TU_IP | E1000_TU_TSE | 54ull << 40 |
			 1000ull << 48);
	put_desc(&a, TEST_TX, 1, TEST_BUF, bytes | DATA | LAST);
	wr(&a, E1000_TDT, 2);
	a.room = 2;
	run(&a);
	assert_int_equal(a.sent_n, 2);
	wr(&a, E1000_EECD, E1000_EECD_CS | E1000_EECD_DI);
	wr(&a, E1000_EECD, E1000_EECD_CS | E1000_EECD_DI | E1000_EECD_SK);
	move();
	run(&b);
	assert_int_equal(b.sent_n, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(tcp4_holds(b.sent[i].data, 1054));
		assert_memory_equal(b.sent[i].data + 54, unit + 54 + 1000 * (i + 2), 1000);
	}
	assert_int_equal(rd(&b, E1000_TDH), 2);
	assert_int_equal(b.c.wire_ee.bits, 1);
}

static void receiving_goes_on(void **state)
{
	uint8_t frame[100] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

	start_rx(&a, 8, 2048, 0);
	wr(&a, E1000_RDT, 6);
	for (int i = 0; i < 5; i++)
		arrive(&a, frame, 100);
	run(&a);
	move();
	for (int i = 0; i < 2; i++)
		arrive(&b, frame, 100);
	run(&b);
	assert_int_equal(rd(&b, E1000_RDH), 6);
	assert_true(b.c.rx_short);
	assert_true(desc_high(&b, TEST_RX, 5) & E1000_RX_DD);
}

/* Too short, too long, and every byte wrong in turn: refused, or a card that still holds. */
static void damaged_state_is_no_danger(void **state)
{
	struct hv_out out = {0};
	unsigned int refused = 0;

	start_tx(&a, 16);
	start_rx(&a, 16, 2048, 0);
	wr(&a, E1000_TDT, 9);
	wr(&a, E1000_RDT, 9);
	hv_e1000_card_save(&a.c, &out);
	for (size_t len = 0; len < out.len; len++) {
		struct hv_in in = {out.buf, len, false};

		hv_e1000_card_load(&b.c, &in);
		assert_true(in.bad);
	}
	for (size_t i = 0; i < out.len; i++) {
		uint8_t was = out.buf[i];
		struct hv_in in = {out.buf, out.len, false};

		out.buf[i] = 0xff;
		hv_e1000_card_load(&b.c, &in);
		refused += in.bad;
		run(&b);
		test_forget(&b);
		out.buf[i] = was;
	}
	assert_true(refused > 100);
	hv_out_free(&out);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(registers_move),    T(a_pending_interrupt_moves),  T(a_unit_goes_on),
		T(receiving_goes_on), T(damaged_state_is_no_danger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

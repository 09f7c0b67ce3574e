/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/e1000/test_card.h"

static struct test_card t;

static int setup(void **state)
{
	test_card_init(&t);
	rd(&t, E1000_ICR);
	return 0;
}

static int teardown(void **state)
{
	test_card_free(&t);
	return 0;
}

static void reading_causes_clears_them(void **state)
{
	wr(&t, E1000_ICS, E1000_INT_RXT0 | E1000_INT_TXDW);
	assert_false(t.line); /* masked */
	wr(&t, E1000_IMS, E1000_INT_RXT0);
	assert_true(t.line);
	assert_int_equal(rd(&t, E1000_IMS), E1000_INT_RXT0);
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_RXT0 | E1000_INT_TXDW);
	assert_false(t.line);
	assert_int_equal(rd(&t, E1000_ICR), 0);

	wr(&t, E1000_ICS, E1000_INT_RXT0 | E1000_INT_TXDW);
	assert_true(t.line);
	wr(&t, E1000_ICS, E1000_INT_RXT0);
	assert_int_equal(t.raised, 2);	   /* it is on already */
	wr(&t, E1000_ICR, E1000_INT_RXT0); /* written ones go, too */
	assert_false(t.line);
	assert_int_equal(rd(&t, E1000_ICR), E1000_INT_TXDW);

	wr(&t, E1000_ICS, E1000_INT_RXT0);
	wr(&t, E1000_IMC, E1000_INT_RXT0);
	assert_false(t.line);
	assert_int_equal(rd(&t, E1000_IMS), 0);
	wr(&t, E1000_IMS, E1000_INT_RXT0); /* the cause is still there */
	assert_true(t.line);
}

static void moderation_keeps_its_distance(void **state)
{
	wr(&t, E1000_ITR, 195); /* 49,920 ns */
	wr(&t, E1000_IMS, E1000_INT_RXT0);
	t.now_ns = 1000000;
	wr(&t, E1000_ICS, E1000_INT_RXT0);
	assert_true(t.line);
	rd(&t, E1000_ICR);
	t.now_ns += 10000;
	wr(&t, E1000_ICS, E1000_INT_RXT0);
	assert_false(t.line);
	assert_int_equal(t.alarm_ns, 1000000 + 49920);
	t.now_ns = t.alarm_ns - 1;
	hv_e1000_alarm(&t.c);
	assert_false(t.line);
	t.now_ns++;
	hv_e1000_alarm(&t.c);
	assert_true(t.line);
	assert_int_equal(t.raised, 2);
	/* A cause that is read before its time comes needs no interrupt. */
	rd(&t, E1000_ICR);
	wr(&t, E1000_ICS, E1000_INT_RXT0);
	rd(&t, E1000_ICR);
	t.now_ns += 100000;
	hv_e1000_alarm(&t.c);
	assert_int_equal(t.raised, 2);
	wr(&t, E1000_ITR, 0);
	for (int i = 0; i < 5; i++) {
		wr(&t, E1000_ICS, E1000_INT_RXT0);
		rd(&t, E1000_ICR);
	}
	assert_int_equal(t.raised, 7);
}

/* As ethtool's offline test does: patterns through masks. */
static void registers_hold_what_they_should(void **state)
{
	static const struct {
		uint32_t reg, mask;
	} held[] = {
		{E1000_FCAL, 0xffffffff},
		{E1000_FCAH, 0xffff},
		{E1000_FCT, 0xffff},
		{E1000_VET, 0xffff},
		{E1000_RDTR, 0xffff},
		{E1000_RDBAH, 0xffffffff},
		{E1000_RDLEN, 0xfff80},
		{E1000_RDH, 0xffff},
		{E1000_RDT, 0xffff},
		{E1000_FCRTH, 0xfff8},
		{E1000_FCTTV, 0xffff},
		{E1000_TIPG, 0x3fffffff},
		{E1000_TDBAH, 0xffffffff},
		{E1000_TDLEN, 0xfff80},
		{E1000_RDBAL, 0xfffffff0},
		{E1000_TXCW, 0xc000ffff},
		{E1000_TDBAL, 0xfffffff0},
		{E1000_TIDV, 0xffff},
		{E1000_MTA, 0xffffffff},
		{E1000_RAL, 0xffffffff},
		{E1000_RAL + 4, 0x8003ffff},
		{E1000_RAL + 124, 0x8003ffff},
		{E1000_VFTA + 508, 0xffffffff},
		{E1000_RCTL, 0x06c3b33e},
	};
	static const uint32_t patterns[] = {0x5a5a5a5a, 0xa5a5a5a5, 0, 0xffffffff};

	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		for (int p = 0; p < 4; p++) {
			wr(&t, held[i].reg, patterns[p]);
			assert_int_equal(rd(&t, held[i].reg) & held[i].mask,
					 patterns[p] & held[i].mask);
		}
	wr(&t, E1000_TCTL, 0);
	assert_int_equal(rd(&t, E1000_TCTL), 0);
	uint32_t status = rd(&t, E1000_STATUS);
	wr(&t, E1000_STATUS, 0xfffff833);
	assert_int_equal(rd(&t, E1000_STATUS), status);
}

static void the_table_is_in_order(void **state)
{
	for (unsigned int i = 0; i < hv_e1000_regs_n; i++) {
		const struct hv_e1000_reg *g = &hv_e1000_regs[i];
		uint32_t end = g->off + 4u * g->count;

		assert_int_equal(g->off & 3, 0);
		assert_true(g->count && (g->mask & ~g->held) == 0);
		assert_true(end <= (i + 1 < hv_e1000_regs_n ? g[1].off : E1000_REGS_END));
		assert_ptr_equal(hv_e1000_reg_find(g->off), g);
		assert_ptr_equal(hv_e1000_reg_find(end - 4), g);
	}
}

/* Any offset, width and value: nothing but registers answers, and nothing falls over. */
static void every_offset_is_safe(void **state)
{
	for (uint32_t off = 0; off < E1000_BAR_MEM_BYTES; off++)
		for (unsigned int len = 1; len <= 8 && off + len <= E1000_BAR_MEM_BYTES; len *= 2) {
			hv_e1000_mem_write(&t.c, off, len, 0xffffffffffffffff);
			hv_e1000_mem_read(&t.c, off, len);
		}
	assert_int_equal(hv_e1000_mem_read(&t.c, 0x1fffc, 4), 0);
	assert_int_equal(hv_e1000_mem_read(&t.c, 0x3c, 4), 0);
}

static void wide_and_narrow_accesses(void **state)
{
	hv_e1000_mem_write(&t.c, E1000_RDBAL, 8, 0x1234567812345670);
	assert_int_equal(rd(&t, E1000_RDBAL), 0x12345670);
	assert_int_equal(rd(&t, E1000_RDBAH), 0x12345678);
	assert_true(hv_e1000_mem_read(&t.c, E1000_RDBAL, 8) == 0x1234567812345670);
	assert_int_equal(hv_e1000_mem_read(&t.c, E1000_RDBAL + 1, 1), 0x56);
	assert_int_equal(hv_e1000_mem_read(&t.c, E1000_RDBAL + 2, 2), 0x1234);
	hv_e1000_mem_write(&t.c, E1000_RDBAL, 2, 0);
	assert_int_equal(rd(&t, E1000_RDBAL), 0x12345670);
}

static void ports_reach_registers(void **state)
{
	hv_e1000_io_write(&t.c, E1000_IO_ADDR, 4, E1000_FCAL);
	hv_e1000_io_write(&t.c, E1000_IO_DATA, 4, 0xabcdef01);
	assert_int_equal(rd(&t, E1000_FCAL), 0xabcdef01);
	assert_int_equal(hv_e1000_io_read(&t.c, E1000_IO_DATA, 4), 0xabcdef01);
	assert_int_equal(hv_e1000_io_read(&t.c, E1000_IO_ADDR, 4), E1000_FCAL);
	hv_e1000_io_write(&t.c, E1000_IO_ADDR, 4, 0xffffffff); /* nowhere */
	hv_e1000_io_write(&t.c, E1000_IO_DATA, 4, 1);
	assert_int_equal(hv_e1000_io_read(&t.c, E1000_IO_DATA, 4), 0);
	assert_int_equal(hv_e1000_io_read(&t.c, 8, 4), 0);
}

static void counters_stick_and_clear(void **state)
{
	static const uint8_t dst[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	hv_e1000_count(&t.c, E1000_MPC, 0xfffffff0);
	hv_e1000_count(&t.c, E1000_MPC, 0x20);
	assert_int_equal(rd(&t, E1000_MPC), 0xffffffff);
	assert_int_equal(rd(&t, E1000_MPC), 0);
	hv_e1000_count_tx(&t.c, dst, 1518, 3000000);
	assert_int_equal(rd(&t, E1000_GPTC), 3000000);
	assert_int_equal(rd(&t, E1000_BPTC), 3000000);
	assert_int_equal(rd(&t, E1000_PTC64 + 20), 3000000);
	uint64_t low = rd(&t, E1000_GOTCL), high = rd(&t, E1000_GOTCH);
	assert_true((high << 32 | low) == 1518ull * 3000000);
	assert_int_equal(rd(&t, E1000_GOTCL), 0); /* cleared with its upper half */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(reading_causes_clears_them),
		T(moderation_keeps_its_distance),
		T(registers_hold_what_they_should),
		T(the_table_is_in_order),
		T(every_offset_is_safe),
		T(wide_and_narrow_accesses),
		T(ports_reach_registers),
		T(counters_stick_and_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

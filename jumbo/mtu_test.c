/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/mtu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void in_force(void **state)
{
	assert_int_equal(mtu_in_force(1500, 0), 1500);
	assert_int_equal(mtu_in_force(1500, 9000), 1500);
	assert_int_equal(mtu_in_force(9000, 1500), 1500);
}

static void size_of_frames_and_units(void **state)
{
	struct rte_mbuf m = {.pkt_len = 1514, .l2_len = 14};

	assert_int_equal(mtu_size(&m), 1500);
	m.pkt_len = 1518;
	m.l2_len = 18; /* a second tag, whether anybody parsed it or not */
	assert_int_equal(mtu_size(&m), 1504);
	m.l2_len = 14;
	assert_int_equal(mtu_size(&m), 1504);
	m.pkt_len = 65000;
	m.l2_len = 14;
	m.l3_len = 20;
	m.l4_len = 32;
	m.tso_segsz = 1448;
	assert_int_equal(mtu_size(&m), 64986);
	m.ol_flags = RTE_MBUF_F_TX_TCP_SEG;
	assert_int_equal(mtu_size(&m), 1500);
	m.ol_flags = RTE_MBUF_F_TX_UDP_SEG;
	m.l4_len = 8;
	assert_int_equal(mtu_size(&m), 1476);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_force),
		cmocka_unit_test(size_of_frames_and_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/cmdline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct mg_conf c;
static char why[MG_WHY];

static void knows_all_words(void **state)
{
	static const uint8_t second[6] = {2, 0, 0, 0, 0, 0xbe};

	assert_true(mg_cmdline("role=generator,sink mac=02:00:00:00:00:01,02:00:00:00:00:BE "
			       " dst=ff:ff:ff:ff:ff:ff size=1518 flows=100k mtu=9000 tso=64k "
			       "count=5m seconds=0.25 rate=1.5m burst=16 window=8 check=1 "
			       "settle=2 wait=0.5 ring=256 buffer=4096 rings=packed inorder=off "
			       "eventidx=off mrg=off csum=on",
			       &c, why) == false);
	/* A rate has no places. */
	assert_non_null(strstr(why, "rate"));
	assert_true(mg_cmdline("role=generator,sink mac=02:00:00:00:00:01,02:00:00:00:00:BE "
			       " dst=ff:ff:ff:ff:ff:ff size=1518 flows=100k mtu=9000 tso=64k "
			       "count=5m seconds=0.25 rate=1500k burst=16 window=8 check=1 "
			       "settle=2 wait=0.5 ring=256 buffer=4096 rings=packed inorder=off "
			       "eventidx=off mrg=off csum=on",
			       &c, why));
	assert_int_equal(c.role[0], MG_GENERATOR);
	assert_int_equal(c.role[1], MG_SINK);
	assert_int_equal(c.role[3], MG_SINK);
	assert_int_equal(c.macs, 2);
	assert_memory_equal(c.mac[1], second, 6);
	assert_int_equal(c.dsts, 1);
	assert_int_equal(c.dst[0][5], 0xff);
	assert_int_equal(c.bytes, 1514);
	assert_int_equal(c.flows, 100000);
	assert_int_equal(c.mtu, 9000);
	assert_true(c.unit);
	assert_int_equal(c.count, 5000000);
	assert_int_equal(c.duration_us, 250000);
	assert_int_equal(c.rate, 1500000);
	assert_int_equal(c.burst, 16);
	assert_int_equal(c.window, 8);
	assert_int_equal(c.check, 1);
	assert_int_equal(c.settle_us, 2000000);
	assert_int_equal(c.wait_us, 500000);
	assert_int_equal(c.ring, 256);
	assert_int_equal(c.buffer_bytes, 4096);
	assert_true(c.packed && c.csum);
	assert_false(c.in_order || c.event_idx || c.mergeable);
}

static void a_reflector_has_addresses(void **state)
{
	/* The words may come in any order, and the last card need not have one. */
	assert_true(
		mg_cmdline("address=10.0.0.9,198.18.255.1 role=reflector,reflector,sink", &c, why));
	assert_int_equal(c.addresses, 2);
	assert_memory_equal(c.address[1], "\xc6\x12\xff\x01", 4);
}

static void nothing_is_a_sink(void **state)
{
	assert_true(mg_cmdline("", &c, why));
	assert_int_equal(c.role[0], MG_SINK);
	assert_int_equal(c.bytes, 60);
	assert_true(c.in_order && c.event_idx && c.mergeable);
	assert_false(c.packed || c.csum || c.unit);
}

static void says_what_is_wrong(void **state)
{
	static const char *const wrong[][2] = {
		{"role", "role"},
		{"role=", "role may be"},
		{"role=router", "role may be"},
		{"role=sink,,sink", "role may be"},
		{"role=sink,sink,sink,sink,sink", "role may be"},
		{"mac=02:00:00:00:00", "mac may be"},
		{"mac=02:00:00:00:00:0g", "mac may be"},
		{"mac=02-00-00-00-00-01", "mac may be"},
		{"address=10.0.0", "address may be"},
		{"address=10.0.0.256", "address may be"},
		{"address=10.0.0.1.1", "address may be"},
		{"address=10.0..1", "address may be"},
		{"address=10.0.0.1,", "address may be"},
		{"address=10.0.0.1", "address: only a reflector"},
		{"role=reflector,ping address=10.0.0.1,10.0.0.2", "address: only a reflector"},
		{"size=63", "size may be"},
		{"size=9019", "size may be"},
		{"size=64x", "size may be"},
		{"size=99999999999999999999999", "size may be"},
		{"seconds=0", "seconds may be"},
		{"seconds=1.0000001", "seconds may be"},
		{"seconds=1.2.3", "seconds may be"},
		{"seconds=.", "seconds may be"},
		{"count=4294967296", "count may be"},
		{"ring=100", "ring may be"},
		{"ring=2048", "ring may be"},
		{"rings=vector", "rings may be"},
		{"burst=65", "burst may be"},
		{"colour=red", "colour: no such parameter"},
		{"=5", ": no such parameter"},
		{"averyveryveryverylongwordthatisnoparameteratall=5", "no such parameter"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		why[0] = 0;
		assert_false(mg_cmdline(wrong[i][0], &c, why));
		assert_non_null(strstr(why, wrong[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_all_words),
		cmocka_unit_test(a_reflector_has_addresses),
		cmocka_unit_test(nothing_is_a_sink),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

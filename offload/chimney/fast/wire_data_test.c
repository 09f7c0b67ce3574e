/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 9293 3.10 (data transfer, windows), RFC 1122 4.2.3 (delayed ACK, SWS, Nagle, persist). */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void sends_and_is_acked(void **state)
{
	wire_play("write 2500\n"
		  "> . 0:1000 ack 0\n"
		  "> . 1000:2000\n"
		  "> P. 2000:2500\n"
		  "unsent 0\n"
		  "freed 0\n"
		  "+50\n"
		  "< . 0 ack 2500\n"
		  "freed 2500\n"
		  "pipe 0\n"
		  "none");
}

static void sends_units(void **state)
{
	wire_play("conf tso 1 cwnd 40\n"
		  "write 30500\n"
		  "> P. 0:30500 segsz 1000\n"
		  "< . 0 ack 30500\n"
		  "freed 30500");
}

static void receives_in_order(void **state)
{
	wire_play("< . 0:1000 ack 0\n"
		  "in 1000\n"
		  "none\n"
		  "< P. 1000:1500 ack 0\n"
		  "in 1500\n"
		  "> . 0 ack 1500\n"
		  "read 1500\n"
		  "none");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sends_and_is_acked),
	cmocka_unit_test(sends_units),
	cmocka_unit_test(receives_in_order),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

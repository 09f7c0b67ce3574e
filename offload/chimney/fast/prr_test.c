/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/prr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MSS = 1000 };

/* RFC 6937 4, the first example's shape: one loss of twenty, half the window: every other
 * acknowledgment lets a segment go, and 10 segments are in flight at the end. */
static void one_loss_halves_smoothly(void **state)
{
	struct chim_prr p;
	uint32_t pipe = 19 * MSS, sent = 0;

	chim_prr_start(&p, 20 * MSS, 10 * MSS, 0);
	for (int i = 0; i < 19; i++) {
		uint32_t may;

		pipe -= i == 0 ? 0 : MSS;
		may = chim_prr_ack(&p, MSS, pipe, false, MSS);
		if (i == 0)
			assert_true(may >= MSS); /* the fast retransmission */
		may -= may % MSS;
		chim_prr_sent(&p, may);
		sent += may;
		pipe += may;
	}
	assert_in_range(sent, 9 * MSS, 11 * MSS);
	assert_in_range(pipe, 9 * MSS, 11 * MSS);
}

/* Most of the window is lost: conservative reduction sends what is delivered, and a segment more
 * where it goes well. */
static void many_losses(void **state)
{
	struct chim_prr p;

	chim_prr_start(&p, 20 * MSS, 10 * MSS, 0);
	assert_int_equal(chim_prr_ack(&p, MSS, 3 * MSS, false, MSS), MSS);
	chim_prr_sent(&p, MSS);
	assert_int_equal(chim_prr_ack(&p, MSS, 3 * MSS, false, MSS), MSS);
	chim_prr_sent(&p, MSS);
	assert_int_equal(chim_prr_ack(&p, MSS, 3 * MSS, true, MSS), 2 * MSS);
	chim_prr_sent(&p, 2 * MSS);
	/* Never above ssthresh. */
	assert_int_equal(chim_prr_ack(&p, 5 * MSS, 9 * MSS, true, MSS), MSS);
	/* More was sent than delivered: what this one delivered still counts. */
	chim_prr_sent(&p, 20 * MSS);
	assert_int_equal(chim_prr_ack(&p, MSS, 2 * MSS, false, MSS), MSS);
}

static void nothing_owed(void **state)
{
	struct chim_prr p;

	chim_prr_start(&p, 0, 2 * MSS, 0); /* nothing in flight: no division by it */
	assert_int_equal(chim_prr_ack(&p, 0, 5 * MSS, false, MSS), MSS);
	chim_prr_sent(&p, MSS);
	assert_int_equal(chim_prr_ack(&p, 0, 5 * MSS, false, MSS), 0);
	assert_int_equal(chim_prr_ack(&p, 0, 0, false, MSS), MSS); /* all is lost */
	chim_prr_start(&p, 10 * MSS, 7 * MSS, 6 * MSS);		   /* up to ssthresh at once */
	assert_int_equal(chim_prr_ack(&p, MSS, 3 * MSS, false, MSS), 4 * MSS);
	chim_prr_start(&p, 1, UINT32_MAX / 2, 0); /* bounds */
	assert_true(chim_prr_ack(&p, UINT32_MAX, UINT32_MAX, false, MSS) == UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_loss_halves_smoothly),
		cmocka_unit_test(many_losses),
		cmocka_unit_test(nothing_owed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

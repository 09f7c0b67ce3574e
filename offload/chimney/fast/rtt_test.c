/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/rtt.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stddef.h>
#include <cmocka.h>

static const uint64_t ms = 1000000;

static void close_to(double is, double wanted)
{
	if (fabs(is - wanted) > 2 + wanted / 1000)
		fail_msg("%f, not %f", is, wanted);
}

/* RFC 6298 2, with doubles. */
static void follows_the_rfc(void **state)
{
	struct chim_rtt r;
	double srtt = 0, var = 0;

	srand(1);
	chim_rtt_init(&r, 0, 0, 0, 0);
	assert_int_equal(chim_rtt_rto_us(&r), 1000000);
	assert_int_equal(chim_rtt_srtt_us(&r), 0);
	assert_int_equal(chim_rtt_min_us(&r), 0);
	for (int i = 0; i < 2000; i++) {
		uint32_t us = 20000 + (uint32_t)(rand() % (i < 1000 ? 500000 : 500));

		if (i == 0) {
			srtt = us;
			var = us / 2.0;
		} else {
			var = 0.75 * var + 0.25 * fabs(srtt - us);
			srtt = 0.875 * srtt + 0.125 * us;
		}
		chim_rtt_sample(&r, us, i * ms);
		assert_int_equal(r.last_us, us);
		close_to(chim_rtt_srtt_us(&r), srtt);
		close_to(chim_rtt_var_us(&r), var);
		close_to(chim_rtt_rto_us(&r), srtt + fmax(4 * var, 200000));
	}
}

static void backs_off(void **state)
{
	struct chim_rtt r;
	uint32_t rto;

	chim_rtt_init(&r, 0, 0, 0, 0);
	chim_rtt_sample(&r, 100000, 0);
	rto = chim_rtt_rto_us(&r);
	chim_rtt_backoff(&r);
	assert_int_equal(chim_rtt_rto_us(&r), 2 * rto);
	chim_rtt_backoff(&r);
	assert_int_equal(chim_rtt_rto_us(&r), 4 * rto);
	for (int i = 0; i < 500; i++)
		chim_rtt_backoff(&r);
	assert_int_equal(chim_rtt_rto_us(&r), CHIM_RTO_MAX_US);
	chim_rtt_recovered(&r);
	assert_int_equal(chim_rtt_rto_us(&r), rto);
	chim_rtt_backoff(&r);
	chim_rtt_sample(&r, 100000, ms);
	assert_true(chim_rtt_rto_us(&r) <= rto);
}

static void takes_over(void **state)
{
	struct chim_rtt r;

	chim_rtt_init(&r, 80000, 10000, 70000, 5 * ms);
	assert_int_equal(chim_rtt_srtt_us(&r), 80000);
	assert_int_equal(chim_rtt_var_us(&r), 10000);
	assert_int_equal(chim_rtt_min_us(&r), 70000);
	assert_int_equal(chim_rtt_rto_us(&r), 280000);
	chim_rtt_init(&r, 800000, 0, 0, 0); /* a half is taken for the deviation */
	assert_int_equal(chim_rtt_rto_us(&r), 800000 + 4 * 400000);
}

static void timestamps(void **state)
{
	struct chim_rtt r;

	chim_rtt_init(&r, 0, 0, 0, 0);
	chim_rtt_sample_ts(&r, 20, 0xfffffff0); /* wraps */
	assert_int_equal(chim_rtt_srtt_us(&r), 36000);
	assert_int_equal(chim_rtt_min_us(&r), 0);
	chim_rtt_sample_ts(&r, 20, 21);
	assert_int_equal(r.last_us, 36000);
	chim_rtt_sample_ts(&r, 20, 20); /* less than the clock shows */
	assert_int_equal(r.last_us, 1000);
	chim_rtt_sample_ts(&r, 10000000, 0);
	assert_int_equal(r.last_us, CHIM_RTT_MAX_US);
}

static void bounds(void **state)
{
	struct chim_rtt r;

	chim_rtt_init(&r, 0, 0, 0, 0);
	chim_rtt_sample(&r, 0, 0);
	assert_int_equal(r.last_us, 1);
	for (int i = 0; i < 100; i++)
		chim_rtt_sample(&r, i % 2 ? UINT32_MAX : 1, 0);
	assert_int_equal(r.last_us, CHIM_RTT_MAX_US);
	assert_int_equal(chim_rtt_rto_us(&r), CHIM_RTO_MAX_US);
}

/* The minimum against all samples of the window: never below it, and never older than the window;
 * exact where the true one is among the three, which it is when times rise or fall slowly. */
static void windowed_minimum(void **state)
{
	struct chim_rtt r;
	uint64_t second = 1000 * ms;

	chim_rtt_init(&r, 0, 0, 0, 0);
	chim_rtt_sample(&r, 1000, 0);
	/* Longer from now on: the old minimum holds for the window, then goes. */
	for (uint64_t s = 1; s <= 300; s++) {
		chim_rtt_sample(&r, 2000 + (uint32_t)s, s * second);
		assert_int_equal(chim_rtt_min_us(&r), 1000);
	}
	chim_rtt_sample(&r, 9000, 301 * second);
	assert_in_range(chim_rtt_min_us(&r), 2001, 2100);
	/* Shorter: at once. */
	chim_rtt_sample(&r, 500, 302 * second);
	assert_int_equal(chim_rtt_min_us(&r), 500);
	/* Nothing for longer than the window: what comes is the minimum. */
	chim_rtt_sample(&r, 70000, 1000 * second);
	assert_int_equal(chim_rtt_min_us(&r), 70000);
	/* Second and third candidates of their own. */
	chim_rtt_sample(&r, 80000, 1100 * second);
	chim_rtt_sample(&r, 90000, 1160 * second);
	chim_rtt_sample(&r, 85000, 1170 * second);
	chim_rtt_sample(&r, 75000, 1180 * second);
	assert_int_equal(r.min[1].us, 75000);
	chim_rtt_sample(&r, 78000, 1299 * second);
	assert_int_equal(chim_rtt_min_us(&r), 70000);
	chim_rtt_sample(&r, 90000, 1301 * second);
	assert_int_equal(chim_rtt_min_us(&r), 75000);
	/* Two candidates end at once: the third is left. */
	r.min[0].at_ms = r.min[1].at_ms = 1000;
	r.min[2].at_ms = 1300 * 1000;
	r.min[2].us = 91000;
	chim_rtt_sample(&r, 95000, 1400 * second);
	assert_int_equal(chim_rtt_min_us(&r), 91000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_rfc), cmocka_unit_test(backs_off),
		cmocka_unit_test(takes_over),	   cmocka_unit_test(timestamps),
		cmocka_unit_test(bounds),	   cmocka_unit_test(windowed_minimum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MSS = 1000 };
static const uint64_t ms = 1000000;

static struct chim_cc cc;

static void start(enum chim_cc_kind kind, uint32_t cwnd, uint32_t ssthresh)
{
	chim_cc_init(&cc, kind, MSS, cwnd, ssthresh, 1000, 5 * ms);
}

/* An acknowledgment that is in the middle of a round. */
static void ack(uint32_t acked, uint32_t rtt_us, bool limited)
{
	struct chim_cc_ack a = {.now = 10 * ms, .acked = acked, .una = 0, .nxt = cc.round_end};

	a.rtt_us = rtt_us;
	a.cwnd_limited = limited;
	chim_cc_ack(&cc, &a);
}

/* One of a whole round: eight samples of that time, and the last ends the round. */
static void round_of(uint32_t acked, uint32_t rtt_us)
{
	struct chim_cc_ack a = {.now = 10 * ms, .rtt_us = rtt_us, .cwnd_limited = true};

	a.una = cc.round_end - 1;
	for (int i = 0; i < 8; i++) {
		a.acked = acked / 8;
		a.una += i == 7;
		a.nxt = a.una + cc.cwnd;
		chim_cc_ack(&cc, &a);
	}
}

static void initial_window(void **state)
{
	assert_int_equal(chim_cc_initial(536), 5360);
	assert_int_equal(chim_cc_initial(1460), 14600);
	assert_int_equal(chim_cc_initial(1600), 14600);
	assert_int_equal(chim_cc_initial(8960), 17920);
	start(CHIM_CC_CUBIC, 0, 0);
	assert_int_equal(cc.cwnd, 10 * MSS);
	assert_true(chim_cc_in_slow_start(&cc));
	start(CHIM_CC_CUBIC, 1, 5 * MSS); /* never less than a segment */
	assert_int_equal(cc.cwnd, MSS);
	start(CHIM_CC_CUBIC, UINT32_MAX, 5 * MSS);
	assert_int_equal(cc.cwnd, CHIM_CC_MAX);
}

static void names(void **state)
{
	assert_int_equal(chim_cc_kind("reno"), CHIM_CC_RENO);
	assert_int_equal(chim_cc_kind("cubic"), CHIM_CC_CUBIC);
	assert_int_equal(chim_cc_kind("bbr"), CHIM_CC_CUBIC);
	assert_string_equal(chim_cc_name(CHIM_CC_RENO), "reno");
	assert_string_equal(chim_cc_name(CHIM_CC_CUBIC), "cubic");
}

static void reno(void **state)
{
	start(CHIM_CC_RENO, 10 * MSS, 16 * MSS);
	ack(4 * MSS, 0, true); /* slow start */
	assert_int_equal(cc.cwnd, 14 * MSS);
	ack(3 * MSS, 0, false); /* not used: no growth */
	assert_int_equal(cc.cwnd, 14 * MSS);
	ack(3 * MSS, 0, true); /* over ssthresh by one segment: that counts for avoidance */
	assert_in_range(cc.cwnd, 16 * MSS + 60, 16 * MSS + 63);
	for (int i = 0; i < 15; i++)
		ack(MSS, 0, true);
	assert_in_range(cc.cwnd, 17 * MSS - 40, 17 * MSS); /* a segment each round */
	chim_cc_loss(&cc, 40 * MSS, 20 * ms);
	assert_in_range(cc.ssthresh, 8 * MSS, 8 * MSS + 500);
	chim_cc_recovered(&cc);
	assert_int_equal(cc.cwnd, cc.ssthresh);
	chim_cc_loss(&cc, 6 * MSS, 20 * ms); /* of the window less was used */
	assert_int_equal(cc.ssthresh, 3 * MSS);
	chim_cc_loss(&cc, 1, 20 * ms);
	assert_int_equal(cc.ssthresh, 2 * MSS);
}

/* Small acknowledgments add up to what one large does. */
static void nothing_is_rounded_away(void **state)
{
	uint32_t large;

	start(CHIM_CC_RENO, 5000 * MSS, 10 * MSS);
	for (int i = 0; i < 100; i++)
		ack(50 * MSS, 0, true);
	large = cc.cwnd;
	start(CHIM_CC_RENO, 5000 * MSS, 10 * MSS);
	for (int i = 0; i < 100000; i++)
		ack(MSS / 20, 0, true);
	assert_in_range(cc.cwnd, large - 3, large + 3);
}

static void timeout(void **state)
{
	start(CHIM_CC_CUBIC, 100 * MSS, 0);
	chim_cc_rto(&cc, 100 * MSS, true, false, 20 * ms);
	assert_int_equal(cc.cwnd, MSS);
	assert_int_equal(cc.ssthresh, 70 * MSS);
	chim_cc_rto(&cc, MSS, false, false, 20 * ms); /* of the same data */
	assert_int_equal(cc.ssthresh, 70 * MSS);
	ack(MSS, 0, true);
	assert_int_equal(cc.cwnd, 2 * MSS);
	chim_cc_undo(&cc);
	assert_int_equal(cc.cwnd, 100 * MSS);
	assert_int_equal(cc.ssthresh, UINT32_MAX);
	/* In a recovery the window was reduced already, and what may be undone stays. */
	chim_cc_loss(&cc, 100 * MSS, 20 * ms);
	chim_cc_rto(&cc, 50 * MSS, true, true, 20 * ms);
	assert_int_equal(cc.ssthresh, 70 * MSS);
	chim_cc_undo(&cc);
	assert_int_equal(cc.cwnd, 100 * MSS);
	/* Once. */
	chim_cc_loss(&cc, 100 * MSS, 20 * ms);
	chim_cc_recovered(&cc);
	chim_cc_forget(&cc);
	chim_cc_undo(&cc);
	assert_int_equal(cc.cwnd, 70 * MSS);
}

static void marks(void **state)
{
	start(CHIM_CC_CUBIC, 100 * MSS, 0);
	chim_cc_ecn(&cc, 90 * MSS, 20 * ms);
	assert_int_equal(cc.cwnd, 63 * MSS);
	assert_int_equal(cc.ssthresh, 63 * MSS);
	chim_cc_undo(&cc);
	assert_int_equal(cc.cwnd, 63 * MSS);
	start(CHIM_CC_CUBIC, MSS, 0);
	chim_cc_ecn(&cc, MSS, 20 * ms);
	assert_int_equal(cc.cwnd, MSS); /* does not grow by it */
}

static void idle(void **state)
{
	start(CHIM_CC_CUBIC, 100 * MSS, 0);
	chim_cc_idle(&cc, 200 * ms, 300 * ms);
	assert_int_equal(cc.cwnd, 100 * MSS);
	chim_cc_idle(&cc, 700 * ms, 300 * ms);
	assert_int_equal(cc.cwnd, 25 * MSS);
	assert_int_equal(cc.ssthresh, UINT32_MAX);
	start(CHIM_CC_CUBIC, 100 * MSS, 20 * MSS);
	chim_cc_idle(&cc, 100000 * ms, 300 * ms);
	assert_int_equal(cc.cwnd, 10 * MSS);
	assert_int_equal(cc.ssthresh, 75 * MSS);
	start(CHIM_CC_CUBIC, 3 * MSS, 0);
	chim_cc_idle(&cc, 100000 * ms, 0);
	assert_int_equal(cc.cwnd, 3 * MSS); /* was less already */
}

static void mss_changes(void **state)
{
	start(CHIM_CC_CUBIC, 100 * MSS, 50 * MSS);
	chim_cc_set_mss(&cc, MSS / 2);
	assert_int_equal(cc.cwnd, 50 * MSS);
	assert_int_equal(cc.ssthresh, 25 * MSS);
	chim_cc_set_mss(&cc, MSS);
	assert_int_equal(cc.cwnd, 50 * MSS);
	start(CHIM_CC_CUBIC, MSS, 0);
	chim_cc_set_mss(&cc, 9000);
	assert_int_equal(cc.cwnd, 9000);
	chim_cc_set_mss(&cc, 4500);
	assert_int_equal(cc.ssthresh, UINT32_MAX);
	/* However often it changes, two segments are left. */
	start(CHIM_CC_CUBIC, 100 * MSS, 50 * MSS);
	for (int i = 0; i < 20; i++)
		chim_cc_set_mss(&cc, i % 2 ? 9000 : 90);
	assert_int_equal(cc.ssthresh, 180);
	chim_cc_recovered(&cc);
	assert_int_equal(cc.cwnd, 9000);
}

/* RFC 9406: no delay, no end. */
static void slow_start_goes_on(void **state)
{
	start(CHIM_CC_CUBIC, 0, 0);
	for (int i = 0; i < 6; i++)
		round_of(cc.cwnd, 20000 + (uint32_t)i * 3000); /* less than the threshold each */
	assert_int_equal(cc.cwnd, 640 * MSS);
	assert_int_equal(cc.slow_start, CHIM_SS_HYSTART);
}

static void slow_start_ends_with_delay(void **state)
{
	uint32_t cwnd;

	start(CHIM_CC_CUBIC, 0, 0);
	round_of(cc.cwnd, 40000);
	round_of(cc.cwnd, 40000);
	cwnd = cc.cwnd;
	round_of(cwnd, 44900); /* an eighth is 5000 */
	assert_int_equal(cc.slow_start, CHIM_SS_HYSTART);
	assert_int_equal(cc.cwnd, 2 * cwnd);
	round_of(cc.cwnd, 51000);
	assert_int_equal(cc.slow_start, CHIM_SS_CSS);
	for (int i = 0; i < 4; i++) {
		assert_true(chim_cc_in_slow_start(&cc));
		cwnd = cc.cwnd;
		round_of(cwnd, 51000);
		/* The last acknowledgment may be congestion avoidance's already. */
		assert_in_range(cc.cwnd, cwnd + cwnd / 32 * 7, cwnd + cwnd / 4);
	}
	assert_int_equal(cc.slow_start, CHIM_SS_PLAIN);
	assert_in_range(cc.ssthresh, cc.cwnd - MSS, cc.cwnd);
}

static void slow_start_resumes(void **state)
{
	uint32_t cwnd;

	start(CHIM_CC_CUBIC, 0, 0);
	round_of(cc.cwnd, 200000);
	round_of(cc.cwnd, 217000); /* the threshold is at most 16 ms */
	assert_int_equal(cc.slow_start, CHIM_SS_CSS);
	round_of(cc.cwnd, 210000);
	assert_int_equal(cc.slow_start, CHIM_SS_HYSTART);
	cwnd = cc.cwnd;
	round_of(cwnd, 210000);
	assert_in_range(cc.cwnd, 2 * cwnd - 8, 2 * cwnd);
}

static void few_samples_say_nothing(void **state)
{
	start(CHIM_CC_CUBIC, 0, 0);
	round_of(cc.cwnd, 40000);
	for (int i = 0; i < 7; i++)
		ack(MSS, 90000, true);
	ack(MSS, 0, true);
	assert_int_equal(cc.slow_start, CHIM_SS_HYSTART);
	ack(MSS, 90000, true);
	assert_int_equal(cc.slow_start, CHIM_SS_CSS);
	chim_cc_loss(&cc, cc.cwnd, 0);
	assert_int_equal(cc.slow_start, CHIM_SS_PLAIN);
}

/* Slow start was left during it, and comes again 3 GB later. */
static void a_round_of_long_ago_is_over(void **state)
{
	struct chim_cc_ack a = {.now = 10 * ms, .rtt_us = 40000, .acked = MSS, .una = 500};

	start(CHIM_CC_CUBIC, 0, 0);
	a.nxt = a.una + cc.cwnd;
	cc.round_end = a.una - UINT32_C(3000000000);
	chim_cc_ack(&cc, &a);
	assert_int_equal(cc.round_end, a.nxt);
	assert_int_equal(cc.samples, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_window),
		cmocka_unit_test(names),
		cmocka_unit_test(reno),
		cmocka_unit_test(nothing_is_rounded_away),
		cmocka_unit_test(timeout),
		cmocka_unit_test(marks),
		cmocka_unit_test(idle),
		cmocka_unit_test(mss_changes),
		cmocka_unit_test(slow_start_goes_on),
		cmocka_unit_test(slow_start_ends_with_delay),
		cmocka_unit_test(slow_start_resumes),
		cmocka_unit_test(few_samples_say_nothing),
		cmocka_unit_test(a_round_of_long_ago_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

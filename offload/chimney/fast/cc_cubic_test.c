/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC against RFC 9438's formulae, computed with doubles in segments and seconds.
 */
#include "offload/chimney/fast/cc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const double c = 0.4, beta = 0.7;

/* The RFC's variables. */
struct model {
	double cwnd, w_max, w_est, k, prior, t0, ssthresh;
};

static struct chim_cc cc;
static struct model m;
static uint64_t now;

static double w_cubic(double t)
{
	return c * (t - m.k) * (t - m.k) * (t - m.k) + m.w_max;
}

static void model_begin(bool k_is_0)
{
	m.t0 = (double)now / 1e9;
	m.k = 0;
	if (k_is_0 || m.cwnd >= m.w_max)
		m.w_max = m.cwnd;
	else
		m.k = cbrt((m.w_max - m.cwnd) / c);
	m.w_est = m.cwnd;
}

static void model_ack(double segments, double rtt)
{
	double t = (double)now / 1e9 - m.t0, target = w_cubic(t + rtt);
	double alpha = m.w_est >= m.prior ? 1 : 3 * (1 - beta) / (1 + beta);

	m.w_est += alpha * segments / m.cwnd;
	if (w_cubic(t) < m.w_est) {
		m.cwnd = fmax(m.cwnd, m.w_est);
		return;
	}
	target = fmin(fmax(target, m.cwnd), 1.5 * m.cwnd);
	m.cwnd += (target - m.cwnd) / m.cwnd * segments;
}

static void model_loss(void)
{
	m.prior = m.cwnd;
	m.w_max = m.cwnd < m.w_max ? m.cwnd * (1 + beta) / 2 : m.cwnd;
	m.ssthresh = fmax(m.cwnd * beta, 2);
	m.cwnd = m.ssthresh;
}

static void same(const char *what, double is, double wanted)
{
	/* It may turn to Reno's window an acknowledgment earlier or later. */
	if (fabs(is - wanted) > 0.05 + wanted * 0.02)
		fail_msg("%s: %f, not %f, at %f s", what, is, wanted, (double)now / 1e9);
}

/* At most 32 acknowledgments, of two segments or more each, spread over each round trip of so many
 * seconds. */
static void run(double seconds, uint32_t mss, uint64_t rtt_us)
{
	uint64_t end = now + (uint64_t)(seconds * 1e9);

	while (now < end) {
		uint32_t n = cc.cwnd / mss / 2 + 1, each = 2;

		for (; n > 32; n /= 2)
			each *= 2;
		for (uint32_t i = 0; i < n; i++) {
			struct chim_cc_ack a = {.acked = each * mss, .cwnd_limited = true};

			now += rtt_us * 1000 / n;
			a.now = now;
			a.srtt_us = (uint32_t)rtt_us;
			chim_cc_ack(&cc, &a);
			model_ack(each, (double)rtt_us / 1e6);
			same("cwnd", (double)cc.cwnd / mss, m.cwnd);
		}
	}
}

static void lose(uint32_t mss)
{
	chim_cc_loss(&cc, UINT32_MAX, now);
	model_loss();
	same("ssthresh", (double)cc.ssthresh / mss, m.ssthresh);
	same("w_max", (double)cc.w_max / mss, m.w_max);
	chim_cc_recovered(&cc);
	model_begin(false);
}

/* Long enough for the concave part, the convex one, and losses before and after W_max. */
static void follow(uint32_t mss, uint64_t rtt_us, uint32_t segments)
{
	now = 987654321012345;
	m = (struct model){.cwnd = segments};
	chim_cc_init(&cc, CHIM_CC_CUBIC, mss, segments * mss, segments * mss, 0, now);
	model_begin(true);
	run(2, mss, rtt_us); /* from no loss at all */
	lose(mss);
	run(m.k / 2, mss, rtt_us); /* before it is back: fast convergence */
	lose(mss);
	run(m.k * 2, mss, rtt_us);
	lose(mss);
	run(1, mss, rtt_us);
}

static void as_the_rfc(void **state)
{
	follow(1448, 100000, 100);
	follow(1448, 20000, 500);
	follow(8948, 50000, 2000);
	follow(536, 300000, 30);
}

/* A short way: Reno's window is the larger one. */
static void reno_friendly(void **state)
{
	follow(1448, 1000, 20);
	follow(1448, 5000, 10);
}

static void k_as_the_rfc(void **state)
{
	for (uint32_t w = 10; w < 100000; w += w / 3) {
		struct chim_cc_ack a = {.now = now, .acked = 1, .cwnd_limited = true};

		chim_cc_init(&cc, CHIM_CC_CUBIC, 1460, w * 1460, 1, 0, now);
		chim_cc_loss(&cc, UINT32_MAX, now);
		chim_cc_recovered(&cc);
		chim_cc_ack(&cc, &a);
		same("K", cc.k / 1024.0 * 1000, cbrt(w * 0.3 / c) * 1000);
	}
}

/* What a spurious reduction changed comes back, and the clock runs on from where it was. */
static void undone(void **state)
{
	struct chim_cc before;

	follow(1448, 100000, 100);
	before = cc;
	chim_cc_loss(&cc, UINT32_MAX, now);
	chim_cc_recovered(&cc);
	chim_cc_undo(&cc);
	assert_int_equal(cc.cwnd, before.cwnd);
	assert_int_equal(cc.ssthresh, before.ssthresh);
	assert_int_equal(cc.w_max, before.w_max);
	assert_int_equal(cc.k, before.k);
	assert_int_equal(cc.epoch, before.epoch);
	run(3, 1448, 100000);
}

/* After a timeout: slow start to ssthresh, then K is 0 (4.8). */
static void after_timeout(void **state)
{
	struct chim_cc_ack a = {.acked = 1448, .cwnd_limited = true};

	follow(1448, 100000, 100);
	chim_cc_rto(&cc, UINT32_MAX, true, false, now);
	while (chim_cc_in_slow_start(&cc)) {
		now += 1000000;
		a.now = now;
		chim_cc_ack(&cc, &a);
	}
	m.prior = m.cwnd;
	m.cwnd = cc.cwnd / 1448.0;
	a.acked = 1;
	chim_cc_ack(&cc, &a);
	assert_int_equal(cc.k, 0);
	model_begin(true);
	run(4, 1448, 100000);
}

/* Time in which the window was not used, or nothing was sent, does not count (5.8). */
static void clock_stands_still(void **state)
{
	struct chim_cc_ack a = {.acked = 1448, .cwnd_limited = false};
	uint32_t cwnd;

	follow(1448, 100000, 100);
	cwnd = cc.cwnd;
	for (int i = 0; i < 300; i++) {
		now += 100000000;
		a.now = now;
		chim_cc_ack(&cc, &a);
	}
	assert_int_equal(cc.cwnd, cwnd);
	m.t0 += 30;
	run(1, 1448, 100000);
	now += 60000000000;
	chim_cc_idle(&cc, 60000000000, UINT64_MAX);
	m.t0 += 60;
	run(1, 1448, 100000);
	/* More than went by: the stage does not begin in the future. */
	cwnd = cc.cwnd;
	chim_cc_idle(&cc, 60000000000, UINT64_MAX);
	a.cwnd_limited = true;
	a.now = now + 1000;
	chim_cc_ack(&cc, &a);
	assert_in_range(cc.cwnd, cwnd, cwnd + 2 * 1448);
}

/* Years without a loss, and windows as large as they get: nothing wraps. */
static void bounds(void **state)
{
	chim_cc_init(&cc, CHIM_CC_CUBIC, 65000, CHIM_CC_MAX / 2, 1, 0, 0);
	for (uint64_t day = 0; day < 400; day++) {
		struct chim_cc_ack a = {.acked = UINT32_MAX, .cwnd_limited = true};
		uint32_t cwnd = cc.cwnd;

		a.now = day * 86400 * 1000000000;
		a.srtt_us = day % 2 ? 60000000 : 0;
		chim_cc_ack(&cc, &a);
		assert_in_range(cc.cwnd, cwnd, CHIM_CC_MAX);
	}
	assert_int_equal(cc.cwnd, CHIM_CC_MAX);
	chim_cc_init(&cc, CHIM_CC_CUBIC, 1, 1, 1, 0, 0);
	for (uint64_t day = 0; day < 400; day++) {
		struct chim_cc_ack a = {.acked = 1, .cwnd_limited = true};

		a.now = day * 86400 * 1000000000;
		chim_cc_ack(&cc, &a);
		if (day % 50 == 49)
			chim_cc_loss(&cc, UINT32_MAX, a.now);
		assert_in_range(cc.cwnd, 1, CHIM_CC_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_rfc),	      cmocka_unit_test(reno_friendly),
		cmocka_unit_test(k_as_the_rfc),	      cmocka_unit_test(undone),
		cmocka_unit_test(after_timeout),      cmocka_unit_test(bounds),
		cmocka_unit_test(clock_stands_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

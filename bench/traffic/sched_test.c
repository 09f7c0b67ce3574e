/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/sched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void one_after_another(void **state)
{
	struct sched s;

	sched_init(&s, 100, 50, 4);
	assert_int_equal(sched_due(&s, 49, 32), 0);
	assert_int_equal(sched_due(&s, 50, 32), 1);
	assert_int_equal(sched_due(&s, 149, 32), 1);
	assert_int_equal(sched_due(&s, 150, 32), 2);
	assert_int_equal(sched_time(&s, 1), 150);
	sched_take(&s, 2);
	assert_int_equal(s.seq, 2);
	assert_int_equal(sched_due(&s, 249, 32), 0);
	/* Late, and no more than there are. */
	assert_int_equal(sched_due(&s, 100000, 32), 2);
	assert_int_equal(sched_due(&s, 100000, 1), 1);
	sched_take(&s, 2);
	assert_int_equal(sched_due(&s, 100000, 32), 0);
}

/* However it is asked, the schedule stays the same. */
static void does_not_drift(void **state)
{
	const double interval = 2e9 / 3e6; /* 3 Mpps at 2 GHz: no whole number of cycles */
	const uint64_t frames = 30000000;
	uint64_t now = 0, sent = 0, worst = 0;
	struct sched s;

	sched_init(&s, interval, 0, frames);
	while (s.frames) {
		uint32_t n = sched_due(&s, now, 32);

		for (uint32_t i = 0; i < n; i++) {
			double due = (double)(sent + i) * interval;
			double off = (double)sched_time(&s, i) - due;

			off = off < 0 ? -off : off;
			worst = (uint64_t)off > worst ? (uint64_t)off : worst;
		}
		sched_take(&s, n);
		sent += n;
		now += 7001;
	}
	assert_int_equal(sent, frames);
	assert_true(worst < 100);
}

static void mix(void **state)
{
	unsigned int seen[3] = {0}, bytes = 0;

	for (int i = 0; i < SCHED_IMIX; i++) {
		seen[sched_imix[i]]++;
		bytes += sched_imix_bytes[sched_imix[i]];
	}
	assert_int_equal(seen[0], 7);
	assert_int_equal(seen[1], 4);
	assert_int_equal(seen[2], 1);
	assert_int_equal(bytes, 7 * 64 + 4 * 594 + 1518);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_another),
		cmocka_unit_test(does_not_drift),
		cmocka_unit_test(mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct gen_job plan(enum traffic_pattern pattern, size_t ports, bool both_ways, bool asking)
{
	const struct traffic_trial trial = {.pattern = pattern,
					    .frame_bytes = 64,
					    .flows = 10,
					    .both_ways = both_ways,
					    .pps = 12000,
					    .seconds = 0.5};
	struct gen_job job;

	jobs_plan(&job, ports, 300, &trial, asking);
	return job;
}

static void pairs(void **state)
{
	struct gen_job job = plan(TRAFFIC_PAIRS, 4, true, false);

	for (int i = 0; i < 4; i++) {
		assert_true(job.port[i].sends);
		assert_int_equal(job.port[i].from, i ^ 1);
		/* A source is behind one port only, and what is sent to it goes there. */
		assert_memory_equal(job.port[i].ends.dst, job.port[i ^ 1].ends.src, 6);
		assert_memory_not_equal(job.port[i].ends.src, job.port[(i + 2) % 4].ends.src, 6);
	}
	assert_true(job.pps == 3000);
	assert_int_equal(job.frames, 1500);
}

static void one_way(void **state)
{
	struct gen_job job = plan(TRAFFIC_PAIRS, 3, false, false);

	assert_true(job.port[0].sends && !job.port[1].sends && !job.port[2].sends);
	assert_int_equal(job.port[0].from, GEN_NOBODY);
	assert_int_equal(job.port[1].from, 0);
	assert_int_equal(job.port[2].from, GEN_NOBODY);
	assert_int_equal(job.frames, 6000);
}

static void to_everybody(void **state)
{
	struct gen_job job = plan(TRAFFIC_BROADCAST, 3, true, false);

	for (int i = 0; i < 6; i++)
		assert_int_equal(job.port[0].ends.dst[i], 0xff);
	assert_false(job.port[0].ends.dst_varies);
	assert_int_equal(job.port[1].from, 0);
	assert_int_equal(job.port[2].from, 0);
	assert_false(job.port[1].sends || job.port[2].sends);
}

static void learning(void **state)
{
	struct gen_job announce = plan(TRAFFIC_LEARN, 3, true, false);
	struct gen_job ask = plan(TRAFFIC_LEARN, 3, true, true);

	assert_true(announce.port[0].sends && !announce.port[1].sends);
	assert_true(ask.port[1].sends && !ask.port[0].sends);
	/* What is asked for is what was announced, of this trial. */
	assert_memory_equal(announce.port[0].ends.src, ask.port[1].ends.dst, 6);
	assert_true(announce.port[0].ends.src_varies && ask.port[1].ends.dst_varies);
	assert_int_equal(announce.port[0].ends.src[1] << 8 | announce.port[0].ends.src[2], 300);
	assert_memory_equal(announce.port[0].ends.dst, ask.port[1].ends.src, 6);
	assert_int_equal(announce.frames, 10);
	assert_int_equal(ask.frames, 10);
	assert_int_equal(announce.port[2].from, GEN_NOBODY);
}

static void what_cannot_be_done(void **state)
{
	const struct tports two = {.n = 2, .mtu = 1500};
	struct traffic_trial t = {.frame_bytes = 64, .flows = 1, .pps = 1000, .seconds = 1};
	struct err e = {0};

	assert_int_equal(jobs_check(&two, &t, &e), 0);
	t.frame_bytes = 1519;
	assert_int_equal(jobs_check(&two, &t, &e), -EINVAL);
	t.frame_bytes = TRAFFIC_UNIT;
	assert_int_equal(jobs_check(&two, &t, &e), -EINVAL);
	t.frame_bytes = TRAFFIC_IMIX;
	assert_int_equal(jobs_check(&two, &t, &e), 0);
	t.pattern = TRAFFIC_LEARN;
	assert_int_equal(jobs_check(&two, &t, &e), -EINVAL);
	t.pattern = TRAFFIC_PAIRS;
	t.seconds = 0.0001;
	assert_int_equal(jobs_check(&two, &t, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(one_way),
		cmocka_unit_test(to_everybody),
		cmocka_unit_test(learning),
		cmocka_unit_test(what_cannot_be_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

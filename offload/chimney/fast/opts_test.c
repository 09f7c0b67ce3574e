/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/opts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct chim_opts o;

#define PARSE(...) \
	chim_opts_parse((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), &o)

static void reads(void **state)
{
	assert_int_equal(chim_opts_parse(NULL, 0, &o), 0);
	assert_false(o.has_ts);
	assert_int_equal(PARSE(1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8), 0);
	assert_true(o.has_ts);
	assert_int_equal(o.tsval, 0x01020304);
	assert_int_equal(o.tsecr, 0x05060708);
	assert_int_equal(o.n_sack, 0);
	assert_int_equal(PARSE(5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4), 0);
	assert_false(o.has_ts);
	assert_int_equal(o.n_sack, 2);
	assert_int_equal(o.sack[0].start, 1);
	assert_int_equal(o.sack[1].end, 4);
	/* Unknown kinds, known ones of a handshake, and an end. */
	assert_int_equal(PARSE(254, 4, 9, 9, 2, 4, 5, 180, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0, 8), 0);
	assert_int_equal(o.tsecr, 2);
	assert_int_equal(PARSE(0, 8, 1), 0);
}

static void refuses(void **state)
{
	assert_int_equal(PARSE(8), -EBADMSG);
	assert_int_equal(PARSE(8, 10, 1, 2, 3, 4), -EBADMSG);
	assert_int_equal(PARSE(8, 9, 1, 2, 3, 4, 5, 6, 7), -EBADMSG);
	assert_int_equal(PARSE(8, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9), -EBADMSG);
	assert_int_equal(PARSE(254, 0), -EBADMSG);
	assert_int_equal(PARSE(254, 1), -EBADMSG);
	assert_int_equal(PARSE(5, 2), -EBADMSG);
	assert_int_equal(PARSE(5, 9, 0, 0, 0, 0, 0, 0, 0), -EBADMSG);
	assert_int_equal(PARSE(5, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0), -EBADMSG);
	assert_int_equal(PARSE(5, 42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			       0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			 -EBADMSG); /* five blocks */
}

/* What is built is read back, aligned, and no longer than there is room. */
static void builds(void **state)
{
	uint8_t bytes[CHIM_OPTS_BYTES];

	for (int ts = 0; ts <= 1; ts++) {
		for (uint8_t n = 0; n <= CHIM_OPTS_SACKS; n++) {
			struct chim_opts in = {.has_ts = ts, .tsval = 0xfffefdfc, .tsecr = 7};
			uint32_t len, fits = ts && n > 3 ? 3 : n;

			in.n_sack = n;
			for (uint32_t i = 0; i < n; i++)
				in.sack[i] = (struct chim_sack){i * 10, i * 10 + 5};
			len = chim_opts_build(&in, bytes);
			assert_int_equal(len, (ts ? 12 : 0) + (n ? 4 + 8 * fits : 0));
			assert_int_equal(chim_opts_parse(bytes, len, &o), 0);
			assert_int_equal(o.has_ts, ts);
			assert_int_equal(o.n_sack, fits);
			if (ts)
				assert_int_equal(o.tsval, 0xfffefdfc);
			for (uint32_t i = 0; i < fits; i++)
				assert_memory_equal(&o.sack[i], &in.sack[i], sizeof(o.sack[i]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(builds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

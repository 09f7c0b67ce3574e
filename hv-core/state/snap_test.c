/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/state/snap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Three sections in memory; the caller frees *buf. */
static size_t write_three(char **buf)
{
	static uint8_t large[100000];
	size_t len;
	FILE *f = open_memstream(buf, &len);
	struct hv_snap_out *s = hv_snap_begin(f);
	struct err e = {0};

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * i >> 7);
	hv_snap_section(s, "board", 1, "abc", 3);
	hv_snap_section(s, "empty", 7, "", 0);
	hv_snap_section(s, "large", 2, large, sizeof(large));
	assert_int_equal(hv_snap_finish(s, &e), 0);
	fclose(f);
	return len;
}

/* Reads to the end. The number of sections, or the error. *sum: of all that was read. */
static int read_all(const char *buf, size_t len, uint64_t *sum, struct err *e)
{
	FILE *f = fmemopen((void *)(uintptr_t)buf, len ? len : 1, "r");
	struct hv_snap_in *s = NULL;
	struct hv_snap_section x;
	int n = 0, rc;

	*sum = 0;
	if (!len)
		fgetc(f);
	rc = hv_snap_open(f, &s, e);
	while (!rc && (rc = hv_snap_next(s, &x, e)) > 0) {
		const uint8_t *id = (const uint8_t *)x.id;

		for (size_t i = 0; i < sizeof(x.id); i++)
			*sum = *sum * 31 + id[i];
		for (size_t i = 0; i < x.len; i++)
			*sum = *sum * 31 + x.payload[i];
		*sum = *sum * 31 + x.version;
		n++;
		rc = 0;
	}
	hv_snap_close(s);
	fclose(f);
	return rc ? rc : n;
}

static void sections_come_back(void **state)
{
	char *buf;
	size_t len = write_three(&buf);
	FILE *f = fmemopen(buf, len, "r");
	struct hv_snap_in *s;
	struct hv_snap_section x;
	struct err e = {0};

	assert_int_equal(hv_snap_open(f, &s, &e), 0);
	assert_int_equal(hv_snap_next(s, &x, &e), 1);
	assert_string_equal(x.id, "board");
	assert_int_equal(x.version, 1);
	assert_int_equal(x.len, 3);
	assert_memory_equal(x.payload, "abc", 3);
	assert_int_equal(hv_snap_next(s, &x, &e), 1);
	assert_string_equal(x.id, "empty");
	assert_int_equal(x.version, 7);
	assert_int_equal(x.len, 0);
	assert_int_equal(hv_snap_next(s, &x, &e), 1);
	assert_int_equal(x.len, 100000);
	for (size_t i = 0; i < x.len; i++)
		assert_int_equal(x.payload[i], (uint8_t)(i * i >> 7));
	assert_int_equal(hv_snap_next(s, &x, &e), 0);
	hv_snap_close(s);
	fclose(f);
	free(buf);
}

static void every_cut_is_found(void **state)
{
	uint64_t sum;
	char *buf;
	size_t len = write_three(&buf);
	struct err e = {0};

	assert_int_equal(read_all(buf, len, &sum, &e), 3);
	for (size_t cut = 0; cut < len; cut += cut < 400 || cut > len - 400 ? 1 : 97) {
		e = (struct err){0};
		assert_int_equal(read_all(buf, cut, &sum, &e), -EINVAL);
		assert_true(strlen(e.text) > 10);
	}
	free(buf);
}

/* A frame has bits that mean nothing (RFC 8878, 3.1.1.1.1): then what is read must be as it was. */
static void every_changed_bit_is_found(void **state)
{
	char *buf;
	size_t len = write_three(&buf), harmless = 0;
	struct err e = {0};
	uint64_t sum, changed;

	assert_int_equal(read_all(buf, len, &sum, &e), 3);
	for (size_t at = 0; at < len; at += at < 400 || at > len - 400 ? 1 : 97)
		for (int bit = 0; bit < 8; bit++) {
			buf[at] ^= (char)(1 << bit);
			if (read_all(buf, len, &changed, &e) >= 0) {
				assert_true(changed == sum);
				harmless++;
			}
			buf[at] ^= (char)(1 << bit);
		}
	assert_true(harmless <= 16); /* four frames */
	free(buf);
}

static void another_format_is_named(void **state)
{
	uint64_t sum;
	char *buf;
	size_t len = write_three(&buf);
	struct err e = {0};

	buf[8] = 9;
	assert_int_equal(read_all(buf, len, &sum, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "format 9"));
	assert_int_equal(read_all("#!/bin/sh\necho hello there\n", 27, &sum, &e), -EINVAL);
	assert_non_null(strstr(e.text, "no snapshot"));
	free(buf);
}

/* A disk that is full is told once, at the end. */
static void an_error_of_writing_is_told(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	struct hv_snap_out *s = hv_snap_begin(f);
	struct err e = {0};

	for (int i = 0; i < 100; i++)
		hv_snap_section(s, "board", 1, "abc", 3);
	assert_int_equal(hv_snap_finish(s, &e), -ENOSPC);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_come_back),
		cmocka_unit_test(every_cut_is_found),
		cmocka_unit_test(every_changed_bit_is_found),
		cmocka_unit_test(another_format_is_named),
		cmocka_unit_test(an_error_of_writing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

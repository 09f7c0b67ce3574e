/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/bars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096ull
#define N(a) (sizeof(a) / sizeof((a)[0]))

static void kinds_come_from_the_registers(void **state)
{
	uint8_t config[64] = {0};
	uint64_t bytes[HV_PCI_BARS] = {0x20000, 0, 0x20, 0x4000, 0, 0x1000};
	struct hv_vfio_bar bar[HV_PCI_BARS];
	struct err e;

	config[0x10] = 0x0c;
	config[0x18] = 0x01;
	config[0x1c] = 0x04;
	config[0x24] = 0x08;
	assert_int_equal(hv_vfio_bars(config, bytes, bar, &e), 0);
	assert_int_equal(bar[0].kind, HV_BAR_MEM64_PREF);
	assert_int_equal(bar[1].kind, HV_BAR_NONE);
	assert_int_equal(bar[2].kind, HV_BAR_IO);
	assert_int_equal(bar[2].bytes, 0x20);
	assert_int_equal(bar[3].kind, HV_BAR_MEM64);
	assert_int_equal(bar[5].kind, HV_BAR_MEM32_PREF);

	bytes[4] = 0x1000; /* where the upper half of BAR 3 is */
	assert_int_equal(hv_vfio_bars(config, bytes, bar, &e), -EINVAL);
	bytes[4] = 0;
	config[0x24] = 0x04; /* the last one has no upper half */
	assert_int_equal(hv_vfio_bars(config, bytes, bar, &e), -EINVAL);
	bytes[5] = 0x3000;
	config[0x24] = 0;
	assert_int_equal(hv_vfio_bars(config, bytes, bar, &e), -EINVAL);
	bytes[5] = 8;
	assert_int_equal(hv_vfio_bars(config, bytes, bar, &e), -EINVAL);
}

static void the_msix_pages_are_cut_out(void **state)
{
	const struct hv_vfio_area all = {0, 0x8000}, cut[] = {{0x2000, 160}, {0x4ff8, 16}};
	struct hv_vfio_area out[8];

	assert_int_equal(hv_vfio_areas(0x8000, &all, 1, cut, 2, PAGE, out, 8), 3);
	assert_true(out[0].off == 0 && out[0].bytes == 0x2000);
	assert_true(out[1].off == 0x3000 && out[1].bytes == 0x1000);
	assert_true(out[2].off == 0x6000 && out[2].bytes == 0x2000);
	/* Without room for all, the rest is left to the slow path. */
	assert_int_equal(hv_vfio_areas(0x8000, &all, 1, cut, 2, PAGE, out, 1), 1);
	/* A BAR smaller than a page cannot be mapped. */
	assert_int_equal(hv_vfio_areas(0x800, &all, 1, NULL, 0, PAGE, out, 8), 0);
	/* The table is all there is. */
	const struct hv_vfio_area big = {0, 0x8000};
	assert_int_equal(hv_vfio_areas(0x8000, &all, 1, &big, 1, PAGE, out, 8), 0);
}

static uint64_t upto(uint64_t n)
{
	return (uint64_t)rand() % n;
}

static bool in(const struct hv_vfio_area *a, unsigned int n, uint64_t page)
{
	for (unsigned int i = 0; i < n; i++)
		if (a[i].off <= page && page + PAGE <= a[i].off + a[i].bytes)
			return true;
	return false;
}

static bool met(const struct hv_vfio_area *a, unsigned int n, uint64_t page)
{
	for (unsigned int i = 0; i < n; i++)
		if (a[i].bytes && a[i].off < page + PAGE && page < a[i].off + a[i].bytes)
			return true;
	return false;
}

/* Against the definition, page by page. */
static void any_layout_is_cut_right(void **state)
{
	srand(1);
	for (int run = 0; run < 20000; run++) {
		uint64_t bytes = PAGE << upto(5), last = 0;
		struct hv_vfio_area sparse[3], cut[2], out[16];
		unsigned int sparses = (unsigned int)upto(4), cuts = (unsigned int)upto(3), n;

		for (unsigned int i = 0; i < sparses; i++)
			sparse[i] = (struct hv_vfio_area){upto(bytes + 1) & ~(upto(2) * 0xfff),
							  upto(2 * bytes)};
		for (unsigned int i = 0; i < cuts; i++)
			cut[i] = (struct hv_vfio_area){upto(bytes + PAGE), upto(2 * PAGE)};
		n = hv_vfio_areas(bytes, sparse, sparses, cut, cuts, PAGE, out, N(out));
		assert_true(n < N(out));
		for (unsigned int i = 0; i < n; i++) {
			assert_true(out[i].off >= last && out[i].bytes > 0);
			assert_int_equal((out[i].off | out[i].bytes) & (PAGE - 1), 0);
			last = out[i].off + out[i].bytes;
			assert_true(last <= bytes);
		}
		for (uint64_t page = 0; page < bytes; page += PAGE)
			assert_int_equal(in(out, n, page),
					 in(sparse, sparses, page) && !met(cut, cuts, page));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_come_from_the_registers),
		cmocka_unit_test(the_msix_pages_are_cut_out),
		cmocka_unit_test(any_layout_is_cut_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

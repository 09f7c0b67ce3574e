/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/info.h"

#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

struct answer {
	char head[16];
	struct vfio_info_cap_header a, b;
	char body[24];
};

static const struct answer good = {
	.a = {.id = 7, .version = 1, .next = offsetof(struct answer, b)},
	.b = {.id = 3, .version = 1},
};
#define FIRST offsetof(struct answer, a)

static void the_capability_is_found(void **state)
{
	size_t left = 0;

	assert_ptr_equal(hv_vfio_info_cap(&good, sizeof(good), FIRST, 3, 32, &left), &good.b);
	assert_int_equal(left, 32);
	assert_ptr_equal(hv_vfio_info_cap(&good, sizeof(good), FIRST, 7, 8, &left), &good.a);
	assert_null(hv_vfio_info_cap(&good, sizeof(good), FIRST, 4, 8, &left));
	assert_null(hv_vfio_info_cap(&good, sizeof(good), 0, 7, 8, &left));
}

static void a_bad_chain_is_left(void **state)
{
	struct answer a = good;
	size_t left;

	/* Cut short, in the middle of a header and in the middle of its body. */
	assert_null(hv_vfio_info_cap(&a, offsetof(struct answer, b) + 7, FIRST, 3, 8, &left));
	assert_null(hv_vfio_info_cap(&a, sizeof(a) - 1, FIRST, 3, 32, &left));
	assert_null(hv_vfio_info_cap(&a, 4, FIRST, 3, 8, &left));
	a.a.next = FIRST;
	assert_null(hv_vfio_info_cap(&a, sizeof(a), FIRST, 3, 8, &left));
	a.a.next = 0xfffffffc;
	assert_null(hv_vfio_info_cap(&a, sizeof(a), FIRST, 3, 8, &left));
}

static void memory_must_be_where_the_iommu_maps(void **state)
{
	/* As a host with VT-d says. */
	const struct hv_vfio_iova range[] = {{0, 0xfedfffff}, {0xfef00000, 0x7fffffffff}};
	struct hv_mem_region r[2] = {{.gpa = 0, .bytes = 0xc0000000},
				     {.gpa = 1ull << 32, .bytes = 1ull << 32}};
	struct err e = {0};

	assert_int_equal(hv_vfio_iova_check(range, 2, r, 2, &e), 0);
	r[1].bytes = (1ull << 39) - (1ull << 32);
	assert_int_equal(hv_vfio_iova_check(range, 2, r, 2, &e), 0);
	r[1].bytes += 4096;
	assert_int_equal(hv_vfio_iova_check(range, 2, r, 2, &e), -ERANGE);
	assert_non_null(strstr(e.text, "0x100000000-0x8000000fff"));
	assert_non_null(strstr(e.text, "0xfef00000-0x7fffffffff"));
	/* Over the hole, though both ends are mapped. */
	r[0].bytes = 1ull << 32;
	assert_int_equal(hv_vfio_iova_check(range, 2, r, 1, &e), -ERANGE);
	assert_int_equal(hv_vfio_iova_check(range, 0, r, 1, &e), -ERANGE);
	assert_non_null(strstr(e.text, "nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_capability_is_found),
		cmocka_unit_test(a_bad_chain_is_left),
		cmocka_unit_test(memory_must_be_where_the_iommu_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/layout.h"
#include "hv-core/machine/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MB (1ull << 20)
#define GB (1ull << 30)

static void memory_leaves_the_holes_out(void **state)
{
	static const uint64_t sizes[] = {2 * MB, 3 * GB, 3 * GB + 2 * MB, 64 * GB, 2048 * GB};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hv_mem_region r[HV_MEM_REGIONS];
		unsigned int n = hv_mem_layout(sizes[i], r);
		uint64_t sum = 0;

		assert_true(n >= 1 && n <= HV_MEM_REGIONS);
		for (unsigned int k = 0; k < n; k++) {
			uint64_t end = r[k].gpa + r[k].bytes;

			assert_true(r[k].offset == sum);
			sum += r[k].bytes;
			/* The PCI windows, ECAM, the APICs and the addresses of messages. */
			assert_true(end <= HV_LOW_END || r[k].gpa >= HV_HIGH);
			assert_true(end <= HV_HT_HOLE || r[k].gpa >= HV_HT_HOLE_END);
			if (k)
				assert_true(r[k].gpa >= r[k - 1].gpa + r[k - 1].bytes);
		}
		assert_true(sum == sizes[i]);
	}
}

/* Two regions; the sparse file costs nothing. */
static void addresses_are_checked(void **state)
{
	struct hv_mem m;
	struct err e = {0};
	char buf[64];

	assert_int_equal(hv_mem_create(&m, 3 * GB + 4 * MB, 4096, &e), 0);
	assert_int_equal(m.n, 2);
	assert_ptr_equal(hv_mem_at(&m, 0, 1), m.map);
	assert_ptr_equal(hv_mem_at(&m, HV_HIGH, 4 * MB), m.map + 3 * GB);
	assert_non_null(hv_mem_at(&m, HV_LOW_END - 1, 1));
	assert_null(hv_mem_at(&m, HV_LOW_END - 1, 2));
	assert_null(hv_mem_at(&m, HV_LOW_END, 1));
	assert_null(hv_mem_at(&m, HV_LAPIC, 4));
	assert_null(hv_mem_at(&m, HV_HIGH + 4 * MB, 1));
	assert_null(hv_mem_at(&m, HV_HIGH, 4 * MB + 1));
	assert_null(hv_mem_at(&m, 16, UINT64_MAX));
	assert_null(hv_mem_at(&m, UINT64_MAX, 1));
	assert_int_equal(hv_mem_write(&m, 0x1000, "hello", 5), 0);
	assert_int_equal(hv_mem_read(&m, 0x1000, buf, 5), 0);
	assert_memory_equal(buf, "hello", 5);
	/* Half in memory is not in memory, and nothing is copied. */
	assert_int_equal(hv_mem_write(&m, HV_LOW_END - 2, "xyz", 3), -EFAULT);
	assert_int_equal(*(uint8_t *)hv_mem_at(&m, HV_LOW_END - 1, 1), 0);
	/* Nobody who has the descriptor can cut it. */
	assert_int_equal(ftruncate(m.fd, 0), -1);
	hv_mem_destroy(&m);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
	struct hv_mem m;
	struct err e = {0};

	assert_int_equal(hv_mem_create(&m, MB, 4096, &e), -EINVAL);
	assert_int_equal(hv_mem_create(&m, 4 * MB + 1, 4096, &e), -EINVAL);
	assert_int_equal(hv_mem_create(&m, 4 * MB, 8192, &e), -EINVAL);
	assert_int_equal(hv_mem_create(&m, 3 * MB, 2 * MB, &e), -EINVAL);
	/* More huge pages than any machine has. */
	assert_true(hv_mem_create(&m, 1ull << 50, 2 * MB, &e) < 0);
	assert_non_null(strstr(e.text, "nr_hugepages"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_leaves_the_holes_out),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(sizes_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

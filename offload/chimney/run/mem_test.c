/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void rings_lie_behind_the_page(void **state)
{
	struct err e = {0};
	struct chim_shm *shm;
	struct chim_mem m;

	assert_int_equal(chim_mem_conn(&m, 1, 100000, &e), 0);
	shm = chim_mem_shm(&m);
	assert_int_equal(shm->magic, CHIM_SHM_MAGIC);
	assert_int_equal(shm->snd_size, CHIM_RING_MIN);
	assert_int_equal(shm->rcv_size, 131072);
	assert_int_equal(shm->snd_off, CHIM_SHM_PAGE);
	assert_int_equal(shm->rcv_off, CHIM_SHM_PAGE + CHIM_RING_MIN);
	assert_int_equal(shm->bytes, CHIM_SHM_PAGE + CHIM_RING_MIN + 131072);
	chim_mem_free(&m);
	assert_int_equal(m.fd, -1);
	chim_mem_free(&m);
}

/* Who has the descriptor can neither shrink nor unseal it: the worker would fault. */
static void nobody_can_shrink_it(void **state)
{
	struct err e = {0};
	struct chim_mem m;

	assert_int_equal(chim_mem_conn(&m, 1, 1, &e), 0);
	assert_int_equal(ftruncate(m.fd, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(m.fd, 1 << 20), -1);
	chim_mem_free(&m);
}

static void emptied_rings_stay_readable(void **state)
{
	struct err e = {0};
	struct chim_mem m;
	struct stat st;
	uint8_t *ring;

	assert_int_equal(chim_mem_conn(&m, 1, 1, &e), 0);
	ring = (uint8_t *)m.map + CHIM_SHM_PAGE;
	memset(ring, 7, CHIM_RING_MIN);
	chim_mem_empty(&m);
	assert_int_equal(fstat(m.fd, &st), 0);
	assert_in_range(st.st_blocks * 512, 1, CHIM_SHM_PAGE);
	assert_int_equal(ring[5], 0);
	assert_int_equal(chim_mem_shm(&m)->magic, CHIM_SHM_MAGIC);
	chim_mem_free(&m);
}

static void too_long_is_refused(void **state)
{
	struct err e = {0};
	struct chim_mem m;

	assert_int_equal(chim_mem_conn(&m, CHIM_RING_MAX + 1, 1, &e), -E2BIG);
	assert_int_equal(m.fd, -1);
	assert_string_equal(e.text, "queues of 67108865 and 1 bytes are too long to be moved");
}

static void bells_say_for_how_many_workers(void **state)
{
	const struct chim_bells *bells;
	struct err e = {0};
	struct chim_mem m;

	assert_int_equal(chim_mem_bells(&m, 3, &e), 0);
	bells = m.map;
	assert_int_equal(bells->n_workers, 3);
	assert_int_equal(bells->magic, CHIM_SHM_MAGIC);
	chim_mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_lie_behind_the_page),
		cmocka_unit_test(nobody_can_shrink_it),
		cmocka_unit_test(emptied_rings_stay_readable),
		cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(bells_say_for_how_many_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

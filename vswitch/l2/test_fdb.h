/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the table share. */
#ifndef VSWITCH_L2_TEST_FDB_H
#define VSWITCH_L2_TEST_FDB_H

#include "vswitch/l2/fdb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { ANY = -1 };

static uint32_t rng = 1;

static inline uint32_t below(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 17;
	rng ^= rng << 5;
	return rng % n;
}

static inline uint64_t key(uint32_t i, uint16_t vlan)
{
	const uint8_t mac[6] = {
		0x02, 0x11, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

	return fdb_key(mac, vlan);
}

static inline struct fdb *table(uint32_t max)
{
	struct fdb *f = fdb_new(max);

	assert_non_null(f);
	return f;
}

/* Forgets in the whole table. */
static inline uint32_t forget(struct fdb *f, struct fdb_match m)
{
	uint32_t slot = 0, n = fdb_forget(f, &m, &slot, UINT32_MAX);

	assert_int_equal(slot, 0);
	return n;
}

#endif

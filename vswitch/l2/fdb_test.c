/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled together with the table, to choose addresses that meet in one line, and to stop a worker
 * between two of its steps. */
#include "vswitch/l2/fdb.c"

#include "vswitch/l2/test_fdb.h"

/* Learns; *from stays what it was unless the address moved. */
static enum fdb_learned learn(struct fdb *f, uint64_t k, uint16_t port, uint32_t now)
{
	uint16_t from = FDB_NO_PORT;

	return fdb_learn(f, k, port, now, 0, &from);
}

static void seal_and_reap(struct fdb *f)
{
	assert_true(fdb_seal(f));
	fdb_reap(f);
}

static void keys_are_their_addresses(void **state)
{
	static const uint8_t mac[6] = {0x02, 0x34, 0x56, 0x78, 0x9a, 0xbc};
	uint8_t back[6];
	uint16_t vlan;

	fdb_key_split(fdb_key(mac, 4094), back, &vlan);
	assert_memory_equal(back, mac, 6);
	assert_int_equal(vlan, 4094);
	/* Priority bits are not part of it; the group bit is where the lookup stage looks. */
	assert_int_equal(fdb_key(mac, 0xe001), fdb_key(mac, 1));
	assert_int_not_equal(fdb_key(mac, 1), fdb_key(mac, 2));
	assert_int_equal(fdb_key(mac, 1) & 1, 0);
	assert_int_equal(fdb_key((const uint8_t *)"\x01\x80\xc2\0\0\0", 1) & 1, 1);
	assert_int_not_equal(fdb_key((const uint8_t *)"\0\0\0\0\0\0", 0), 0);
}

static void learns_and_moves(void **state)
{
	struct fdb *f = table(1024);
	uint16_t from = FDB_NO_PORT;

	assert_int_equal(fdb_lookup(f, key(1, 1)), FDB_NO_PORT);
	assert_int_equal(learn(f, key(1, 1), 3, 10), FDB_NEW);
	assert_int_equal(learn(f, key(1, 1), 3, 11), FDB_KNOWN);
	assert_int_equal(fdb_lookup(f, key(1, 1)), 3);
	assert_int_equal(fdb_lookup(f, key(1, 2)), FDB_NO_PORT); /* independent VLAN learning */
	assert_int_equal(fdb_learn(f, key(1, 1), 200, 12, 0, &from), FDB_MOVED);
	assert_int_equal(from, 3);
	assert_int_equal(fdb_lookup(f, key(1, 1)), 200);
	assert_int_equal(fdb_count(f), 1);
	assert_int_equal(fdb_port_count(f, 3), 0);
	assert_int_equal(fdb_port_count(f, 200), 1);
	fdb_free(f);
}

static void pins(void **state)
{
	struct fdb *f = table(1024);

	learn(f, key(1, 1), 3, 10);
	assert_int_equal(fdb_pin(f, key(1, 1), 4, 10), 0); /* what was learned gives way */
	assert_int_equal(fdb_pin(f, key(2, 1), 5, 10), 0);
	assert_int_equal(fdb_pin(f, key(2, 1), 5, 11), 0);
	assert_int_equal(fdb_count(f), 2);
	assert_int_equal(learn(f, key(1, 1), 3, 12), FDB_PINNED);
	assert_int_equal(learn(f, key(1, 1), 4, 12), FDB_KNOWN);
	assert_int_equal(fdb_lookup(f, key(1, 1)), 4);
	assert_int_equal(fdb_port_count(f, 3), 0);
	assert_int_equal(fdb_port_count(f, 4), 1);
	/* To another port, and from dead. */
	assert_int_equal(fdb_pin(f, key(1, 1), 6, 10), 0);
	assert_int_equal(fdb_lookup(f, key(1, 1)), 6);
	assert_int_equal(fdb_port_count(f, 4), 0);
	learn(f, key(3, 1), 3, 10);
	assert_int_equal(forget(f, (struct fdb_match){.key = key(3, 1), .port = ANY, .vlan = ANY}),
			 1);
	assert_int_equal(fdb_pin(f, key(3, 1), 7, 10), 0);
	assert_false(fdb_seal(f));
	assert_int_equal(fdb_lookup(f, key(3, 1)), 7);
	assert_int_equal(fdb_count(f), 3);
	fdb_free(f);
}

static void limits(void **state)
{
	struct fdb *f = table(1024);
	uint16_t from;

	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(fdb_learn(f, key(i, 1), 3, 1, 5, &from), FDB_NEW);
	assert_int_equal(fdb_learn(f, key(5, 1), 3, 1, 5, &from), FDB_LIMIT);
	assert_int_equal(fdb_lookup(f, key(5, 1)), FDB_NO_PORT);
	assert_int_equal(fdb_learn(f, key(0, 1), 3, 2, 5, &from), FDB_KNOWN);
	/* Another port's addresses do not count, and must not move here either. */
	assert_int_equal(fdb_learn(f, key(6, 1), 4, 1, 5, &from), FDB_NEW);
	assert_int_equal(fdb_learn(f, key(6, 1), 3, 1, 5, &from), FDB_LIMIT);
	assert_int_equal(fdb_lookup(f, key(6, 1)), 4);
	assert_int_equal(fdb_learn(f, key(0, 1), 4, 1, 5, &from), FDB_MOVED);
	assert_int_equal(fdb_learn(f, key(6, 1), 3, 1, 5, &from), FDB_MOVED);
	/* Nor may a forgotten one come back when others took its place. */
	forget(f, (struct fdb_match){.key = key(1, 1), .port = ANY, .vlan = ANY});
	assert_int_equal(fdb_learn(f, key(7, 1), 3, 1, 5, &from), FDB_NEW);
	assert_int_equal(fdb_learn(f, key(1, 1), 3, 1, 5, &from), FDB_LIMIT);
	fdb_free(f);
}

static void is_full(void **state)
{
	struct fdb *f = table(100);

	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(learn(f, key(i, 1), i % 7, 1), FDB_NEW);
	assert_int_equal(learn(f, key(100, 1), 1, 1), FDB_FULL);
	assert_int_equal(fdb_pin(f, key(100, 1), 1, 1), -ENOSPC);
	assert_int_equal(fdb_pin(f, key(5, 1), 1, 1), 0); /* is there already */
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(fdb_lookup(f, key(i, 1)), i == 5 ? 1 : i % 7);
	assert_int_equal(forget(f, (struct fdb_match){.key = key(7, 1), .port = ANY, .vlan = ANY}),
			 1);
	assert_int_equal(learn(f, key(100, 1), 1, 1), FDB_NEW);
	assert_int_equal(fdb_count(f), 100);
	fdb_free(f);
}

/* 20 addresses, seen at ticks 100 to 119, on ports 0 to 3, VLANs 1 and 2; every tenth pinned. */
static struct fdb *twenty(void)
{
	struct fdb *f = table(1024);

	for (uint32_t i = 0; i < 20; i++)
		if (i % 10 == 0)
			assert_int_equal(fdb_pin(f, key(i, 1 + i % 2), i % 4, 100 + i), 0);
		else
			learn(f, key(i, 1 + i % 2), i % 4, 100 + i);
	return f;
}

static void forgets_what_matches(void **state)
{
	static const struct {
		struct fdb_match match;
		uint32_t n;
	} cases[] = {
		{{.port = ANY, .vlan = ANY}, 18},
		{{.port = ANY, .vlan = ANY, .with_static = true}, 20},
		{{.port = 0, .vlan = ANY}, 4},
		{{.port = 0, .vlan = ANY, .with_static = true}, 5},
		{{.port = ANY, .vlan = 1}, 8},
		{{.port = ANY, .vlan = 2}, 10},
		{{.port = 1, .vlan = 1}, 0},
		{{.port = 2, .vlan = 1}, 4},
		{{.port = ANY, .vlan = ANY, .unseen = 105}, 4},
		{{.port = ANY, .vlan = ANY, .unseen = 100}, 0},
		{{.port = ANY, .vlan = ANY, .unseen = 105, .with_static = true}, 5},
		{{.port = 3, .vlan = 2, .unseen = 108}, 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fdb *f = twenty();

		assert_int_equal(forget(f, cases[i].match), cases[i].n);
		assert_int_equal(fdb_count(f), 20 - cases[i].n);
		assert_int_equal(forget(f, cases[i].match), 0);
		fdb_free(f);
	}
}

/* The tick is a counter that comes round. */
static void ages_across_the_wrap(void **state)
{
	struct fdb *f = table(1024);
	const struct fdb_match old = {.port = ANY, .vlan = ANY, .unseen = 5};

	learn(f, key(1, 1), 1, UINT32_MAX - 2);
	learn(f, key(2, 1), 1, 7);
	assert_int_equal(forget(f, old), 1);
	assert_int_equal(fdb_lookup(f, key(1, 1)), FDB_NO_PORT);
	assert_int_equal(fdb_lookup(f, key(2, 1)), 1);
	fdb_free(f);
}

static void forgets_in_parts(void **state)
{
	const struct fdb_match all = {.port = ANY, .vlan = ANY};
	struct fdb *f = table(1024);
	uint32_t slot = 0, n = 0, calls = 0;

	for (uint32_t i = 0; i < 500; i++)
		learn(f, key(i, 1), 1, 1);
	do {
		uint32_t was = slot;

		n += fdb_forget(f, &all, &slot, 100);
		assert_int_equal(slot, was + 100 >= fdb_slots(f) ? 0 : was + 100);
		calls++;
	} while (slot != 0);
	assert_int_equal(n, 500);
	assert_int_equal(calls, (fdb_slots(f) + 99) / 100);
	fdb_free(f);
}

/* A refresh keeps an address; what was seen before is not undone by a slower clock. */
static void sees_again(void **state)
{
	struct fdb *f = table(1024);

	learn(f, key(1, 1), 1, 100);
	learn(f, key(1, 1), 1, 200);
	assert_int_equal(forget(f, (struct fdb_match){.port = ANY, .vlan = ANY, .unseen = 150}), 0);
	assert_int_equal(forget(f, (struct fdb_match){.port = ANY, .vlan = ANY, .unseen = 201}), 1);
	fdb_free(f);
}

static void revives_what_is_only_marked(void **state)
{
	const struct fdb_match all = {.port = ANY, .vlan = ANY};
	struct fdb *f = table(1024);

	for (uint32_t i = 0; i < 10; i++)
		learn(f, key(i, 1), 1, 1);
	assert_int_equal(forget(f, all), 10);
	assert_int_equal(fdb_lookup(f, key(1, 1)), FDB_NO_PORT);
	assert_int_equal(learn(f, key(1, 1), 2, 2), FDB_NEW);
	assert_int_equal(fdb_lookup(f, key(1, 1)), 2);
	assert_int_equal(fdb_count(f), 1);
	seal_and_reap(f);
	assert_int_equal(fdb_lookup(f, key(1, 1)), 2);
	assert_int_equal(fdb_port_count(f, 1), 0);
	assert_int_equal(fdb_port_count(f, 2), 1);
	/* Marked, revived, marked: in the list twice, and freed once. */
	assert_int_equal(forget(f, all), 1);
	learn(f, key(1, 1), 2, 3);
	assert_int_equal(forget(f, all), 1);
	seal_and_reap(f);
	assert_false(fdb_seal(f));
	assert_int_equal(learn(f, key(1, 1), 2, 3), FDB_NEW);
	assert_int_equal(fdb_count(f), 1);
	/* All of what was marked came back: nothing to wait for. */
	assert_int_equal(forget(f, all), 1);
	learn(f, key(1, 1), 2, 3);
	assert_false(fdb_seal(f));
	fdb_free(f);
}

static void reaps_once(void **state)
{
	const struct fdb_match all = {.port = ANY, .vlan = ANY};
	struct fdb *f = table(1024);

	assert_false(fdb_seal(f));
	fdb_reap(f); /* nothing owed, nothing done */
	learn(f, key(1, 1), 1, 1);
	forget(f, all);
	assert_true(fdb_seal(f));
	/* Marked within the grace period: that one is the next reap's. */
	learn(f, key(2, 1), 1, 1);
	forget(f, all);
	assert_false(fdb_seal(f));
	fdb_reap(f);
	assert_int_equal(learn(f, key(2, 1), 3, 1), FDB_NEW);
	assert_false(fdb_seal(f));
	assert_int_equal(fdb_lookup(f, key(2, 1)), 3);
	fdb_free(f);
}

/* A worker that begins after the grace period did must not find the slot by its old key: the slot
 * may be another's before the worker reads the value. */
static void nobody_finds_what_is_buried(void **state)
{
	struct fdb *f = table(8);
	struct slot *s;

	learn(f, key(1, 1), 1, 1);
	s = find(f, key(1, 1));
	forget(f, (struct fdb_match){.port = ANY, .vlan = ANY});
	assert_ptr_equal(find(f, key(1, 1)), s);
	assert_true(fdb_seal(f));
	assert_null(find(f, key(1, 1)));
	/* Nor may anybody take it while an earlier worker may still hold it. */
	for (uint32_t i = 2; i < 10; i++) {
		assert_int_equal(learn(f, key(i, 1), 1, 1), FDB_NEW);
		assert_ptr_not_equal(find(f, key(i, 1)), s);
	}
	assert_int_equal(atomic_load(&s->value), 0);
	fdb_free(f);
}

/* Addresses that all meet in one line. */
static void same_line(const struct fdb *f, uint64_t *keys, uint32_t n)
{
	uint32_t line = line_of(f, key(0, 1)), found = 0;

	for (uint32_t i = 0; found < n; i++)
		if (line_of(f, key(i, 1)) == line)
			keys[found++] = key(i, 1);
}

/* A worker has missed an address and is about to enter it. Meanwhile it is pinned, further on, and
 * a slot nearer comes free. */
static void nothing_gets_in_front_of_a_pin(void **state)
{
	struct fdb *f = table(1024);
	uint64_t k[3];

	same_line(f, k, 3);
	learn(f, k[0], 1, 1);
	forget(f, (struct fdb_match){.port = ANY, .vlan = ANY});
	assert_true(fdb_seal(f));
	assert_null(find(f, k[1]));
	assert_int_equal(fdb_pin(f, k[1], 9, 1), 0);
	fdb_reap(f);
	assert_int_equal(insert(f, k[1], VALUE_OF(2, 1)), 0);
	assert_int_equal(fdb_lookup(f, k[1]), 9);
	assert_int_equal(learn(f, k[1], 2, 1), FDB_PINNED);
	/* The next grace period frees the slot. */
	seal_and_reap(f);
	assert_int_equal(insert(f, k[2], VALUE_OF(2, 1)), 0);
	assert_true(find(f, k[2]) < find(f, k[1]));
	fdb_free(f);
}

static void fills_a_line_and_its_neighbours(void **state)
{
	enum { REACH = PROBE_MAX * LINE };
	struct fdb *f = table(1024);
	uint64_t k[REACH + 1];

	same_line(f, k, REACH + 1);
	for (uint32_t i = 0; i < REACH; i++)
		assert_int_equal(learn(f, k[i], i % 200, 1), FDB_NEW);
	assert_int_equal(learn(f, k[REACH], 7, 1), FDB_FULL);
	assert_int_equal(fdb_pin(f, k[REACH], 7, 1), -ENOSPC);
	for (uint32_t i = 0; i < REACH; i++)
		assert_int_equal(fdb_lookup(f, k[i]), i % 200);
	/* One in the middle makes room for the one that had none. */
	forget(f, (struct fdb_match){.key = k[30], .port = ANY, .vlan = ANY});
	seal_and_reap(f);
	assert_int_equal(learn(f, k[REACH], 7, 1), FDB_NEW);
	assert_int_equal(fdb_lookup(f, k[REACH]), 7);
	assert_int_equal(fdb_lookup(f, k[30]), FDB_NO_PORT);
	assert_int_equal(fdb_lookup(f, k[REACH - 1]), (REACH - 1) % 200);
	fdb_free(f);
}

static void walks_with_a_cursor(void **state)
{
	struct fdb *f = twenty();
	uint32_t slot = 0, seen = 0, statics = 0;
	struct fdb_entry e;

	forget(f, (struct fdb_match){.key = key(3, 2), .port = ANY, .vlan = ANY});
	while (fdb_next(f, &slot, &e)) {
		uint32_t i = e.seen - 100;

		assert_in_range(i, 0, 19);
		assert_int_equal(e.key, key(i, 1 + i % 2));
		assert_int_equal(e.port, i % 4);
		assert_int_equal(e.is_static, i % 10 == 0);
		assert_false(seen >> i & 1);
		seen |= 1u << i;
		statics += e.is_static;
		assert_ptr_equal(&f->slots[slot - 1], find(f, e.key));
	}
	assert_int_equal(seen, 0xfffff & ~(1u << 3));
	assert_int_equal(statics, 2);
	assert_int_equal(slot, fdb_slots(f));
	assert_false(fdb_next(f, &slot, &e));
	fdb_free(f);
}

static void holds_100000(void **state)
{
	enum { N = 100000 };
	struct fdb *f = table(131072);
	uint32_t slot = 0, n = 0;
	struct fdb_entry e;

	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(learn(f, key(i, 1 + i % 4094), i % 251, i), FDB_NEW);
	for (uint32_t i = 0; i < N; i++)
		if (fdb_lookup(f, key(i, 1 + i % 4094)) != i % 251)
			fail_msg("address %u is not found", i);
	for (uint32_t i = N; i < N + 1000; i++)
		assert_int_equal(fdb_lookup(f, key(i, 1 + i % 4094)), FDB_NO_PORT);
	while (fdb_next(f, &slot, &e))
		n++;
	assert_int_equal(n, N);
	assert_int_equal(fdb_count(f), N);
	/* Filled to the last, nobody lies so far off that others have to search for long. */
	for (uint32_t i = N; i < 131072; i++)
		assert_int_equal(learn(f, key(i, 1 + i % 4094), 1, i), FDB_NEW);
	assert_in_range(atomic_load(&f->probe), 0, PROBE_MAX - 1);
	assert_int_equal(learn(f, key(N * 2, 1), 1, 1), FDB_FULL);
	fdb_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_their_addresses),
		cmocka_unit_test(learns_and_moves),
		cmocka_unit_test(pins),
		cmocka_unit_test(limits),
		cmocka_unit_test(is_full),
		cmocka_unit_test(forgets_what_matches),
		cmocka_unit_test(ages_across_the_wrap),
		cmocka_unit_test(forgets_in_parts),
		cmocka_unit_test(sees_again),
		cmocka_unit_test(revives_what_is_only_marked),
		cmocka_unit_test(reaps_once),
		cmocka_unit_test(nobody_finds_what_is_buried),
		cmocka_unit_test(nothing_gets_in_front_of_a_pin),
		cmocka_unit_test(fills_a_line_and_its_neighbours),
		cmocka_unit_test(walks_with_a_cursor),
		cmocka_unit_test(holds_100000),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

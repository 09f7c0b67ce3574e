/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver's side of rings against a device written for this test, after the standard. */
#include "hv-core/microguest/vq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 64, LEN = 100 };

/* The rings' two areas: the driver's and the device's. */
static union {
	struct mg_avail avail;
	struct mg_event driver;
	uint16_t words[2 + SIZE + 1];
} ours;
static union {
	struct mg_used used;
	struct mg_event device;
	uint8_t bytes[4 + 8 * SIZE + 2];
} theirs __attribute__((aligned(8)));

struct fixture {
	struct mg_vq q;
	struct mg_desc desc[SIZE];
	uint64_t addr[SIZE];
	uint32_t len[SIZE];
	uint16_t order[SIZE];
	volatile uint16_t notified;
	uint32_t next; /* the device's: of available buffers, */
	uint32_t put;  /* and of used ones */
};

/* A buffer the device took. */
struct taken {
	uint16_t id;
	uint64_t addr;
	uint32_t len;
};

static struct fixture f;

static void begin(bool packed, bool in_order, bool event_idx)
{
	memset(&f, 0, sizeof(f));
	memset(&ours, 0, sizeof(ours));
	memset(&theirs, 0, sizeof(theirs));
	f.q = (struct mg_vq){
		.desc = f.desc,
		.avail_ring = &ours.avail,
		.used_ring = &theirs.used,
		.size = SIZE,
		.shift = 6,
		.addr = f.addr,
		.len = f.len,
		.order = f.order,
		.index = 7,
		.flags = MG_DESC_WRITE,
		.notify = &f.notified,
		.packed = packed,
		.in_order = in_order,
		.event_idx = event_idx,
	};
	for (uint32_t i = 0; i < SIZE; i++) {
		f.addr[i] = 0x1000 + i;
		f.len[i] = LEN;
	}
	mg_vq_init(&f.q);
}

static bool wrap(uint32_t n)
{
	return !(n / SIZE % 2);
}

static bool take(struct taken *t)
{
	uint32_t slot = f.next % SIZE;

	if (f.q.packed) {
		struct mg_desc *d = &f.desc[slot];
		uint16_t flags = d->packed.flags;

		if (!!(flags & MG_DESC_AVAIL) != wrap(f.next) ||
		    !!(flags & MG_DESC_USED) == wrap(f.next))
			return false;
		assert_true(flags & MG_DESC_WRITE);
		*t = (struct taken){d->packed.id, d->addr, d->len};
	} else {
		uint16_t id = ours.avail.ring[slot];

		if (ours.avail.idx == (uint16_t)f.next)
			return false;
		assert_in_range(id, 0, SIZE - 1);
		assert_int_equal(f.desc[id].split.flags, MG_DESC_WRITE);
		*t = (struct taken){id, f.desc[id].addr, f.desc[id].len};
	}
	f.next++;
	return true;
}

/* Gives one back; skip: as many before it were given with it. */
static void give_back(uint16_t id, uint32_t len, uint32_t skip)
{
	uint32_t slot = f.put % SIZE;

	if (f.q.packed) {
		f.desc[slot].len = len;
		f.desc[slot].packed.id = id;
		f.desc[slot].packed.flags = wrap(f.put) ? MG_DESC_AVAIL | MG_DESC_USED : 0;
	} else {
		theirs.used.ring[slot] = (struct mg_used_elem){id, len};
		theirs.used.idx = (uint16_t)(f.put + skip + 1);
	}
	f.put += skip + 1;
}

/* Many laps of random bursts; every buffer is in one hand at a time, with its own address. */
static void go_round(bool packed, bool in_order, bool shuffle)
{
	struct mg_came came[SIZE];
	struct taken held[SIZE];
	uint32_t n_held = 0, marks[SIZE];

	srand(1);
	begin(packed, in_order, false);
	for (int turn = 0; turn < 20000; turn++) {
		uint32_t room = mg_vq_room(&f.q, (uint32_t)rand() % SIZE), n, k;

		for (k = 0; k < room; k++)
			assert_in_range(mg_vq_next(&f.q, k), 0, SIZE - 1);
		mg_vq_give(&f.q, room);
		while (n_held < SIZE && rand() % 8 && take(&held[n_held])) {
			assert_int_equal(held[n_held].addr, 0x1000 + held[n_held].id);
			assert_int_equal(held[n_held].len, LEN);
			n_held++;
		}
		n = n_held ? (uint32_t)rand() % (n_held + 1) : 0;
		for (k = 0; k < n; k++) {
			uint32_t pick = shuffle ? (uint32_t)rand() % n_held : 0;

			marks[held[pick].id] = (uint32_t)rand() % LEN;
			give_back(held[pick].id, marks[held[pick].id], 0);
			memmove(&held[pick], &held[pick + 1], (--n_held - pick) * sizeof(held[0]));
		}
		k = mg_vq_came(&f.q, came, n);
		/* Room looked for may have found them first: then they came without a length. */
		while (k--)
			assert_int_equal(came[k].len, marks[came[k].id]);
	}
	assert_true(f.q.avail > 10 * SIZE);
}

static void split_in_order(void **state)
{
	go_round(false, true, false);
}

static void split_any_order(void **state)
{
	go_round(false, false, true);
}

static void packed_in_order(void **state)
{
	go_round(true, true, false);
}

static void packed_any_order(void **state)
{
	go_round(true, false, true);
}

/* In order, one used entry may stand for several buffers. */
static void batches(bool packed)
{
	struct mg_came came[SIZE];
	struct taken t;

	begin(packed, true, false);
	for (int turn = 0; turn < 1000; turn++) {
		uint32_t n = (uint32_t)turn % 13 + 1;

		mg_vq_give(&f.q, mg_vq_room(&f.q, n));
		for (uint32_t i = 0; i < n; i++)
			assert_true(take(&t));
		give_back(t.id, 5, n - 1);
		/* In two looks, so that one ends within the batch. */
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(mg_vq_came(&f.q, came, 1), 1);
			assert_int_equal(came[0].id, (f.q.used - 1) % SIZE);
			assert_int_equal(came[0].len, i + 1 == n ? 5 : LEN);
		}
		assert_int_equal(mg_vq_came(&f.q, came, SIZE), 0);
	}
	assert_int_equal(mg_vq_room(&f.q, SIZE), SIZE);
}

static void split_batches(void **state)
{
	batches(false);
}

static void packed_batches(void **state)
{
	batches(true);
}

static void kicks_when_asked(void **state)
{
	begin(false, true, false);
	assert_int_equal(ours.avail.flags, 1);
	mg_vq_give(&f.q, 1);
	assert_int_equal(f.notified, 7);
	f.notified = 0;
	theirs.used.flags = 1;
	mg_vq_give(&f.q, 1);
	assert_int_equal(f.notified, 0);

	begin(true, true, false);
	assert_int_equal(ours.driver.flags, 1);
	mg_vq_give(&f.q, 1);
	assert_int_equal(f.notified, 7);
	f.notified = 0;
	theirs.device.flags = 1;
	mg_vq_give(&f.q, 1);
	assert_int_equal(f.notified, 0);
}

/* The device wants to be told when the driver passes this place; each place of several laps. */
static void event_index(bool packed)
{
	for (uint32_t wanted = 0; wanted < 3 * SIZE; wanted++) {
		struct taken t;

		begin(packed, true, true);
		if (packed) {
			theirs.device.flags = 2;
			theirs.device.off_wrap = (uint16_t)(wanted % SIZE | wrap(wanted) << 15);
		} else {
			memcpy(theirs.bytes + 4 + 8 * SIZE, &(uint16_t){(uint16_t)wanted}, 2);
		}
		for (uint32_t from = 0; from < 3 * SIZE; from += 4) {
			bool near = from + SIZE > wanted && wanted + SIZE > from;

			f.notified = 0;
			mg_vq_give(&f.q, mg_vq_room(&f.q, 4));
			/* A place is known to the packed form within a lap only. */
			if (near || !packed)
				assert_int_equal(f.notified == 7,
						 wanted >= from && wanted < from + 4);
			while (take(&t))
				give_back(t.id, 0, 0);
		}
	}
}

static void split_event_index(void **state)
{
	event_index(false);
}

static void packed_event_index(void **state)
{
	event_index(true);
}

/* The place at which the device would interrupt is never passed. */
static void never_interrupts(void **state)
{
	struct taken t;
	uint16_t event;

	begin(false, true, true);
	for (uint32_t n = 0; n < 300000; n += 32) {
		uint16_t before = (uint16_t)f.put;

		mg_vq_give(&f.q, mg_vq_room(&f.q, 32));
		while (take(&t))
			give_back(t.id, 0, 0);
		event = ours.avail.ring[SIZE];
		assert_false((uint16_t)(f.put - event - 1) < (uint16_t)(f.put - before));
	}
	assert_true(f.put > 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_in_order),     cmocka_unit_test(split_any_order),
		cmocka_unit_test(packed_in_order),    cmocka_unit_test(packed_any_order),
		cmocka_unit_test(split_batches),      cmocka_unit_test(packed_batches),
		cmocka_unit_test(kicks_when_asked),   cmocka_unit_test(split_event_index),
		cmocka_unit_test(packed_event_index), cmocka_unit_test(never_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptor chains: what each fault is called, and what pieces become of the good ones. */
#include "vswitch/port/vhost_chain.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { SIZE = 8, REGION = 0x10000, FIRST = 0x1000, LAST = 0x90000 };

#define N VRING_DESC_F_NEXT
#define W VRING_DESC_F_WRITE
#define I VRING_DESC_F_INDIRECT

static struct vhost_mem mem;
static uint8_t *regions[3];
static struct vring_desc ring[SIZE];
static struct vring_packed_desc slots[SIZE];
static struct vhost_table split = {.mem = &mem, .desc = ring, .size = SIZE, .indirect = true};
static struct vhost_table packed = {.mem = &mem, .desc = slots, .size = SIZE, .indirect = true};
static struct vhost_pieces pieces;
static struct vhost_chain chain;

/* Two regions side by side, as the guest sees them, and one with 4 GB of addresses, of which the
 * test touches none. */
static int setup(void **state)
{
	static const uint64_t huge = UINT64_C(5) << 30;

	regions[0] = malloc(REGION);
	regions[1] = malloc(REGION);
	vhost_mem_add(&mem, FIRST, REGION, regions[0]);
	vhost_mem_add(&mem, FIRST + REGION, REGION, regions[1]);
	/* Nothing reads there: addresses are only counted. */
	vhost_mem_add(&mem, huge, huge, (uint8_t *)(uintptr_t)huge);
	return regions[0] && regions[1] ? 0 : -1;
}

static int teardown(void **state)
{
	free(regions[0]);
	free(regions[1]);
	return 0;
}

static void desc(int i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	ring[i] = (struct vring_desc){.addr = addr, .len = len, .flags = flags, .next = next};
	slots[i] = (struct vring_packed_desc){.addr = addr, .len = len, .flags = flags, .id = next};
}

/* An entry of an indirect table at gpa; the two layouts differ in their last four bytes. */
static void entry(uint64_t gpa, int i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next,
		  bool is_packed)
{
	struct vring_desc s = {.addr = addr, .len = len, .flags = flags, .next = next};
	struct vring_packed_desc p = {.addr = addr, .len = len, .flags = flags};
	uint32_t there = 16;

	memcpy(vhost_mem_at(&mem, gpa + 16u * i, &there), is_packed ? (void *)&p : (void *)&s, 16);
}

/* Reads the chain at `at`; where it fails, the list must be as it was. */
static enum vhost_fault read_at(const struct vhost_table *t, uint16_t at)
{
	uint32_t n = pieces.n;
	enum vhost_fault fault = t == &packed ? vhost_chain_packed(t, at, &pieces, &chain)
					      : vhost_chain_split(t, at, &pieces, &chain);

	if (fault)
		assert_int_equal(pieces.n, n);
	else
		assert_int_equal(pieces.n, n + chain.n);
	return fault;
}

static void same_fault(enum vhost_fault fault)
{
	pieces.n = 3;
	assert_int_equal(read_at(&split, 0), fault);
	assert_int_equal(read_at(&packed, 0), fault);
}

static void one_descriptor(void **state)
{
	pieces.n = 0;
	desc(5, FIRST + 10, 100, 0, 5);
	assert_int_equal(read_at(&split, 5), VHOST_OK);
	assert_int_equal(chain.id, 5);
	assert_int_equal(chain.n, 1);
	assert_int_equal(chain.len, 100);
	assert_ptr_equal(pieces.of[0].at, regions[0] + 10);
	assert_int_equal(pieces.of[0].len, 100);
	assert_int_equal(read_at(&packed, 5), VHOST_OK);
	assert_int_equal(chain.id, 5);
	assert_int_equal(chain.piece, 1);
	assert_int_equal(chain.slots, 1);
}

static void borders_of_regions(void **state)
{
	pieces.n = 0;
	/* To the last byte of the first region, and one further: into the second. */
	desc(0, FIRST + REGION - 100, 100, 0, 0);
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(chain.n, 1);
	desc(0, FIRST + REGION - 100, 101, 0, 0);
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(chain.n, 2);
	assert_int_equal(chain.len, 101);
	assert_ptr_equal(pieces.of[2].at, regions[1]);
	assert_int_equal(pieces.of[2].len, 1);
	/* Behind the second there is nothing. */
	desc(0, FIRST + 2 * REGION - 100, 100, 0, 0);
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	desc(0, FIRST + 2 * REGION - 100, 101, 0, 0);
	same_fault(VHOST_FAULT_ADDRESS);
	desc(0, FIRST - 1, 1, 0, 0);
	same_fault(VHOST_FAULT_ADDRESS);
	desc(0, UINT64_MAX, 2, 0, 0);
	same_fault(VHOST_FAULT_ADDRESS);
	desc(0, LAST, 1, 0, 0);
	same_fault(VHOST_FAULT_ADDRESS);
}

static void empty_descriptors(void **state)
{
	pieces.n = 0;
	desc(0, FIRST, 0, N, 1);
	desc(1, FIRST, 7, N, 2);
	desc(2, UINT64_MAX, 0, 0, 3); /* of no bytes, no matter where */
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(chain.n, 1);
	assert_int_equal(chain.len, 7);
	assert_int_equal(read_at(&packed, 0), VHOST_OK);
	assert_int_equal(chain.id, 3);
	assert_int_equal(chain.slots, 3);
	desc(0, FIRST, 0, 0, 0);
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(chain.n, 0);
	assert_int_equal(chain.len, 0);
}

static void faults(void **state)
{
	pieces.n = 0;
	assert_int_equal(read_at(&split, SIZE), VHOST_FAULT_HEAD);
	desc(0, FIRST, 1, N, SIZE);
	assert_int_equal(read_at(&split, 0), VHOST_FAULT_NEXT);
	desc(0, FIRST, 1, 0, SIZE);
	assert_int_equal(read_at(&packed, 0), VHOST_FAULT_HEAD);
	for (int i = 0; i < SIZE; i++)
		desc(i, FIRST, 1, N, (uint16_t)((i + 1) % SIZE));
	same_fault(VHOST_FAULT_LOOP);
	desc(0, FIRST, 1, N, 0); /* itself */
	assert_int_equal(read_at(&split, 0), VHOST_FAULT_LOOP);
	desc(0, FIRST, 1, W, 0);
	same_fault(VHOST_FAULT_WRITE);
	split.write = packed.write = true;
	desc(0, FIRST, 1, N | W, 1);
	desc(1, FIRST, 1, 0, 1);
	same_fault(VHOST_FAULT_READ);
	split.write = packed.write = false;
	/* Exactly as long as the table is no loop. */
	for (int i = 0; i < SIZE; i++)
		desc(i, FIRST, 1, i == SIZE - 1 ? 0 : N, (uint16_t)((i + 1) % SIZE));
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(read_at(&packed, 0), VHOST_OK);
	assert_int_equal(chain.slots, SIZE);
}

static void indirect(void **state)
{
	for (int is_packed = 0; is_packed < 2; is_packed++) {
		const struct vhost_table *t = is_packed ? &packed : &split;
		uint64_t at = FIRST + 0x101; /* aligned to nothing */

		pieces.n = 0;
		desc(0, FIRST, 5, N, 1);
		desc(1, at, 32, I | W, 2); /* W says nothing here (virtio 1.2, 2.7.5.3.2) */
		entry(at, 0, FIRST + 50, 10, N, 1, is_packed);
		entry(at, 1, FIRST + 70, 20, 0, 0, is_packed);
		assert_int_equal(read_at(t, 0), VHOST_OK);
		assert_int_equal(chain.n, 3);
		assert_int_equal(chain.len, 35);
		desc(1, at, 32, I | N, 2);
		assert_int_equal(read_at(t, 0), VHOST_FAULT_NESTED);
		desc(1, at, 0, I, 2);
		assert_int_equal(read_at(t, 0), VHOST_FAULT_TABLE);
		desc(1, at, 31, I, 2);
		assert_int_equal(read_at(t, 0), VHOST_FAULT_TABLE);
		desc(1, at, (VHOST_CHAIN_MAX + 1) * 16, I, 2);
		assert_int_equal(read_at(t, 0), VHOST_FAULT_LENGTH);
		desc(1, FIRST + REGION - 16, 32, I, 2);
		assert_int_equal(read_at(t, 0), VHOST_FAULT_ADDRESS);
		desc(1, LAST, 32, I, 2);
		assert_int_equal(read_at(t, 0), VHOST_FAULT_ADDRESS);
		desc(1, at, 32, I, 2);
		entry(at, 1, FIRST, 16, I, 0, is_packed);
		assert_int_equal(read_at(t, 0), VHOST_FAULT_NESTED);
		entry(at, 1, FIRST, 16, W, 0, is_packed);
		assert_int_equal(read_at(t, 0), is_packed ? VHOST_OK : VHOST_FAULT_WRITE);
	}
	entry(FIRST + 0x101, 0, FIRST, 16, N, 1, false);
	entry(FIRST + 0x101, 1, FIRST, 16, N, 0, false);
	assert_int_equal(read_at(&split, 0), VHOST_FAULT_LOOP);
	entry(FIRST + 0x101, 1, FIRST, 16, N, 2, false);
	assert_int_equal(read_at(&split, 0), VHOST_FAULT_NEXT);
	split.indirect = packed.indirect = false;
	same_fault(VHOST_FAULT_INDIRECT);
	split.indirect = packed.indirect = true;
}

/* Lengths add up beyond 32 bits: the sum stays at the most there is. */
static void long_descriptors(void **state)
{
	const uint64_t huge = UINT64_C(5) << 30;

	pieces.n = 0;
	desc(0, huge, 65535, N, 1);
	desc(1, huge, 65536, 0, 1);
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(chain.n, 3);
	assert_int_equal(chain.len, 131071);
	assert_int_equal(pieces.of[2].len, 1);
	/* 4096 pieces of 65535 bytes, and not one more. */
	pieces.n = 0;
	desc(0, huge, 65535u * VHOST_PIECES, 0, 1);
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(chain.n, VHOST_PIECES);
	assert_int_equal(chain.len, 65535u * VHOST_PIECES);
	pieces.n = 0;
	desc(0, huge, 65535u * VHOST_PIECES + 1, 0, 1);
	assert_int_equal(read_at(&split, 0), VHOST_NO_ROOM);
	pieces.n = 1;
	desc(0, huge, 65535u * VHOST_PIECES, 0, 1);
	same_fault(VHOST_NO_ROOM);
	desc(0, huge, UINT32_MAX, 0, 1);
	same_fault(VHOST_NO_ROOM);
}

/* A full list takes a chain of nothing, and nothing else. */
static void a_full_list(void **state)
{
	pieces.n = VHOST_PIECES;
	desc(0, FIRST, 0, 0, 0);
	assert_int_equal(read_at(&split, 0), VHOST_OK);
	assert_int_equal(chain.piece, VHOST_PIECES);
	desc(0, FIRST, 1, 0, 0);
	assert_int_equal(read_at(&split, 0), VHOST_NO_ROOM);
	assert_false(vhost_chain_one(&split, FIRST, 1, 0, &pieces, &chain));
	assert_int_equal(pieces.n, VHOST_PIECES);
}

/* The short way says the same as the long one, or leaves it to that. */
static void in_line(void **state)
{
	static const struct {
		uint64_t gpa;
		uint32_t len;
		uint16_t flags;
		bool simple;
	} cases[] = {
		{FIRST, 1, 0, true},
		{FIRST, 65535, 0, true},
		{FIRST, 65536, 0, false},
		{FIRST, 0, 0, false},
		{FIRST, UINT32_MAX, 0, false},
		{FIRST, 10, N, false},
		{FIRST, 10, I, false},
		{FIRST, 10, W, false},
		{FIRST + REGION - 9, 9, 0, true},
		{FIRST + REGION - 9, 10, 0, false},
		{LAST, 10, 0, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pieces.n = 0;
		assert_int_equal(vhost_chain_one(&split, cases[i].gpa, cases[i].len, cases[i].flags,
						 &pieces, &chain),
				 cases[i].simple);
		assert_int_equal(pieces.n, cases[i].simple);
		if (!cases[i].simple)
			continue;
		assert_int_equal(chain.len, cases[i].len);
		assert_int_equal(pieces.of[0].len, cases[i].len);
		assert_ptr_equal(pieces.of[0].at, regions[0] + (cases[i].gpa - FIRST));
	}
}

static void every_fault_has_words(void **state)
{
	assert_null(vhost_fault_text(VHOST_OK));
	for (int i = VHOST_OK + 1; i < VHOST_NO_ROOM; i++)
		assert_non_null(vhost_fault_text(i));
}

static void places(void **state)
{
	assert_true(vhost_mem_holds(&mem, regions[0], REGION));
	assert_false(vhost_mem_holds(&mem, regions[0], REGION + 1));
	assert_true(vhost_mem_holds(&mem, regions[0] + REGION - 1, 1));
	assert_false(vhost_mem_holds(&mem, regions[0] + 1, UINT64_MAX));
	assert_false(vhost_mem_holds(&mem, &mem, 1));
	assert_int_equal(vhost_mem_gpa(&mem, regions[1] + 5), FIRST + REGION + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_descriptor),
		cmocka_unit_test(borders_of_regions),
		cmocka_unit_test(empty_descriptors),
		cmocka_unit_test(faults),
		cmocka_unit_test(indirect),
		cmocka_unit_test(long_descriptors),
		cmocka_unit_test(a_full_list),
		cmocka_unit_test(in_line),
		cmocka_unit_test(every_fault_has_words),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/mirror_ring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 8, BUF = 2048, GUEST = 0x100000 };

/* A guest's memory: buffers at "physical" address GUEST. */
struct guest {
	struct rte_vhost_memory *mem;
	struct vring_desc desc[SIZE];
	struct {
		uint16_t flags, idx, ring[SIZE];
	} avail;
	struct {
		uint16_t flags, idx;
		struct vring_used_elem ring[SIZE];
	} used;
	struct mirror_ring ring;
	uint8_t *data;
};

static struct guest from, to;

static void guest_init(struct guest *g)
{
	memset(g, 0, sizeof(*g));
	g->data = calloc(SIZE, BUF);
	g->mem = calloc(1, sizeof(*g->mem) + sizeof(g->mem->regions[0]));
	assert_non_null(g->data);
	assert_non_null(g->mem);
	g->mem->nregions = 1;
	g->mem->regions[0].guest_phys_addr = GUEST;
	g->mem->regions[0].size = SIZE * BUF;
	g->mem->regions[0].host_user_addr = (uintptr_t)g->data;
	g->ring = (struct mirror_ring){.desc = g->desc,
				       .avail = (struct vring_avail *)&g->avail,
				       .used = (struct vring_used *)&g->used,
				       .size = SIZE,
				       .mem = g->mem};
	for (uint16_t i = 0; i < SIZE; i++)
		g->desc[i] = (struct vring_desc){.addr = GUEST + i * BUF, .len = BUF};
}

static void offer(struct guest *g, uint16_t id)
{
	g->avail.ring[g->avail.idx % SIZE] = id;
	g->avail.idx++;
}

static int setup(void **state)
{
	guest_init(&from);
	guest_init(&to);
	for (uint16_t i = 0; i < SIZE; i++) {
		to.desc[i].flags = VRING_DESC_F_WRITE;
		offer(&to, i);
	}
	return 0;
}

static int teardown(void **state)
{
	free(from.data);
	free(from.mem);
	free(to.data);
	free(to.mem);
	return 0;
}

static void moves_the_head(void **state)
{
	for (int i = 0; i < BUF; i++)
		from.data[i] = (uint8_t)i;
	from.desc[0].len = MIRROR_NET_HDR + 1000;
	offer(&from, 0);
	assert_int_equal(mirror_move(&from.ring, &to.ring, 32), 1);
	assert_int_equal(to.used.idx, 1);
	assert_int_equal(to.used.ring[0].len, MIRROR_NET_HDR + 1000);
	assert_int_equal(from.used.idx, 1);
	assert_memory_equal(to.data, from.data, 10);
	assert_int_equal(to.data[10] | to.data[11] << 8, 1); /* num_buffers */
	assert_memory_equal(to.data + 12, from.data + 12, MIRROR_HEAD);
	assert_int_equal(to.data[MIRROR_NET_HDR + MIRROR_HEAD], 0);
	assert_int_equal(mirror_move(&from.ring, &to.ring, 32), 0);
}

static void a_unit_over_several_buffers(void **state)
{
	from.desc[0] = (struct vring_desc){GUEST, MIRROR_NET_HDR, VRING_DESC_F_NEXT, 1};
	from.desc[1] = (struct vring_desc){GUEST + BUF, 3 * BUF, 0, 0};
	from.data[BUF] = 0x77;
	offer(&from, 0);
	assert_int_equal(mirror_move(&from.ring, &to.ring, 32), 1);
	assert_int_equal(to.used.idx, 4);
	assert_int_equal(to.data[10], 4);
	assert_int_equal(to.data[12], 0x77);
	assert_int_equal(to.used.ring[3].len, MIRROR_NET_HDR);
}

static void waits_for_buffers(void **state)
{
	from.desc[0].len = 100;
	for (int i = 0; i < SIZE; i++)
		offer(&from, 0);
	assert_int_equal(mirror_move(&from.ring, &to.ring, 3), 3);
	assert_int_equal(mirror_move(&from.ring, &to.ring, 32), 5);
	offer(&from, 0);
	assert_int_equal(mirror_move(&from.ring, &to.ring, 32), 0);
	offer(&to, 2);
	assert_int_equal(mirror_move(&from.ring, &to.ring, 32), 1);
	assert_int_equal(to.used.ring[0].id, 2);
}

static void bad(const char *what)
{
	if (mirror_move(&from.ring, &to.ring, 32) != -EBADMSG)
		fail_msg("%s", what);
	assert_int_equal(to.used.idx, 0);
}

static void no_such_descriptor(void **state)
{
	offer(&from, SIZE);
	bad("a descriptor beyond the table");
}

static void outside_of_memory(void **state)
{
	from.desc[0].addr = GUEST + SIZE * BUF - 10;
	from.desc[0].len = 100;
	offer(&from, 0);
	bad("a buffer that goes beyond memory");
}

static void a_loop(void **state)
{
	from.desc[0] = (struct vring_desc){GUEST, 16, VRING_DESC_F_NEXT, 0};
	offer(&from, 0);
	bad("a chain that bites its tail");
}

static void too_short(void **state)
{
	from.desc[0].len = MIRROR_NET_HDR;
	offer(&from, 0);
	bad("a virtio header and nothing else");
}

static void not_writable(void **state)
{
	to.desc[0].flags = 0;
	offer(&from, 0);
	bad("a receive buffer that must not be written");
}

static void receive_buffer_outside(void **state)
{
	to.desc[0].addr = 0;
	offer(&from, 0);
	bad("a receive buffer outside of memory");
}

static void indirect_table_outside(void **state)
{
	from.desc[0] = (struct vring_desc){GUEST + SIZE * BUF, 32, VRING_DESC_F_INDIRECT, 0};
	offer(&from, 0);
	bad("an indirect table outside of memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(moves_the_head, setup, teardown),
		cmocka_unit_test_setup_teardown(a_unit_over_several_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_for_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(no_such_descriptor, setup, teardown),
		cmocka_unit_test_setup_teardown(outside_of_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(a_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(too_short, setup, teardown),
		cmocka_unit_test_setup_teardown(not_writable, setup, teardown),
		cmocka_unit_test_setup_teardown(receive_buffer_outside, setup, teardown),
		cmocka_unit_test_setup_teardown(indirect_table_outside, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A back end is killed before any of its stores to a ring, the driver runs on, and the next back
 * end goes on from where hv_vu_recover() says. No buffer may come back twice or never, and nothing
 * that is no buffer may be taken for one: buffers have numbers, which both sides compare.
 */
#include "hv-core/vhost/front.h"
#include "hv-core/vhost/test_driver.h"

#include <linux/virtio_config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PARTS = 4, BATCH = 6 };
#define PACKED (1ull << VIRTIO_F_RING_PACKED)

static uint8_t memory[3 * 16384] __attribute__((aligned(4096)));
static struct driver d;
static uint64_t number_of[DRIVER_MAX]; /* of the buffer that has the id */
static uint64_t numbers;
static bool write_ring;
static unsigned int seed;

static unsigned int below(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

/* The device: where it stands, and how many stores it makes until it is killed. */
struct device {
	uint16_t at;
	bool wrap;
	int stores_left;
};

static bool store(struct device *v)
{
	return v->stores_left-- > 0;
}

static void compare(uint64_t gpa, uint16_t id, uint16_t part)
{
	assert_true(id < d.size && d.slots[id] > part);
	assert_int_equal(gpa, number_of[id] * PARTS + part);
}

/* Up to BATCH buffers from a packed ring, and back: the first is published last (2.8.6). */
static int serve_packed(struct device *v)
{
	struct taken {
		uint16_t at, slots, id;
		bool wrap;
	} t[BATCH];
	int n = 0;

	while (n < BATCH) {
		const struct vring_packed_desc *p = &d.desc[v->at];
		struct taken *b = &t[n];
		uint16_t at = v->at;

		if (!!(p->flags & DRIVER_AVAIL) != v->wrap || !!(p->flags & DRIVER_USED) == v->wrap)
			break;
		*b = (struct taken){.at = v->at, .wrap = v->wrap, .slots = 1};
		while (d.desc[at].flags & VRING_DESC_F_NEXT) {
			at = (uint16_t)((at + 1) % d.size);
			b->slots++;
		}
		b->id = d.desc[at].id;
		for (uint16_t i = 0; i < b->slots; i++)
			compare(d.desc[(b->at + i) % d.size].addr, b->id, i);
		v->at = (uint16_t)(v->at + b->slots);
		if (v->at >= d.size) {
			v->at = (uint16_t)(v->at - d.size);
			v->wrap = !v->wrap;
		}
		n++;
	}
	for (int i = 1; i <= n; i++) {
		const struct taken *b = &t[i % n];
		struct vring_packed_desc *p = &d.desc[b->at];
		uint16_t w = p->flags & VRING_DESC_F_WRITE;

		if (!store(v))
			return -1;
		p->id = b->id;
		if (!store(v))
			return -1;
		p->len = write_ring ? 100 : 0;
		if (!store(v))
			return -1;
		p->flags = (uint16_t)(w | (b->wrap ? DRIVER_AVAIL | DRIVER_USED : 0));
	}
	return n;
}

static int serve_split(struct device *v)
{
	int n = 0;

	while (n < BATCH && v->at != d.avail->idx) {
		uint16_t id = d.avail->ring[v->at % d.size], at = id;

		for (uint16_t i = 0; i < d.slots[id]; i++, at = d.split[at].next)
			compare(d.split[at].addr, id, i);
		if (!store(v))
			return -1;
		d.used->ring[v->at % d.size] = (struct vring_used_elem){id, write_ring ? 100 : 0};
		if (!store(v))
			return -1;
		v->at++;
		d.used->idx = v->at;
		n++;
	}
	return n;
}

static int serve(struct device *v)
{
	return d.packed ? serve_packed(v) : serve_split(v);
}

/* The driver takes back what came, and makes some available. */
static void drive(bool add)
{
	uint16_t id;
	uint32_t len;
	unsigned int n = add ? below(BATCH + 2) : 0;

	if (below(3) > 0 || !add)
		while (driver_get(&d, &id, &len))
			number_of[id] = 0;
	while (n-- > 0) {
		struct driver_part part[PARTS];
		uint16_t parts = (uint16_t)(1 + (below(2) ? below(PARTS) : 0));
		int got;

		numbers++;
		for (uint16_t i = 0; i < parts; i++)
			part[i] = (struct driver_part){numbers * PARTS + i, 1000};
		got = driver_add(&d, part, parts, write_ring);
		if (got < 0)
			return;
		number_of[got] = numbers;
	}
}

/* A life with many deaths. */
static void live(bool packed, uint16_t size)
{
	struct device v = {.wrap = true};
	struct hv_vu_ring ring;
	struct err e = {0};

	driver_open(&d, memory, size, packed);
	d.fifo = below(2);
	write_ring = below(2);
	driver_ring(&d, &ring);
	for (int death = 0; death < 40; death++) {
		int turns = 0;

		v.stores_left = (int)below(200);
		while (serve(&v) >= 0 && v.stores_left > 0) {
			drive(true);
			assert_true(turns++ < 10000); /* else the two wait for each other */
		}
		for (unsigned int i = below(4); i > 0; i--)
			drive(true);
		assert_int_equal(hv_vu_recover(packed ? PACKED : 0, &ring, &e), 0);
		if (packed) {
			assert_int_equal(ring.packed_base >> 16, ring.packed_base & 0xffff);
			v.at = ring.packed_base & 0x7fff;
			v.wrap = ring.packed_base & 0x8000;
			assert_true(v.at < size);
		} else {
			v.at = ring.base;
		}
	}
	v.stores_left = 1 << 20;
	do
		drive(false);
	while (serve(&v) > 0);
	drive(false);
	assert_int_equal(d.slots_free, size);
}

static void packed_rings(void **state)
{
	for (seed = 1; seed < 4000 * 77; seed += 77) {
		unsigned int keep = seed;

		live(true, (uint16_t)(4 + below(40)));
		seed = keep;
	}
}

static void split_rings(void **state)
{
	for (seed = 1; seed < 400 * 77; seed += 77) {
		unsigned int keep = seed;

		live(false, (uint16_t)(4u << below(4)));
		seed = keep;
	}
}

/* Killed when nothing was under way, no buffer is lost; and the driver is interrupted. */
static void nothing_under_way(void **state)
{
	struct device v = {.wrap = true, .stores_left = 1 << 20};
	struct driver_part part = {4, 1000};
	struct hv_vu_ring ring;
	eventfd_t told = 0;
	uint16_t id;
	uint32_t len;

	driver_open(&d, memory, 8, true);
	driver_ring(&d, &ring);
	ring.call_fd = eventfd(0, EFD_NONBLOCK);
	write_ring = true;
	numbers = 1;
	for (int i = 0; i < 3; i++) {
		number_of[driver_add(&d, &part, 1, true)] = 1;
		assert_int_equal(serve(&v), 1);
	}
	number_of[driver_add(&d, &part, 1, true)] = 1;
	assert_int_equal(hv_vu_recover(PACKED, &ring, NULL), 0);
	assert_int_equal(ring.packed_base, 0x80038003);
	for (int i = 0; i < 3; i++) {
		assert_true(driver_get(&d, &id, &len));
		assert_int_equal(len, 100);
	}
	assert_false(driver_get(&d, &id, &len));
	assert_int_equal(eventfd_read(ring.call_fd, &told), 0);
	close(ring.call_fd);
}

/* Half of a buffer is there: the driver is asked again. Flags that no driver leaves are given up.
 */
static void a_driver_at_work(void **state)
{
	struct driver_part part[3] = {{4, 1000}, {5, 1000}, {6, 1000}};
	struct hv_vu_ring ring;
	struct err e = {0};
	uint16_t head;

	driver_open(&d, memory, 8, true);
	driver_ring(&d, &ring);
	driver_add(&d, part, 1, true);
	driver_add(&d, part, 3, true);
	head = d.desc[1].flags;
	d.desc[1].flags = 0;
	assert_int_equal(hv_vu_recover(PACKED, &ring, &e), -EAGAIN);
	d.desc[1].flags = head;
	assert_int_equal(hv_vu_recover(PACKED, &ring, &e), 0);
	/* A buffer that ends nowhere. */
	for (int i = 0; i < 8; i++)
		d.desc[i].flags = DRIVER_AVAIL | VRING_DESC_F_NEXT;
	assert_int_equal(hv_vu_recover(PACKED, &ring, &e), -ENOTRECOVERABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_rings),
		cmocka_unit_test(split_rings),
		cmocka_unit_test(nothing_under_way),
		cmocka_unit_test(a_driver_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

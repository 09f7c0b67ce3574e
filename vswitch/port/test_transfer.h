/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames from one guest's ring to another's, for tests; each with its bytes, so that it is known
 * again. */
#ifndef VSWITCH_PORT_TEST_TRANSFER_H
#define VSWITCH_PORT_TEST_TRANSFER_H

#include "vswitch/port/test_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* PLAIN_HEAD: bytes copied of a packet that asks for nothing. */
enum { PLAIN_HEAD = 128 };
enum { DATA_MBUFS = 511, HEADER_MBUFS = 4095, UNIT_MAX = 65549, BATCH = 32, PARTS = 48 };

static struct pkt_counters counters[2];
static struct pkt_worker worker = {.counters = counters};
static struct guest from_guest, to_guest;
static struct driver from, to;
static uint32_t seed;

#define BIT(b) (UINT64_C(1) << (b))

/* A frame on its way. */
struct frame {
	uint32_t len;
	uint16_t id; /* of the buffer it was sent in */
	uint8_t bytes[UNIT_MAX];
};
static struct frame frames[BATCH];

/* A receive buffer. */
struct buffer {
	uint16_t n;
	uint32_t len;
	struct guest_part parts[PARTS];
};
static struct buffer buffers[GUEST_RING_MAX];

static inline uint32_t hdr_len(const struct driver *d)
{
	return d->ring.hdr_len;
}

/* Cuts len bytes into up to `max` parts, of which some are empty. */
static inline uint16_t cut(struct guest *g, uint32_t len, uint16_t max, struct guest_part *parts)
{
	uint16_t n = 1 + test_below(&seed, max), k = 0;

	while (len > 0 || k == 0) {
		uint32_t part = k + 1 >= n	       ? len
				: test_below(&seed, 2) ? test_below(&seed, len + 1)
						       : test_below(&seed, 70);

		part = RTE_MIN(part, len);
		parts[k++] = (struct guest_part){
			.gpa = guest_alloc(g, part, 1 + test_below(&seed, 3)), .len = part};
		len -= part;
	}
	return k;
}

static inline uint32_t a_length(void)
{
	static const uint32_t some[] = {14,   15,   127,  128,	 129,	60,    64,	243,
					244,  245,  255,  256,	 257,	258,   1514,	2048,
					4096, 9014, 9614, 32768, 65535, 65536, UNIT_MAX};

	return test_below(&seed, 2) ? some[test_below(&seed, RTE_DIM(some))]
				    : 14 + test_below(&seed, 3000);
}

/* The guest transmits a frame. false: the ring is full. */
static inline bool transmit(struct frame *f, uint32_t len, uint16_t max_parts)
{
	struct guest_part parts[PARTS];
	uint8_t hdr[12] = {0};
	uint16_t n;
	uint32_t at = 0, h = hdr_len(&from);
	bool indirect = from.features & BIT(VIRTIO_RING_F_INDIRECT_DESC) && test_below(&seed, 2);
	int id;

	f->len = len;
	for (uint32_t i = 0; i < len; i++)
		f->bytes[i] = (uint8_t)test_random(&seed);
	n = cut(&from_guest, h + len, max_parts, parts);
	for (uint16_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < parts[i].len; k++, at++)
			*guest_at(&from_guest, parts[i].gpa + k) =
				at < h ? hdr[at] : f->bytes[at - h];
	assert_int_equal(at, h + len);
	id = driver_add(&from, parts, n, indirect);
	if (id < 0)
		return false;
	f->id = (uint16_t)id;
	return true;
}

/* The guest offers receive buffers of `len` bytes each until the ring is full or there are `n`. */
static inline void offer(uint32_t n, uint32_t len, uint16_t max_parts)
{
	bool can = to.features & BIT(VIRTIO_RING_F_INDIRECT_DESC);

	for (uint32_t i = 0; i < n; i++) {
		struct buffer b = {.len = len};
		int id;

		if (to_guest.next + len + 4096 > GUEST_DATA_GPA + 2 * GUEST_DATA)
			return;
		b.n = cut(&to_guest, len, max_parts, b.parts);
		id = driver_add(&to, b.parts, b.n, can && test_below(&seed, 2));
		if (id < 0)
			return;
		buffers[id] = b;
	}
}

static inline uint32_t collect(const struct buffer *b, uint32_t len, uint8_t *out)
{
	uint32_t done = 0;

	for (uint16_t i = 0; i < b->n && done < len; i++) {
		uint32_t part = RTE_MIN(b->parts[i].len, len - done);

		guest_read(&to_guest, b->parts[i].gpa, out + done, part);
		done += part;
	}
	assert_int_equal(done, len);
	return done;
}

/* The next packet that the guest received, header and all; its length. */
static inline uint32_t receive(uint8_t *out, uint16_t *n_buffers)
{
	uint32_t done = 0, len;
	uint16_t id = 0, left = 1;

	for (bool first = true; left > 0; left--, first = false) {
		assert_true(driver_used(&to, &id, &len));
		assert_true(len <= buffers[id].len);
		done += collect(&buffers[id], len, out + done);
		if (!first || hdr_len(&to) != 12)
			continue;
		assert_true(len >= 12 || !(to.features & BIT(VIRTIO_NET_F_MRG_RXBUF)));
		left = (uint16_t)(out[10] | out[11] << 8);
		*n_buffers = left;
		assert_true(left >= 1);
	}
	return done;
}

static inline void same(const struct frame *f)
{
	static uint8_t got[UNIT_MAX + 12];
	uint16_t n = 1;
	uint32_t len = receive(got, &n);

	assert_int_equal(len, f->len + hdr_len(&to));
	assert_memory_equal(got + hdr_len(&to), f->bytes, f->len);
	for (int i = 0; i < 10; i++)
		assert_int_equal(got[i], 0);
	if (!(to.features & BIT(VIRTIO_NET_F_MRG_RXBUF)))
		assert_int_equal(n, 1);
}

static inline void sent_back(uint32_t n, bool in_order)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t id;
		uint32_t len;

		assert_true(driver_used(&from, &id, &len));
		assert_int_equal(len, 0);
		if (in_order)
			assert_int_equal(id, frames[i].id);
	}
}

static inline void nothing_used(struct driver *d)
{
	uint16_t id;
	uint32_t len;

	assert_false(driver_used(d, &id, &len));
}

static inline void open_both(uint64_t from_features, uint64_t to_features, uint16_t size,
			     uint16_t start)
{
	guest_open(&from_guest);
	guest_open(&to_guest);
	driver_open(&from, &from_guest, from_features, size, start, false);
	driver_open(&to, &to_guest, to_features, size, start, true);
}

static inline void close_both(void)
{
	driver_close(&from);
	driver_close(&to);
	guest_close(&from_guest);
	guest_close(&to_guest);
	assert_int_equal(rte_mempool_avail_count(worker.data_pool), DATA_MBUFS);
	assert_int_equal(rte_mempool_avail_count(worker.header_pool), HEADER_MBUFS);
}

static inline void start_again(struct guest *g)
{
	g->next = GUEST_DATA_GPA + test_below(&seed, 64);
}

static inline void changed(void)
{
}

static inline int setup(void **state)
{
	static const struct port_env env = {.n_workers = 1, .changed = changed};

	test_eal_init();
	port_init(&env);
	worker.data_pool = test_pool("data", DATA_MBUFS, 2048);
	worker.header_pool = test_pool("header", HEADER_MBUFS, 192);
	return pkt_tail_init();
}

#endif

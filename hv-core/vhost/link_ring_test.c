/* SPDX-License-Identifier: BSD-3-Clause */
/* The link's rings against another side that is played here: one that does as it should, and one
 * that does not. */
#include "hv-core/vhost/link_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GPA 0x100000ull
#define HDR sizeof(struct virtio_net_hdr_v1)

static struct hv_link_ring q;
static uint8_t *areas, *buf;
static uint16_t avail_seen, used_idx;

static int setup(void **state)
{
	areas = aligned_alloc(4096, HV_LINK_RING_BYTES);
	buf = malloc((size_t)HV_LINK_RING * HV_LINK_BUF);
	memset(&q, 0, sizeof(q));
	hv_link_ring_place(&q, areas, buf, GPA);
	hv_link_ring_reset(&q);
	q.mergeable = true;
	avail_seen = used_idx = 0;
	return 0;
}

static int teardown(void **state)
{
	free(areas);
	free(buf);
	return 0;
}

static void use(uint32_t id, uint32_t len)
{
	q.used->ring[used_idx++ % HV_LINK_RING] = (struct vring_used_elem){id, len};
	q.used->idx = used_idx;
}

static uint16_t next_avail(void)
{
	assert_int_not_equal(q.avail->idx, avail_seen);
	return q.avail->ring[avail_seen++ % HV_LINK_RING];
}

/* Reads a chain as a back end does; returns its bytes. */
static uint32_t read_chain(uint16_t head, uint8_t *to)
{
	uint32_t at = 0;

	for (uint16_t i = head;; i = q.desc[i].next) {
		assert_true(q.desc[i].addr >= GPA && q.desc[i].len <= HV_LINK_BUF);
		assert_false(q.desc[i].flags & VRING_DESC_F_WRITE);
		memcpy(to + at, buf + (q.desc[i].addr - GPA), q.desc[i].len);
		at += q.desc[i].len;
		if (!(q.desc[i].flags & VRING_DESC_F_NEXT))
			return at;
	}
}

/* As a back end delivers a frame, over as many buffers as it needs. */
static void deliver(const uint8_t *f, uint32_t bytes)
{
	struct virtio_net_hdr_v1 h = {.flags = VIRTIO_NET_HDR_F_DATA_VALID};
	uint32_t at = 0, part;
	uint16_t id = next_avail();
	uint8_t *b = buf + (size_t)id * HV_LINK_BUF;

	h.num_buffers = (uint16_t)((bytes + HDR + HV_LINK_BUF - 1) / HV_LINK_BUF);
	memcpy(b, &h, HDR);
	part = bytes < HV_LINK_BUF - HDR ? bytes : HV_LINK_BUF - HDR;
	memcpy(b + HDR, f, part);
	use(id, part + HDR);
	for (at = part; at < bytes; at += part) {
		id = next_avail();
		part = bytes - at < HV_LINK_BUF ? bytes - at : HV_LINK_BUF;
		memcpy(buf + (size_t)id * HV_LINK_BUF, f + at, part);
		use(id, part);
	}
}

static void frames_of_all_sizes_go_out(void **state)
{
	static uint8_t f[66000], got[70000];
	struct virtio_net_hdr h = {.gso_size = 1448, .csum_start = 34};
	struct iovec iov[3];

	for (size_t i = 0; i < sizeof(f); i++)
		f[i] = (uint8_t)(i * 5 + i / 256);
	for (uint32_t bytes = 14, n = 0; bytes < 66000; bytes += bytes < 5000 ? 97 : 3001, n++) {
		iov[0] = (struct iovec){f, 13};
		iov[1] = (struct iovec){f + 13, (bytes - 13) / 2};
		iov[2] = (struct iovec){f + 13 + (bytes - 13) / 2, bytes - 13 - (bytes - 13) / 2};
		assert_true(hv_link_ring_send(&q, iov, 3, &h));
		uint16_t head = next_avail();
		assert_int_equal(read_chain(head, got), bytes + HDR);
		assert_memory_equal(got, &h, sizeof(h));
		assert_memory_equal(got + HDR, f, bytes);
		use(head, 0);
	}
}

static void a_full_ring_says_so(void **state)
{
	static uint8_t f[HV_LINK_BUF];
	struct virtio_net_hdr h = {0};
	struct iovec iov = {f, HV_LINK_BUF}; /* two descriptors with the header */
	uint16_t heads[HV_LINK_RING];
	unsigned int n = 0;

	while (hv_link_ring_send(&q, &iov, 1, &h))
		heads[n++] = next_avail();
	assert_int_equal(n, HV_LINK_RING / 2);
	/* Given back in any order. */
	for (unsigned int i = 0; i < n; i++)
		use(heads[(i * 7 + 3) % n], 0);
	for (unsigned int i = 0; i < n; i++)
		assert_true(hv_link_ring_send(&q, &iov, 1, &h));
	assert_false(hv_link_ring_send(&q, &iov, 1, &h));
	assert_false(q.broken);
}

static void frames_come_in_pieces(void **state)
{
	static uint8_t f[20000], got[20000];
	struct hv_link_frame frame;

	for (size_t i = 0; i < sizeof(f); i++)
		f[i] = (uint8_t)(i * 3 + i / 256);
	hv_link_ring_fill(&q);
	assert_false(hv_link_ring_peek(&q, &frame));
	for (uint32_t bytes = 14, n = 0; n < 3000; n++, bytes = 14 + (bytes + 1237) % 19000) {
		deliver(f, bytes);
		for (int again = 0; again < 2; again++) {
			assert_true(hv_link_ring_peek(&q, &frame));
			assert_int_equal(frame.bytes, bytes);
			assert_int_equal(frame.hdr.flags, VIRTIO_NET_HDR_F_DATA_VALID);
			uint32_t at = 0;
			for (unsigned int i = 0; i < frame.n; i++) {
				memcpy(got + at, frame.iov[i].iov_base, frame.iov[i].iov_len);
				at += (uint32_t)frame.iov[i].iov_len;
			}
			assert_int_equal(at, bytes);
			assert_memory_equal(got, f, bytes);
		}
		hv_link_ring_drop(&q);
		hv_link_ring_drop(&q); /* nothing more */
	}
	assert_false(hv_link_ring_peek(&q, &frame));
	assert_false(q.broken);
}

/* Each of these ends the connection's use, and touches nothing that is not ours. */
static void nonsense_breaks_the_ring(void **state)
{
	struct hv_link_frame frame;
	struct virtio_net_hdr h = {0};
	static uint8_t f[HV_LINK_BUF];
	struct iovec iov = {f, sizeof(f)}; /* two descriptors */
	static const struct {
		uint32_t id, len;
		uint16_t buffers, idx;
	} bad[] = {
		{HV_LINK_RING, 100, 1, 1},
		{0xffffffff, 100, 1, 1},
		{0, HV_LINK_BUF + 1, 1, 1},
		{0, 0xffffffff, 1, 1},
		{0, 11, 1, 1},
		{0, 100, 0, 1},
		{0, 100, 2, 1},
		{0, 100, 0xffff, 1},
		{0, 100, 1, 0x8000},
		{0, 100, HV_LINK_PIECES + 1, 1000},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		hv_link_ring_reset(&q);
		hv_link_ring_fill(&q);
		((struct virtio_net_hdr_v1 *)(void *)buf)->num_buffers = bad[i].buffers;
		q.used->ring[0] = (struct vring_used_elem){bad[i].id, bad[i].len};
		q.used->idx = bad[i].idx;
		assert_false(hv_link_ring_peek(&q, &frame));
		assert_true(q.broken);
		assert_false(hv_link_ring_peek(&q, &frame));
	}

	/* The same buffer twice. */
	hv_link_ring_reset(&q);
	hv_link_ring_fill(&q);
	((struct virtio_net_hdr_v1 *)(void *)buf)->num_buffers = 2;
	q.used->ring[0] = q.used->ring[1] = (struct vring_used_elem){0, 100};
	q.used->idx = 2;
	assert_false(hv_link_ring_peek(&q, &frame));
	assert_true(q.broken);

	/* A transmit chain given back by its middle; it is looked at when there is no room. */
	hv_link_ring_reset(&q);
	assert_true(hv_link_ring_send(&q, &iov, 1, &h));
	q.used->ring[0] = (struct vring_used_elem){1, 0};
	q.used->idx = 1;
	while (hv_link_ring_send(&q, &iov, 1, &h))
		;
	assert_true(q.broken);
}

static void words_about_waking(void **state)
{
	hv_link_ring_want_call(&q, false);
	assert_int_equal(q.avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
	hv_link_ring_want_call(&q, true);
	assert_int_equal(q.avail->flags, 0);
	assert_true(hv_link_ring_wants_kick(&q));
	q.used->flags = VRING_USED_F_NO_NOTIFY;
	assert_false(hv_link_ring_wants_kick(&q));
	assert_false(hv_link_ring_has_used(&q));
	use(0, 0);
	assert_true(hv_link_ring_has_used(&q));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(frames_of_all_sizes_go_out), T(a_full_ring_says_so), T(frames_come_in_pieces),
		T(nonsense_breaks_the_ring),   T(words_about_waking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

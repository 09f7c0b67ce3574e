/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's side of a virtqueue against an honest driver in a plain buffer. */
#include "hv-core/virtio/test_queue.h"

/* Random chains, given back in any order, for many rounds of the ring. */
static void chains_go_round(struct rig *r, unsigned int size, bool packed)
{
	struct hv_vq_chain taken[DRV_SIZE] = {{0}};
	struct drv_buf bufs[DRV_SIZE][8];
	unsigned int n_bufs[DRV_SIZE], held = 0, id, done = 0;
	uint32_t len;

	set_up(r, size, packed, BOTH);
	srand(size);
	while (done < 5000) {
		unsigned int n = 1 + (unsigned int)rand() % 4,
			     reads = (unsigned int)rand() % (n + 1);
		bool indirect = rand() % 2;
		struct drv_buf b[8];

		for (unsigned int i = 0; i < n; i++)
			b[i] = (struct drv_buf){DRV_DATA + (uint64_t)(rand() % 4096),
						1 + (uint32_t)rand() % 512, i >= reads};
		if (r->d.unused >= n) {
			id = (unsigned int)drv_add(&r->d, b, n, indirect);
			memcpy(bufs[id], b, sizeof(b));
			n_bufs[id] = n;
		}
		while (rand() % 3 && hv_vq_pop(&r->q, &r->c) == 1) {
			must_be(r, &r->c, bufs[r->c.id], n_bufs[r->c.id]);
			taken[held++] = r->c;
		}
		while (held && rand() % 3) {
			unsigned int k = (unsigned int)rand() % held;
			struct hv_vq_chain c = taken[k];

			taken[k] = taken[--held];
			hv_vq_push(&r->q, &c, c.id * 3u);
		}
		while (drv_used(&r->d, &id, &len)) {
			assert_int_equal(len, id * 3);
			done++;
		}
		assert_null(r->q.broken);
	}
}

static void split_chains_go_round(void **state)
{
	chains_go_round(*state, 16, false);
	chains_go_round(*state, 4, false);
}

static void packed_chains_go_round(void **state)
{
	chains_go_round(*state, 16, true);
	chains_go_round(*state, 5, true);
}

static void an_empty_ring_gives_nothing(void **state)
{
	struct rig *r = *state;

	for (int packed = 0; packed < 2; packed++) {
		set_up(r, 8, packed, BOTH);
		assert_int_equal(hv_vq_pop(&r->q, &r->c), 0);
		assert_false(hv_vq_listen(&r->q));
	}
	r->d.vq.desc = DRV_BYTES - 16;
	assert_int_equal(hv_vq_init(&r->q, &r->d.mem, &r->d.vq, 0), -EFAULT);
}

static void split_interrupts_are_asked_for(void **state)
{
	struct rig *r = *state;
	uint16_t *flags, *event;

	set_up(r, 8, false, 0);
	flags = drv_u16(&r->d, DRV_DRIVER);
	pass(r, 1);
	assert_true(hv_vq_needs_call(&r->q));
	*flags = VRING_AVAIL_F_NO_INTERRUPT;
	pass(r, 1);
	assert_false(hv_vq_needs_call(&r->q));

	set_up(r, 8, false, BOTH);
	event = drv_u16(&r->d, DRV_DRIVER + 4 + 2 * 8);
	pass(r, 1);
	assert_true(hv_vq_needs_call(&r->q)); /* the first time nothing is known */
	*event = 3;			      /* when the fourth is used */
	pass(r, 2);
	assert_false(hv_vq_needs_call(&r->q));
	pass(r, 1);
	assert_true(hv_vq_needs_call(&r->q));
	pass(r, 5);
	assert_false(hv_vq_needs_call(&r->q));
	/* Across the index's end. */
	pass(r, 65530 - 9);
	*event = 2;
	hv_vq_needs_call(&r->q);
	pass(r, 8);
	assert_false(hv_vq_needs_call(&r->q));
	pass(r, 1);
	assert_true(hv_vq_needs_call(&r->q));
}

static void packed_interrupts_are_asked_for(void **state)
{
	struct rig *r = *state;
	uint16_t *event, *flags;

	set_up(r, 8, true, BOTH);
	event = drv_u16(&r->d, DRV_DRIVER);
	flags = drv_u16(&r->d, DRV_DRIVER + 2);
	pass(r, 1);
	assert_true(hv_vq_needs_call(&r->q));
	*flags = VRING_PACKED_EVENT_FLAG_DISABLE;
	pass(r, 1);
	assert_false(hv_vq_needs_call(&r->q));
	*flags = VRING_PACKED_EVENT_FLAG_DESC;
	*event = 5 | 1 << VRING_PACKED_EVENT_F_WRAP_CTR; /* slot 5 of this round */
	pass(r, 3);
	assert_false(hv_vq_needs_call(&r->q));
	pass(r, 1);
	assert_true(hv_vq_needs_call(&r->q));
	*event = 1; /* slot 1 of the next round */
	pass(r, 3); /* to slot 0 included */
	assert_false(hv_vq_needs_call(&r->q));
	pass(r, 1);
	assert_true(hv_vq_needs_call(&r->q));
	*event = 7;
	pass(r, 5);
	assert_false(hv_vq_needs_call(&r->q));
	pass(r, 2); /* over the end in one batch */
	assert_true(hv_vq_needs_call(&r->q));
}

static void kicks_are_asked_for(void **state)
{
	struct rig *r = *state;

	set_up(r, 8, false, 0);
	hv_vq_deaf(&r->q);
	assert_int_equal(*drv_u16(&r->d, DRV_DEVICE), VRING_USED_F_NO_NOTIFY);
	drv_add(&r->d, &one, 1, false);
	assert_true(hv_vq_listen(&r->q));
	assert_int_equal(*drv_u16(&r->d, DRV_DEVICE), 0);
	assert_int_equal(hv_vq_pop(&r->q, &r->c), 1);
	assert_false(hv_vq_listen(&r->q));

	set_up(r, 8, false, BOTH);
	pass(r, 3);
	assert_false(hv_vq_listen(&r->q));
	assert_int_equal(*drv_u16(&r->d, DRV_DEVICE + 4 + 8 * 8), 3);
	hv_vq_deaf(&r->q);
	assert_int_equal(*drv_u16(&r->d, DRV_DEVICE + 4 + 8 * 8), 2);

	set_up(r, 8, true, BOTH);
	hv_vq_deaf(&r->q);
	assert_int_equal(*drv_u16(&r->d, DRV_DEVICE + 2), VRING_PACKED_EVENT_FLAG_DISABLE);
	assert_false(hv_vq_listen(&r->q));
	assert_int_equal(*drv_u16(&r->d, DRV_DEVICE + 2), VRING_PACKED_EVENT_FLAG_ENABLE);
	drv_add(&r->d, &one, 1, false);
	assert_true(hv_vq_listen(&r->q));
}

static void a_position_is_saved_and_loaded(void **state)
{
	struct rig *r = *state;

	for (int packed = 0; packed < 2; packed++) {
		struct hv_out out = {0};
		unsigned int id;
		uint32_t len;

		set_up(r, 8, packed, BOTH);
		pass(r, 13);
		drv_add(&r->d, &one, 1, false);
		hv_vq_save(&r->q, &out);
		hv_vq_init(&r->q, &r->d.mem, &r->d.vq,
			   BOTH | (uint64_t)packed << VIRTIO_F_RING_PACKED);
		for (size_t n = 0; n < out.len; n++) {
			struct hv_in cut = {out.buf, n, false};

			assert_int_equal(hv_vq_load(&r->q, &cut, NULL), -EINVAL);
		}
		struct hv_in in = {out.buf, out.len, false};
		assert_int_equal(hv_vq_load(&r->q, &in, NULL), 0);
		assert_int_equal(hv_vq_pop(&r->q, &r->c), 1);
		hv_vq_push(&r->q, &r->c, 0);
		assert_true(drv_used(&r->d, &id, &len));
		assert_true(hv_vq_needs_call(&r->q)); /* nobody knows what was told before */
		/* A position outside the ring, or with something in flight. */
		out.buf[0] ^= packed ? 0x40 : 1;
		in = (struct hv_in){out.buf, out.len, false};
		assert_int_equal(hv_vq_load(&r->q, &in, NULL), -EINVAL);
		hv_out_free(&out);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(split_chains_go_round),	       TEST(packed_chains_go_round),
		TEST(an_empty_ring_gives_nothing),     TEST(split_interrupts_are_asked_for),
		TEST(packed_interrupts_are_asked_for), TEST(kicks_are_asked_for),
		TEST(a_position_is_saved_and_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

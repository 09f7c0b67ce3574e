// SPDX-License-Identifier: BSD-3-Clause
/* The device's side of a virtqueue against a driver in a plain buffer, honest and not. */
#include "hv-core/virtio/test_driver.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BOTH (1ull << VIRTIO_RING_F_INDIRECT_DESC | 1ull << VIRTIO_RING_F_EVENT_IDX)
#define IOV  DRV_SIZE

struct rig {
	struct drv d;
	struct hv_vq q;
	struct iovec iov[IOV];
	struct hv_vq_chain c;
};

static void set_up(struct rig *r, unsigned int size, bool packed, uint64_t features)
{
	drv_init(&r->d, size, packed);
	assert_int_equal(hv_vq_init(&r->q, &r->d.mem, &r->d.vq,
				    features | (packed ? 1ull << VIRTIO_F_RING_PACKED : 0)),
			 0);
	r->c = (struct hv_vq_chain){.iov = r->iov, .iov_max = IOV};
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct rig));
	return 0;
}

static int teardown(void **state)
{
	free(((struct rig *)*state)->d.bytes);
	free(*state);
	return 0;
}

static void must_be(const struct rig *r, const struct hv_vq_chain *c, const struct drv_buf *b,
		    unsigned int n)
{
	unsigned int out = 0;

	assert_int_equal(c->out_n + c->in_n, n);
	for (unsigned int i = 0; i < n; i++) {
		assert_ptr_equal(c->iov[i].iov_base, r->d.bytes + b[i].addr);
		assert_int_equal(c->iov[i].iov_len, b[i].len);
		out += !b[i].write;
	}
	assert_int_equal(c->out_n, out);
}

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

static const struct drv_buf one = {DRV_DATA, 64, false};

static void pass(struct rig *r, unsigned int n)
{
	unsigned int id;
	uint32_t len;

	while (n--) {
		drv_add(&r->d, &one, 1, false);
		assert_int_equal(hv_vq_pop(&r->q, &r->c), 1);
		hv_vq_push(&r->q, &r->c, 0);
		assert_true(drv_used(&r->d, &id, &len));
	}
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

static void must_break(struct rig *r, const char *why)
{
	assert_int_equal(hv_vq_pop(&r->q, &r->c), -EPROTO);
	assert_non_null(strstr(r->q.broken, why));
	/* For good, also when the ring looks well again. */
	memset(r->d.bytes + DRV_DESC, 0, 16);
	assert_int_equal(hv_vq_pop(&r->q, &r->c), -EPROTO);
}

static void bad_buffers_break_either_ring(void **state)
{
	static const struct {
		struct drv_buf b[2];
		const char *why;
	} cases[] = {
		{{{DRV_DATA, 64, true}, {DRV_DATA, 64, false}}, "to read after"},
		{{{DRV_DATA, 64, false}, {DRV_BYTES - 32, 33, true}}, "not in guest memory"},
		{{{DRV_BYTES / 2 - 1, 2, false}, {DRV_DATA, 1, true}}, "not in guest memory"},
		{{{UINT64_MAX - 3, 64, false}, {DRV_DATA, 1, true}}, "not in guest memory"},
		{{{0, UINT32_MAX, false}, {DRV_DATA, 1, true}}, "not in guest memory"},
	};
	struct rig *r = *state;

	for (int form = 0; form < 4; form++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			set_up(r, 8, form & 1, BOTH);
			drv_add(&r->d, cases[i].b, 2, form & 2);
			must_break(r, cases[i].why);
		}
	/* Buffers of no length are no buffers. */
	for (int form = 0; form < 4; form++) {
		static const struct drv_buf b[3] = {
			{UINT64_MAX, 0, false}, {DRV_DATA, 5, false}, {DRV_DATA, 0, true}};

		set_up(r, 8, form & 1, BOTH);
		drv_add(&r->d, b, 3, form & 2);
		assert_int_equal(hv_vq_pop(&r->q, &r->c), 1);
		must_be(r, &r->c, &b[1], 1);
		assert_true(r->c.out_bytes == 5 && r->c.in_bytes == 0);
	}
	/* More than the device takes. */
	for (int form = 0; form < 4; form++) {
		struct drv_buf b[6];

		for (int i = 0; i < 6; i++)
			b[i] = one;
		set_up(r, 8, form & 1, BOTH);
		r->c.iov_max = 5;
		drv_add(&r->d, b, 6, form & 2);
		must_break(r, "more buffers");
	}
}

static void bad_split_rings_break(void **state)
{
	struct rig *r = *state;

	set_up(r, 8, false, BOTH);
	drv_publish_split(&r->d, 8);
	must_break(r, "head is outside");
	set_up(r, 8, false, BOTH);
	*drv_u16(&r->d, DRV_DRIVER + 2) = 9;
	must_break(r, "more chains");
	set_up(r, 8, false, BOTH); /* a loop of one, and of all */
	*drv_desc(&r->d, DRV_DESC, 0) = (struct vring_desc){DRV_DATA, 1, VRING_DESC_F_NEXT, 0};
	drv_publish_split(&r->d, 0);
	must_break(r, "loop");
	set_up(r, 8, false, BOTH);
	for (unsigned int i = 0; i < 8; i++)
		*drv_desc(&r->d, DRV_DESC, i) =
			(struct vring_desc){DRV_DATA, 0, VRING_DESC_F_NEXT, (i + 1) % 8};
	drv_publish_split(&r->d, 3);
	must_break(r, "loop");
	set_up(r, 8, false, BOTH);
	*drv_desc(&r->d, DRV_DESC, 0) = (struct vring_desc){DRV_DATA, 1, VRING_DESC_F_NEXT, 8};
	drv_publish_split(&r->d, 0);
	must_break(r, "outside the queue");
	/* What is taken and not given back counts. */
	set_up(r, 4, false, BOTH);
	for (int i = 0; i < 4; i++) {
		drv_publish_split(&r->d, 0);
		assert_int_equal(hv_vq_pop(&r->q, &r->c), 1);
	}
	drv_publish_split(&r->d, 0);
	must_break(r, "more chains");
}

static void bad_packed_rings_break(void **state)
{
	struct rig *r = *state;
	const uint16_t avail = 1 << VRING_PACKED_DESC_F_AVAIL;

	set_up(r, 8, true, BOTH);
	for (unsigned int i = 0; i < 8; i++)
		*drv_pdesc(&r->d, DRV_DESC, i) =
			(struct vring_packed_desc){DRV_DATA, 0, 0, avail | VRING_DESC_F_NEXT};
	must_break(r, "longer than what is left");
	set_up(r, 8, true, BOTH);
	*drv_pdesc(&r->d, DRV_DESC, 0) =
		(struct vring_packed_desc){DRV_DATA, 1, 0, avail | VRING_DESC_F_NEXT};
	*drv_pdesc(&r->d, DRV_DESC, 1) =
		(struct vring_packed_desc){DRV_TABLES, 16, 0, avail | VRING_DESC_F_INDIRECT};
	must_break(r, "within a chain");
	/* An id is the driver's own business; it comes back as it was. */
	set_up(r, 8, true, BOTH);
	*drv_pdesc(&r->d, DRV_DESC, 0) = (struct vring_packed_desc){DRV_DATA, 1, 0xfffe, avail};
	assert_int_equal(hv_vq_pop(&r->q, &r->c), 1);
	hv_vq_push(&r->q, &r->c, 1);
	assert_int_equal(drv_pdesc(&r->d, DRV_DESC, 0)->id, 0xfffe);
}

static void indirect(struct rig *r, uint64_t at, uint32_t len, uint16_t flags)
{
	flags |= VRING_DESC_F_INDIRECT;
	if (r->d.packed)
		*drv_pdesc(&r->d, DRV_DESC, 0) = (struct vring_packed_desc){
			at, len, 0, (uint16_t)(flags | 1 << VRING_PACKED_DESC_F_AVAIL)};
	else
		*drv_desc(&r->d, DRV_DESC, 0) = (struct vring_desc){at, len, flags, 1};
	if (!r->d.packed)
		drv_publish_split(&r->d, 0);
}

static void bad_indirect_tables_break(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t len;
		uint16_t flags;
		const char *why;
	} cases[] = {
		{DRV_TABLES, 0, 0, "wrong size"},
		{DRV_TABLES, 17, 0, "wrong size"},
		{DRV_TABLES, 16 * 9, 0, "wrong size"},
		{DRV_TABLES, 0xfffffff0, 0, "wrong size"},
		{DRV_TABLES, 16, VRING_DESC_F_NEXT, "wrong size"},
		{DRV_BYTES - 16, 32, 0, "not in guest memory"},
		{DRV_BYTES / 2 - 16, 32, 0, "not in guest memory"},
	};
	struct rig *r = *state;

	for (int packed = 0; packed < 2; packed++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			set_up(r, 8, packed, BOTH);
			indirect(r, cases[i].at, cases[i].len, cases[i].flags);
			must_break(r, cases[i].why);
		}
		set_up(r, 8, packed, 0);
		indirect(r, DRV_TABLES, 16, 0);
		must_break(r, "did not accept");
		set_up(r, 8, packed, BOTH);
		indirect(r, DRV_TABLES + 8, 16, 0); /* not aligned is allowed */
		if (packed)
			drv_pdesc(&r->d, DRV_TABLES + 8, 0)->flags = VRING_DESC_F_INDIRECT;
		else
			drv_desc(&r->d, DRV_TABLES + 8, 0)->flags = VRING_DESC_F_INDIRECT;
		must_break(r, "within another");
	}
	set_up(r, 8, false, BOTH);
	indirect(r, DRV_TABLES, 32, 0);
	*drv_desc(&r->d, DRV_TABLES, 0) = (struct vring_desc){DRV_DATA, 0, VRING_DESC_F_NEXT, 2};
	must_break(r, "outside its table");
	set_up(r, 8, false, BOTH);
	indirect(r, DRV_TABLES, 32, 0);
	*drv_desc(&r->d, DRV_TABLES, 0) = (struct vring_desc){DRV_DATA, 0, VRING_DESC_F_NEXT, 0};
	must_break(r, "loop");
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
		TEST(bad_buffers_break_either_ring),   TEST(bad_split_rings_break),
		TEST(bad_packed_rings_break),	       TEST(bad_indirect_tables_break),
		TEST(a_position_is_saved_and_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

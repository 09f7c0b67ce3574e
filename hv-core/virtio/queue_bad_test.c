/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's side of a virtqueue against rings that make no sense. */
#include "hv-core/virtio/test_queue.h"

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_buffers_break_either_ring),
		TEST(bad_split_rings_break),
		TEST(bad_packed_rings_break),
		TEST(bad_indirect_tables_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

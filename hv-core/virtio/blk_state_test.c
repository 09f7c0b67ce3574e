/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk in a snapshot. */
#include "hv-core/virtio/test_blk.h"

static const uint64_t forms[] = {GOES_ON | FLUSHES, GOES_ON | FLUSHES | F(VIRTIO_F_RING_PACKED)};

static int setup(void **state)
{
	*state = make_rig(false, false);
	return 0;
}

static int teardown(void **state)
{
	free_rig(*state);
	return 0;
}

static void save(struct blk_rig *r, struct hv_out *out)
{
	struct err e = {0};

	assert_int_equal(hv_vm_quiesce(&r->vm, &e), 0);
	r->b->dev.ops->save(r->b, out);
	hv_vm_resume(&r->vm);
}

static int load(struct blk_rig *r, const struct hv_out *out, struct err *e)
{
	struct hv_in in = {out->buf, out->len, false};

	return r->b->dev.ops->load(r->b, &in, r->b->dev.ops->version, e);
}

/* Saved with requests in the ring, loaded into another machine with the same memory: all of them
 * are answered once, and the data is as if nothing had been. */
static void goes_on_elsewhere(struct blk_rig *r, uint64_t features)
{
	const uint32_t bytes = 32768;
	struct hv_out out = {0};
	struct err e = {0};
	uint8_t *memory = malloc(MEM_BYTES);

	begin(r, features);
	for (unsigned int k = 0; k < 16; k++) {
		pattern(at(r, DATA + 2 * bytes * k), bytes, 50 + k);
		ask(r, k, VIRTIO_BLK_T_OUT, bytes / SECTOR * k, DATA + 2 * bytes * k, bytes);
		if (k == 8)
			kick(r);
	}
	/* Half were kicked, and may be done; the rest is in the ring only. */
	assert_int_equal(hv_vm_quiesce(&r->vm, &e), 0);
	assert_int_equal(r->b->busy, 0);
	r->b->dev.ops->save(r->b, &out);
	memcpy(memory, r->vm.mem.map, MEM_BYTES);
	unplug_disk(r);
	assert_int_equal(plug_disk(r, false, false, &e), 0);
	memcpy(r->vm.mem.map, memory, MEM_BYTES);
	r->d.bytes = r->vm.mem.map;
	if (load(r, &out, &e))
		fail_msg("%s", e.text);
	r->b->dev.ops->resume(r->b);
	for (unsigned int k = 0; k < 16; k++)
		take_one(r);
	for (unsigned int k = 0; k < 16; k++) {
		assert_int_equal(*at(r, STATUSES + k), VIRTIO_BLK_S_OK);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, bytes / SECTOR * k, DATA, bytes),
				 VIRTIO_BLK_S_OK);
		must_have(at(r, DATA), bytes, 50 + k);
	}
	hv_out_free(&out);
	free(memory);
}

static void a_snapshot_goes_on(void **state)
{
	goes_on_elsewhere(*state, forms[0]);
	goes_on_elsewhere(*state, forms[1]);
}

static void a_damaged_or_foreign_snapshot_is_refused(void **state)
{
	struct blk_rig *r = *state;
	struct hv_out out = {0}, cut;
	struct err e = {0};

	begin(r, forms[0]);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 0, DATA, 4096), VIRTIO_BLK_S_OK);
	save(r, &out);
	reg(r, VIRTIO_PCI_COMMON_STATUS, 1, 0);
	for (cut = out; cut.len--;) {
		e = (struct err){0};
		assert_int_equal(load(r, &cut, &e), -EINVAL);
		assert_true(strlen(e.text) > 10);
		reg(r, VIRTIO_PCI_COMMON_STATUS, 1, 0);
	}
	/* The file is another one. */
	unplug_disk(r);
	assert_int_equal(ftruncate(r->file, (off_t)(SECTORS + 8) * SECTOR), 0);
	assert_int_equal(plug_disk(r, false, false, &e), 0);
	e = (struct err){0};
	assert_int_equal(load(r, &out, &e), -EINVAL);
	assert_string_equal(e.text,
			    "disk:test had 8192 sectors when the snapshot was made, and has 8200");
	hv_out_free(&out);
}

/* Found broken just when it is to be saved: the snapshot has a disk that needs a reset. */
static void a_broken_ring_can_be_saved(void **state)
{
	struct blk_rig *r = *state;
	struct drv_buf b = {HEADS, 16, false};
	struct hv_out out = {0};
	struct err e = {0};

	begin(r, forms[0]);
	ask_cut(r, 0, VIRTIO_BLK_T_OUT, 0, &b, 1, false);
	kick(r);
	for (int i = 0; i < 60000 && !*(const char *volatile *)&r->b->q.broken; i++)
		usleep(500);
	save(r, &out); /* the loop has not run */
	assert_true(dev_status(r) & VIRTIO_CONFIG_S_NEEDS_RESET);
	unplug_disk(r);
	assert_int_equal(plug_disk(r, false, false, &e), 0);
	if (load(r, &out, &e))
		fail_msg("%s", e.text);
	r->b->dev.ops->resume(r->b);
	assert_true(dev_status(r) & VIRTIO_CONFIG_S_NEEDS_RESET);
	begin(r, forms[0]);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 0, DATA, 4096), VIRTIO_BLK_S_OK);
	hv_out_free(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_goes_on),
		TEST(a_damaged_or_foreign_snapshot_is_refused),
		TEST(a_broken_ring_can_be_saved),
	};

	return no_kvm() ? 77 : cmocka_run_group_tests(tests, NULL, NULL);
}

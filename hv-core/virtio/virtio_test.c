/* SPDX-License-Identifier: BSD-3-Clause */
/* The transport: what a driver finds, agrees on, sets up and resets. */
#include "hv-core/virtio/test_disk.h"

static void a_driver_finds_the_device(void **state)
{
	struct rig *r = *state;

	assert_int_equal(fake_cfg(&r->b, 1, 0, 4), 0x10421af4);
	assert_int_equal(fake_cfg(&r->b, 1, PCI_CLASS_REVISION, 4), 0x01800001);
	assert_int_equal(fake_cfg(&r->b, 1, PCI_INTERRUPT_PIN, 1), 0);
	assert_int_equal(r->multiplier, 4);
	assert_true(r->common && r->isr && r->device && r->notify && r->table);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_NUMQ, 2), QUEUES);
	assert_true(offered(r) == (F(5) | F(9) | F(28) | F(29) | F(32) | F(34)));
	put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, 2);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_DF, 4), 0);
	/* A field has one width; the rest is ones. */
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_NUMQ, 1), 0xff);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_NUMQ, 4), 0xffffffff);
	assert_int_equal(get(r, 0x38, 2), 0xffff);
	put(r, VIRTIO_PCI_COMMON_STATUS, 4, 1);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_STATUS, 1), 0);
	/* Queues: what there is, and what there is not. */
	put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, 2);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2), 256);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_NOFF, 2), 2);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_MSIX, 2), HV_VIRTIO_NO_VECTOR);
	put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, QUEUES);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2), 0);
	set_queue(r, 0xffff, 8, 0x1000);
}

static void features_are_agreed_on_or_not(void **state)
{
	struct rig *r = *state;

	assert_int_equal(negotiate(r, F(5)), ACK); /* no VERSION_1 */
	assert_int_equal(negotiate(r, ACCEPTED | F(6)), ACK);
	assert_int_equal(negotiate(r, ACCEPTED | F(VIRTIO_F_ACCESS_PLATFORM)), ACK);
	r->refuse = F(9);
	assert_int_equal(negotiate(r, ACCEPTED | F(9)), ACK);
	assert_int_equal(negotiate(r, ACCEPTED), AGREED);
	assert_true(hv_virtio_features(r->v) == ACCEPTED);
	/* They stay what they were, and no bit is taken back but by a reset. */
	choose(r, ACCEPTED | F(28));
	assert_true(hv_virtio_features(r->v) == ACCEPTED);
	assert_int_equal(status(r, ACK), AGREED);
	assert_int_equal(status(r, 0), 0);
	assert_true(hv_virtio_features(r->v) == 0);
	/* Not ready before features are agreed on. */
	assert_int_equal(status(r, ACK | VIRTIO_CONFIG_S_DRIVER_OK),
			 ACK | VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(r->starts, 0);
	/* A late back end limits what is offered, until the driver looked. */
	status(r, 0);
	assert_true(hv_virtio_limit(r->v, F(5) | F(1)));
	assert_true(offered(r) == ACCEPTED);
	assert_false(hv_virtio_limit(r->v, F(9)));
}

static void a_device_starts_and_is_reset(void **state)
{
	struct rig *r = *state;
	const struct hv_virtio_queue *q = hv_virtio_queue(r->v, 2);

	go(r);
	assert_int_equal(r->starts, 1);
	assert_true(hv_virtio_running(r->v));
	assert_true(q->enabled && q->size == 256 && q->desc == 0x20000 && q->driver == 0x24000 &&
		    q->device == 0x28000);
	assert_false(hv_virtio_queue(r->v, 1)->enabled);
	assert_null(hv_virtio_queue(r->v, QUEUES));
	/* A queue that runs is settled. */
	set_queue(r, 2, 16, 0x30000);
	assert_true(q->size == 256 && q->desc == 0x20000);
	set_queue(r, 1, 16, 0x30000);
	assert_false(hv_virtio_queue(r->v, 1)->enabled);
	assert_int_equal(status(r, 0), 0);
	assert_int_equal(r->stops, 1);
	assert_false(hv_virtio_running(r->v) || q->enabled);
	assert_int_equal(q->size, 256);
	assert_int_equal(status(r, 0), 0);
	assert_int_equal(r->stops, 1);
	go(r);
	assert_int_equal(r->starts, 2);
}

static uint8_t try_queue(struct rig *r, uint64_t features, unsigned int size, uint64_t desc,
			 uint64_t driver, uint64_t device)
{
	assert_int_equal(negotiate(r, features), AGREED);
	put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, 0);
	put(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, size);
	set_address(r, VIRTIO_PCI_COMMON_Q_DESCLO, desc);
	set_address(r, VIRTIO_PCI_COMMON_Q_AVAILLO, driver);
	set_address(r, VIRTIO_PCI_COMMON_Q_USEDLO, device);
	put(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	return status(r, READY);
}

static void a_queue_must_lie_in_memory(void **state)
{
	static const struct {
		bool packed, good;
		unsigned int size;
		uint64_t desc, driver, device;
	} cases[] = {
		{false, true, 256, 0x10000, 0x20002, 0x30004},
		{false, false, 100, 0x10000, 0x20000, 0x30000},
		{true, true, 100, 0x10000, 0x20000, 0x30000},
		{false, false, 256, 0x10008, 0x20000, 0x30000},
		{false, false, 256, 0x10000, 0x20001, 0x30000},
		{false, false, 256, 0x10000, 0x20000, 0x30002},
		{true, false, 256, 0x10000, 0x20002, 0x30000},
		{false, true, 256, 0x3ff000, 0x20000, 0x30000},
		{false, false, 256, 0x3ff010, 0x20000, 0x30000},
		{false, false, 256, 0x10000, 0x400000 - 516, 0x30000},
		{false, true, 256, 0x10000, 0x400000 - 518, 0x30000},
		{false, false, 256, 0x10000, 0x20000, 0x400000 - 2048},
		{true, true, 256, 0x10000, 0x400000 - 4, 0x400000 - 8},
		{true, false, 256, 0x10000, 0x400000, 0x30000},
		{false, false, 256, UINT64_MAX - 15, 0x20000, 0x30000},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t f = ACCEPTED | (cases[i].packed ? F(VIRTIO_F_RING_PACKED) : 0);
		unsigned int before = r->starts;

		assert_int_equal(try_queue(r, f, cases[i].size, cases[i].desc, cases[i].driver,
					   cases[i].device),
				 cases[i].good ? READY : READY | VIRTIO_CONFIG_S_NEEDS_RESET);
		assert_int_equal(r->starts - before, cases[i].good);
	}
	/* A size that is not offered does not stick. */
	negotiate(r, ACCEPTED);
	put(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, 512);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2), 256);
	put(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, 0);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2), 256);
}

static void a_device_that_fails_needs_a_reset(void **state)
{
	struct rig *r = *state;

	r->start_rc = -EIO;
	assert_int_equal(try_queue(r, ACCEPTED, 16, 0x1000, 0x2000, 0x3000),
			 READY | VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(r->stops, 0);
	assert_false(hv_virtio_running(r->v));
	r->start_rc = 0;
	go(r);
	msix_on(r);
	set_vector(r, 3, 0x60);
	put(r, VIRTIO_PCI_COMMON_MSIX, 2, 3);
	hv_virtio_broken(r->v, "a test");
	assert_int_equal(r->stops, 1);
	assert_int_equal(fake_board_sent(&r->b, 0x60), 1);
	assert_int_equal(status(r, READY), READY | VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(fake_board_kicks(&r->b), 0);
	assert_int_equal(status(r, 0), 0);
	assert_int_equal(r->stops, 1);
}

static void wrong_options_are_refused(void **state)
{
	struct rig *r = *state;
	struct hv_virtio_options o = options;
	struct err e = {0};

	o.queue_size = 2048;
	assert_null(hv_virtio_new(r->pci, &o, &ops, r, &e));
	assert_non_null(strstr(e.text, "power of two"));
	o.queue_size = 100;
	assert_null(hv_virtio_new(r->pci, &o, &ops, r, &e));
	o = options;
	o.queues = HV_VIRTIO_QUEUES + 1;
	assert_null(hv_virtio_new(r->pci, &o, &ops, r, &e));
	o = options;
	o.config_bytes = 4097;
	assert_null(hv_virtio_new(r->pci, &o, &ops, r, &e));
	/* The most there can be fits. */
	o = options;
	o.queues = HV_VIRTIO_QUEUES;
	struct hv_virtio *v = hv_virtio_new(r->pci, &o, &ops, r, &e);
	assert_non_null(v);
	assert_int_equal(fake_cfg(&r->b, 2, 0, 4), 0x10421af4);
	hv_virtio_free(v);
	assert_int_equal(fake_cfg(&r->b, 2, 0, 4), 0xffffffff);
	/* Who has no answer to an ejection cannot be taken out. */
	struct hv_virtio_ops fixed = ops;
	fixed.ejected = NULL;
	v = hv_virtio_new(r->pci, &options, &fixed, r, &e);
	assert_int_equal(hv_pci_unplug_request(hv_virtio_fn(v), &e), -EOPNOTSUPP);
	assert_null(hv_virtio_fn(v)->ops->ejected);
	hv_virtio_free(v);
	hv_virtio_fn(r->v)->ops->ejected(r->v);
	assert_int_equal(r->gone, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_driver_finds_the_device),	 TEST(features_are_agreed_on_or_not),
		TEST(a_device_starts_and_is_reset),	 TEST(a_queue_must_lie_in_memory),
		TEST(a_device_that_fails_needs_a_reset), TEST(wrong_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

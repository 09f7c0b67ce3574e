/* SPDX-License-Identifier: BSD-3-Clause */
/* The transport: kicks, interrupts, configuration, the window, and state. */
#include "hv-core/virtio/test_disk.h"

static void kicks_go_to_descriptors(void **state)
{
	struct rig *r = *state;
	const struct hv_virtio_queue *q;
	eventfd_t n;

	/* Before the start, a handler takes them; the descriptor has them, too. */
	negotiate(r, ACCEPTED);
	q = hv_virtio_queue(r->v, 2);
	fake_write(&r->b, r->notify + 8, 2, 2);
	assert_false(readable(q->kick_fd));
	set_queue(r, 2, 256, 0x20000);
	fake_write(&r->b, r->notify + 8, 2, 2);
	assert_true(r->kicks == 1 && r->last_kick == 2);
	assert_int_equal(eventfd_read(q->kick_fd, &n), 0);
	assert_int_equal(status(r, READY), READY);
	/* From then on the kernel does. */
	assert_int_equal(fake_board_kicks(&r->b), 1);
	assert_int_equal(fake_board_kick(&r->b, r->notify + 8), q->kick_fd);
	/* They follow the BAR. */
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, 0);
	assert_int_equal(fake_board_kicks(&r->b), 0);
	fake_cfg_write(&r->b, 1, PCI_BASE_ADDRESS_0, 4, 0x80000000);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	find_structures(r);
	assert_true((r->notify & 0xffff0000) == 0x80000000);
	assert_int_equal(fake_board_kick(&r->b, r->notify + 8), q->kick_fd);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_STATUS, 1), READY);
	/* What is no queue's address does nothing. */
	fake_write(&r->b, r->notify + 9, 2, 0);
	fake_write(&r->b, r->notify + 4 * QUEUES, 2, 0);
	fake_write(&r->b, r->notify + 0xffc, 4, 0);
	assert_false(readable(q->kick_fd));
	fake_write(&r->b, r->notify + 8, 2, 2);
	assert_true(readable(q->kick_fd));
	assert_int_equal(status(r, 0), 0);
	assert_false(readable(q->kick_fd));
	assert_int_equal(fake_board_kicks(&r->b), 0);
}

static void vectors_are_read_back(void **state)
{
	struct rig *r = *state;

	msix_on(r);
	set_vector(r, 1, 0x51);
	set_vector(r, 3, 0x53);
	negotiate(r, ACCEPTED);
	put(r, VIRTIO_PCI_COMMON_MSIX, 2, QUEUES + 1);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_MSIX, 2), HV_VIRTIO_NO_VECTOR);
	put(r, VIRTIO_PCI_COMMON_MSIX, 2, 3);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_MSIX, 2), 3);
	assert_int_equal(hv_virtio_call_fd(r->v, 0), -1);
	put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, 0);
	put(r, VIRTIO_PCI_COMMON_Q_MSIX, 2, 1);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_MSIX, 2), 1);
	assert_int_equal(r->vectors, 0);
	set_queue(r, 0, 128, 0x10000);
	assert_int_equal(status(r, READY), READY);
	eventfd_write(hv_virtio_call_fd(r->v, 0), 1);
	assert_int_equal(fake_board_sent(&r->b, 0x51), 1);
	/* While it runs, the device is told. */
	put(r, VIRTIO_PCI_COMMON_Q_MSIX, 2, 0xfff0);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_MSIX, 2), HV_VIRTIO_NO_VECTOR);
	assert_int_equal(r->vectors, 1);
	assert_int_equal(hv_virtio_call_fd(r->v, 0), -1);
	assert_int_equal(hv_virtio_call_fd(r->v, QUEUES), -1);
}

static void a_changed_configuration_is_told(void **state)
{
	struct rig *r = *state;
	uint32_t generation = get(r, VIRTIO_PCI_COMMON_CFGGENERATION, 1);

	/* Without MSI-X, it is seen in the ISR, once. */
	go(r);
	hv_virtio_config_changed(r->v);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_CFGGENERATION, 1), (generation + 1) & 0xff);
	assert_int_equal(fake_read(&r->b, r->isr, 1), 2);
	assert_int_equal(fake_read(&r->b, r->isr, 1), 0);
	msix_on(r);
	set_vector(r, 3, 0x53);
	put(r, VIRTIO_PCI_COMMON_MSIX, 2, 3);
	hv_virtio_config_changed(r->v);
	assert_int_equal(fake_board_sent(&r->b, 0x53), 1);
	assert_int_equal(fake_read(&r->b, r->isr, 1), 0);
	/* The device's own registers, and not a byte beyond. */
	memcpy(r->config, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 12);
	assert_int_equal(fake_read(&r->b, r->device + 8, 4), 0x0c0b0a09);
	assert_true(fake_read(&r->b, r->device, 8) == 0x0807060504030201);
	assert_int_equal(fake_read(&r->b, r->device + 11, 1), 0x0c);
	assert_int_equal(fake_read(&r->b, r->device + 11, 2), 0xffff);
	assert_int_equal(fake_read(&r->b, r->device + 12, 1), 0xff);
	fake_write(&r->b, r->device + 10, 4, 0);
	assert_int_equal(r->config[10], 0x0b);
	fake_write(&r->b, r->device + 10, 2, 0x1122);
	assert_true(r->config[10] == 0x22 && r->config[11] == 0x11);
}

static void the_window_reaches_registers(void **state)
{
	struct rig *r = *state;
	unsigned int cap = 0, n;

	for (n = 0; !cap; n++) {
		unsigned int at = fake_cap(&r->b, 1, PCI_CAP_ID_VNDR, n);

		assert_int_not_equal(at, 0);
		if (fake_cfg(&r->b, 1, at + 3, 1) == VIRTIO_PCI_CAP_PCI_CFG)
			cap = at;
	}
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, 0); /* it works without the BAR */
	fake_cfg_write(&r->b, 1, cap + VIRTIO_PCI_CAP_OFFSET, 4, VIRTIO_PCI_COMMON_STATUS);
	fake_cfg_write(&r->b, 1, cap + VIRTIO_PCI_CAP_LENGTH, 4, 1);
	fake_cfg_write(&r->b, 1, cap + 16, 1, ACK);
	assert_int_equal(fake_cfg(&r->b, 1, cap + 16, 1), ACK);
	fake_cfg_write(&r->b, 1, cap + VIRTIO_PCI_CAP_OFFSET, 4, VIRTIO_PCI_COMMON_NUMQ);
	fake_cfg_write(&r->b, 1, cap + VIRTIO_PCI_CAP_LENGTH, 4, 2);
	assert_int_equal(fake_cfg(&r->b, 1, cap + 16, 2), QUEUES);
	/* Not aligned, too long, outside, another BAR: nothing is read or written. */
	static const struct {
		uint32_t bar, off, len;
	} bad[] = {{0, 0x13, 2},   {0, 0x10, 3}, {0, 0x10, 8},
		   {0, 0x8000, 4}, {1, 0x12, 2}, {0, 0x12, 0}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_cfg_write(&r->b, 1, cap + VIRTIO_PCI_CAP_BAR, 1, bad[i].bar);
		fake_cfg_write(&r->b, 1, cap + VIRTIO_PCI_CAP_OFFSET, 4, bad[i].off);
		fake_cfg_write(&r->b, 1, cap + VIRTIO_PCI_CAP_LENGTH, 4, bad[i].len);
		fake_cfg_write(&r->b, 1, cap + 16, 4, 0x5a5a5a5a);
		assert_int_equal(fake_cfg(&r->b, 1, cap + 16, 4), 0x5a5a5a5a);
	}
}

static void a_running_device_is_saved_and_loaded(void **state)
{
	struct rig *r = *state;
	struct hv_out out = {0};
	struct err e = {0};

	msix_on(r);
	negotiate(r, ACCEPTED);
	put(r, VIRTIO_PCI_COMMON_MSIX, 2, 3);
	put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, 1);
	put(r, VIRTIO_PCI_COMMON_Q_MSIX, 2, 2);
	set_queue(r, 1, 64, 0x10000);
	assert_int_equal(status(r, READY), READY);
	hv_virtio_save(r->v, &out);
	hv_virtio_free(r->v);
	r->v = hv_virtio_new(r->pci, &options, &ops, r, NULL);
	for (size_t cut = 1; cut < out.len; cut += cut < 300 ? 1 : 211) {
		struct hv_in in = {out.buf, out.len - cut, false};

		assert_int_equal(hv_virtio_load(r->v, &in, &e), -EINVAL);
	}
	hv_virtio_free(r->v);
	r->v = hv_virtio_new(r->pci, &options, &ops, r, NULL);
	struct hv_in in = {out.buf, out.len, false};
	assert_int_equal(hv_virtio_load(r->v, &in, NULL), 0);
	assert_int_equal(hv_in_end(&in, "virtio", NULL), 0);
	assert_true(hv_virtio_running(r->v));
	assert_int_equal(r->starts, 1);
	assert_true(hv_virtio_features(r->v) == ACCEPTED);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_STATUS, 1), READY);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_SELECT, 2), 1);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_MSIX, 2), 2);
	assert_int_equal(get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2), 64);
	assert_int_equal(fake_board_kick(&r->b, r->notify + 4), hv_virtio_queue(r->v, 1)->kick_fd);
	assert_true(readable(hv_virtio_queue(r->v, 1)->kick_fd));
	assert_false(readable(hv_virtio_queue(r->v, 0)->kick_fd));
	hv_out_free(&out);

	/* A machine that offers less cannot take it. */
	hv_virtio_save(r->v, &out);
	hv_virtio_free(r->v);
	struct hv_virtio_options less = options;
	less.features &= ~F(9);
	r->v = hv_virtio_new(r->pci, &less, &ops, r, NULL);
	in = (struct hv_in){out.buf, out.len, false};
	assert_int_equal(hv_virtio_load(r->v, &in, &e), -EINVAL);
	assert_non_null(strstr(e.text, "0x200"));
	hv_out_free(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kicks_go_to_descriptors),
		TEST(vectors_are_read_back),
		TEST(a_changed_configuration_is_told),
		TEST(the_window_reaches_registers),
		TEST(a_running_device_is_saved_and_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

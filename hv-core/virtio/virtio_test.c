// SPDX-License-Identifier: BSD-3-Clause
/* The transport, driven as Linux' virtio_pci_modern drives it. */
#include "hv-core/pci/fake_board.h"
#include "hv-core/virtio/virtio.h"

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#define F(n)	 (1ull << (n))
#define ACCEPTED (F(VIRTIO_F_VERSION_1) | F(5))
#define ACK	 (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define AGREED	 (ACK | VIRTIO_CONFIG_S_FEATURES_OK)
#define READY	 (AGREED | VIRTIO_CONFIG_S_DRIVER_OK)
#define QUEUES	 3

struct rig {
	struct fake_board b;
	struct hv_pci *pci;
	struct hv_virtio *v;
	unsigned int starts, stops, kicks, last_kick, vectors, gone;
	int start_rc;
	uint64_t refuse;
	uint8_t config[12];
	uint64_t common, isr, device, notify, table; /* guest addresses */
	unsigned int multiplier;
};

static bool accept_(void *self, uint64_t features)
{
	return !(features & ((struct rig *)self)->refuse);
}

static int start(void *self)
{
	struct rig *r = self;

	r->starts++;
	return r->start_rc;
}

static void stop(void *self)
{
	((struct rig *)self)->stops++;
}

static void kicked(void *self, unsigned int queue)
{
	struct rig *r = self;

	r->kicks++;
	r->last_kick = queue;
}

static void vector_changed(void *self, unsigned int queue)
{
	((struct rig *)self)->vectors++;
}

static void config_read(void *self, unsigned int off, void *to, unsigned int len)
{
	memcpy(to, ((struct rig *)self)->config + off, len);
}

static void config_write(void *self, unsigned int off, const void *from, unsigned int len)
{
	memcpy(((struct rig *)self)->config + off, from, len);
}

static void ejected(void *self)
{
	((struct rig *)self)->gone++;
}

static const struct hv_virtio_ops ops = {.accept = accept_,
					 .start = start,
					 .stop = stop,
					 .kicked = kicked,
					 .vector_changed = vector_changed,
					 .config_read = config_read,
					 .config_write = config_write,
					 .ejected = ejected};

static const struct hv_virtio_options options = {
	.type = 2,
	.class_code = 0x018000,
	.features = F(5) | F(9) | F(28) | F(29) | F(VIRTIO_F_RING_PACKED) |
		    F(VIRTIO_F_ACCESS_PLATFORM) | F(38) | F(VIRTIO_F_RING_RESET),
	.queues = QUEUES,
	.queue_size = 256,
	.config_bytes = 12,
	.name = "disk:0"};

/* Finds the structures as vp_modern_probe() does. */
static void find_structures(struct rig *r)
{
	unsigned int at;
	uint64_t bar = (fake_cfg(&r->b, 1, PCI_BASE_ADDRESS_0, 4) & ~0xfu) |
		       (uint64_t)fake_cfg(&r->b, 1, PCI_BASE_ADDRESS_1, 4) << 32;

	for (unsigned int n = 0; (at = fake_cap(&r->b, 1, PCI_CAP_ID_VNDR, n)); n++) {
		uint64_t where = bar + fake_cfg(&r->b, 1, at + VIRTIO_PCI_CAP_OFFSET, 4);

		switch (fake_cfg(&r->b, 1, at + VIRTIO_PCI_CAP_CFG_TYPE, 1)) {
		case VIRTIO_PCI_CAP_COMMON_CFG:
			r->common = where;
			break;
		case VIRTIO_PCI_CAP_ISR_CFG:
			r->isr = where;
			break;
		case VIRTIO_PCI_CAP_DEVICE_CFG:
			r->device = where;
			assert_int_equal(fake_cfg(&r->b, 1, at + VIRTIO_PCI_CAP_LENGTH, 4), 12);
			break;
		case VIRTIO_PCI_CAP_NOTIFY_CFG:
			r->notify = where;
			r->multiplier = fake_cfg(&r->b, 1, at + VIRTIO_PCI_NOTIFY_CAP_MULT, 4);
		}
	}
	at = fake_cap(&r->b, 1, PCI_CAP_ID_MSIX, 0);
	r->table = bar + (fake_cfg(&r->b, 1, at + PCI_MSIX_TABLE, 4) & ~7u);
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	fake_board_init(&r->b, 4 << 20);
	assert_int_equal(hv_pci_create(&r->b.vm, &r->pci, NULL), 0);
	r->v = hv_virtio_new(r->pci, &options, &ops, r, NULL);
	assert_non_null(r->v);
	find_structures(r);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	hv_virtio_free(r->v);
	fake_board_destroy(&r->b);
	free(r);
	return 0;
}

static uint32_t get(struct rig *r, unsigned int reg, unsigned int len)
{
	return (uint32_t)fake_read(&r->b, r->common + reg, len);
}

static void put(struct rig *r, unsigned int reg, unsigned int len, uint64_t value)
{
	fake_write(&r->b, r->common + reg, len, value);
}

static uint8_t status(struct rig *r, uint8_t value)
{
	put(r, VIRTIO_PCI_COMMON_STATUS, 1, value);
	return (uint8_t)get(r, VIRTIO_PCI_COMMON_STATUS, 1);
}

static uint64_t offered(struct rig *r)
{
	uint64_t low;

	put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, 0);
	low = get(r, VIRTIO_PCI_COMMON_DF, 4);
	put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, 1);
	return low | (uint64_t)get(r, VIRTIO_PCI_COMMON_DF, 4) << 32;
}

static void choose(struct rig *r, uint64_t features)
{
	put(r, VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	put(r, VIRTIO_PCI_COMMON_GF, 4, (uint32_t)features);
	put(r, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	put(r, VIRTIO_PCI_COMMON_GF, 4, features >> 32);
}

static uint8_t negotiate(struct rig *r, uint64_t features)
{
	assert_int_equal(status(r, 0), 0);
	assert_int_equal(status(r, ACK), ACK);
	offered(r);
	choose(r, features);
	return status(r, AGREED);
}

static void set_address(struct rig *r, unsigned int reg, uint64_t at)
{
	put(r, reg, 4, (uint32_t)at);
	put(r, reg + 4, 4, at >> 32);
}

static void set_queue(struct rig *r, unsigned int n, unsigned int size, uint64_t at)
{
	put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, n);
	put(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, size);
	set_address(r, VIRTIO_PCI_COMMON_Q_DESCLO, at);
	set_address(r, VIRTIO_PCI_COMMON_Q_AVAILLO, at + 0x4000);
	set_address(r, VIRTIO_PCI_COMMON_Q_USEDLO, at + 0x8000);
	put(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
}

static void go(struct rig *r)
{
	assert_int_equal(negotiate(r, ACCEPTED), AGREED);
	set_queue(r, 0, 128, 0x10000);
	set_queue(r, 2, 256, 0x20000);
	assert_int_equal(status(r, READY), READY);
}

static void set_vector(struct rig *r, unsigned int n, uint32_t data)
{
	fake_write(&r->b, r->table + 16 * n, 8, 0xfee00000);
	fake_write(&r->b, r->table + 16 * n + 8, 8, data);
}

static void msix_on(struct rig *r)
{
	fake_cfg_write(&r->b, 1, fake_cap(&r->b, 1, PCI_CAP_ID_MSIX, 0) + PCI_MSIX_FLAGS, 2,
		       PCI_MSIX_FLAGS_ENABLE);
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

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
		TEST(a_driver_finds_the_device),
		TEST(features_are_agreed_on_or_not),
		TEST(a_device_starts_and_is_reset),
		TEST(a_queue_must_lie_in_memory),
		TEST(a_device_that_fails_needs_a_reset),
		TEST(kicks_go_to_descriptors),
		TEST(vectors_are_read_back),
		TEST(a_changed_configuration_is_told),
		TEST(the_window_reaches_registers),
		TEST(a_running_device_is_saved_and_loaded),
		TEST(wrong_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

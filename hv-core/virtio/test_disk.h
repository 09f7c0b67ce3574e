/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: a virtio device on the fake board, and a driver that does as Linux'
 * virtio_pci_modern. */
#ifndef HV_CORE_VIRTIO_TEST_DISK_H
#define HV_CORE_VIRTIO_TEST_DISK_H

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

static inline bool accept_(void *self, uint64_t features)
{
	return !(features & ((struct rig *)self)->refuse);
}

static inline int start(void *self)
{
	struct rig *r = self;

	r->starts++;
	return r->start_rc;
}

static inline void stop(void *self)
{
	((struct rig *)self)->stops++;
}

static inline void kicked(void *self, unsigned int queue)
{
	struct rig *r = self;

	r->kicks++;
	r->last_kick = queue;
}

static inline void vector_changed(void *self, unsigned int queue)
{
	((struct rig *)self)->vectors++;
}

static inline void config_read(void *self, unsigned int off, void *to, unsigned int len)
{
	memcpy(to, ((struct rig *)self)->config + off, len);
}

static inline void config_write(void *self, unsigned int off, const void *from, unsigned int len)
{
	memcpy(((struct rig *)self)->config + off, from, len);
}

static inline void ejected(void *self)
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
static inline void find_structures(struct rig *r)
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

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	struct rig *r = *state;

	hv_virtio_free(r->v);
	fake_board_destroy(&r->b);
	free(r);
	return 0;
}

static inline uint32_t get(struct rig *r, unsigned int reg, unsigned int len)
{
	return (uint32_t)fake_read(&r->b, r->common + reg, len);
}

static inline void put(struct rig *r, unsigned int reg, unsigned int len, uint64_t value)
{
	fake_write(&r->b, r->common + reg, len, value);
}

static inline uint8_t status(struct rig *r, uint8_t value)
{
	put(r, VIRTIO_PCI_COMMON_STATUS, 1, value);
	return (uint8_t)get(r, VIRTIO_PCI_COMMON_STATUS, 1);
}

static inline uint64_t offered(struct rig *r)
{
	uint64_t low;

	put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, 0);
	low = get(r, VIRTIO_PCI_COMMON_DF, 4);
	put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, 1);
	return low | (uint64_t)get(r, VIRTIO_PCI_COMMON_DF, 4) << 32;
}

static inline void choose(struct rig *r, uint64_t features)
{
	put(r, VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	put(r, VIRTIO_PCI_COMMON_GF, 4, (uint32_t)features);
	put(r, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	put(r, VIRTIO_PCI_COMMON_GF, 4, features >> 32);
}

static inline uint8_t negotiate(struct rig *r, uint64_t features)
{
	assert_int_equal(status(r, 0), 0);
	assert_int_equal(status(r, ACK), ACK);
	offered(r);
	choose(r, features);
	return status(r, AGREED);
}

static inline void set_address(struct rig *r, unsigned int reg, uint64_t at)
{
	put(r, reg, 4, (uint32_t)at);
	put(r, reg + 4, 4, at >> 32);
}

static inline void set_queue(struct rig *r, unsigned int n, unsigned int size, uint64_t at)
{
	put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, n);
	put(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, size);
	set_address(r, VIRTIO_PCI_COMMON_Q_DESCLO, at);
	set_address(r, VIRTIO_PCI_COMMON_Q_AVAILLO, at + 0x4000);
	set_address(r, VIRTIO_PCI_COMMON_Q_USEDLO, at + 0x8000);
	put(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
}

static inline void go(struct rig *r)
{
	assert_int_equal(negotiate(r, ACCEPTED), AGREED);
	set_queue(r, 0, 128, 0x10000);
	set_queue(r, 2, 256, 0x20000);
	assert_int_equal(status(r, READY), READY);
}

static inline void set_vector(struct rig *r, unsigned int n, uint32_t data)
{
	fake_write(&r->b, r->table + 16 * n, 8, 0xfee00000);
	fake_write(&r->b, r->table + 16 * n + 8, 8, data);
}

static inline void msix_on(struct rig *r)
{
	fake_cfg_write(&r->b, 1, fake_cap(&r->b, 1, PCI_CAP_ID_MSIX, 0) + PCI_MSIX_FLAGS, 2,
		       PCI_MSIX_FLAGS_ENABLE);
}

static inline bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: a disk on the machine that is here, and a driver that writes its registers and
 * rings as a guest's would. No vCPU runs. */
#ifndef HV_CORE_VIRTIO_TEST_BLK_H
#define HV_CORE_VIRTIO_TEST_BLK_H

#include "hv-core/virtio/blk_impl.h"
#include "hv-core/virtio/test_driver.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define BAR	  HV_HIGH /* of the first device */
#define NOTIFY	  (BAR + 0x3000)
#define CFG(off)  (HV_ECAM + (1 << 15) + (off))
#define F(n)	  (1ull << (n))
#define RING	  32
#define HEADS	  0x50000ull /* a header for each request, 64 bytes apart */
#define STATUSES  0x52000ull
#define DATA	  0x100000ull
#define SECTORS	  8192u
#define MEM_BYTES (64ull << 20)
#define GOES_ON \
	(F(VIRTIO_F_VERSION_1) | F(VIRTIO_RING_F_INDIRECT_DESC) | F(VIRTIO_RING_F_EVENT_IDX))
#define FLUSHES F(VIRTIO_BLK_F_FLUSH)

struct blk_rig {
	struct hv_vm vm;
	struct hv_pci *pci;
	struct hv_blk *b;
	struct drv d;
	char path[32];
	int file; /* the same file again, for looking at it */
	unsigned int waiting;
	uint32_t len; /* of the last chain that came back */
};

static inline void reg(struct blk_rig *r, unsigned int off, unsigned int len, uint64_t value)
{
	assert_true(hv_bus_write(r->vm.mmio, BAR + off, len, value));
}

static inline uint64_t reg_read(struct blk_rig *r, unsigned int off, unsigned int len)
{
	uint64_t v;

	assert_true(hv_bus_read(r->vm.mmio, BAR + off, len, &v));
	return v;
}

static inline uint8_t dev_status(struct blk_rig *r)
{
	return (uint8_t)reg_read(r, VIRTIO_PCI_COMMON_STATUS, 1);
}

/* The machine and its disk. Returns hv_blk_create()'s answer. */
static inline int plug_disk(struct blk_rig *r, bool readonly, bool direct, struct err *e)
{
	const struct hv_vm_options o = {
		.kvm_fd = -1, .mem_bytes = MEM_BYTES, .page_bytes = 4096, .cpus = 1};
	struct hv_blk_options disk = {
		.id = "disk:test", .serial = "serial-0123", .readonly = readonly, .direct = direct};

	if (hv_vm_create(&r->vm, &o, event_base_new(), e) || hv_pci_create(&r->vm, &r->pci, e))
		fail_msg("%s", e->text);
	disk.fd =
		open(r->path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | (direct ? O_DIRECT : 0));
	assert_true(disk.fd >= 0);
	return hv_blk_create(&r->vm, r->pci, &disk, &r->b, e);
}

/* Resets the disk and sets it up, as a driver that starts. */
static inline void begin(struct blk_rig *r, uint64_t features)
{
	hv_bus_write(r->vm.mmio, CFG(PCI_COMMAND), 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	reg(r, VIRTIO_PCI_COMMON_STATUS, 1, 0);
	r->d.bytes = r->vm.mem.map;
	drv_init(&r->d, RING, features >> VIRTIO_F_RING_PACKED & 1);
	reg(r, VIRTIO_PCI_COMMON_STATUS, 1, 3);
	reg(r, VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	reg(r, VIRTIO_PCI_COMMON_GF, 4, (uint32_t)features);
	reg(r, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	reg(r, VIRTIO_PCI_COMMON_GF, 4, features >> 32);
	reg(r, VIRTIO_PCI_COMMON_STATUS, 1, 11);
	assert_int_equal(dev_status(r), 11);
	reg(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, RING);
	reg(r, VIRTIO_PCI_COMMON_Q_MSIX, 2, 0);
	reg(r, VIRTIO_PCI_COMMON_Q_DESCLO, 4, DRV_DESC);
	reg(r, VIRTIO_PCI_COMMON_Q_AVAILLO, 4, DRV_DRIVER);
	reg(r, VIRTIO_PCI_COMMON_Q_USEDLO, 4, DRV_DEVICE);
	reg(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	reg(r, VIRTIO_PCI_COMMON_STATUS, 1, 15);
	assert_int_equal(dev_status(r), 15);
	r->waiting = 0;
}

static inline void unplug_disk(struct blk_rig *r)
{
	struct event_base *loop = r->vm.loop;

	hv_vm_destroy(&r->vm);
	event_base_free(loop);
	r->b = NULL;
}

static inline struct blk_rig *make_rig(bool readonly, bool direct)
{
	struct blk_rig *r = calloc(1, sizeof(*r));
	struct err e = {0};

	strcpy(r->path, "/tmp/hv-blk-XXXXXX");
	r->file = mkstemp(r->path);
	assert_true(r->file >= 0);
	assert_int_equal(ftruncate(r->file, (off_t)SECTORS * SECTOR), 0);
	if (plug_disk(r, readonly, direct, &e))
		fail_msg("%s", e.text);
	return r;
}

static inline void free_rig(struct blk_rig *r)
{
	unplug_disk(r);
	close(r->file);
	unlink(r->path);
	free(r);
}

static inline uint8_t *at(struct blk_rig *r, uint64_t gpa)
{
	return r->vm.mem.map + gpa;
}

static inline void kick(struct blk_rig *r)
{
	assert_true(hv_bus_write(r->vm.mmio, NOTIFY, 2, 0));
}

/* Buffers as given; the header is written where slot's is. */
static inline int ask_cut(struct blk_rig *r, unsigned int slot, uint32_t type, uint64_t sector,
			  const struct drv_buf *b, unsigned int n, bool indirect)
{
	struct virtio_blk_outhdr h = {.type = type, .sector = sector};

	memcpy(at(r, HEADS + 64 * slot), &h, sizeof(h));
	*at(r, STATUSES + slot) = 0xee;
	r->waiting++;
	return drv_add(&r->d, b, n, indirect);
}

/* One request of a header, one buffer (bytes 0: none) and a status. */
static inline int ask(struct blk_rig *r, unsigned int slot, uint32_t type, uint64_t sector,
		      uint64_t data, uint32_t bytes)
{
	bool in = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID;
	struct drv_buf b[3] = {
		{HEADS + 64 * slot, 16, false}, {data, bytes, in}, {STATUSES + slot, 1, true}};

	if (!bytes)
		b[1] = b[2];
	return ask_cut(r, slot, type, sector, b, bytes ? 3 : 2, true);
}

/* Until one comes back. Its id. */
static inline unsigned int take_one(struct blk_rig *r)
{
	unsigned int id = 0;

	for (int i = 0; i < 60000; i++) {
		if (drv_used(&r->d, &id, &r->len)) {
			r->waiting--;
			return id;
		}
		usleep(500);
	}
	fail_msg("a request does not come back");
	return id;
}

/* Its status. */
static inline uint8_t finish(struct blk_rig *r, unsigned int slot)
{
	kick(r);
	take_one(r);
	return *at(r, STATUSES + slot);
}

static inline uint8_t do_one(struct blk_rig *r, uint32_t type, uint64_t sector, uint64_t data,
			     uint32_t bytes)
{
	ask(r, 0, type, sector, data, bytes);
	return finish(r, 0);
}

static inline void pattern(uint8_t *p, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)((i * 2654435761u + seed * 40503u) >> 9);
}

static inline void must_have(const uint8_t *p, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != (uint8_t)((i * 2654435761u + seed * 40503u) >> 9))
			fail_msg("byte %zu of pattern %u is another one", i, seed);
}

/* Lets the main thread's loop hear the disk's thread, until the driver is told to reset. */
static inline void must_break(struct blk_rig *r)
{
	for (int i = 0; i < 60000 && !(dev_status(r) & VIRTIO_CONFIG_S_NEEDS_RESET); i++) {
		event_base_loop(r->vm.loop, EVLOOP_NONBLOCK);
		usleep(500);
	}
	assert_true(dev_status(r) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static inline int no_kvm(void)
{
	if (!access("/dev/kvm", R_OK | W_OK))
		return 0;
	puts("skip: no /dev/kvm");
	return 1;
}

#endif
